"""What each provider says, one file per provider, each with a SCRIPT."""
