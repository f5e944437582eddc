"""Rules about what stands behind the traffic: sources that fall silent, hosts that earn nothing, GPUs that fail."""

from collections.abc import Iterator

from pricing.alerts.finding import Finding, Path, Result, Severity, TooLittle
from pricing.alerts.seen import GpuSeen, Seen
from pricing.alerts.thresholds import Thresholds
from pricing.alerts.words import lasting, percent, rate

_LEAST_UTILISATION_SECONDS = 6 * 3600


def stale_source(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """Sources that are late or failing: what they would tell of is in no figure."""
    for source in seen.sources:
        told = (
            "" if source.nano_usd_per_hour is None else f"; it told of {rate(source.nano_usd_per_hour)} the day before"
        )
        yield Finding(
            rule="stale_source",
            subject=source.name,
            title=f"{source.state} for {lasting(source.silent_seconds)}",
            value=source.silent_seconds,
            fires_at=limits.stale_seconds,
            clears_at=limits.stale_seconds / 2,
            evidence=(
                f"not read to its end for {lasting(source.silent_seconds)}{told}; "
                f"fires at {lasting(limits.stale_seconds)}",
            ),
            effect_nano_usd_per_hour=source.nano_usd_per_hour,
            severity=Severity.CRITICAL,
            path=(("source", source.name),),
            reason=source.detail or f"the source is {source.state}",
        )


def idle_gpu(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """GPUs that are paid for and do nothing."""
    for gpu in seen.gpus:
        if gpu.nano_usd_per_hour is None or gpu.idle_seconds is None or gpu.lost:
            continue
        yield _lasts(
            "idle_gpu",
            gpu,
            gpu.idle_seconds,
            limits.idle_seconds,
            clears_at=limits.idle_seconds / 10,
            title=f"idle for {lasting(gpu.idle_seconds)}",
            seen=f"busy under {percent(limits.idle_busy)} of the time for {lasting(gpu.idle_seconds)}, and paid "
            f"{rate(gpu.nano_usd_per_hour)}",
            effect=gpu.nano_usd_per_hour,
            reason="nothing runs on it: give it work or give it back",
        )


def utilisation(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """Hosts whose work over a day is a small part of what they could do."""
    for host in seen.hosts:
        if host.utilisation is None or host.nano_usd_per_hour is None:
            continue
        if host.observed_seconds < _LEAST_UTILISATION_SECONDS:
            why = f"a host was observed for {lasting(host.observed_seconds)} of the 6 hours that it needs"
            yield TooLittle(rule="utilisation", why=why)
            continue
        idle = max(0.0, 1 - host.utilisation)
        tax = round(host.nano_usd_per_hour * idle)
        yield Finding(
            rule="utilisation",
            subject=host.name,
            title=f"used {percent(host.utilisation)} over the last day",
            value=idle,
            fires_at=1 - limits.utilisation,
            clears_at=1 - limits.utilisation - 0.05,
            evidence=(
                f"{percent(host.utilisation)} of its capacity over {lasting(host.observed_seconds)}; idle tax "
                f"{rate(tax)} of {rate(host.nano_usd_per_hour)}; fires below {percent(limits.utilisation)}",
            ),
            effect_nano_usd_per_hour=tax,
            path=_host(host.name),
            reason="too much capacity for this traffic: fewer hosts, or work that can wait at night",
        )


def throttled_gpu(seen: Seen, limits: Thresholds) -> Iterator[Result]:
    """GPUs that the hardware slows down."""
    for gpu in seen.gpus:
        if gpu.throttled_seconds:
            yield _lasts(
                "throttled_gpu",
                gpu,
                gpu.throttled_seconds,
                limits.throttled_seconds,
                clears_at=limits.throttled_seconds / 2,
                title=f"slowed down: {gpu.throttle_reason}",
                seen=f"slowed down for {lasting(gpu.throttled_seconds)} of the last 5 min by {gpu.throttle_reason}",
                reason=f"the card reports {gpu.throttle_reason}: look at its cooling and its power",
            )


def lost_gpu(seen: Seen, limits: Thresholds) -> Iterator[Result]:  # noqa: ARG001 (as every rule)
    """GPUs that do not answer any more."""
    for gpu in seen.gpus:
        if gpu.lost:
            yield Finding(
                rule="lost_gpu",
                subject=_named(gpu),
                title="does not answer any more",
                value=1.0,
                fires_at=1.0,
                clears_at=1.0,
                evidence=(f"the driver says: {gpu.lost}",),
                effect_nano_usd_per_hour=gpu.nano_usd_per_hour,
                severity=Severity.CRITICAL,
                path=_host(gpu.host),
                reason=gpu.lost,
            )


def _lasts(
    rule: str,
    gpu: GpuSeen,
    seconds: float,
    fires_at: float,
    *,
    clears_at: float,
    title: str,
    seen: str,
    reason: str,
    effect: int | None = None,
) -> Finding:
    """What a GPU has been doing for too long."""
    return Finding(
        rule=rule,
        subject=_named(gpu),
        title=title,
        value=seconds,
        fires_at=fires_at,
        clears_at=clears_at,
        evidence=(f"{seen}; fires at {lasting(fires_at)}",),
        effect_nano_usd_per_hour=effect,
        path=_host(gpu.host),
        reason=reason,
    )


def _named(gpu: GpuSeen) -> str:
    return f"{gpu.host} GPU {gpu.index}"


def _host(name: str) -> Path:
    return (("host", name),)
