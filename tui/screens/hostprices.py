"""What to write into the configuration, so that hosts have a price, engines a utilisation and models a comparison."""

import json
from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pricing.hosts.known import suggestions
from tui import format as fmt
from tui.pictures.machines import LIVE, EngineRow, HostRow, MachinesPicture
from tui.screens.page import Page
from tui.widgets.breadcrumb import Breadcrumb
from tui.widgets.footer import Keys
from tui.widgets.lines import Line
from tui.widgets.paper import Paper


class HostPricesScreen(Page[None], inherit_bindings=False):
    """One opaque page; it writes nothing itself."""

    AUTO_FOCUS = "Paper"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,left,q,dollar_sign", "dismiss", "back", id="hostprices.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._path, self._paper = Breadcrumb(), Paper()
        self._path.show(["gpus", "prices of hosts"])

    def compose(self) -> ComposeResult:
        """Where we are, the page and the keys."""
        yield self._path
        yield self._paper
        yield Keys()

    def tell_of(self, picture: MachinesPicture) -> None:
        """Take the hosts of this picture."""
        self._paper.begin(lambda width: list(page_lines(picture, width)))


def page_lines(picture: MachinesPicture, width: int) -> Iterator[Line]:
    """What is configured, and for what is not, the lines to write."""
    if not picture.hosts:
        yield ((" No host is known yet.", ""),)
    for host in picture.hosts:
        yield from _host(host, width)
    yield from _paragraph("Restart the collector after a change: prices hold from then on, or from `since`.", width)


def _host(host: HostRow, width: int) -> Iterator[Line]:
    price = "no price" if host.usd_per_hour is None else f"{fmt.usd(host.usd_per_hour)}/h"
    yield ((f" {fmt.safe(host.name, 40)}   {price}", "title"),)
    if host.usd_per_hour is None:
        yield from _paragraph("Write what the machine costs per hour, or what it cost to buy, into config.toml:", width)
        yield from _block(host_entry(host))
        cards = [gpu for gpu in host.gpus if not gpu.is_instance]
        for sentence in suggestions(cards[0].name or "", len(cards)) if cards else ():
            yield from _paragraph(sentence, width)
    for engine in host.engines:
        if engine.freshness != LIVE:
            continue
        if engine.utilisation is None:
            yield from _paragraph(_no_capacity(engine), width)
            yield from _block(engine_entry(engine))
        if engine.rival is None and engine.model:
            yield from _paragraph(
                f"No price by the token is known to compare {fmt.safe(engine.model, 60)} with:", width
            )
            yield from _block(rival_entry(engine))
    yield ()


def host_entry(host: HostRow) -> list[str]:
    """A `[[host]]` to fill in."""
    cards = [gpu for gpu in host.gpus if not gpu.is_instance]
    what = f"  # {len(cards)}x {fmt.safe(cards[0].name or 'GPU', 30)}" if cards else ""
    return [
        "[[host]]",
        f"name = {_quoted(host.name)}",
        *([f"gpus = {len(cards)}"] if cards else []),
        f'usd_per_hour = "..."{what}',
    ]


def engine_entry(engine: EngineRow) -> list[str]:
    """The capacity of an engine to fill in."""
    return [
        "[[source]]",
        'type = "engine"',
        f"name = {_quoted(engine.source)}",
        'url = "..."',
        "prefill_tokens_per_second = ...   # of a benchmark that saturates it",
        "decode_tokens_per_second = ...",
    ]


def rival_entry(engine: EngineRow) -> list[str]:
    """A `[[rival]]` to fill in."""
    return [
        "[[rival]]",
        f"model = {_quoted(engine.model or '')}",
        'against = "..."   # a model of the price book',
    ]


def _quoted(name: str) -> str:
    """A name from outside as a TOML string, whose escapes are JSON's."""
    return json.dumps(fmt.safe(name, 80), ensure_ascii=False)


def _no_capacity(engine: EngineRow) -> str:
    return (
        f"{fmt.safe(engine.source, 60)}: what it can serve is not known. It is learned once requests have waited for three"
        " minutes; or write what a benchmark measured:"
    )


def _paragraph(text: str, width: int) -> Iterator[Line]:
    yield from (((f"   {part}", ""),) for part in fmt.wrap(text, max(20, width - 4)))


def _block(lines: list[str]) -> Iterator[Line]:
    yield from (((f"       {line}", "strong"),) for line in lines)
    yield ()
