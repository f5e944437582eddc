"""What engines and GPUs did over days, as yardsticks for what they do now."""

from store.asking import Ask

_DAY_SECONDS = 86_400
_MOST_MINUTES = 240


def idle_watts(ask: Ask, host: str, uuid: str, at_ms: int) -> float | None:
    """The lowest mean power of the minutes of the last day in which no kernel ran; None where it was never idle."""
    return _only(
        ask(
            "SELECT min(power_sum / power_readings) FROM gpu_minutes WHERE gpu = (SELECT id FROM gpus WHERE host = ?"
            " AND uuid = ?) AND minute >= ? AND minute <= ? AND power_readings > 0 AND busy_readings > 0 AND busy_max < 0.01",
            (host, uuid, at_ms // 1000 - _DAY_SECONDS, at_ms // 1000),
        )
    )


def activity_at_saturation(ask: Ask, engine: str, model: str, uuids: tuple[str, ...], at_ms: int) -> float | None:
    """The most active that tensor or memory units of these GPUs were in a minute in which the engine was saturated.

    The last day is looked at, at most so many minutes of it; None where nothing was saturated or cards say nothing.
    """
    marks = ", ".join("?" * len(uuids))
    return _only(
        ask(
            "SELECT max(activity) FROM (SELECT avg(max(coalesce(g.tensor_sum / g.tensor_readings, 0),"
            " coalesce(g.dram_sum / g.dram_readings, 0))) AS activity FROM (SELECT minute FROM engine_minutes"
            " WHERE engine = (SELECT id FROM engines WHERE name = ? AND model = ?) AND minute >= ? AND minute <= ?"
            " AND saturated_seconds >= seconds / 2 AND seconds > 0 ORDER BY minute DESC LIMIT ?) AS m"
            f" JOIN gpu_minutes AS g ON g.minute = m.minute AND g.gpu IN (SELECT id FROM gpus WHERE uuid IN ({marks}))"
            " WHERE g.tensor_readings > 0 OR g.dram_readings > 0 GROUP BY m.minute)",
            (engine, model, at_ms // 1000 - _DAY_SECONDS, at_ms // 1000, _MOST_MINUTES, *uuids),
        )
    )


def work_rates(
    ask: Ask,
    engine: str,
    model: str,
    since_ms: int,
    until_ms: int,
    *,
    cached: float,
    output: float,
    least_seconds: float,
) -> list[tuple[int, float]]:
    """(minute in epoch seconds, work per second), the least work first, of an engine's minutes that were observed for long enough.

    `cached` and `output` are the work of one token of these classes, in input tokens.
    """
    rows = ask(
        "SELECT minute, (coalesce(input, 0) + ? * coalesce(cache_read, 0) + ? * coalesce(output, 0)) / seconds AS rate"
        " FROM engine_minutes WHERE engine = (SELECT id FROM engines WHERE name = ? AND model = ?)"
        " AND minute >= ? AND minute < ? AND seconds >= ? ORDER BY rate",
        (cached, output, engine, model, since_ms // 1000, -(-until_ms // 1000), least_seconds),
    )
    return [(row[0], row[1]) for row in rows]


def _only(rows: list[tuple[float | None, ...]]) -> float | None:
    return rows[0][0] if rows else None
