"""Who sits at this terminal."""

import getpass


def person() -> str:
    """The name that the system knows, for acknowledgements."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"
