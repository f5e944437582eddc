"""Price books: which rates a request is billed at, where they come from, and by which rule its name was found."""
