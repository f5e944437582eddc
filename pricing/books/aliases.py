"""Names that carry no model: deployments, inference profiles, served names, adapters, mapped by configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pricing.books.book import Book, PricedModel, digest_of
from pricing.books.keys import PriceError, Table, needed_text, place, refuse_unknown, text
from pricing.books.names import provider_key, split_provider

_KEYS = ("provider", "name", "model")


class Aliases:
    """The [[alias]] tables: a name as a source writes it, of one provider or of any, stands for a model."""

    def __init__(self, targets: Mapping[tuple[str | None, str], str]) -> None:
        self._targets = targets
        self.digest = digest_of(*(repr(pair) for pair in sorted(targets.items(), key=repr)))

    @classmethod
    def from_entries(cls, entries: Sequence[Table], lines: Sequence[int] | None = None) -> "Aliases":
        """The aliases of these tables, as a TOML parser gives them; raise PriceError."""
        targets: dict[tuple[str | None, str], str] = {}
        places: dict[tuple[str | None, str], str] = {}
        for position, raw in enumerate(entries, start=1):
            where = place("alias", position, raw.get("name"), lines[position - 1] if lines else None)
            refuse_unknown(raw, _KEYS, where)
            name = needed_text(raw, "name", where, "prod-chat-eastus2").lower()
            key = (provider_key(text(raw, "provider", where)), name)
            if key in targets:
                raise PriceError(f"{where}: {places[key]} maps the same name; keep one of them.")
            targets[key], places[key] = needed_text(raw, "model", where, "gpt-4o-2024-08-06"), where
        for (provider, name), model in targets.items():
            if (provider, model.lower()) in targets:
                at = places[provider, name]
                raise PriceError(f'{at}: model = "{model}" is itself an alias; write the model that it stands for.')
        return cls(targets)

    def __bool__(self) -> bool:
        return bool(self._targets)

    def target(self, provider: str | None, model: str) -> str | None:
        """The model that this name stands for, or None; an alias of the provider wins over one of any."""
        said, plain = split_provider(provider, model)
        for scope in dict.fromkeys((provider_key(said), None)):
            for name in (model.strip().lower(), plain.lower()):
                if (found := self._targets.get((scope, name))) is not None:
                    return found
        return None


class AliasedBook:
    """A book that also knows the aliases; a match by one says so."""

    def __init__(self, book: Book, aliases: Aliases) -> None:
        self._book = book
        self._aliases = aliases

    @property
    def name(self) -> str:
        """The name of the book behind the aliases."""
        return self._book.name

    @property
    def digest(self) -> str:
        """Changes with the book and with the aliases."""
        return f"{self._book.digest}-{self._aliases.digest}"

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The offers for the model that the name stands for, or for the name itself."""
        target = self._aliases.target(provider, model)
        if target is None:
            return self._book.find(provider, model)
        found = self._book.find(split_provider(provider, model)[0], target)
        if found is None:
            return None
        by_alias = f'alias "{model.strip()}" for {target}'
        return PricedModel(
            offers=tuple(
                replace(offer, card=replace(offer.card, match_rule=f"{by_alias}, {offer.card.match_rule}"))
                for offer in found.offers
            ),
            between=found.between,
        )
