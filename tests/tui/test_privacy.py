"""Names hidden: whatever somebody is called, a private screen is the same, and nobody's name is on it."""

import re
from collections.abc import Iterator
from contextlib import closing
from enum import Enum
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from collectors.alerting.evaluator import Evaluator
from collectors.prices.books import price_book
from collectors.prices.catalogue_file import KeptCatalogue
from collectors.settings.config import Config
from pricing.alerts.finding import Finding
from pricing.alerts.names import Severity
from pricing.alerts.states import Steps
from pricing.alerts.thresholds import Thresholds
from pricing.card import UnitRate
from pricing.usage import Usage
from store.alerts.book import AlertBook
from store.alerts.marks import set_mark
from store.facts import BudgetFact, Outcome, PricedEvent, Reject, SourceState
from store.notes import ALERTS, write_note
from store.writer import Writer
from tests.fakes import budgets as fake_budgets
from tests.fakes import pictures
from tests.fakes.events import AT_MS, CARD, batch, priced
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.acts.marks import SetMark
from tui.cli import main
from tui.feed import FeedError, Question
from tui.pictures.compare import Conditions, LackRow
from tui.pictures.sources import DriftNote
from tui.pictures.view import View
from tui.privacy import MASKED, OURS, Mask, PrivateFeed
from tui.questions.alerts import AlertsQuestion, FiredQuestion
from tui.questions.budgets import BudgetQuestion, BudgetsQuestion
from tui.questions.burn import BurnQuestion, NamesQuestion
from tui.questions.compare import CompareQuestion
from tui.questions.requests import BillQuestion, RequestsQuestion
from tui.questions.sources import SourcesQuestion
from tui.storefeed import StoreFeed

USD, MINUTE_MS = 10**9, 60_000
CACHED = Usage(input_tokens=1_000, cache_read_tokens=99_000, output_tokens=300, reasoning_tokens=30)
FRESH = Usage(input_tokens=100_000, output_tokens=300, reasoning_tokens=30)
UNIT = UnitRate(unit="", nano_usd=1)
THINKING = Usage(input_tokens=2_000, output_tokens=4_000, reasoning_tokens=3_900)


pytestmark = pytest.mark.usefixtures("closed_stores")


class Called(NamedTuple):
    """What two tenants, their keys and a user are called; in the order of the alphabet, which some lists have."""

    tenant: str = "jzqv"
    other: str = "qjkw"
    key: str = "wqpz"
    other_key: str = "xkvj"
    user: str = "zvbx"


UNUSUAL = Called()

QUESTIONS: tuple[Question[Any], ...] = (
    *(BurnQuestion(View(by=by), charted=True) for by in ("tenant", "key", "model", "outcome")),
    BurnQuestion(View(by="key", path=(("tenant", "tenant-1"),)), charted=True),
    BurnQuestion(View(filter="tenant=tenant-2 key!=key-1")),
    AlertsQuestion(View()),
    FiredQuestion(),
    BudgetsQuestion(View()),
    BudgetQuestion(View(), "tenant-1 monthly"),
    BudgetQuestion(View(), "tenant-2"),
    CompareQuestion(View(), Conditions()),
    RequestsQuestion(View(window_seconds=3600)),
    BillQuestion(View(), 1),
    SourcesQuestion(View()),
    NamesQuestion(),
)


