"""From a row of an article to offers: exactly what it states, and no rate for what it is silent about."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from pricing.books.article_row import ArticleRow
from pricing.books.book import STANDARD, Offer
from pricing.books.hours import Hours, clock_range
from pricing.books.listing import ListedPrice, Listing, Period, Prices
from pricing.books.units import CACHE_STORAGE
from pricing.card import CardStatus
from pricing.money import TOKENS_PER_MILLION

_UNITS = {
    "per_image": ("images", 1),
    "output_image": ("images", 1),
    "output_second": ("video_seconds", 1),
    "input_characters": ("input_characters", 1_000_000),
    "per_1k_searches": ("rerank_searches", 1_000),
    "per_minute": ("audio_seconds", 60),
    "cache_storage": (CACHE_STORAGE, 1_000_000 * 3_600),
    "audio_input": ("input_audio_tokens", TOKENS_PER_MILLION),
    "audio_output": ("output_audio_tokens", TOKENS_PER_MILLION),
}
"""The articles' words for what is no text token -> usage key, and how many of it the price is for."""


def row_offers(row: ArticleRow, *, book: str, rule: str, checked: str) -> tuple[Offer, ...]:
    """The offers of a row that prices traffic; all are estimates, or free where the article says so."""
    listing = Listing(
        book=book,
        record=f"{row.seller}/{row.model}",
        status=CardStatus.FREE if row.free else CardStatus.ESTIMATED,
        match_rule=rule,
        checked=checked,
        lends=False,
    )
    offers = list(_standard(listing, row))
    if row.batch is not None:
        offers += _cliff(listing, row, "batch", Decimal(row.batch))
    return tuple(offers)


def _standard(listing: Listing, row: ArticleRow) -> Iterator[Offer]:
    if row.graduated and row.long_context is not None:
        tiered = _graduated(row, row.long_context)
        yield from listing.tier_offers(Period(prices=tiered, graduated=True), STANDARD)
    else:
        yield from _cliff(listing, row, STANDARD, None)
    if row.off_peak is not None and (span := clock_range(row.off_peak_hours or "")) is not None:
        prices = _listed(input_tokens=row.off_peak[0], output_tokens=row.off_peak[1])
        hours = Hours(start=span[0], end=span[1])
        yield from listing.tier_offers(Period(prices=prices, hours=hours, hours_name="off-peak"), STANDARD)


def _cliff(listing: Listing, row: ArticleRow, variant: str, factor: Decimal | None) -> Iterator[Offer]:
    """The offer of ordinary prompts, and that of long ones, which reprices the whole request."""
    yield from listing.tier_offers(Period(prices=_scaled(_prices(row), factor)), variant)
    if row.long_context is None:
        return
    long = _scaled(_long_prices(row.long_context), factor)
    for offer in listing.tier_offers(Period(prices=long), variant):
        conditions = (*offer.card.conditions, f"prompt over {row.above_input_tokens:,} tokens")
        card = replace(offer.card, conditions=conditions)
        yield replace(offer, card=card, above_prompt_tokens=row.above_input_tokens)


def _scaled(prices: Prices, factor: Decimal | None) -> Prices:
    """Under a factor only input and output keep a price: the articles say of nothing else what a batch makes of it."""
    if factor is None:
        return prices
    both = ("input_tokens", "output_tokens")
    return {key: ListedPrice(usd=prices[key].usd * factor) for key in both if key in prices}


def _prices(row: ArticleRow) -> Prices:
    tokens = _listed(
        input_tokens=row.input,
        output_tokens=row.output,
        cache_read_tokens=row.cache_read,
        cache_write_5m_tokens=row.cache_write_5m,
        cache_write_1h_tokens=row.cache_write_1h,
    )
    units = {
        key: ListedPrice(usd=Decimal(amount), per=per) for word, amount in row.units for key, per in (_UNITS[word],)
    }
    return {**tokens, **units}


def _long_prices(rates: tuple[str | None, str | None, str | None]) -> Prices:
    return _listed(input_tokens=rates[0], output_tokens=rates[1], cache_read_tokens=rates[2])


def _graduated(row: ArticleRow, rates: tuple[str | None, str | None, str | None]) -> Prices:
    beyond = _long_prices(rates)
    return {
        key: replace(price, tiers=((row.above_input_tokens, beyond[key].usd),) if key in beyond else ())
        for key, price in _prices(row).items()
    }


def _listed(**dollars: str | None) -> Prices:
    return {key: ListedPrice(usd=Decimal(usd)) for key, usd in dollars.items() if usd is not None}
