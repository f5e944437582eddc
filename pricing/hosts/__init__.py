"""Own hosts: what they cost per hour, what that makes a token cost, and whose dollars they are."""
