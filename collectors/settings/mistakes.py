"""What is wrong with a configuration, as a person finds it in the file: the key, its table by line, and what it should be."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.+?)`(?: - at `\$\.?(?P<where>.*)`)?")
_MISSING = re.compile(r"Object missing required field `(?P<key>.+?)`(?: - at `\$\.?(?P<where>.*)`)?")
_WRONG = re.compile(r"Expected `(?P<wanted>.+?)`, got `(?P<got>.+?)` - at `\$\.(?P<where>.+)`")
_ENTRY = re.compile(r"(?P<table>\w+)\[(?P<number>\d+)\]")
_KINDS = {
    "str": 'text in quotes, such as "5"',
    "int": "a whole number without quotes",
    "float": "a number without quotes",
    "bool": "true or false",
    "array": "a list in [ ]",
    "object": "a table",
}
"""The schema's words for what TOML has."""


def explain(text: str, lines: Mapping[str, Sequence[int]], known_keys: Callable[[str], Sequence[str]]) -> str:
    """The schema's sentence in words of the file; `lines` tell where each of several tables begins, `known_keys` what one may hold."""
    if found := _UNKNOWN.fullmatch(text):
        where = found["where"] or ""
        near = difflib.get_close_matches(found["key"], known_keys(where), n=1, cutoff=0.4)
        hint = f"; did you mean `{near[0]}`?" if near else "."
        return f"unknown key `{found['key']}`{_in(where, lines)}{hint}"
    if found := _MISSING.fullmatch(text):
        return f"`{found['key']}` is missing{_in(found['where'] or '', lines)}."
    if found := _WRONG.fullmatch(text):
        where, _, key = found["where"].rpartition(".")
        wanted = next((_KINDS[one] for one in found["wanted"].split(" | ") if one in _KINDS), found["wanted"])
        return f"`{key}`{_in(where, lines)} must be {wanted}."
    return text.replace("`$.", "`") + "."


def _in(where: str, lines: Mapping[str, Sequence[int]]) -> str:
    """in the table that is meant: by the line on which it begins, where there are several of its kind."""
    if not where:
        return ""
    entry = _ENTRY.fullmatch(where)
    if entry is None:
        return f" in `{where}`"
    begin = lines.get(entry["table"], ())
    number = int(entry["number"])
    which = f"of line {begin[number]}" if number < len(begin) else f"number {number + 1}"
    return f" in the [[{entry['table']}]] {which}"
