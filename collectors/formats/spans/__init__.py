"""Spans of model calls, whatever encoding they came in: what they are, which count, and what they say."""
