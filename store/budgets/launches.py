"""Launches: windows of time that somebody begins with a budget and a plan, as dated facts for every process to see."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pricing.times import SECOND_MS
from store.asking import Ask
from store.brief import brief_transaction
from store.tables import StoreError

MOST_CHARACTERS = 100
_COLUMNS = "began_ms, name, ends_ms, stopped_ms, nano_usd, filter, counts, plan"


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """One launch, [began, ends): its budget and, where there is one, the plan of how it is spent."""

    name: str
    began_ms: int
    ends_ms: int
    """When it is planned to be over."""
    nano_usd: int
    filter: str = ""
    counts: str = "both"
    plan: tuple[tuple[int, int], ...] = ()
    """(milliseconds after the beginning, nano-dollars spent by then), rising; empty is a straight line."""
    stopped_ms: int | None = None
    """When somebody ended it, or None."""

    @property
    def over_ms(self) -> int:
        """When it ended or will end."""
        return self.ends_ms if self.stopped_ms is None else min(self.ends_ms, self.stopped_ms)

    def runs(self, at_ms: int) -> bool:
        """Whether it is on at an instant."""
        return self.began_ms <= at_ms < self.over_ms


def start_launch(path: Path, launch: Launch) -> None:
    """Begin a launch, from any process; StoreError while another one is on."""
    with brief_transaction(path) as connection:
        others = [_launch(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM launches").fetchall()]
        for other in others:
            if other.began_ms < launch.ends_ms and launch.began_ms < other.over_ms:
                raise StoreError(f"the launch {other.name} is on then; end it first: usdtop launch stop.")
        connection.execute(
            f"INSERT OR REPLACE INTO launches ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                launch.began_ms, launch.name[:MOST_CHARACTERS], launch.ends_ms, launch.stopped_ms, launch.nano_usd,
                launch.filter, launch.counts, msgspec.json.encode(launch.plan).decode(),
            ),
        )  # fmt: skip


def stop_launch(path: Path, at_ms: int) -> Launch | None:
    """End the launch that is on, from any process; the launch, or None when none is on."""
    with brief_transaction(path) as connection:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM launches").fetchall()
        running = next((one for one in map(_launch, rows) if one.runs(at_ms)), None)
        if running is None:
            return None
        # Launches begin with a whole second, so that one ends with it: the next one may begin at once.
        stopped_ms = max(at_ms // SECOND_MS * SECOND_MS, running.began_ms)
        connection.execute("UPDATE launches SET stopped_ms = ? WHERE began_ms = ?", (stopped_ms, running.began_ms))
    return msgspec.structs.replace(running, stopped_ms=stopped_ms)


def read_launches(ask: Ask) -> list[Launch]:
    """Every launch, oldest first."""
    return [_launch(row) for row in ask(f"SELECT {_COLUMNS} FROM launches ORDER BY began_ms", ())]


def _launch(row: Sequence[Any]) -> Launch:
    plan = msgspec.json.decode(row[7], type=tuple[tuple[int, int], ...])
    return Launch(
        began_ms=row[0], name=row[1], ends_ms=row[2], stopped_ms=row[3], nano_usd=row[4], filter=row[5], counts=row[6],
        plan=plan,
    )  # fmt: skip
