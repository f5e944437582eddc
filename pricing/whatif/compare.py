"""The same traffic on other models: what it would cost there, and what is assumed in saying so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pricing.books.book import PriceBook
from pricing.whatif.candidates import Blend, Candidate
from pricing.whatif.elsewhere import Elsewhere, Offered
from pricing.whatif.switches import Switches
from pricing.whatif.traffic import Traffic, Windows, spent_nano_usd

ALWAYS = (
    "the same tokens are billed: another model may count them differently and answer at another length",
    "as many searches, images and the like are billed there, where its price for them is known",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The traffic as it is and on every candidate, the cheapest first and the unknown last."""

    requests: int
    nano_usd: int
    is_lower_bound: bool
    largest_prompt_tokens: int | None
    offered: tuple[Offered, ...]
    assumptions: tuple[str, ...]


def compare(
    traffic: Sequence[Traffic],
    candidates: Iterable[Candidate | Blend],
    book: PriceBook,
    windows: Windows,
    *,
    at_ms: int,
    switches: Switches | None = None,
) -> Comparison:
    """Price the traffic on each candidate at the prices of `at_ms`.

    Under switches the models of now are priced again, too: that row says what the switches alone would do.
    """
    switches = switches or Switches()
    pricing = Elsewhere(traffic, book, windows, at_ms, switches)
    found = [pricing.blend(one) if isinstance(one, Blend) else pricing.candidate(one) for one in candidates]
    current, is_bound = spent_nano_usd(traffic), any(one.nano_usd is None or one.partial for one in traffic)
    nothing_known = all(one.nano_usd is None for one in traffic)
    judged = found if nothing_known else [_against(one, current, is_bound) for one in found]
    if not switches.change_nothing and not nothing_known:
        judged.append(_saving(pricing.as_now(), current))
    return Comparison(
        requests=sum(one.requests for one in traffic),
        nano_usd=current,
        is_lower_bound=is_bound,
        largest_prompt_tokens=pricing.largest,
        offered=tuple(sorted(judged, key=lambda one: (one.nano_usd is None, one.nano_usd or 0, one.name))),
        assumptions=(*ALWAYS, *switches.sentences),
    )


def _against(offered: Offered, current: int, current_is_bound: bool) -> Offered:
    if offered.nano_usd is None or (current_is_bound and offered.missing):
        return offered
    return _saving(offered, current, ">=" if current_is_bound else "<=" if offered.missing else "")


def _saving(offered: Offered, current: int, bound: str = "") -> Offered:
    if offered.nano_usd is None:
        return offered
    return replace(offered, saved_nano_usd=current - offered.nano_usd, saved_bound=bound)
