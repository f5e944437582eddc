"""Prometheus' text format, read only where it is wanted.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4). Gateways write pages of
megabytes of which a few families matter, so a line is taken apart only after its metric's name was asked for.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

_NAME = re.compile(rb"[ \t]*+([a-zA-Z_:][a-zA-Z0-9_:]*+)")
# Possessive throughout: a hostile line must not make the matcher try again and again.
_PAIR = rb'[ \t]*+([a-zA-Z_][a-zA-Z0-9_]*+)[ \t]*+=[ \t]*+"([^"\\]*+(?:\\.[^"\\]*+)*+)"[ \t]*+'
_BARE_PAIR = _PAIR.replace(b"([a", b"(?:[a").replace(b'"([^', b'"(?:[^')
_LABELS = re.compile(_PAIR)
_REST = re.compile(
    rb"(?=[ \t{])[ \t]*+"
    rb"(?:\{((?:" + _BARE_PAIR + rb"(?:," + _BARE_PAIR + rb")*+,?+)?+[ \t]*+)\})?+"
    rb"[ \t]*+([^ \t\r#]++)(?:[ \t]++[-+.0-9eE]++)?+[ \t\r]*+(?:#.*+)?+"
)
_ESCAPED = re.compile(rb'\\([\\n"])')


class Sample(NamedTuple):
    """One line: a metric's name as scraped (with `_total` and the like), its labels and its value (NaN included)."""

    name: str
    labels: dict[str, str]
    value: float


class Scan(NamedTuple):
    """The wanted samples in the page's order, and how many wanted lines could not be understood, with the last one."""

    samples: list[Sample]
    malformed: int
    example: bytes


def scan(text: bytes, wanted: Iterable[str]) -> Scan:
    """Read the samples named in `wanted` from a page, skipping what is malformed."""
    names = {name.encode(): name for name in wanted}
    samples: list[Sample] = []
    malformed, example = 0, b""
    for line in text.split(b"\n"):
        found = _NAME.match(line)
        if found is None or (name := names.get(found[1])) is None:
            continue
        sample = _sample(name, line, found.end())
        if sample is None:
            malformed, example = malformed + 1, line
        else:
            samples.append(sample)
    return Scan(samples, malformed, example)


def _sample(name: str, line: bytes, start: int) -> Sample | None:
    rest = _REST.fullmatch(line, start)
    if rest is None or b"_" in rest[2]:
        return None
    try:
        value = float(rest[2])
    except ValueError:
        return None
    pairs = _LABELS.findall(rest[1]) if rest[1] else ()
    labels = {key.decode(): _text(quoted) for key, quoted in pairs}
    return Sample(name, labels, value) if len(labels) == len(pairs) else None


def _text(quoted: bytes) -> str:
    if b"\\" in quoted:
        quoted = _ESCAPED.sub(_unescape, quoted)
    return quoted.decode(errors="replace")


def _unescape(escape: re.Match[bytes]) -> bytes:
    return b"\n" if escape[1] == b"n" else escape[1]
