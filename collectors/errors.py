"""The one error that a collector may raise."""


class CollectorError(Exception):
    """A source could not be read; its text is a sentence for the on-call engineer: what, and what to do about it."""


class SourceAbsentError(CollectorError):
    """What the source reads does not exist on this machine (no driver, no engine): a state, not a failure."""
