"""Own hosts: readings of their cards and engines, what they cost and what they can do."""
