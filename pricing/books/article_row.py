"""One price as an article states it: the figures as printed, where they stand, and how far they can be trusted."""

from dataclasses import dataclass

RANGE_MARK = ".."
"""Between the ends of a range, e.g. "0.60..0.90"."""


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """A row of a price table; rates are decimal texts in dollars per million tokens, None where the article is silent.

    `seller` is who sends the bill: the host where the article names one, else the provider. `long_context` holds the
    rates (input, output, cache read) of prompts over `above_input_tokens`, `off_peak` those (input, output) of the
    UTC hours `off_peak_hours`, `batch` what the rates are multiplied by. `units` prices anything that is no text token
    in the words of the article.
    """

    line: int
    provider: str
    model: str
    input: str | None = None
    output: str | None = None
    cache_read: str | None = None
    cache_write_5m: str | None = None
    cache_write_1h: str | None = None
    host: str | None = None
    above_input_tokens: int = 0
    long_context: tuple[str | None, str | None, str | None] | None = None
    graduated: bool = False
    """Whether the section reads the long-context rates as those of the part above the threshold only."""
    off_peak: tuple[str, str] | None = None
    off_peak_hours: str | None = None
    batch: str | None = None
    units: tuple[tuple[str, str], ...] = ()
    decode_tokens_per_second: int | None = None
    context_window_tokens: int | None = None
    approximate: bool = False
    free: bool = False
    doubt: str = ""
    """Why the row is kept as data and prices nothing."""
    note: str = ""

    @property
    def seller(self) -> str:
        """Who sends the bill at this price."""
        return self.host or self.provider

    @property
    def is_range(self) -> bool:
        """Whether any figure is a range."""
        figures = (self.input, self.output, *(amount for _, amount in self.units))
        return any(RANGE_MARK in figure for figure in figures if figure)

    @property
    def prices_traffic(self) -> bool:
        """Whether a request may be billed at this row: no range, nothing approximate or doubtful."""
        return not (self.is_range or self.approximate or self.doubt)


@dataclass(frozen=True, slots=True)
class ArticleSection:
    """A section of an article and the prices it states, in the order of their lines."""

    article: str
    title: str
    rows: tuple[ArticleRow, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """An article and its date as it gives it; None where it gives none."""

    title: str
    date: str | None
