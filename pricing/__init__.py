"""What things cost: pure values in, pure values out; no clock, no file, no network."""
