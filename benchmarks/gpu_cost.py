"""What one poll of the GPUs costs, in milliseconds: as a whole, and call by call."""

import time
from collections.abc import Callable, Sequence
from statistics import fmean, median, quantiles
from typing import Any, TypeAlias

from benchmarks.figure import Figure
from collectors.errors import CollectorError
from collectors.gpus.nvml.activity import APART_SECONDS
from collectors.gpus.nvml.figures import FAST, SLOW
from collectors.gpus.nvml.gpus import NvmlGpus

ROUNDS = 40
NEVER = 10**9
Cost: TypeAlias = dict[str, float]


def measure(_options: object) -> list[Figure]:
    """The whole poll, quick figures alone and with slow ones; nothing where there is no GPU."""
    try:
        found = costs()
    except CollectorError as error:
        return [Figure(name="poll of the GPUs", ours="--", reference=str(error), value=None, goal=None)]
    return [
        Figure(
            name=f"poll of {found['cards']} GPUs, {name}",
            ours=f"min {cost['min']:.2f} ms, mean {cost['mean']:.2f} ms, p95 {cost['p95']:.2f} ms",
            reference="the poll's second",
            value=cost["median"],
            goal=None,
            unit="ms",
        )
        for name, cost in found["polls"].items()
    ]


def costs(rounds: int = ROUNDS) -> dict[str, Any]:
    """Polls and single figures; raises GpuUnavailable."""
    cards = len(NvmlGpus("cost").read(1))
    return {
        "cards": cards,
        "polls": {
            "quick figures": _polls(NvmlGpus("cost", slow_every=NEVER, measured_every=NEVER), rounds),
            "quick figures and counters": _polls(NvmlGpus("cost", slow_every=NEVER, measured_every=1), rounds),
            "everything": _polls(NvmlGpus("cost", slow_every=1, measured_every=1), rounds),
            "as collected": _polls(NvmlGpus("cost"), rounds),
        },
        "calls": _calls(rounds),
    }


def _polls(gpus: NvmlGpus, rounds: int) -> Cost:
    gpus.read(1)
    taken = []
    for _ in range(rounds):
        time.sleep(APART_SECONDS * 1.2)
        taken.append(_timed(lambda: gpus.read(1)))
    gpus.close()
    return _spread(taken)


def _calls(rounds: int) -> dict[str, Cost]:
    """Every figure by itself, of the first card."""
    gpus = NvmlGpus("cost")
    gpus.read(1)
    driver, card = gpus._driver, gpus._cards[0][0]
    assert driver is not None
    found = {}
    for figure in (*FAST, *driver._measured, *SLOW):
        pause = APART_SECONDS * 1.2 if figure.name == "activity" else 0.002
        taken = []
        for _ in range(rounds):
            time.sleep(pause)
            taken.append(_timed(lambda figure=figure: driver._ask(card, figure)))  # type: ignore[misc]
        found[figure.name] = _spread(taken)
    found["critical errors"] = _spread([_timed(driver.heard) for _ in range(rounds)])
    found["list of cards"] = _spread([_timed(lambda: gpus._list_cards(driver)) for _ in range(rounds)])
    gpus.close()
    return found


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1_000


def _spread(taken: Sequence[float]) -> Cost:
    p95 = quantiles(taken, n=20)[-1]
    figures = {"min": min(taken), "median": median(taken), "p95": p95, "mean": fmean(taken)}
    return {name: round(value, 4) for name, value in figures.items()}
