"""What the genai-prices package lists, read without its own code, which loads pydantic and an HTTP client."""
