"""What the person who runs it has said: the configuration, its keys and its places."""
