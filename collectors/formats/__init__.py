"""One file per log format: a pure function from a line to a usage event."""
