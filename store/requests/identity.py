"""One integer that recognises a request wherever it is seen again, and a compact form of its id."""

import re
from hashlib import blake2b
from struct import Struct

RECORD_BITS = 24
"""Lower bits: the record within its call. The upper 40 name the call, so one range holds all its attempts."""

_CACHE_HIT = "_cache_hit"
_CACHE_TAIL = re.compile(r"_cache_hit[0-9.]*\Z")
"""What LiteLLM's payloads append to the id of an answer from its own cache, and its spans do not."""

_CALL, _RECORD = blake2b(digest_size=5), blake2b(digest_size=3)
"""Hashes of nothing yet: copied for each request, which is quicker than to make them."""
_SIGNED = Struct(">q")

_UUID_TEXT = 36
_UUID_MARK = b"\xff"
"""No byte of UTF-8, so that no id can be taken for a packed one."""


def request_identity(source: str, record_id: str, call_id: str | None) -> int:
    """The identity of one record as a signed 64-bit integer.

    Records that share a call id share the upper 40 bits; with no call id the source and its own id stand in for it.
    The pair decides, so a failed attempt and its retry are two requests and two views of one attempt are one, also
    where only one of them says in its id that it came from a cache. Without a call id that tail is all that tells two
    answers from a cache apart.
    """
    if call_id is None:
        call = f"{source}\0{record_id}"
    else:
        call = call_id
        if _CACHE_HIT in record_id:
            record_id = _CACHE_TAIL.sub("", record_id)
    of_call, of_record = _CALL.copy(), _RECORD.copy()
    of_call.update(call.encode("utf-8", "surrogatepass"))
    of_record.update(record_id.encode("utf-8", "surrogatepass"))
    identity: int = _SIGNED.unpack(of_call.digest() + of_record.digest())[0]
    return identity


def call_range(identity: int) -> tuple[int, int]:
    """The lowest and highest identity of the same call."""
    lowest = identity >> RECORD_BITS << RECORD_BITS
    return lowest, lowest + (1 << RECORD_BITS) - 1


def pack_id(record_id: str) -> bytes:
    """A record id in as few bytes as it needs: most end in a UUID, which takes 16 instead of 36."""
    tail = record_id[-_UUID_TEXT:]
    if len(tail) == _UUID_TEXT and tail[8] == tail[13] == tail[18] == tail[23] == "-":
        digits = tail.replace("-", "")
        try:
            packed = bytes.fromhex(digits)
        except ValueError:
            packed = b""
        if len(packed) == 16 and packed.hex() == digits:
            return _UUID_MARK + packed + record_id[:-_UUID_TEXT].encode("utf-8", "surrogatepass")
    return record_id.encode("utf-8", "surrogatepass")


def unpack_id(packed: bytes) -> str:
    """The record id that `pack_id` was given."""
    if packed[:1] == _UUID_MARK and len(packed) > 16:
        digits, prefix = packed[1:17].hex(), packed[17:].decode("utf-8", "surrogatepass")
        return f"{prefix}{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return packed.decode("utf-8", "surrogatepass")
