"""The price books of this machine, and events priced by them."""
