"""Rules about the shape of traffic: a ratio of sums that stands out from what it was before, and what that costs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pricing.alerts.factors import FACTORS_OF_RULES
from pricing.alerts.finding import Finding, Key, Path, Result, TooLittle
from pricing.alerts.seen import Normal, Seen
from pricing.alerts.thresholds import Thresholds
from pricing.alerts.words import percent, rate, spoken
from pricing.cause import Cause, cause
from pricing.flow import Flow, Span
from pricing.usage import Usage

_SMALLEST = 1e-9


class Sums(NamedTuple):
    """A span and the sums that ratios are taken of."""

    span: Span
    requests: int
    calls: int
    usage: Usage


def sums_of(span: Span) -> Sums:
    """Added up once."""
    return Sums(span, span.requests, span.calls, span.usage)


Ratio = Callable[[Sums, Sums], tuple[int, int]]
"""Numerator and denominator, given the subject's flows and everybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A ratio that is compared with itself earlier, for each subject that a flow belongs to."""

    rule: str
    what: str
    """What the ratio is of, for the title."""
    threshold: str
    """Name of its threshold."""
    ratio: Ratio
    by_model: bool = False
    """Whether its subjects are models, instead of what one tenant sends to one model."""
    rises: bool = True
    relative: bool = False
    """Whether the threshold is a factor instead of a difference."""

    @property
    def factor(self) -> str:
        """Part of a cause that is its effect."""
        return FACTORS_OF_RULES[self.rule]

    def subject(self, flow: Flow) -> Path:
        """What a flow belongs to."""
        return (("model", flow.model),) if self.by_model else (("tenant", flow.tenant), ("model", flow.model))

    def value(self, mine: Sums | None, whole: Sums) -> float | None:
        """The ratio of one subject; None where there is nothing to divide by."""
        part, of = self.ratio(mine or _NOTHING, whole)
        return part / of if of else None

    def moved(self, now: float, normal: float) -> float:
        """How far the ratio has moved in the direction that costs."""
        if self.relative:
            return now / max(normal, _SMALLEST)
        return now - normal if self.rises else normal - now

    def said(self, value: float) -> str:
        """The ratio in words."""
        return f"{value:,.0f}" if self.relative else percent(value)


_NOTHING = sums_of(Span(seconds=0))


def _answers(mine: Sums, _: Sums) -> tuple[int, int]:
    return mine.usage.output_tokens - mine.usage.reasoning_tokens, mine.requests


def _at(wanted: Callable[[str], bool]) -> Ratio:
    return lambda mine, _: (
        sum(flow.requests for flow in mine.span.flows if any(map(wanted, flow.card.conditions))),
        mine.requests,
    )


SHIFTS = (
    Shift(
        rule="model_mix", what="share of all calls", threshold="model_mix", by_model=True,
        ratio=lambda mine, whole: (mine.calls, whole.calls),
    ),
    Shift(
        rule="cache_fall", what="cache hits", threshold="cache_fall", rises=False,
        ratio=lambda mine, _: (mine.usage.cache_read_tokens, mine.usage.prompt_tokens),
    ),
    Shift(
        rule="reasoning", what="reasoning in output", threshold="reasoning_rise",
        ratio=lambda mine, _: (mine.usage.reasoning_tokens, mine.usage.output_tokens),
    ),
    Shift(
        rule="output_length", what="output tokens per request", threshold="output_length",
        ratio=_answers, relative=True,
    ),
    Shift(
        rule="long_context", what="requests at long-context prices", threshold="long_context_rise",
        ratio=_at(lambda condition: condition.startswith("prompt over ")),
    ),
    Shift(
        rule="batch_lost", what="requests at batch prices", threshold="batch_fall", rises=False,
        ratio=_at(lambda condition: condition == "batch"),
    ),
)  # fmt: skip


class Grouped:
    """Spans in groups, each added up once however many rules ask for it."""

    def __init__(self) -> None:
        self._groups: dict[tuple[int, bool], tuple[Span, Sums, dict[Path, Sums]]] = {}

    def by(self, span: Span, shift: Shift) -> tuple[Sums, dict[Path, Sums]]:
        """The whole and its groups, by the subjects of this ratio."""
        key = (id(span), shift.by_model)
        if key not in self._groups:
            groups = {path: sums_of(mine) for path, mine in span.by(shift.subject).items()}
            self._groups[key] = span, sums_of(span), groups
        return self._groups[key][1:]


def shifted(
    shift: Shift, seen: Seen, limits: Thresholds, held: Mapping[Key, float | None], grouped: Grouped
) -> Iterator[Result]:
    """Findings of one ratio for every subject with enough requests; `held` are the norms of alerts that are open."""
    traffic, least = seen.traffic, limits.least_requests
    normals = [normal for normal in traffic.normals if normal.span.requests >= least]
    if not normals:
        yield TooLittle(rule=shift.rule, why=f"fewer than {least} requests to compare with")
    elif traffic.slow.requests < least:
        yield TooLittle(rule=shift.rule, why=f"fewer than {least} requests in the last half hour")
    else:
        recent = [grouped.by(span, shift) for span in (traffic.fast, traffic.slow)]
        before = [(normal, *grouped.by(normal.span, shift)) for normal in normals]
        yield from _Comparison(shift, limits, held, recent, before).findings()


