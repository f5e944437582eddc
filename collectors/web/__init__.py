"""HTTP with manners: asking, being told to wait, and the little server for those who push."""
