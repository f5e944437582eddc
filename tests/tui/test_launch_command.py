"""`usdtop launch`: begun and ended from a shell, watched while it is on, told afterwards."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from store.alerts.marks import set_mark
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tui.cli import main
from tui.reading.launch import before_launch, launch_line

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DAY_MS = 24 * HOUR_MS
USD = 10**9
BEGAN = "2026-05-16T12:23:00Z"
"""Two hours before AT_MS."""
BEGAN_MS = AT_MS - 2 * HOUR_MS


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A dollar a minute since an hour before the launch, three a minute by globex in its second hour."""
    path = tmp_path / "usdtop.db"
    writer = Writer(path)
    events = [priced(f"a-{n}", nano_usd=USD, ended_at_ms=BEGAN_MS + n * MINUTE_MS) for n in range(-60, 120)]
    events += [
        priced(f"b-{n}", nano_usd=3 * USD, tenant="<globex>|", model="claude", ended_at_ms=BEGAN_MS + n * MINUTE_MS)
        for n in range(60, 120)
    ]
    writer.write(batch(events), [CARD])
    writer.close()
    return path


def launch(store: Path, *words: str) -> int:
    return main(["launch", "--store", str(store), *words])


def begin(store: Path, *words: str) -> int:
    return launch(store, "start", "--budget", "500", "--for", "6h", "--at", BEGAN, "--name", "rag 1.0", *words)


