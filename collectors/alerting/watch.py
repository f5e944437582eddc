"""The round of alerting: look, write what has changed, tell the webhooks, wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.alerting.evaluator import EVALUATE_SECONDS, Evaluator
from collectors.alerting.sender import Sender
from collectors.clock import Clock
from collectors.runner import Runner, Say, Sleep
from collectors.settings.config import Config
from store.tables import StoreError

if TYPE_CHECKING:
    import httpx


class Watch:
    """Evaluates the alert rules of one store for as long as its collector runs."""

    def __init__(
        self,
        config: Config,
        store: Path,
        *,
        clock: Clock,
        say: Say,
        machine: str,
        names: Callable[[], Collection[str]],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        limits = config.alerts.thresholds()
        hooks = [hook.name for hook in config.webhook]
        self._evaluator = Evaluator(store, limits, webhooks=hooks, names=names, began_ms=clock())
        self._sender = Sender(config.webhook, machine=machine, clock=clock, say=say)
        self._sends = bool(config.webhook)
        self._clock = clock
        self._say = say
        self._sleep = sleep
        self._said = ""
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alerts")

    async def run(self, runner: Runner, client: httpx.AsyncClient) -> None:
        """Go round until cancelled; whatever fails is said once and tried again."""
        try:
            while True:
                await self._round(runner, client)
                await self._sleep(EVALUATE_SECONDS)
        finally:
            # A connection is closed in the thread that may still be reading with it.
            self._reading.submit(self._evaluator.close)
            self._reading.shutdown(wait=False)

    async def _round(self, runner: Runner, client: httpx.AsyncClient) -> None:
        try:
            now_ms = self._clock()
            look = await asyncio.get_running_loop().run_in_executor(self._reading, self._evaluator.look, now_ms)
            await runner.in_writer(lambda writer: self._evaluator.take(writer, look))
            if self._sends:
                await self._sender.send_due(client, runner.in_writer)
        except StoreError as error:
            self._tell(str(error))
        except Exception as error:  # noqa: BLE001 - a bug in a rule must not end the recording, nor pass unseen
            self._tell(f"alerts cannot be judged: {error!r}"[:300])
        else:
            self._said = ""

    def _tell(self, sentence: str) -> None:
        if sentence != self._said:
            self._said = sentence
            self._say(sentence)
