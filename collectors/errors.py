"""The one error that a collector may raise, and its kinds that somebody acts upon."""


class CollectorError(Exception):
    """A source could not be read; its text is a sentence for the on-call engineer: what, and what to do about it."""


class SourceAbsentError(CollectorError):
    """What the source reads does not exist on this machine (no driver, no engine): a state, not a failure."""


class KeyRefusedError(CollectorError):
    """The server knows the key and does not let it in, or does not know it."""


class PausedError(CollectorError):
    """The server wants to be left alone, or is: that says nothing of what was asked for."""
