"""Budgets and launches: what is spent against them, and how they stand at an instant."""
