"""Graphics cards: what the driver, or an exporter, says of them."""
