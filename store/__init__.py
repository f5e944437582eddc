"""What was seen: SQLite behind frozen values."""