def requests(called: Called) -> Iterator[PricedEvent]:
    """An hour and a half: a cache that breaks half an hour before the end, thinking, failures and answers given twice."""
    rate = CARD.rates[0] or 0
    for minute in range(95):
        usage = FRESH if minute >= 65 else CACHED
        mine: dict[str, Any] = {"tenant": called.tenant, "key": called.key, "user": called.user, "usage": usage}
        theirs: dict[str, Any] = {
            "tenant": called.other,
            "key": called.other_key,
            "usage": THINKING,
            "call_type": "chat",
        }
        for number in range(2):
            name, at_ms = f"{minute}-{number}", AT_MS - (94 - minute) * MINUTE_MS - number
            cost = usage.input_tokens * rate // 1_000_000
            yield priced(f"a{name}", nano_usd=cost, ended_at_ms=at_ms, call_id=f"a{name}", **mine)
            error: dict[str, Any] = {}
            if minute % 7 == 0:
                error = {"error": f"{called.other} is over its limit", "outcome": Outcome.ERROR}
            yield priced(f"b{name}", nano_usd=USD // 50, ended_at_ms=at_ms, call_id=f"b{minute}", **theirs, **error)


def recorded(path: Path, called: Called) -> None:
    """A store in which these names stand wherever a name can."""
    with closing(Writer(path)) as writer:
        reject = Reject(reason="no model", count=1, example=f'{{"team": "{called.tenant}"}}')
        writer.write(batch(requests(called), rejects=[reject]), [CARD])
        said, read_ms = f"no access for {called.other}", AT_MS - 10**7
        failing = batch(source="probe", state=SourceState.FAILING, detail=said, watermark_ms=read_ms)
        writer.write(failing, [CARD])
        named: dict[str, Any] = {"since_ms": 0, "timezone": "UTC"}
        mine = f"tenant={called.tenant.upper()} key!={called.other_key}"
        writer.set_budgets(
            [
                BudgetFact(name=f"{called.tenant} monthly", nano_usd=200 * USD, period="month", filter=mine, **named),
                BudgetFact(name=called.other, nano_usd=USD, period="day", **named),
            ],
            0,
        )
        evaluator = Evaluator(path, Thresholds(tenant_cap_nano_usd=USD))
        evaluator.take(writer, evaluator.look(AT_MS))
        evaluator.close()
    set_mark(path, AT_MS - 20 * MINUTE_MS, f"told {called.tenant.upper()} of it")


@cache
def books() -> Any:
    """The prices that come with the program."""
    return price_book(Config()), KeptCatalogue().catalogue


def answers(called: Called, *, private: bool = True) -> list[Any]:
    """What every screen shows of a store with these names."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "usdtop.db"
        recorded(path, called)
        with closing(StoreFeed(path, clock=lambda: AT_MS, machine="here", prices=books)) as feed:
            if private:
                return [PrivateFeed(feed).read(question) for question in QUESTIONS]
            mask = Mask(feed.read(NamesQuestion()))
            return [feed.read(mask.reveal(question)) for question in QUESTIONS]


@cache
def usual() -> list[Any]:
    """What they show where names are like no word."""
    return answers(UNUSUAL)


def fields_of(value: Any) -> list[str]:
    """The names of what a value is made of."""
    kinds = ("__struct_fields__", "_fields", "__dataclass_fields__")
    return [name for kind in kinds for name in getattr(value, kind, ())]


def words(value: Any, wanted: bool, *, ours: bool = False) -> Iterator[str]:
    """Words in fields of ours, or in all the others."""
    if isinstance(value, str) and not isinstance(value, Enum):
        yield from re.findall(r"[a-z][\w-]*", value.lower()) if ours is wanted else ()
    elif isinstance(value, dict | list | tuple) and not hasattr(value, "_fields"):
        for one in value.values() if isinstance(value, dict) else value:
            yield from words(one, wanted, ours=ours)
    else:
        for name in fields_of(value):
            is_ours = ours or name in OURS.get(type(value).__name__, ())
            yield from words(getattr(value, name), wanted, ours=is_ours)


def our_words() -> list[str]:
    """Words of our sentences; those beside are left out that also stand where others write, and say that nobody waits."""
    theirs, patient = {*words(usual(), False)}, {"batch", "nightly", "eval"}
    return sorted({*words(usual(), True)} - theirs - patient)


def test_no_name_is_in_what_a_private_screen_shows() -> None:
    plain, private = repr(answers(UNUSUAL, private=False)).lower(), repr(usual()).lower()
    assert [name for name in UNUSUAL if name not in plain] == []
    assert [name for name in UNUSUAL if name in private] == []


def test_what_is_shown_of_a_store_is_enough_to_try_this_with() -> None:
    burn, *_, alerts, fired, budgets, _, _, compare, _, bill, sources, names = usual()[:1] + usual()[6:]
    assert {row.rule for row in alerts.rows} >= {"cache hits", "budget spent", "tenant cap", "stale source"}
    assert {row.subject for row in alerts.rows} >= {"tenant-1 gpt-4o", "tenant-1 1.5x", "tenant-2 hard", "probe"}
    assert "cache hits" in next(row.first_cause for row in alerts.rows if row.rule == "cache hits")
    assert [line.filter for line in budgets.lines if line.filter] == ["tenant=tenant-1 key!=key-2"]
    assert {one.rule for one in compare.savings} >= {"reasoning", "billed failures", "repeated calls"}
    assert len(our_words()) > 100
    assert burn.rows
    assert fired
    assert bill.request.tenant == "tenant-1"
    assert sources.rows[0].rejects[0].example == "(not shown while names are hidden)"
    assert list(names["tenant"]) == ["tenant-1", "tenant-2"]


@settings(max_examples=8)
@given(st.data())
def test_whatever_somebody_is_called_a_private_screen_is_the_same(data: st.DataObject) -> None:
    several = st.lists(st.sampled_from(our_words()), min_size=5, max_size=5, unique=True)
    called = Called(*sorted(data.draw(several)))
    for question, found, expected in zip(QUESTIONS, answers(called), usual(), strict=True):
        assert found == expected, question


@pytest.mark.parametrize(
    "called",
    [
        Called("checkout", "prod", "default", "search", "ok"),
        Called("firing", "tenant", "cache", "key", "user"),
        Called("idle", "launch", "hosts", "spent", "error"),
        Called("rag", "search", "rag", "search", "rag"),
        Called("key-1", "tenant-1", "(idle)", "hits", "tenant-2"),
    ],
    ids=str,
)
def test_names_like_ordinary_words_like_ours_and_like_masks_change_nothing(called: Called) -> None:
    for question, found, expected in zip(QUESTIONS, answers(called), usual(), strict=True):
        assert found == expected, question


@pytest.mark.parametrize("kind", OURS)
def test_every_field_that_is_said_to_be_ours_is_there(kind: str) -> None:
    """A field that is called otherwise would be searched for names again."""
    found: dict[str, set[str]] = {}

    def look(value: Any) -> None:
        fields = fields_of(value)
        found.setdefault(type(value).__name__, set()).update(fields)
        for one in [getattr(value, name) for name in fields] or (value if isinstance(value, list | tuple) else ()):
            look(one)

    look(
        [pictures.MACHINES, pictures.bill(1), pictures.COMPARE, pictures.SOURCES, View(), usual(), pictures.ENGINE_PAGE]
    )
    look([LackRow(rule="", what=""), DriftNote(nano_usd=0, percent=None, by="", until_ms=0), UNIT])
    assert kind in found
    assert set(OURS[kind]) <= found[kind]


async def test_names_are_hidden_on_every_screen_and_the_store_is_asked_for_the_real_ones() -> None:
    rows = (pictures.group("acme", "9"), pictures.group("globex", "1"))
    picture = pictures.burn(*rows, doubts=("unpriced: acme",))
    feed = FakeFeed(lambda view: replace(picture, by=view.by, path=view.path))
    app = monitor(feed, view=View(by="tenant"))
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        assert "acme" in shown(app)
        await press(pilot, "P")
        assert "tenants, keys and users are shown as numbers" in shown(app)
        assert "> tenant-1 " in shown(app)
        for keys in ((), ("enter",), ("4",), ("enter",), ("i",), ("escape", "escape", "5"), ("i",), ("escape", "7")):
            await press(pilot, *keys)
            assert [name for name in ("acme", "globex", "rag-prod") if name in shown(app)] == []
        assert "cache hits +$88.70/h (tenant-1, " in shown(app)
        asked = [one.view for one in feed.asked if isinstance(one, BurnQuestion) and one.view.path]
        assert asked[-1].path == (("tenant", "acme"),)
        await press(pilot, "escape", "escape", "P")
        assert "acme" in shown(app)


async def test_who_moved_an_alert_is_hidden_too() -> None:
    app = monitor(FakeFeed())
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "j")
        assert "globex, small" in shown(app), "a mover of its cause"
        await press(pilot, "P", "7")
        for keys in ((), ("enter",), ("i",)):
            await press(pilot, *keys)
            assert [name for name in ("acme", "globex") if name in shown(app)] == []
            assert "tenant-1" in shown(app)


def test_a_picture_is_masked_by_what_its_fields_are() -> None:
    mask = Mask({"tenant": ["launch", "tenant", "firing", "day"], "key": ["day"]})
    line = fake_budgets.line("launch", period="launch", basis="day")
    assert mask.hide(line) == replace(line, name="tenant-1")
    view = View(by="tenant", path=(("tenant", "tenant"), ("key", "day"), ("outcome", "firing")))
    hidden = View(by="tenant", path=(("tenant", "tenant-2"), ("key", "key-1"), ("outcome", "firing")))
    assert mask.hide(view) == hidden, "the same name is another number among keys, and none among outcomes"
    assert mask.reveal(hidden) == view
    assert Mask({"tenant": ["critical"]}).hide(Severity.CRITICAL) is Severity.CRITICAL
    assert Mask({}).hide(line) is line, "what holds no name is the same"


def test_who_is_in_no_list_of_names_stays_hidden() -> None:
    assert Mask({}).member("tenant", "acme") == "tenant-?"
    assert Mask({}).member("tenant", "(other)") == "(other)"
    assert Mask({}).member("tenant", None) is None


def test_names_are_found_in_what_others_wrote_however_they_wrote_them() -> None:
    mask = Mask({"tenant": ["acme", "acme-labs", "ok"], "key": ["rag"]})
    assert mask.hide("acme-labs of ACME uses rag; ok") == "tenant-2 of tenant-1 uses key-1; tenant-3"
    assert mask.hide("acmed ragged") == "acmed ragged"
    view = View(path=(("tenant", "tenant-2"),), filter="tenant=tenant-1 !key-1")
    assert mask.reveal(view) == View(path=(("tenant", "acme-labs"),), filter="tenant=acme !rag")
    assert mask.reveal(mask.hide("Acme monthly")) == "Acme monthly", "a budget is asked for by what it is called"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("tenant=acme model=gpt-*", "tenant=tenant-1 model=gpt-*"),
        ("tenant=ACME", "tenant=tenant-1"),
        ('tenant="two words"', "tenant=tenant-2"),
        ("tenant=ac* tenant!=a?me", "tenant=tenant-? tenant!=tenant-?"),
        ("tenant=nobody", "tenant=tenant-?"),
        ("tenant=", "tenant="),
        ("acm !cm gpt", "… … gpt"),
        ("!acme >0.01", "!tenant-1 >0.01"),
        ("model=acme", "model=tenant-1"),
    ],
)
def test_a_filter_tells_neither_names_nor_parts_of_them(text: str, hidden: str) -> None:
    assert Mask({"tenant": ["acme", "two words"]}).filter(text) == hidden


def test_what_cannot_be_read_and_what_was_done_are_said_without_names() -> None:
    feed = FakeFeed()
    private = PrivateFeed(feed)
    assert private.do(SetMark("told tenant-1")) == "done: SetMark(text='told tenant-1', at_ms=None)"
    assert feed.done == [SetMark("told acme")]
    feed.failure = "acme is not in force."
    with pytest.raises(FeedError, match=r"^tenant-1 is not in force\.$"):
        private.read(AlertsQuestion(View()))


def test_what_an_earlier_version_kept_of_an_alert_has_no_name_in_its_sentences(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    plain: dict[str, Any] = {"value": 2.0, "fires_at": 1.0, "clears_at": 0.9}
    steps = Steps(
        opened=(
            Finding(
                rule="tenant_over_week", subject="over", title="burns 3.0x its own week", path=(("tenant", "over"),),
                evidence=("over: $3.00/h over 5 and over 30 min at least; fires at 2x",), **plain,
            ),
            Finding(rule="budget_spent", subject="of it hard", title="105% of of it is spent, out 14:23Z", **plain),
        )
    )  # fmt: skip
    with closing(Writer(path)) as writer, writer.transaction() as connection:
        AlertBook(connection).take(steps, at_ms=AT_MS)
        write_note(connection, ALERTS, '{"asked_ms": 1, "too_little": {"budget_burn": "over: less than an hour"}}')
    with closing(StoreFeed(path, clock=lambda: AT_MS, machine="here")) as feed:
        found, fired = feed.read(AlertsQuestion(View())), feed.read(FiredQuestion())
    said = {row.subject: (row.title, *row.evidence) for row in found.rows}
    assert said == {
        "over": ("burns 3.0x its own week", "$3.00/h over 5 and over 30 min at least; fires at 2x"),
        "of it hard": ("105% is spent, out 14:23Z",),
    }
    assert {one.text for one in fired} == {sentences[0] for sentences in said.values()}
    assert found.waiting == ()


def test_a_private_report_names_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    called = UNUSUAL._replace(tenant="tenant")
    recorded(tmp_path / "usdtop.db", called)
    words = ["report", "--store", str(tmp_path / "usdtop.db"), "--private", "--by", "tenant,key"]
    for form in ("", "--json", "--csv"):
        assert main([*words, "--since", "2026-05-16T12:00:00Z", "--until", "2026-05-16T14:23:00Z", *form.split()]) == 0
        said = capsys.readouterr().out
        assert [name for name in called[1:] if name in said] == []
        assert "tenant-2" in said
    # A tenant that is called like a dimension is hidden, and the dimension is still called so.
    assert "tenant,key," in said


def test_what_is_masked_is_what_says_who_somebody_is() -> None:
    assert MASKED == ("tenant", "key", "user", "end_user")
    assert Mask({"model": ["gpt-4o"]}).hide("gpt-4o") == "gpt-4o"
