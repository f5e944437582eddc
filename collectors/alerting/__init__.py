"""Watching what is recorded: every rule asked now and then, its alerts kept, and webhooks told."""
