"""What measures us: each figure a ratio to a named reference in the same run."""
