"""Requests on their way in: each counted once, kept as a row, added to the sums."""
