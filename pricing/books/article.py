"""The book "article-2026": what four articles say that models cost, for demonstrations and as a last resort."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from pricing.books.article_offers import row_offers
from pricing.books.article_row import RANGE_MARK, Article, ArticleRow
from pricing.books.book import PricedModel, digest_of
from pricing.books.names import provider_key, spellings, split_provider
from pricing.money import decimal_text

_CHOICES: Mapping[tuple[str, str], tuple[int | None, str]] = {
    ("openai", "gpt-5"): (636, "the most detailed table, and the table of fifteen models agrees with it"),
    ("openai", "gpt-5-mini"): (637, "the section that also prices gpt-5"),
    ("openai", "o3"): (None, "15/60 was never its price, and 2/8 is printed as an approximation"),
    ("openai", "gpt-4o"): (641, "a table wins over figures that only an example implies"),
    ("openai", "gpt-4o-realtime"): (644, "figures win over a description"),
    ("anthropic", "claude-haiku-4-5"): (1423, "0.80/4 is the price of the model before it"),
    ("google", "gemini-2.5-pro"): (1429, "the provider reprices the whole request above the threshold"),
    ("google", "gemini-2.5-flash-lite"): (683, "the other row is an approximation"),
    ("deepseek", "deepseek-r1"): (732, "the section that prices its cache, too; 2.20 elsewhere is rounded"),
    ("bedrock", "llama-3.3-70b"): (747, "0.99 was the price of the model before it"),
}
"""(seller, model) whose rows contradict each other -> the line that counts, or None for no price at all, and why."""


class ArticlePrice(NamedTuple):
    """A row and where it stands."""

    article: str
    section: str
    row: ArticleRow

    @property
    def place(self) -> str:
        """The row for a sentence, e.g. `openai/gpt-5 at 5.00/20.00 (article 003, line 636)`."""
        row = self.row
        figures = "/".join(figure or "-" for figure in (row.input, row.output))
        return f"{row.seller}/{row.model} at {figures} (article {self.article}, line {row.line})"


class ArticleSheet:
    """Every price of the articles by model; rows that disagree stay apart, and one that is chosen by hand counts.

    Prices are estimates. Ranges, approximations and doubtful rows price nothing. A rate that a row does not state is
    no rate: the bill is then partial. Resale prices hold for the reseller only.
    """

    name = "article-2026"

    @property
    def articles(self) -> Mapping[str, Article]:
        """The articles by their number."""
        from pricing.books.article_data import ARTICLES

        return ARTICLES

    @cached_property
    def prices(self) -> tuple[ArticlePrice, ...]:
        """Every row, in the order of the articles."""
        from pricing.books.article_data import SECTIONS

        return tuple(ArticlePrice(part.article, part.title, row) for part in SECTIONS for row in part.rows)

    @cached_property
    def digest(self) -> str:
        """Changes with any row and with what was chosen between rows."""
        return digest_of(repr(self.prices), repr(_CHOICES))

    @cached_property
    def _by_model(self) -> Mapping[str, Sequence[ArticlePrice]]:
        found: defaultdict[str, list[ArticlePrice]] = defaultdict(list)
        for price in self.prices:
            found[price.row.model].append(price)
        return found

    def variants(self, model: str) -> Sequence[ArticlePrice]:
        """All rows of a model with their sections, also those that price nothing."""
        return tuple(self._by_model.get(model.strip().lower(), ()))

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The offers of the row that counts; no offers where sellers or sections differ and nothing decides."""
        said, plain = split_provider(provider, model)
        seller = provider_key(said)
        for spelling in spellings(plain):
            rows = [
                price
                for price in self._by_model.get(spelling.name, ())
                if seller is None or provider_key(price.row.seller) == seller
            ]
            if any(price.row.prices_traffic for price in rows):
                return self._decided(rows, spelling.rule)
        return None

    def priced(self, price: ArticlePrice, rule: str = "exact name") -> PricedModel:
        """The offers of one row, whatever the others say; none for a row that prices no traffic."""
        if not price.row.prices_traffic:
            return PricedModel(offers=())
        date = self.articles[price.article].date or "undated"
        at = f'{rule}, section "{price.section}" line {price.row.line}'
        return PricedModel(
            offers=row_offers(price.row, book=self.name, rule=at, checked=f"article {price.article}, {date}")
        )

    def _decided(self, rows: Sequence[ArticlePrice], spelled: str) -> PricedModel:
        usable = [price for price in rows if price.row.prices_traffic]
        sellers = dict.fromkeys(price.row.seller for price in usable)
        chosen = [_chosen([price for price in usable if price.row.seller == seller]) for seller in sellers]
        known = [price for price in chosen if price is not None]
        if len(known) < len(chosen) or len({_figures(price.row) for price in known}) > 1:
            return PricedModel(offers=(), between=tuple(price.place for price in _distinct(rows)))
        return self.priced(known[0], f"exact name, {spelled}" if spelled else "exact name")


def _chosen(rows: Sequence[ArticlePrice]) -> ArticlePrice | None:
    """The row that counts among those of one seller and model: chosen by hand, or the fullest of rows that agree."""
    row = rows[0].row
    if (row.seller, row.model) in _CHOICES:
        line, _ = _CHOICES[row.seller, row.model]
        return next((price for price in rows if price.row.line == line), None)
    by_token = [price for price in rows if price.row.input is not None or price.row.output is not None]
    return max(by_token or rows, key=lambda price: sum(figure is not None for figure in _figures(price.row)))


def _figures(row: ArticleRow) -> tuple[object, ...]:
    """What a row states, without where it stands."""
    rates = (row.input, row.output, row.cache_read, row.cache_write_5m, row.cache_write_1h)
    plain = tuple(None if rate is None else RANGE_MARK.join(map(_plain, rate.split(RANGE_MARK))) for rate in rates)
    return (*plain, row.long_context, row.off_peak, row.batch, row.units or None)


def _plain(figure: str) -> str:
    return decimal_text(Decimal(figure))


def _distinct(rows: Iterable[ArticlePrice]) -> Iterable[ArticlePrice]:
    """The first row of each price of each seller."""
    first: dict[object, ArticlePrice] = {}
    for price in rows:
        first.setdefault((price.row.seller, _figures(price.row)[:2]), price)
    return first.values()
