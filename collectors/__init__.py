"""The world: gateways, engines and GPUs, read, priced and written."""
