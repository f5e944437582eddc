"""The demo's stage: a growing log, an engine's page and GPUs, and the real collector that reads them."""

import sys
import time
from pathlib import Path
from threading import Event, Thread

from collectors.clock import now_ms
from collectors.machine import machine_name
from collectors.settings.config import from_mapping
from collectors.settings.places import Place
from pricing.money import NANO_PER_USD
from pricing.times import HOUR_MS
from store.alerts.marks import set_mark
from store.budgets.launches import Launch, start_launch
from store.tables import StoreError
from tui.demo.engine import EngineStandIn
from tui.demo.gpus import DemoGpus
from tui.demo.recording import load, play
from tui.demo.story import LAUNCH_S, MARKS

STORE = "demo.db"
_LOG = "gateway.jsonl"
_MARKS_RETRY_S = 0.2
_HISTORY_BYTES = 256 * 1024


def main(folder: Path) -> int:
    """Play and collect in this folder until the last monitor has gone."""
    from tui.commands.collect import collect

    started = time.monotonic()
    started_s = now_ms() / 1000
    stop = Event()
    gateway = Thread(
        target=_write_log, args=(folder / _LOG, started, started_s, stop), name="demo gateway", daemon=True
    )
    gateway.start()
    Thread(target=_set_marks, args=(folder / STORE, started_s, stop), name="demo marks", daemon=True).start()
    engine = EngineStandIn(lambda: time.monotonic() - started, started_s)
    try:
        config = from_mapping(_configuration(folder, engine.url), folder / "demo.toml")
        return collect(config, Place(folder / STORE), for_monitors=True, gpus=DemoGpus(machine_name()))
    finally:
        stop.set()
        engine.close()


def _write_log(path: Path, started: float, started_s: float, stop: Event) -> None:
    """Append each line when it is due; what is due already is written at once, in large pieces."""
    with path.open("ab", buffering=_HISTORY_BYTES) as log:
        for played in play(started_s, load()):
            wait_s = played.due_s - (time.monotonic() - started)
            if wait_s > 0:
                log.flush()
                if stop.wait(wait_s):
                    return
            log.write(played.line)


def _set_marks(path: Path, started_s: float, stop: Event) -> None:
    """Write down what people noted meanwhile, and begin the launch, as soon as there is a store."""
    while not stop.wait(_MARKS_RETRY_S):
        try:
            for at_s, text in MARKS:
                set_mark(path, round((started_s + at_s) * 1000), text)
            start_launch(path, _launch(round((started_s + LAUNCH_S) * 1000)))
        except StoreError:
            continue
        return


def _launch(began_ms: int) -> Launch:
    """Two hours, planned to spend more at its beginning."""
    return Launch(
        name="launch",
        began_ms=began_ms,
        ends_ms=began_ms + 2 * HOUR_MS,
        nano_usd=400 * NANO_PER_USD,
        plan=((HOUR_MS // 2, 130 * NANO_PER_USD), (HOUR_MS, 230 * NANO_PER_USD), (2 * HOUR_MS, 400 * NANO_PER_USD)),
    )


def _configuration(folder: Path, engine_url: str) -> dict[str, object]:
    return {
        "source": [
            {"type": "file", "name": "gateway", "path": str(folder / _LOG), "format": "litellm.slp"},
            {"type": "engine", "name": "vllm-a", "url": engine_url, "gpus": [0, 1, 2]},
        ],
        "host": [
            {
                "usd_per_hour": "7.2",
                "gpus": 4,
                "since": "30m",
                "prefill_tokens_per_second": 1880,
                "decode_tokens_per_second": 376,
            }
        ],
        "budget": [
            {"name": "month", "usd": "9000", "period": "month"},
            {"name": "support", "usd": "120", "period": "day", "filter": "tenant=support"},
        ],
    }


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
