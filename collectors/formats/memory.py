"""What a format remembers of the lines before a position, as bytes that are stored beside it.

A memory may be of another format, or of another version: it then counts as empty, and is never an error.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

Memory = TypeVar("Memory", bound=msgspec.Struct)

kept = msgspec.json.Encoder().encode
"""A memory as bytes."""


def recalling(kind: type[Memory]) -> Callable[[bytes], Memory]:
    """How memories of a kind, which has a tag of its own, are read."""
    decode = msgspec.json.Decoder(kind).decode

    def recall(memory: bytes) -> Memory:
        try:
            return decode(memory) if memory else kind()
        except msgspec.MsgspecError:
            return kind()

    return recall