class _Comparison:
    """One ratio over all of its subjects."""

    def __init__(
        self,
        shift: Shift,
        limits: Thresholds,
        held: Mapping[Key, float | None],
        recent: list[tuple[Sums, dict[Path, Sums]]],
        normals: list[tuple[Normal, Sums, dict[Path, Sums]]],
    ) -> None:
        self._shift, self._limits, self._held = shift, limits, held
        self._limit: float = getattr(limits, shift.threshold)
        self._recent, self._normals = recent, normals

    def findings(self) -> Iterator[Finding]:
        for path in sorted({path for _, groups in self._recent for path in groups}, key=str):
            finding = self._finding(path)
            if finding is not None:
                yield finding

    def _finding(self, path: Path) -> Finding | None:
        """What one subject shows, unless it is too small to speak of, or has not moved."""
        shift, subject = self._shift, spoken(path)
        now = next((pair for pair in self._recent if self._has_enough(pair[1].get(path))), None)
        ratio = None if now is None else shift.value(now[1].get(path), now[0])
        if now is None or ratio is None:
            return None
        kept = self._held.get((shift.rule, subject))
        nearest = self._nearest(ratio, path) if kept is None else self._like(kept, ratio, path)
        normal = kept if kept is not None else nearest[0] if nearest else None
        if normal is None:
            return None
        moved = shift.moved(ratio, normal)
        why = self._why(path, now, nearest[1]) if nearest is not None and moved >= self._limit else None
        effect = why.part(shift.factor).nano_usd_per_hour if why is not None else None
        if kept is None and (effect is None or why is None or not self._matters(effect, why)):
            return None
        return Finding(
            rule=shift.rule,
            subject=subject,
            title=f"{shift.what} {shift.said(normal)} -> {shift.said(ratio)}",
            value=moved,
            fires_at=self._limit,
            clears_at=1 + (self._limit - 1) / 2 if shift.relative else self._limit / 2,
            evidence=self._evidence(now[0].span, normal, ratio, nearest[1].name if nearest else "before"),
            effect_nano_usd_per_hour=effect,
            path=path,
            normal=normal,
            cause=why,
        )

    def _matters(self, effect: int, why: Cause) -> bool:
        """Whether it costs enough; of a mix, also whether it is what moved the burn: a tenant that grows moves it, too."""
        first = why.parts[0].nano_usd_per_hour
        return effect >= self._limits.least_nano_usd_per_hour and (not self._shift.by_model or 2 * effect >= first)

    def _has_enough(self, mine: Sums | None) -> bool:
        return mine is not None and mine.requests >= self._limits.least_requests

    def _nearest(self, ratio: float, path: Path) -> tuple[float, Normal] | None:
        """What the present stands out from least; None where nothing has seen enough of the subject."""
        known = []
        for normal, whole, groups in self._normals:
            value = self._shift.value(groups.get(path), whole)
            if value is not None and (self._shift.by_model or self._has_enough(groups.get(path))):
                known.append((value, normal))
        return min(known, key=lambda pair: self._shift.moved(ratio, pair[0])) if known else None

    def _like(self, kept: float, ratio: float, path: Path) -> tuple[float, Normal] | None:
        """A time before that still is as it was when the alert opened: the others hold the fault itself by now."""
        known = [
            (value, normal)
            for normal, whole, groups in self._normals
            if path in groups and (value := self._shift.value(groups[path], whole)) is not None
        ]
        nearest = min(known, key=lambda pair: abs(pair[0] - kept), default=None)
        if nearest is None or 2 * self._shift.moved(ratio, nearest[0]) < self._shift.moved(ratio, kept):
            return None
        return nearest

    def _why(self, path: Path, now: tuple[Sums, Mapping[Path, Sums]], before: Normal) -> Cause:
        """The change of the whole for a mix, since what one model gains another loses; else of the subject alone."""
        if self._shift.by_model:
            return cause(before.span, now[0].span)
        groups = next(groups for normal, _, groups in self._normals if normal is before)
        return cause(groups[path].span, now[1][path].span)

    def _evidence(self, now: Span, normal: float, ratio: float, before: str) -> tuple[str, ...]:
        shift, limit = self._shift, self._limit
        bound = f"{limit:g}x" if shift.relative else f"{limit * 100:g} points"
        return (
            f"{shift.what}: {shift.said(ratio)} over {now.seconds // 60} min, {before} {shift.said(normal)}; "
            f"fires at a {'rise' if shift.rises else 'fall'} of {bound}",
            f"all metered traffic burns {rate(now.metered_per_hour)} over the same time",
        )
