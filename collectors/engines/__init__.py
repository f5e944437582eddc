"""Serving engines, one file each: what their metrics pages mean."""

import re

from collectors.engines.llamacpp import LLAMACPP
from collectors.engines.lmdeploy import LMDEPLOY
from collectors.engines.nim import NIM
from collectors.engines.page import Engine
from collectors.engines.ray import RAY_SGLANG, RAY_VLLM
from collectors.engines.sglang import SGLANG
from collectors.engines.tgi import TGI
from collectors.engines.triton import TRITON
from collectors.engines.trtllm import TRTLLM, TRTLLM_COLON
from collectors.engines.vllm import VLLM

_BY_OWN_NAMES = (VLLM, SGLANG, LLAMACPP, TGI, TRTLLM, TRTLLM_COLON, LMDEPLOY, RAY_VLLM, RAY_SGLANG)
ENGINES: tuple[Engine, ...] = (*_BY_OWN_NAMES, NIM, TRITON)

_LINE = rb"^(?:# (?:HELP|TYPE) )?"
_BY_PREFIX = {engine.prefix.encode(): engine for engine in _BY_OWN_NAMES}
_FIRST_FAMILY = re.compile(_LINE + rb"(" + b"|".join(map(re.escape, _BY_PREFIX)) + rb")", re.MULTILINE)
_NIM_FAMILIES = [re.compile(_LINE + re.escape(name.encode()) + rb"[ {]", re.MULTILINE) for name in NIM.families]
_TRITON_FAMILY = re.compile(_LINE + rb"nv_(?:inference|trt_llm|energy|gpu|cpu|pinned|cache)_", re.MULTILINE)


def recognise(text: bytes) -> Engine | None:
    """Whose page this is, by the first family with a known prefix; a port says nothing.

    Triton and NIM come last: on their pages an engine inside may stand under its own names, which tell more.
    """
    if (found := _FIRST_FAMILY.search(text)) is not None:
        return _BY_PREFIX[found[1]]
    if all(family.search(text) for family in _NIM_FAMILIES):
        return NIM
    return TRITON if _TRITON_FAMILY.search(text) else None
