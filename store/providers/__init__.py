"""What providers say of themselves: buckets, bills and balances, and what of them is added to ours."""
