"""Alerts as they are kept, and the marks that people set beside them."""