def test_a_launch_is_begun_with_its_plan(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.csv").write_text("after,usd_per_hour\n0,50\n1h,100\n")
    assert begin(store, "--plan", str(tmp_path / "plan.csv"), "--filter", "tenant=acme") == 0

    (found,) = Reader(store).launches()
    assert (found.name, found.began_ms, found.ends_ms, found.nano_usd) == (
        "rag 1.0",
        BEGAN_MS,
        BEGAN_MS + 6 * HOUR_MS,
        500 * USD,
    )
    assert found.filter == "tenant=acme"
    assert found.plan == ((0, 0), (HOUR_MS, 50 * USD), (6 * HOUR_MS, 550 * USD))
    assert "launch rag 1.0 is on until 2026-05-16T18:23:00Z" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("start",),
        ("start", "--budget", "lots", "--for", "6h"),
        ("start", "--budget", "5", "--for", "soon"),
        ("start", "--budget", "5", "--for", "1s"),
        ("start", "--budget", "5", "--for", "9999d"),
        ("start", "--budget", "5", "--for", "6h", "--filter", "tennant=x"),
        ("start", "--budget", "5", "--for", "6h", "--filter", ">0.01"),
        ("start", "--budget", "5", "--for", "6h", "--plan", "/nowhere.csv"),
        ("fly",),
        (),
    ],
    ids=" ".join,
)
def test_wrong_use_is_a_sentence_and_begins_nothing(
    store: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = launch(store, *words)
    except SystemExit as left:
        code = int(str(left.code))
    assert code == 2
    assert "usdtop: " in capsys.readouterr().err
    assert Reader(store).launches() == []


def test_a_launch_shows_its_plan_beside_what_happens(store: Path) -> None:
    begin(store)
    line = launch_line(Reader(store), AT_MS)
    assert line is not None

    assert line.t_plus_ms == 2 * HOUR_MS
    assert line.spent_usd == 120 + 180
    # 500 dollars over six hours, of which two are gone.
    assert float(line.planned_usd) == pytest.approx(500 / 3)
    assert float(line.planned_usd_per_hour) == pytest.approx(500 / 6)
    assert line.usd_per_hour == 240
    assert line.before_usd_per_hour is None, "nothing is known of the day before"


def test_the_day_before_the_launch_is_compared_at_the_same_time_of_day(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    yesterday = [priced(f"y-{n}", nano_usd=USD, ended_at_ms=AT_MS - DAY_MS - n * MINUTE_MS - 1) for n in range(60)]
    Writer(path).write(batch(yesterday), [CARD])
    begin(path)
    line = launch_line(Reader(path), AT_MS)
    assert line is not None
    assert line.before_usd_per_hour == 60


@pytest.mark.parametrize(("hours_on", "days"), [(0, 1), (2, 1), (24, 1), (24.1, 2), (49, 3)])
def test_the_same_hours_before_a_launch_are_never_in_it(hours_on: float, days: int) -> None:
    at_ms = BEGAN_MS + round(hours_on * HOUR_MS)
    assert before_launch(BEGAN_MS, at_ms) == at_ms - days * DAY_MS <= BEGAN_MS


def test_status_is_for_people_and_programs(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.commands.common.now_ms", lambda: AT_MS)
    assert launch(store, "status") == 3
    begin(store)
    assert launch(store, "status") == 0
    said = capsys.readouterr().out
    assert "launch rag 1.0  T+02:00:00 of 06:00:00" in said
    assert "spent    $300.00 of $500" in said

    assert launch(store, "status", "--json") == 0
    document = json.loads(capsys.readouterr().out)["launch"]
    assert (document["t_plus_seconds"], document["spent_usd"], document["usd_per_hour"]) == (7200, "300", "240")


def test_a_launch_is_ended_once(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch(store, "stop") == 3
    begin(store)
    assert launch(store, "stop", "--at", "2026-05-16T14:23:00Z") == 0
    assert launch(store, "stop", "--at", "2026-05-16T14:24:00Z") == 3
    assert "no launch is on" in capsys.readouterr().err


def test_the_story_tells_what_was_spent_by_whom_and_what_each_mark_changed(store: Path, tmp_path: Path) -> None:
    begin(store)
    set_mark(store, BEGAN_MS + HOUR_MS, "deploy [41] <script>")
    launch(store, "stop", "--at", "2026-05-16T14:23:00Z")
    output = tmp_path / "story.md"
    assert launch(store, "report", "--output", str(output)) == 0
    told = output.read_text()

    assert told.startswith("# rag 1.0\n")
    assert "| spent | $300.00 |" in told
    assert "| over or under plan | +$133.33 |" in told
    assert "| T+02:00:00 | $166.67 | $300.00 | +$133.33 |" in told
    assert "### T+01:00:00 deploy \\[41\\] &lt;script>" in told
    assert "$60.00/h in the 60 minutes before, $240.00/h after: +$180.00/h." in told
    assert "- tenant &lt;globex>\\|: +$180.00/h" in told
    assert "| &lt;globex>\\| | $180.00 | 60% |" in told
    for name in ("story-spent.svg", "story-rate.svg"):
        assert f"![{name}]({name})" in told
        texts = [
            part.text or "" for part in ET.parse(tmp_path / name).getroot().iter("{http://www.w3.org/2000/svg}text")
        ]
        assert "deploy [41] <script>" in texts, "a text, and no element"


def test_the_plot_of_the_spending_ends_where_the_launch_does(store: Path, tmp_path: Path) -> None:
    begin(store)
    launch(store, "stop", "--at", "2026-05-16T14:23:00Z")
    launch(store, "report", "--output", str(tmp_path / "story.md"))
    root = ET.parse(tmp_path / "story-spent.svg").getroot()
    plan, spent = [line.get("points", "").split() for line in root.iter("{http://www.w3.org/2000/svg}polyline")]

    # 300 of 500 dollars are 60 % of the height of 224 above the axis at 264; two of six hours a third of the width of 714.
    assert spent[-1] == f"{70 + 714 / 3:.1f},{264 - 224 * 0.6:.1f}"
    assert plan[-1] == "784.0,40.0"


def test_a_story_is_of_the_newest_launch_or_the_one_named(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch(store, "report") == 2
    assert "no launch yet" in capsys.readouterr().err
    begin(store)
    assert launch(store, "report", "--name", "other") == 2
    assert launch(store, "report", "--name", "rag 1.0") == 0
    assert capsys.readouterr().out.startswith("# rag 1.0\n")


def test_a_story_that_cannot_be_written_is_a_sentence(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin(store)
    assert launch(store, "report", "--output", "/nowhere/story.md") == 2
    assert "cannot be written" in capsys.readouterr().err
