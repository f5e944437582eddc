"""Logs that gateways write, followed so that every byte is read exactly once."""
