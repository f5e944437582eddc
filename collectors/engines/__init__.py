"""Serving engines, one file each: what their metrics pages mean."""

import re

from collectors.engines.page import Engine
from collectors.engines.vllm import VLLM

ENGINES: tuple[Engine, ...] = (VLLM,)

_BY_PREFIX = {engine.prefix.encode(): engine for engine in ENGINES}
_FIRST_FAMILY = re.compile(
    rb"^(?:# (?:HELP|TYPE) )?(" + b"|".join(re.escape(prefix) for prefix in _BY_PREFIX) + rb")", re.MULTILINE
)


def recognise(text: bytes) -> Engine | None:
    """Whose page this is, by the first family with a known prefix; a port says nothing."""
    found = _FIRST_FAMILY.search(text)
    return None if found is None else _BY_PREFIX[found[1]]
