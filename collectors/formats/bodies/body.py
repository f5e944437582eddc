"""What all bodies have in common: no clock of their own in most, and now and then no id."""

from hashlib import blake2b

from collectors.door import milliseconds

RECEIVED_NOW = 0
"""The end of a call whose body says no time: the pricer puts in when it was received."""


def ended_ms(epoch_seconds: float | None) -> int:
    """When the call ended, as near as its body says it: the second of its creation."""
    return RECEIVED_NOW if not epoch_seconds else milliseconds(epoch_seconds)


def own_id(said: str | None, record: bytes) -> str:
    """The body's own id, else one of its bytes: a line that is read twice is one call."""
    return said or blake2b(record, digest_size=16).hexdigest()
