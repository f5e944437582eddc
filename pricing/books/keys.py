"""Single keys of a configuration table, checked one by one, each refusal a sentence that says what to write."""

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

Table: TypeAlias = Mapping[str, object]
"""One table as a TOML parser gives it."""

PER_MILLION = "US dollars per million tokens"

_AMOUNT = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?")


class PriceError(ValueError):
    """A price that cannot be taken; the sentence names the entry, its line where known, the key and what to write."""


def place(kind: str, position: int, name: object, line: int | None) -> str:
    """How a sentence names an entry, e.g. `[[price]] 2 ("gpt-4o"), line 17`."""
    named = f' ("{name}")' if isinstance(name, str) and name else ""
    return f"[[{kind}]] {position}{named}" + (f", line {line}" if line is not None else "")


def refuse_unknown(raw: Table, known: Sequence[str], where: str) -> None:
    """Raise PriceError at the first key that is not known, with the nearest one that is."""
    for key in raw:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, 1, cutoff=0.5)
            hint = f'did you mean "{nearest[0]}"?' if nearest else f"known keys are {', '.join(known)}."
            raise PriceError(f'{where}: unknown key "{key}"; {hint}')


def text(raw: Table, key: str, where: str) -> str | None:
    """A text, trimmed; None when the key is absent or empty."""
    value = raw.get(key)
    if value is not None and not isinstance(value, str):
        raise PriceError(f"{where}: {key} must be a text in quotes.")
    return value.strip() or None if value else None


def needed_text(raw: Table, key: str, where: str, example: str) -> str:
    """A text that must be there."""
    value = text(raw, key, where)
    if value is None:
        raise PriceError(f'{where}: {key} is missing; write {key} = "{example}".')
    return value


def texts(raw: Table, key: str, where: str, example: str) -> tuple[str, ...]:
    """A list of texts, () when the key is absent."""
    value = raw.get(key, ())
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(each, str) for each in value):
        raise PriceError(f"{where}: {key} must be a list of texts, e.g. {key} = {example}.")
    return tuple(each.strip().lower() for each in value)


def flag(raw: Table, key: str, where: str) -> bool:
    """A switch, off when the key is absent."""
    value = raw.get(key, False)
    if not isinstance(value, bool):
        raise PriceError(f"{where}: {key} must be true or false.")
    return value


def whole(raw: Table, key: str, where: str, example: int) -> int:
    """A whole number above 0."""
    value = raw.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise PriceError(f"{where}: {key} must be a whole number above 0, e.g. {example}.")
    return value


def day(raw: Table, key: str, where: str) -> date | None:
    """A day, None when the key is absent."""
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise PriceError(f"{where}: {key} must be a day such as 2026-07-01 (it begins at 00:00 UTC).") from None


def days(raw: Table, where: str) -> tuple[date | None, date | None]:
    """The first day (`effective_from`) and the first day no more (`effective_to`); None where there is no end."""
    first, end = day(raw, "effective_from", where), day(raw, "effective_to", where)
    if end is not None and first is not None and end <= first:
        raise PriceError(f"{where}: effective_to = {end} must be later than effective_from = {first}.")
    return first, end


def amount(value: object, where: str, key: str, of: str = PER_MILLION) -> Decimal:
    """An exact number that is not negative, from a decimal string or an integer; `of` says what it counts."""
    if isinstance(value, float):
        raise PriceError(f'{where}: {key} = {value!r} is not exact; write it in quotes: {key} = "{value!r}".')
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(written, str) or not _AMOUNT.fullmatch(written.strip()):
        raise PriceError(
            f'{where}: {key} = {value!r} is no amount; write {of}, e.g. {key} = "2.50" '
            "(at most 999999, and nine decimals)."
        )
    return Decimal(written.strip())


def tables(raw: Table, key: str, where: str, written: str) -> Sequence[Table]:
    """A list of tables, () when the key is absent; `written` is how a person writes one."""
    value = raw.get(key, ())
    if isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(each, Mapping) for each in value):
        return value
    raise PriceError(f"{where}: a {key} is written as {written} below its entry.")
