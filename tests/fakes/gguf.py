"""A model of a few random numbers, in the file format of llama.cpp: enough for a real server to answer nonsense.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md: a header, the keys, the tensors' shapes, then their numbers.
"""

import random
import struct
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

_EMBEDDING, _FEED_FORWARD, _HEADS, _CONTEXT = 64, 128, 2, 512
_U32, _F32, _STRING, _ARRAY, _I32 = 4, 6, 8, 9, 5
_ALIGNMENT = 32
_UNKNOWN, _CONTROL, _BYTE = 2, 3, 6
"""Types of tokens."""

VOCABULARY = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
"""One token for every byte, so that any text can be asked about."""


def write_tiny_model(path: Path, seed: int = 1) -> None:
    """Write a llama of one layer, about 300 KB."""
    rng = random.Random(seed)
    shapes = _shapes()
    infos, offset = b"", 0
    for name, shape in shapes.items():
        infos += _string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
        offset += _padded(4 * _count(shape))
    keys = b"".join(_string(name) + _value(value) for name, value in _keys().items())
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(_keys())) + keys + infos
    with path.open("wb") as file:
        file.write(head.ljust(_padded(len(head)), b"\0"))
        for name, shape in shapes.items():
            is_norm = name.endswith("norm.weight")
            numbers = array("f", (1.0 if is_norm else rng.gauss(0, 0.2) for _ in range(_count(shape))))
            file.write(numbers.tobytes().ljust(_padded(4 * _count(shape)), b"\0"))


def _shapes() -> Mapping[str, tuple[int, ...]]:
    width, words = _EMBEDDING, len(VOCABULARY)
    return {
        "token_embd.weight": (width, words),
        "output_norm.weight": (width,),
        "output.weight": (width, words),
        "blk.0.attn_norm.weight": (width,),
        **{f"blk.0.attn_{part}.weight": (width, width) for part in ("q", "k", "v", "output")},
        "blk.0.ffn_norm.weight": (width,),
        "blk.0.ffn_gate.weight": (width, _FEED_FORWARD),
        "blk.0.ffn_up.weight": (width, _FEED_FORWARD),
        "blk.0.ffn_down.weight": (_FEED_FORWARD, width),
    }


def _keys() -> Mapping[str, int | float | str | Sequence[str] | Sequence[int] | Sequence[float]]:
    return {
        "general.architecture": "llama",
        "general.name": "tiny",
        "llama.block_count": 1,
        "llama.context_length": _CONTEXT,
        "llama.embedding_length": _EMBEDDING,
        "llama.feed_forward_length": _FEED_FORWARD,
        "llama.attention.head_count": _HEADS,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": VOCABULARY,
        "tokenizer.ggml.scores": [0.0] * len(VOCABULARY),
        "tokenizer.ggml.token_type": [_UNKNOWN, _CONTROL, _CONTROL, *[_BYTE] * 256],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }


def _value(value: int | float | str | Sequence[str] | Sequence[int] | Sequence[float]) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _string(value)
    if isinstance(value, int):
        return struct.pack("<II", _U32, value)
    if isinstance(value, float):
        return struct.pack("<If", _F32, value)
    first = value[0]
    if isinstance(first, str):
        return struct.pack("<IIQ", _ARRAY, _STRING, len(value)) + b"".join(_string(str(item)) for item in value)
    kind, letter = (_I32, "i") if isinstance(first, int) else (_F32, "f")
    return struct.pack(f"<IIQ{len(value)}{letter}", _ARRAY, kind, len(value), *value)


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _count(shape: Sequence[int]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
