"""Both forms of the list: the module of data that is installed, and the file that its project publishes."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, TypeVar, cast

from pricing.books.genai import types

T = TypeVar("T")

_PACKAGE = "genai_prices"
_MOST_DIGITS = 40


@cache
def installed() -> Sequence[types.Provider]:
    """The package's own list. Raises ImportError where the package is missing."""
    try:
        return cast("Sequence[types.Provider]", _module("data").providers)
    except (NameError, TypeError):
        # A later version may list what has no record here: its own code knows it, and what has one is taken over.
        from genai_prices.data import providers

        return cast("Sequence[types.Provider]", taken_over(providers))


@cache
def units() -> Mapping[str, tuple[str, int]]:
    """Price key -> the usage it is for, and for how many of these: input_mtok -> (input_tokens, 1,000,000)."""
    listed = _module("data_units").unit_data
    return {unit.get("price_key", usage): (usage, unit["per"]) for usage, unit in listed.items()}


def taken_over(theirs: object) -> object:
    """The package's records, and lists of them, as those of the same names here; a kind that is not known stays itself."""
    if isinstance(theirs, list):
        return [taken_over(one) for one in theirs]
    if (name := type(theirs).__name__) not in types.__all__:
        return theirs
    kind = getattr(types, name)
    fields = getattr(kind, "__dataclass_fields__", vars(theirs))
    return kind(**{name: taken_over(value) for name, value in vars(theirs).items() if name in fields})


def published(body: bytes) -> Sequence[types.Provider]:
    """The list in a published file, a JSON array of providers; raises ValueError when it is none."""
    try:
        providers = [_provider(one) for one in json.loads(body)]
    except KeyError as error:
        raise ValueError(f"{error} is missing") from error
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, re.error) as error:
        raise ValueError(str(error).partition("\n")[0][:200] or type(error).__name__) from error
    if not any(owner.models for owner in providers):
        raise ValueError("there is no model in it")
    return providers


def _module(name: str) -> ModuleType:
    """A module of the package as one of ours, so that what it imports from beside itself is what stands here."""
    package = find_spec(_PACKAGE)
    spec = package and PathFinder.find_spec(f"{__package__}.{name}", package.submodule_search_locations)
    if not spec or not spec.loader:
        raise ImportError(f"{_PACKAGE} is not installed.")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _provider(said: Mapping[str, Any]) -> types.Provider:
    return types.Provider(
        id=_text(said["id"]),
        model_match=_maybe(said.get("model_match"), _clause),
        fallback_model_providers=_maybe(said.get("fallback_model_providers"), lambda names: [*map(_text, names)]),
        models=[_model(one) for one in said.get("models", ())],
    )


def _model(said: Mapping[str, Any]) -> types.ModelInfo:
    prices = said.get("prices", ())
    return types.ModelInfo(
        id=_text(said["id"]),
        match=_clause(said["match"]),
        context_window=_maybe(said.get("context_window"), _whole),
        prices=_prices(prices) if isinstance(prices, Mapping) else [_conditional(one) for one in prices],
        price_variants=_maybe(said.get("price_variants"), lambda found: [_variant(one) for one in found]),
    )


_CLAUSES: Mapping[str, Callable[[str], types.Clause]] = {
    "equals": types.ClauseEquals,
    "starts_with": types.ClauseStartsWith,
    "ends_with": types.ClauseEndsWith,
    "contains": types.ClauseContains,
    "regex": types.ClauseRegex,
}


def _clause(said: Mapping[str, Any]) -> types.Clause:
    kind = next(iter(said), "")
    if kind in ("or", "and"):
        parts = [_clause(part) for part in said[kind]]
        return types.ClauseOr(parts) if kind == "or" else types.ClauseAnd(parts)
    if kind not in _CLAUSES:
        raise ValueError(f"{kind!r} is no condition on a name")
    text = _text(said[kind])
    if kind == "regex":
        re.compile(text)
    return _CLAUSES[kind](text)


def _conditional(said: Mapping[str, Any]) -> types.ConditionalPrice:
    return types.ConditionalPrice(
        constraint=_maybe(said.get("constraint"), _constraint), prices=_prices(said["prices"])
    )


def _variant(said: Mapping[str, Any]) -> types.PriceVariant:
    return types.PriceVariant(
        when={_text(key): _text(value) for key, value in said["when"].items()},
        constraint=_maybe(said.get("constraint"), _constraint),
        prices=_prices(said["prices"]),
    )


def _constraint(said: Mapping[str, Any]) -> types.Constraint:
    if "start_date" in said:
        return types.StartDateConstraint(date.fromisoformat(said["start_date"]))
    return types.TimeOfDateConstraint(time.fromisoformat(said["start_time"]), time.fromisoformat(said["end_time"]))


def _prices(said: Mapping[str, Any]) -> types.ModelPrice:
    return types.ModelPrice(**{key: _price(value) for key, value in said.items() if value is not None})


def _price(said: Any) -> Decimal | types.TieredPrices:
    if not isinstance(said, Mapping):
        return _number(said)
    tiers = [types.Tier(_whole(tier["start"]), _number(tier["price"])) for tier in said["tiers"]]
    return types.TieredPrices(_number(said["base"]), tiers)


def _number(said: Any) -> Decimal:
    """A number as it is written, and not so large or small that reckoning with it takes for ever."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        raise ValueError(f"{said!r} is no number")
    if not (number := Decimal(str(said))).is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError(f"{said!r} is no number of this world")
    return number


def _whole(said: Any) -> int:
    if (number := _number(said)) != int(number):
        raise ValueError(f"{said!r} is no whole number")
    return int(number)


def _text(said: Any) -> str:
    if not isinstance(said, str):
        raise ValueError(f"{said!r} is no text")
    return said


def _maybe(said: Any, read: Callable[[Any], T]) -> T | None:
    return None if said is None else read(said)
