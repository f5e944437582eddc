"""Memory of the key-value cache, which decides how many sequences a host serves at once."""

from dataclasses import dataclass
from fractions import Fraction

_KEY_AND_VALUE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KvShape:
    """What a transformer keeps per token: `layers` of `kv_heads` x `head_size` elements, once as key, once as value.

    Without grouped-query attention the heads that keep anything are all of them, and heads x size is the hidden size.
    """

    layers: int
    kv_heads: int
    head_size: int
    bytes_per_element: Fraction = Fraction(2)

    @property
    def bytes_per_token(self) -> Fraction:
        """2 x layers x heads x head size x bytes per element."""
        return _KEY_AND_VALUE * self.layers * self.kv_heads * self.head_size * self.bytes_per_element

    def bytes_of(self, tokens: int, sequences: int = 1) -> Fraction:
        """Memory of so many sequences of so many tokens that share nothing."""
        return self.bytes_per_token * tokens * sequences


def grouped(kv_bytes: Fraction, query_heads: int, kv_heads: int) -> Fraction:
    """The same cache when only `kv_heads` of `query_heads` keep keys and values."""
    return kv_bytes * kv_heads / query_heads


def all_sequences(kv_bytes: Fraction, sequences: int) -> Fraction:
    """Memory of so many sequences of this size."""
    return kv_bytes * sequences


def host_memory(gpus: int, memory_per_gpu: Fraction) -> Fraction:
    """Memory of all GPUs of a host, in the unit in which one is given."""
    return gpus * memory_per_gpu


def most_sequences(memory: Fraction, weights: Fraction, per_sequence: Fraction) -> int:
    """Sequences that fit beside the weights, all in one unit; none when the weights alone do not fit."""
    if per_sequence <= 0:
        raise ValueError("a sequence takes some memory")
    return max(0, (memory - weights) // per_sequence)
