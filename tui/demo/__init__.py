"""A recorded launch, replayed through the real collectors."""
