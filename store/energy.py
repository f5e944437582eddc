"""Energy of a host's GPU boards over a window, from their counters: single readings for the last hour, minutes before that."""

from store.capacity import Ask

_RAW_MS = 3_000_000
"""Windows up to this long are read from single readings, which are kept for an hour."""


def board_joules(ask: Ask, host: str, since_ms: int, until_ms: int) -> float:
    """Joules of all its GPUs."""
    return _measured(ask, host, since_ms, until_ms)[0]


def board_watts(ask: Ask, host: str, since_ms: int, until_ms: int) -> float:
    """Their mean power: each counter's gain over the seconds in which it was watched."""
    return _measured(ask, host, since_ms, until_ms)[1]


def _measured(ask: Ask, host: str, since_ms: int, until_ms: int) -> tuple[float, float]:
    if until_ms - since_ms > _RAW_MS:
        table, gained, when = "gpu_minutes", "energy_millijoules", "minute * 1000 + 1"
    else:
        table, gained, when = "gpu_readings", "energy_gained", "at_ms"
    rows = ask(
        f"SELECT total(r.{gained}) / 1000, total(r.energy_seconds) FROM {table} AS r JOIN gpus AS g ON g.id = r.gpu"
        f" WHERE g.host = ? AND r.{when} > ? AND r.{when} <= ? AND r.energy_seconds > 0 GROUP BY r.gpu",
        (host, since_ms, until_ms),
    )
    return sum(row[0] for row in rows), sum(row[0] / row[1] for row in rows)
