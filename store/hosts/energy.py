"""Energy of a host's GPU boards and processors, from their counters: by the minute for what it cost, and what it is now."""

from store.asking import Ask


def board_joules(ask: Ask, host: str, since_ms: int, until_ms: int) -> float:
    """Joules of all its GPUs in the minutes that begin in [since, until)."""
    ((millijoules,),) = ask(
        "SELECT total(m.energy_millijoules) FROM gpu_minutes AS m JOIN gpus AS g ON g.id = m.gpu"
        " WHERE g.host = ? AND m.minute >= ? AND m.minute < ?",
        (host, since_ms // 60_000 * 60, -(-until_ms // 60_000) * 60),
    )
    return float(millijoules) / 1000


def board_watts(ask: Ask, host: str, since_ms: int, until_ms: int) -> float:
    """Their mean power over a short while: each counter's gain over the seconds in which it was watched."""
    rows = ask(
        "SELECT total(r.energy_gained) / 1000, total(r.energy_seconds) FROM gpu_readings AS r"
        " JOIN gpus AS g ON g.id = r.gpu WHERE g.host = ? AND r.at_ms > ? AND r.at_ms <= ? AND r.energy_seconds > 0"
        " GROUP BY r.gpu",
        (host, since_ms, until_ms),
    )
    return sum(float(row[0] / row[1]) for row in rows)


def processor_joules(ask: Ask, host: str, since_ms: int, until_ms: int) -> float:
    """Joules of its processors in the minutes that begin in [since, until)."""
    ((joules,),) = ask(
        "SELECT total(joules) FROM processor_minutes WHERE host = ? AND minute >= ? AND minute < ?",
        (host, since_ms // 60_000 * 60, -(-until_ms // 60_000) * 60),
    )
    return float(joules)


def processor_watts(ask: Ask, host: str, since_ms: int, until_ms: int) -> float:
    """Their mean power over the same minutes, of the seconds in which they were watched; 0 where nobody watched."""
    ((joules, seconds),) = ask(
        "SELECT total(joules), total(seconds) FROM processor_minutes WHERE host = ? AND minute >= ? AND minute < ?",
        (host, since_ms // 60_000 * 60, -(-until_ms // 60_000) * 60),
    )
    return float(joules / seconds) if seconds else 0.0
