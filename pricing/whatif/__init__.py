"""What if: the same traffic on other models and under other conditions, and what would cost less."""
