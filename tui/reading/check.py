"""The verdict of `usdtop check`: one code and one line, from the same functions as the screens."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from pricing.alerts.names import Severity, State
from store.reader import Reader
from tui import format as fmt
from tui.pictures.alerts import AlertRow
from tui.pictures.budgets import BudgetLine
from tui.pictures.view import View
from tui.reading.alerts import alerts
from tui.reading.budgets import budget_lines
from tui.reading.burn import burn
from tui.reading.moment import moment

OK, WARNING, CRITICAL, UNKNOWN = range(4)
WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
"""Exit codes of monitoring plugins."""

_SILENT_MS = 120_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """An exit code, why, and figures as performance data."""

    code: int
    text: str
    figures: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """As monitoring plugins print it; what stands before the bar must not contain one."""
        said = f"USDTOP {WORDS[self.code]} - {' '.join(self.text.replace('|', '/').split())}"
        return f"{said} | {' '.join(self.figures)}" if self.figures else said


def check(reader: Reader, now_ms: int, *, machine: str, budget: str | None = None, every: bool = False) -> Verdict:
    """Judge a store by its open alerts, or by one budget; `every` counts those that somebody looks after, too."""
    picture = burn(reader, View(), now_ms, machine=machine)
    lines = budget_lines(reader, moment(reader, View(), now_ms))
    rows = [row for row in alerts(reader, View(), now_ms, machine=machine).rows if row.is_open]
    loud = [row for row in rows if every or row.state is State.FIRING]
    silent = _why_unknown(reader, now_ms)
    figures = (
        _figure("burn", picture.headline.usd_per_hour if silent is None else None),
        _figure("metered", picture.headline.metered_usd_per_hour if silent is None else None),
        _figure("committed", picture.headline.committed_usd_per_hour),
        f"alerts={len(loud)};1;;0",
        *(_budget_figure(line) for line in lines),
    )
    if budget is not None:
        return _budget_verdict(next((line for line in lines if line.name == budget), None), budget, figures)
    if silent is not None:
        return Verdict(UNKNOWN, silent, figures)
    if not loud and picture.headline.usd_per_hour is None:
        return Verdict(UNKNOWN, "nothing is read: see usdtop sources", figures)
    return _alerts_verdict(loud, len(rows) - len(loud), figures)


def _alerts_verdict(loud: list[AlertRow], quiet: int, figures: tuple[str, ...]) -> Verdict:
    cared_for = f", {quiet} acknowledged or snoozed" if quiet else ""
    if not loud:
        return Verdict(OK, f"no alert fires{cared_for}", figures)
    counts = Counter(row.severity for row in loud)
    named = ", ".join(
        f"{counts[severity]} {severity}" for severity in (Severity.CRITICAL, Severity.WARNING) if counts[severity]
    )
    first = loud[0]
    effect = "" if first.effect_usd_per_hour is None else f", {fmt.change(first.effect_usd_per_hour)}/h"
    code = CRITICAL if counts[Severity.CRITICAL] else WARNING
    return Verdict(code, f"{named}{cared_for}: {first.rule}: {first.subject}: {first.title}{effect}", figures)


def _budget_verdict(line: BudgetLine | None, name: str, figures: tuple[str, ...]) -> Verdict:
    if line is None:
        return Verdict(UNKNOWN, f"no budget is called {name}", figures)
    share = line.spent_usd / line.limit_usd if line.limit_usd > 0 else Decimal(1)
    text = f"{name}: {'at least ' if line.lower_bound else ''}{share:.0%} of ${line.limit_usd:,.2f} is spent"
    return Verdict({None: OK, "soft": WARNING, "hard": CRITICAL}[line.crossed], text, figures)


def _why_unknown(reader: Reader, now_ms: int) -> str | None:
    """Why nothing can be said: nobody collects, or no source is read."""
    polled = (record.health.polled_ms for record in reader.sources() if record.health.poll_every_ms)
    newest_ms = max(polled, default=None)  # an import is nobody who collects
    if newest_ms is None:
        return "nothing has been collected yet"
    if now_ms - newest_ms > _SILENT_MS:
        return f"no collector has written for {(now_ms - newest_ms) // 60_000} min"
    return None


def _figure(label: str, value: Decimal | None) -> str:
    """One item of performance data; U is unknown."""
    return f"{label}={'U' if value is None else f'{value:.4f}'};;;0"


def _budget_figure(line: BudgetLine) -> str:
    share = float(line.spent_usd / line.limit_usd) * 100 if line.limit_usd > 0 else 100.0
    # Labels stand in single quotes and may contain neither those nor an equals sign.
    label = "".join(c for c in f"budget {line.name}" if c.isprintable() and c not in "'=|")
    return f"'{label}'={share:.2f}%;{line.soft_share * 100:g};{line.hard_share * 100:g};0;"
