"""Rows priced per second with a compiled card, against the catalogue package's own calculation of the same rows."""

import time
from argparse import Namespace

from benchmarks.child import in_child
from benchmarks.figure import Figure, alternate

GOAL_ROWS_PER_SECOND = 300_000
GOAL = 10.0
_MODELS = (
    ("openai", "gpt-4o-mini"),
    ("openai", "gpt-5.1"),
    ("anthropic", "claude-haiku-4-5-20251001"),
    ("anthropic", "claude-sonnet-4-5-20250929"),
    ("deepseek", "deepseek-chat"),
)


def _rows(count: int) -> list[tuple[str, str, int, int, int]]:
    """(provider, model, uncached input, cache reads, output)."""
    return [(*_MODELS[n % len(_MODELS)], 800 + n % 977, n % 3 * 512, 50 + n % 311) for n in range(count)]


def ours(count: int) -> float:
    """Rows per second: the card looked up and the total to a nano-dollar."""
    from collectors.clock import now_ms
    from collectors.prices.books import price_book
    from collectors.settings.config import Config
    from pricing.bill import cost_nano_usd
    from pricing.usage import Usage

    book, at_ms = price_book(Config()), now_ms()
    rows = [
        (provider, model, Usage(input_tokens=fresh, cache_read_tokens=read, output_tokens=output))
        for provider, model, fresh, read, output in _rows(count)
    ]
    for provider, model in _MODELS:
        book.card(provider, model, at_ms=at_ms, prompt_tokens=1)
    began = time.perf_counter()
    for provider, model, usage in rows:
        cost_nano_usd(usage, book.card(provider, model, at_ms=at_ms, prompt_tokens=usage.prompt_tokens))
    return count / (time.perf_counter() - began)


def catalogue(count: int) -> float:
    """Rows per second of `genai_prices.calc_price`."""
    from genai_prices import Usage, calc_price

    rows = [
        (provider, model, Usage(input_tokens=fresh + read, cache_read_tokens=read, output_tokens=output))
        for provider, model, fresh, read, output in _rows(count)
    ]
    calc_price(rows[0][2], rows[0][1], provider_id=rows[0][0])
    began = time.perf_counter()
    for provider, model, usage in rows:
        calc_price(usage, model, provider_id=provider)
    return count / (time.perf_counter() - began)


def measure(_options: Namespace) -> list[Figure]:
    """One figure as it is, and one against the package."""
    peaks: list[float] = []

    def priced() -> float:
        measured = in_child("pricing", "ours", 200_000)
        peaks.append(measured.peak_mb)
        return measured.value

    compared = alternate(priced, lambda: in_child("pricing", "catalogue", 5_000).value)
    shown, theirs = f"{compared.ours:,.0f} rows/s", f"calc_price {compared.reference:,.0f} rows/s"
    return [
        Figure(name="pricing, ratio", ours=shown, reference=theirs, value=compared.ratio, goal=GOAL, at_least=True),
        Figure(
            name="pricing, rows a second",
            ours=shown,
            reference="none: a rate of its own",
            value=compared.ours,
            goal=GOAL_ROWS_PER_SECOND,
            at_least=True,
            unit="/s",
            peak_mb=max(peaks),
        ),
    ]
