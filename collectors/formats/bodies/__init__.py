"""Answers of providers as they were sent, one file per family; which count contains which differs between them."""
