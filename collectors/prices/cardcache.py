"""Offers that were looked up before, in one file: asking again needs no catalogue, which is slow to load."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import platformdirs

from collectors.prices.catalogue_file import is_ours, write_whole
from pricing.books.book import Book, Offer, PricedModel
from pricing.books.hours import Hours
from pricing.card import card_from_mapping, card_to_mapping

MODELS_AT_MOST = 500
"""Names come from outside: somebody who makes them up must not fill the disk."""
_READING = 3
"""Raised with every change of what cards are made of the same listing."""
_LIMIT_BYTES = 8 * 1024 * 1024


def cache_path() -> Path:
    """Where compiled offers are kept; deleting the file costs nothing but the next start's speed."""
    return Path(platformdirs.user_cache_dir("usdtop")) / "offers.json"


class CachedBook:
    """A book whose answers are remembered in a file for as long as its digest stays the same.

    A file that is damaged, too large, or could have been written by somebody else is passed over and written anew;
    a place that cannot be written only makes the next start slower.
    """

    def __init__(self, book: Book, path: Path) -> None:
        self._book = book
        self._path = path
        self._digest: str | None = None
        self._models: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """That of the book behind it."""
        return self._book.name

    @property
    def digest(self) -> str:
        """That of the book behind it."""
        if self._digest is None:
            self._digest = self._book.digest
        return self._digest

    @property
    def _stamp(self) -> str:
        """What the file's answers depend on: the prices, and what we make of them."""
        return f"{self.digest} {_READING}"

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The offers for a model, from the file when they are in it."""
        key = json.dumps([provider, model])
        if self._models is None:
            self._models = _read(self._path, self._stamp)
        if key in self._models:
            try:
                return _from_plain(self._models[key])
            except (ValueError, TypeError, KeyError, AttributeError):
                self._models = {}
        found = self._book.find(provider, model)
        self._remember(key, found)
        return found

    def _remember(self, key: str, found: PricedModel | None) -> None:
        models = self._models or {}
        while len(models) >= MODELS_AT_MOST:
            del models[next(iter(models))]
        models[key] = _to_plain(found)
        self._models = models
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(self._path, json.dumps({"digest": self._stamp, "models": models}).encode(), lasting=False)
        except OSError:
            return


def _read(path: Path, digest: str) -> dict[str, Any]:
    """What the file remembers, or nothing when it is not ours, not whole, or of other prices."""
    if not is_ours(path):
        return {}
    try:
        with path.open("rb") as file:
            kept = json.loads(file.read(_LIMIT_BYTES))
        models = kept["models"] if kept["digest"] == digest else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return models if isinstance(models, dict) else {}


def _to_plain(priced: PricedModel | None) -> dict[str, object] | None:
    if priced is None:
        return None
    return {"between": list(priced.between), "offers": [_offer_to_plain(offer) for offer in priced.offers]}


def _offer_to_plain(offer: Offer) -> dict[str, object]:
    hours = None if offer.hours is None else {**asdict(offer.hours), "weekdays": sorted(offer.hours.weekdays)}
    return {
        "card": card_to_mapping(offer.card),
        "variant": offer.variant,
        "from_ms": offer.from_ms,
        "until_ms": offer.until_ms,
        "above_prompt_tokens": offer.above_prompt_tokens,
        "hours": hours,
    }


def _from_plain(plain: dict[str, Any] | None) -> PricedModel | None:
    """The offers that `_to_plain` wrote; ValueError, TypeError or KeyError when they are none."""
    if plain is None:
        return None
    return PricedModel(
        offers=tuple(_offer_from_plain(offer) for offer in plain["offers"]), between=tuple(plain["between"])
    )


def _offer_from_plain(plain: dict[str, Any]) -> Offer:
    hours = plain["hours"]
    return Offer(
        card=card_from_mapping(plain["card"]),
        variant=plain["variant"],
        from_ms=plain["from_ms"],
        until_ms=plain["until_ms"],
        above_prompt_tokens=plain["above_prompt_tokens"],
        hours=None if hours is None else Hours(**{**hours, "weekdays": frozenset(hours["weekdays"])}),
    )
