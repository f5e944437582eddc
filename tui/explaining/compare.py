"""The figures of the Compare screen."""

from collections.abc import Iterator

from tui import format as fmt
from tui.explaining.words import AT_THE_MOMENT, Teller, exact
from tui.pictures.compare import ComparePicture
from tui.pictures.explain import Explanation

_OVERLAP = "Several savings may be about the same dollars: they do not add up."


def compare_figures(picture: ComparePicture) -> Iterator[Explanation]:
    """Each saving, then the traffic on each other model, then each own engine."""
    for saving in picture.savings:
        yield Teller(picture.header, saving.title, f"risk: {saving.risk}").tell(
            "SAVES $/H",
            f"{fmt.usd(saving.usd_per_hour)}/h",
            f"What the rule `{saving.rule}` finds in the real traffic. {_OVERLAP}",
            f"seen: {saving.evidence}",
            f"assumed: {saving.assumption}",
            f"= ${exact(saving.usd_per_hour)}/h",
        )
    for row in picture.offered:
        now, there, saved = picture.usd_per_hour, row.usd_per_hour, row.saved_usd_per_hour
        yield Teller(picture.header, row.name, row.status).tell(
            "$/H",
            f"{fmt.usd(there, lower_bound=row.at_least)}/h",
            "What the same requests with the same tokens would have cost on this model.",
            f"now ${exact(now)}/h, there ${exact(there)}/h, saved {row.saved_bound} ${exact(saved)}/h",
            *filter(None, (row.why, *row.assumptions, *picture.assumptions)),
            basis=f"{picture.requests:,} requests",
        )
    for engine in picture.engines:
        rival = engine.rival
        sure = f"utilisation {engine.utilisation_tier or 'is not known'}"
        yield Teller(picture.header, engine.source, sure, AT_THE_MOMENT).tell(
            "EVEN AT",
            fmt.percent(None if rival is None or rival.break_even is None else float(rival.break_even)),
            "The utilisation from which the engine is cheaper than the price by the token at the mix it serves now.",
            f"at full ${exact(engine.at_full_usd_per_million, 4)}/M"
            f" / API ${exact(None if rival is None else rival.usd_per_million, 4)}/M"
            f" = {exact(None if rival is None else rival.break_even, 4)}",
            "" if rival is None else f"API price: {rival.record}, checked {rival.checked or 'on an unknown day'}",
        )
