"""Rules about how much is spent: against the week before, against a cap, on what buys nothing, at no known price."""

from collections.abc import Iterator
from fractions import Fraction

from pricing.alerts.comparing import change, change_of_day
from pricing.alerts.finding import Finding, Path, Result, Severity, TooLittle
from pricing.alerts.seen import Seen
from pricing.alerts.thresholds import Thresholds
from pricing.alerts.words import percent, rate, spoken, times, usd
from pricing.card import UNKNOWN_COST, CardStatus
from pricing.flow import Flow, Span, per_hour

_LEAST_WEEK_HOURS = 48
_LEAST_UNPRICED = 5
_DAY_HOURS = 24
_STANDS_OUT = 2
_NOT_COMPARED = UNKNOWN_COST | {CardStatus.HOSTED, CardStatus.PREPAID}


def day_over_week(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """The last 24 hours against the mean day of the seven before."""
    week, day = seen.week, seen.traffic.day
    if week.hours < _LEAST_WEEK_HOURS or not week.nano_usd:
        yield TooLittle(rule="day_over_week", why=_too_short(week.hours, _LEAST_WEEK_HOURS))
        return
    mean = Fraction(week.nano_usd * _DAY_HOURS, week.hours)
    over = float(day.metered_nano_usd / mean)
    excess = round((day.metered_nano_usd - mean) / _DAY_HOURS)
    if excess >= limits.least_nano_usd_per_hour or over < limits.day_over_week:
        yield Finding(
            rule="day_over_week",
            subject="all",
            title=f"24 hours cost {times(over)} the mean day of the week before",
            value=over,
            fires_at=limits.day_over_week,
            clears_at=1 + (limits.day_over_week - 1) * 0.8,
            evidence=(
                f"{usd(day.metered_nano_usd)} in 24 hours, {usd(round(mean))} on the mean day before "
                f"({week.hours} hours recorded); fires at {limits.day_over_week:g}x",
            ),
            effect_nano_usd_per_hour=excess,
            severity=Severity.CRITICAL,
            cause=change_of_day(seen.traffic) if over >= limits.day_over_week else None,
        )


def rate_over_usual(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """Dollars per hour over five minutes and half an hour against the same hour of the days before."""
    days, traffic = [nano for nano in seen.week.same_hour if nano], seen.traffic
    if not days:
        yield TooLittle(rule="rate_over_usual", why="no day before was recorded at this hour")
        return
    usual, before = sum(days) // len(days), "the day" if len(days) == 1 else f"{len(days)} days"
    now = min(traffic.fast.metered_per_hour, traffic.slow.metered_per_hour)
    over = now / usual
    if now - usual < limits.least_nano_usd_per_hour and over >= limits.rate_over_usual:
        return
    yield Finding(
        rule="rate_over_usual",
        subject="all",
        title=f"burn {times(over)} of what this hour of day usually costs",
        value=over,
        fires_at=limits.rate_over_usual,
        clears_at=1 + (limits.rate_over_usual - 1) / 2,
        evidence=(
            f"{rate(traffic.fast.metered_per_hour)} over 5 min and {rate(traffic.slow.metered_per_hour)} over 30 min, "
            f"of which the lower counts; {rate(usual)} at this hour on {before} before; fires at {limits.rate_over_usual:g}x",
        ),
        effect_nano_usd_per_hour=now - usual,
        severity=Severity.CRITICAL,
        cause=change(traffic, traffic.fast) if over >= limits.rate_over_usual else None,
    )


def tenant_over_week(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """Each tenant's spend rate against its own mean hour of the week before.

    When everybody else has grown nearly as much it is no matter of one tenant: then the burn as a whole is told of.
    """
    week, traffic = seen.week, seen.traffic
    if week.hours < _LEAST_WEEK_HOURS:
        yield TooLittle(rule="tenant_over_week", why=_too_short(week.hours, _LEAST_WEEK_HOURS))
        return
    fast, slow = traffic.fast.by(_tenant), traffic.slow.by(_tenant)
    for tenant, span in sorted(slow.items(), key=str):
        mean = week.by_tenant.get(tenant, 0) // week.hours
        now = min(span.metered_per_hour, _rate(fast.get(tenant)))
        if not mean or now - mean < limits.least_nano_usd_per_hour:
            continue
        others = traffic.fast.metered_per_hour - _rate(fast.get(tenant))
        others_mean = week.nano_usd // week.hours - mean
        if others * _STANDS_OUT * mean > now * others_mean:
            continue
        path = (("tenant", tenant),)
        yield Finding(
            rule="tenant_over_week",
            subject=spoken(path),
            title=f"burns {times(now / mean)} its own week",
            value=now / mean,
            fires_at=limits.tenant_over_week,
            clears_at=limits.tenant_over_week / 2,
            evidence=(
                f"{rate(now)} over 5 and over 30 min at least; {rate(mean)} on average over "
                f"{week.hours} hours before; fires at {limits.tenant_over_week:g}x",
            ),
            effect_nano_usd_per_hour=now - mean,
            severity=Severity.CRITICAL,
            path=path,
            cause=change(traffic, traffic.fast, path) if now / mean >= limits.tenant_over_week else None,
        )


def tenant_cap(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """Each tenant's spend of 24 hours against its cap, at two steps."""
    day = seen.traffic.day.by(_tenant)
    for tenant, span in sorted(day.items(), key=str):
        cap = limits.tenant_caps.get(tenant or "", limits.tenant_cap_nano_usd)
        if not cap:
            continue
        spent = span.metered_nano_usd
        for step, severity in ((limits.cap_warning, Severity.WARNING), (limits.cap_critical, Severity.CRITICAL)):
            path = (("tenant", tenant),)
            yield Finding(
                rule="tenant_cap",
                subject=f"{spoken(path)} {step:g}x",
                title=f"{times(spent / cap)} of its cap of {usd(cap)} a day",
                value=spent / cap,
                fires_at=step,
                clears_at=step * 0.9,
                evidence=(f"{usd(spent)} in 24 hours against a cap of {usd(cap)}; fires at {step:g}x",),
                effect_nano_usd_per_hour=max(0, per_hour(spent - cap, span.seconds)),
                severity=severity,
                path=path,
                cause=change_of_day(seen.traffic, path) if spent >= cap * step else None,
            )


def retries(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """Requests that repeat an earlier one, and dollars for those and for failures: they buy nothing."""
    traffic = seen.traffic
    if traffic.slow.requests < limits.least_requests:
        why = f"fewer than {limits.least_requests} requests in the last half hour"
        yield TooLittle(rule="retries", why=why)
        return
    slow = traffic.slow.by(_pair)
    for path, recent in sorted(traffic.fast.by(_pair).items(), key=str):
        span = recent if recent.requests >= limits.least_requests else slow.get(path, recent)
        if span.requests < limits.least_requests:
            continue
        again = sum(flow.retries for flow in span.flows)
        wasted = sum((_wasted(flow) for flow in span.flows), Fraction(0))
        share = max(again / span.requests, float(wasted / span.metered_nano_usd) if span.metered_nano_usd else 0.0)
        effect = per_hour(round(wasted), span.seconds)
        if effect < limits.least_nano_usd_per_hour:
            continue
        failed = sum(flow.failed for flow in span.flows)
        yield Finding(
            rule="retries",
            subject=spoken(path),
            title=f"{percent(share)} goes into retries and failures",
            value=share,
            fires_at=limits.retries,
            clears_at=limits.retries / 2,
            evidence=(
                f"{again:,} of {span.requests:,} requests in {span.seconds // 60} min repeat an earlier one, "
                f"{failed:,} failed; that cost {rate(effect)}, repetitions at the mean price; "
                f"fires at {percent(limits.retries)}",
            ),
            effect_nano_usd_per_hour=effect,
            path=path,
            cause=change(traffic, span, path) if share >= limits.retries else None,
        )


def unpriced(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """Models that nobody has a price for: their dollars are missing in every total."""
    span = seen.traffic.slow
    everything = span.usage.total_tokens
    for path, mine in sorted(span.only(lambda flow: flow.is_unpriced).by(_model).items(), key=str):
        tokens = mine.usage.total_tokens
        if not everything or mine.requests < _LEAST_UNPRICED:
            continue
        hourly = tokens * 3600 // span.seconds
        yield Finding(
            rule="unpriced",
            subject=spoken(path),
            title=f"{percent(tokens / everything)} of all tokens have no price",
            value=tokens / everything,
            fires_at=limits.unpriced,
            clears_at=limits.unpriced / 2,
            evidence=(
                f"{mine.requests:,} requests and {hourly:,} tokens per hour at no known price, over 30 min; "
                f"fires at {percent(limits.unpriced)} of all tokens",
            ),
            path=path,
            reason="no book knows this model: add a [[price]] or an [[alias]], then usdtop reprice",
        )


def drift(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """Our cost against what the gateway says of the same requests; of what we price by the token alone."""
    span = seen.traffic.hour
    told = span.only(lambda flow: flow.reported_nano_usd is not None and flow.card.status not in _NOT_COMPARED)
    for path, mine in sorted(told.by(_model).items(), key=str):
        reported = sum(flow.reported_nano_usd or 0 for flow in mine.flows)
        ours = mine.metered_nano_usd
        if mine.requests < limits.least_requests or not reported:
            continue
        off = (ours - reported) / reported
        if abs(per_hour(ours - reported, span.seconds)) < limits.least_nano_usd_per_hour:
            continue
        yield Finding(
            rule="drift",
            subject=spoken(path),
            title=f"ours and the gateway's cost differ by {percent(abs(off))}",
            value=abs(off),
            fires_at=limits.drift,
            clears_at=limits.drift / 2,
            evidence=(
                f"ours {usd(ours)}, reported {usd(reported)} for {mine.requests:,} requests in an hour; "
                f"fires at {percent(limits.drift)}",
            ),
            effect_nano_usd_per_hour=per_hour(ours - reported, span.seconds),
            path=path,
            reason="one of the two price books is wrong for this model: open a request to see each rate",
        )


def _wasted(flow: Flow) -> Fraction:
    """Dollars of what failed, and of answers that repeat an answered request, at the mean price of an answer.

    A request that failed is what its repetition repeats, so only one of the two is waste.
    """
    answered = flow.requests - flow.failed
    again = max(0, flow.retries - flow.failed)
    paid = flow.nano_usd - flow.failed_nano_usd
    return flow.failed_nano_usd + (Fraction(paid * again, answered) if answered else Fraction(0))


def _rate(span: Span | None) -> int:
    """Nano-dollars per hour of a span, or nothing."""
    return 0 if span is None else span.metered_per_hour


def _tenant(flow: Flow) -> str | None:
    return flow.tenant


def _model(flow: Flow) -> Path:
    return (("model", flow.model),)


def _pair(flow: Flow) -> Path:
    return ("tenant", flow.tenant), ("model", flow.model)


def _too_short(hours: int, least: int) -> str:
    return f"{hours} of the {least} hours of history that it needs"
