"""Widgets that draw one value each."""
