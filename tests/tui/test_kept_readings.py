"""A monitor that has watched for long shows what one shows that was started this second, whatever came meanwhile and when."""

import tempfile
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple, TypeAlias

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pricing.card import HOSTED, CardStatus, RateCard, unpriced
from pricing.usage import Usage
from store.alerts.marks import set_mark
from store.budgets.launches import Launch, start_launch
from store.facts import BudgetFact, CommitmentFact, EngineReading, HostFact, Rank
from store.reader import Reader
from store.repricing import Asked, Repricing
from store.retention import Retention
from store.tables import StoreError
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tests.fakes.live_provider import billed, counted, tell
from tui.pictures.view import View
from tui.reading.budgets import budgets
from tui.reading.burn import burn
from tui.reading.chart import chart

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
DEARER = RateCard(book="test", record="dearer", status=CardStatus.PRICED, rates=(5_000_000_000, *(None,) * 7))
CARDS = {"gpt-4o": CARD, "llama": HOSTED, "mystery": unpriced(1_000)}
VIEWS = (View(window_seconds=300), View(window_seconds=3_600, by="tenant"), View(window_seconds=86_400, filter="llama"))


class Came(NamedTuple):
    """A request that ended so many seconds before it is written."""

    call: int
    seconds_ago: int
    model: str
    rank: Rank
    output_tokens: int


class Passed(NamedTuple):
    """So many seconds."""

    seconds: int


class Looked(NamedTuple):
    """Somebody looks at a picture."""

    view: View


class Did(NamedTuple):
    """Something else that is written."""

    what: str
    number: int


Step: TypeAlias = Came | Passed | Looked | Did

_DEEDS = ("budget", "host", "commitment", "mark", "launch", "engine", "provider", "reprice", "prune")
steps = st.lists(
    st.one_of(
        st.builds(
            Came,
            st.integers(0, 6),
            st.sampled_from([0, 1, 20, 59, 61, 130, 1_900, 4_000, 90_000]),
            st.sampled_from(sorted(CARDS)),
            st.sampled_from(Rank),
            st.integers(1, 1_000),
        ),
        st.builds(Passed, st.sampled_from([1, 1, 7, 31, 60, 3_600, 3 * 86_400])),
        st.builds(Looked, st.sampled_from(VIEWS)),
        st.builds(Did, st.sampled_from(_DEEDS), st.integers(1, 3)),
    ),
    min_size=4,
    max_size=25,
)


class _Chooser:
    def __init__(self, cards: Mapping[str, RateCard]) -> None:
        self._cards = cards

    def for_request(self, asked: Asked) -> RateCard | None:
        return self._cards.get(asked.model or "")

    def for_sum(self, asked: Asked) -> RateCard | None:
        return self._cards.get(asked.model or "")


class Story:
    """A store, the clock on its wall, and a reader that remembers."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.now_ms = AT_MS + 12_000
        self.reader = Reader(writer.path)

    def take(self, step: Step) -> None:
        if isinstance(step, Passed):
            self.now_ms += step.seconds * 1_000
            self.writer.write(batch(at_ms=self.now_ms))
        elif isinstance(step, Came):
            self._came(step)
        elif isinstance(step, Did):
            self._did(step.what, step.number)
        else:
            self.look(step.view)

    def look(self, view: View) -> None:
        with closing(Reader(self.writer.path)) as fresh:
            remembered, read = self._pictures(self.reader, view), self._pictures(fresh, view)
        for one, other in zip(remembered, read, strict=True):
            assert one == other

    def _pictures(self, reader: Reader, view: View) -> tuple[object, ...]:
        with reader.at_one_instant():
            pictures = (
                burn(reader, view, self.now_ms, machine="here"),
                budgets(reader, view, self.now_ms, machine="here"),
            )
            # A chart by the hour holds the running one, and that is a few seconds old.
            return pictures if view.window_seconds > HOUR_MS // 1_000 else (*pictures, chart(reader, view, self.now_ms))

    def _came(self, one: Came) -> None:
        cost = None if one.model == "mystery" else 0 if one.model == "llama" else one.output_tokens * 10_000
        seen = priced(
            "record", cost, CARDS[one.model], call_id=f"call-{one.call}", rank=one.rank, model=one.model,
            ended_at_ms=self.now_ms - one.seconds_ago * 1_000, usage=Usage(output_tokens=one.output_tokens),
        )  # fmt: skip
        self.writer.write(batch([seen], at_ms=self.now_ms), [*CARDS.values()])

    def _did(self, what: str, number: int) -> None:
        at_ms, writer = self.now_ms, self.writer
        if what == "budget":
            filtered = ("", "model=gpt-4o", "llama")[number - 1]
            fact = BudgetFact(name="b", nano_usd=10**9 * number, period="day", filter=filtered, since_ms=0)
            writer.set_budgets([fact], at_ms)
        elif what == "host":
            price = 36 * 10**9 * number
            writer.set_hosts([HostFact(name="h", usd_per_hour_nano=price, since_ms=AT_MS - DAY_MS)], at_ms)
        elif what == "commitment":
            bought = CommitmentFact(name="c", usd_per_hour_nano=10**9 * number, since_ms=0, filter="model=gpt-4o")
            writer.set_commitments([bought], at_ms)
        elif what == "mark":
            set_mark(writer.path, at_ms - number * MINUTE_MS, f"deploy {number}")
        elif what == "launch":
            launch = Launch(name="l", began_ms=at_ms - number * HOUR_MS, ends_ms=at_ms + HOUR_MS, nano_usd=10**10)
            with suppress(StoreError):  # another one is on
                start_launch(writer.path, launch)
        elif what == "engine":
            reading = EngineReading(
                at_ms=at_ms, engine="vllm", host="h", model="llama", seconds=2.0, output_tokens=100 * number
            )
            writer.write(batch(source="vllm", kind="engine", engines=[reading], at_ms=at_ms))
        elif what == "provider":
            bucket_ms = at_ms // MINUTE_MS * MINUTE_MS - number * MINUTE_MS
            costs = [billed(bucket_ms, 10**6)] if number == 1 else []
            tell(writer, counted(bucket_ms, 1_000 * number), costs=costs, watermark_ms=bucket_ms + MINUTE_MS)
        elif what == "reprice":
            for _ in Repricing(
                writer, _Chooser({"mystery": DEARER, "gpt-4o": CARD if number == 1 else DEARER})
            ).steps():
                pass
        else:
            writer.prune(Retention(request_hours=1, minute_days=number, hour_days=7), at_ms)


@given(steps)
@example([Came(0, 1, "gpt-4o", Rank.PAYLOAD, 9), Looked(VIEWS[0]), Came(1, 130, "gpt-4o", Rank.PAYLOAD, 7)])
@example([Came(0, 130, "mystery", Rank.PAYLOAD, 9), Looked(VIEWS[0]), Did("reprice", 1)])
@example([Came(0, 130, "gpt-4o", Rank.SPAN, 9), Looked(VIEWS[0]), Came(0, 130, "gpt-4o", Rank.PAYLOAD, 50)])
@example([Did("mark", 1), Came(0, 130, "gpt-4o", Rank.PAYLOAD, 9), Looked(VIEWS[0]), Did("host", 1)])
@settings(max_examples=25, deadline=None)
def test_what_is_remembered_is_what_is_stored(story: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(Writer(Path(folder) / "usdtop.db")) as writer:
        told = Story(writer)
        with closing(told.reader):
            for step in story:
                told.take(step)
            for view in VIEWS:
                told.look(view)
