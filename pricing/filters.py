"""One small filter grammar for the screen, the command line and budgets: `model=gpt-* tenant!=ci acme >0.01`.

Terms are separated by blanks and all must hold. `name=pattern` and `name!=pattern`, or `!name=pattern`, compare one
dimension with a pattern (`*` and `?` match anything, case does not matter; `tenant=` alone means "not said";
`model=gpt-*` also finds `openai/gpt-4o`, since gateways put the provider before the name); a bare word is looked for in
every dimension, `!word` must not be found; `>0.01` keeps single requests that cost more than so many dollars.
"""

import difflib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase

from pricing.money import nano_from_usd


class FilterError(ValueError):
    """The filter cannot be read; the text says which part and why."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; a None dimension looks everywhere."""

    dimension: str | None
    pattern: str
    negated: bool = False

    def holds(self, values: Mapping[str, str | None]) -> bool:
        """Whether these dimension values meet the condition."""
        if self.dimension is None:
            found = any(self.pattern in value.lower() for value in values.values() if value)
        else:
            name = (values.get(self.dimension) or "").lower()
            found = any(fnmatchcase(part, self.pattern) for part in (name, name.rpartition("/")[2]))
        return found is not self.negated


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter; the empty one lets everything through."""

    terms: tuple[Term, ...] = ()
    above_nano_usd: int | None = None

    def matches(self, values: Mapping[str, str | None]) -> bool:
        """Whether a series with these dimension values is wanted."""
        return all(term.holds(values) for term in self.terms)

    @property
    def is_empty(self) -> bool:
        """Whether everything is let through."""
        return not self.terms and self.above_nano_usd is None


def parse_filter(text: str, dimensions: Sequence[str]) -> Filter:
    """Read a filter over these dimensions; raises FilterError with a sentence."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise FilterError("a quote is not closed") from None
    terms: list[Term] = []
    above: int | None = None
    for word in words:
        if word.startswith(">"):
            above = _amount(word[1:])
        else:
            terms.append(_term(word, dimensions))
    return Filter(tuple(terms), above)


def _term(word: str, dimensions: Sequence[str]) -> Term:
    name, equals, pattern = word.partition("=")
    if not equals:
        negated = word.startswith("!") and len(word) > 1
        return Term(None, (word[1:] if negated else word).lower(), negated)
    negated = name.endswith("!") or name.startswith("!")
    name = name.strip("!").lower()
    if name not in dimensions:
        near = difflib.get_close_matches(name, dimensions, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(dimensions)}"
        raise FilterError(f"nothing is called {name!r}; {hint}")
    # Only * and ? are patterns: brackets are common in names.
    return Term(name, pattern.lower().replace("[", "[[]"), negated)


def _amount(text: str) -> int:
    try:
        return nano_from_usd(Decimal(text.removeprefix("$")))
    except (InvalidOperation, ValueError):
        raise FilterError(f"after > comes an amount of dollars, not {text!r}") from None
