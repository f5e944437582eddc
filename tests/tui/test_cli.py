"""Every command as a person types it: what it prints, what it says, and its exit code."""

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.lock import collector_lock
from store.writer import Writer
from tests.fakes import samples
from tests.fakes.payloads import payload
from tests.fakes.stores import own_places
from tui.cli import COMMANDS, main

ALL_TIME = ["--since", "2001-01-01", "--until", "2200-01-01"]
PRICES = """
[[price]]
model = "gpt-4o"
input = "2.5"
output = "10"
"""


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from own_places(tmp_path, monkeypatch)


class Shell:
    """Runs commands and remembers what they printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.store = folder / "usdtop.db"
        self._capsys = capsys
        self.out = self.err = ""

    def run(self, *arguments: str) -> int:
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return code

    def here(self, *arguments: str) -> int:
        return self.run("--store", str(self.store), *arguments)

    def json(self, *arguments: str) -> Any:
        self.here(*arguments, "--json")
        return json.loads(self.out)

    def file(self, name: str, lines: Sequence[bytes]) -> str:
        path = self.folder / name
        raw = b"\n".join(lines) + b"\n"
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return str(path)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def _only(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in wanted}


def _matches_the_sums(document: dict[str, Any], by: str, sums: dict[str, Any], of: str) -> None:
    found = {str(group["key"][by]): group for group in document["groups"]}
    assert set(found) == set(sums)
    for member, expected in sums.items():
        wanted = samples.expected_measures(expected, samples.served_from_cache(member, of))
        assert _only(found[member], wanted) == wanted, member
        assert found[member]["reported_usd"] == _plain(samples.reported_usd(member, of)), member


def _plain(amount: object) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") or "0"


def test_an_imported_log_is_reported_with_exactly_its_sums(shell: Shell) -> None:
    assert shell.here("import", shell.file("gateway.jsonl", samples.lines())) == 0
    assert shell.err == "600 requests imported, 0 already known, 0 lines rejected\n"

    totals = samples.totals()
    document = shell.json("report", "--by", "model", *ALL_TIME)
    wanted = samples.expected_measures(totals["all"], samples.served_from_cache())
    assert _only(document["total"], wanted) == wanted
    assert document["total"]["retries"] == 600 - 587, "13 lines share the call of an earlier one"
    _matches_the_sums(document, "model", totals["by_model"], "model")
    _matches_the_sums(shell.json("report", "--by", "key", *ALL_TIME), "key", totals["by_key_alias"], "key")


@pytest.mark.parametrize("name", ["again.jsonl", "again.jsonl.gz"])
def test_the_same_requests_in_another_order_and_another_file_change_nothing(shell: Shell, name: str) -> None:
    shell.here("import", shell.file("gateway.jsonl", samples.lines()))
    before = shell.json("report", "--by", "model,key", *ALL_TIME)
    shuffled = samples.lines()
    random.Random(7).shuffle(shuffled)

    assert shell.here("import", shell.file(name, shuffled)) == 0
    assert shell.err == "0 requests imported, 600 already known, 0 lines rejected\n"
    after = shell.json("report", "--by", "model,key", *ALL_TIME)
    assert (after["total"], after["groups"]) == (before["total"], before["groups"])


def test_a_shuffled_log_alone_has_the_same_sums(shell: Shell) -> None:
    shuffled = samples.lines()
    random.Random(8).shuffle(shuffled)
    shell.here("import", shell.file("gateway.jsonl", shuffled))

    _matches_the_sums(shell.json("report", *ALL_TIME), "model", samples.totals()["by_model"], "model")


def test_a_file_is_read_on_from_where_an_import_left_it(shell: Shell) -> None:
    log = shell.file("gateway.jsonl", [payload("a")])
    shell.here("import", log)
    with Path(log).open("ab") as file:
        file.write(payload("b"))
    shell.here("import", log)
    assert shell.err == "1 requests imported, 0 already known, 0 lines rejected\n", "the last line needs no newline"
    shell.here("import", log)
    assert shell.err.startswith("0 requests imported, 0 already known")


def test_rejects_beside_good_lines_are_counted_and_only_garbage_is_a_failure(shell: Shell) -> None:
    assert shell.here("import", shell.file("mixed.jsonl", [payload("a"), b"garbage", b"\x1b[2J"])) == 0
    assert "1 requests imported, 0 already known, 2 lines rejected" in shell.err
    assert "2 x not JSON: \\x1b[2J" in shell.err
    assert shell.here("import", shell.file("garbage.jsonl", [b"garbage"])) == 3
    assert shell.here("import", shell.file("empty.jsonl", [])) == 0


def test_odd_file_names_are_names_and_no_patterns(shell: Shell) -> None:
    shell.file("a.jsonl", [payload("other")])
    assert shell.here("import", shell.file("[a]*?.jsonl", [payload("mine")])) == 0
    assert shell.err.startswith("1 requests imported")


def test_a_file_that_is_not_there_is_wrong_use(shell: Shell) -> None:
    for command in (["import"], ["doctor"]):
        assert shell.here(*command, "/nowhere.jsonl") == 2
        assert shell.err == "usdtop: /nowhere.jsonl: there is no such file.\n"


@pytest.mark.parametrize("place", ["before", "after"])
def test_store_and_config_stand_before_or_after_the_command(shell: Shell, place: str) -> None:
    config = shell.folder / "c.toml"
    config.write_text(PRICES)
    places = ["--store", str(shell.store), "--config", str(config)]
    log = shell.file("gateway.jsonl", [payload("a")])

    assert shell.run(*(places if place == "before" else []), "import", log, *(places if place == "after" else [])) == 0
    assert shell.store.exists()
    assert shell.json("report", *ALL_TIME)["total"]["metered_usd"] == "0.0035"


def test_the_environment_names_store_and_configuration(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USDTOP_STORE", str(shell.store))
    assert shell.run("import", shell.file("gateway.jsonl", [payload("a")])) == 0
    assert shell.store.exists()
    monkeypatch.setenv("USDTOP_CONFIG", "/nowhere.toml")
    assert shell.run("doctor") == 2
    assert "/nowhere.toml: there is no such file" in shell.err


def test_a_known_model_is_priced_line_by_line(shell: Shell) -> None:
    config = shell.folder / "c.toml"
    config.write_text(PRICES)
    arguments = ["--config", str(config), "price", "gpt-4o", "--input", "1000", "--output", "100", "--requests", "3"]
    assert shell.run(*arguments, "--json") == 0
    bill = json.loads(shell.out)

    assert (bill["status"], bill["usd_per_request"], bill["usd"]) == ("priced", "0.0035", "0.0105")
    assert [(line["class"], line["tokens"], line["usd_per_million"], line["usd"]) for line in bill["lines"]] == [
        ("input", 1000, "2.5", "0.0025"),
        ("output", 100, "10", "0.001"),
    ]
    assert (bill["card"]["book"], bill["card"]["match_rule"]) == ("configuration", "exact name")
    assert shell.run(*arguments) == 0
    assert "0.003500000" in shell.out


def test_rates_by_hand_need_no_book(shell: Shell) -> None:
    assert shell.run("price", "anything", "--input", "1000000", "--rates", "input=3,output=15", "--json") == 0
    assert json.loads(shell.out)["usd"] == "3"


def test_what_is_billed_beside_tokens_is_priced_and_said_to_be_in_what(shell: Shell) -> None:
    config = shell.folder / "c.toml"
    config.write_text(
        '[[price]]\nmodel = "scribe"\ninput = "1"\n[[price.fee]]\nunit = "second"\nper = 3600\namount = "0.36"\nminimum = 10\n'
    )
    asked = [
        "--config",
        str(config),
        "price",
        "scribe",
        "--input",
        "1000",
        "--unit",
        "audio_seconds=4",
        "--unit",
        "images=1",
    ]
    assert shell.run(*asked, "--json") == 0
    bill = json.loads(shell.out)
    assert (bill["status"], bill["usd"], bill["missing"]) == ("partial", "0.002", ["images"])
    assert shell.run(*asked) == 0
    assert "audio_seconds, at least 10              10  0.36 / 3,600     0.001000000" in shell.out


def test_hours_at_other_prices_follow_the_clocks_of_their_zone(shell: Shell) -> None:
    config = shell.folder / "c.toml"
    night = '[[price.window]]\ntz = "Europe/Berlin"\nhours = ["22:00-06:00"]\nmultiplier = "0.5"\n'
    config.write_text(f'[[price]]\nmodel = "owl"\ninput = "4"\n{night}')

    def usd(at: str) -> str:
        assert shell.run("--config", str(config), "price", "owl", "--input", "1000000", "--at", at, "--json") == 0
        return str(json.loads(shell.out)["usd"])

    assert [usd("2026-03-28T20:59:59Z"), usd("2026-03-28T21:00:00Z")] == ["4", "2"]
    assert [usd("2026-03-29T03:59:59Z"), usd("2026-03-29T04:00:00Z")] == ["2", "4"]  # clocks were put forward at 01:00Z
    assert [usd("2026-10-25T04:59:59Z"), usd("2026-10-25T05:00:00Z")] == ["2", "4"]  # and back again at 01:00Z

    config.write_text(config.read_text().replace("Europe/Berlin", "Europe/Atlantis"))
    assert shell.run("--config", str(config), "price", "owl") == 2
    assert "no time zone is called `Europe/Atlantis`" in shell.err


def test_an_unpriced_model_is_unknown_and_not_free(shell: Shell) -> None:
    assert shell.run("price", "nobody-knows-it-7b", "--input", "1000", "--json") == 3
    bill = json.loads(shell.out)
    assert (bill["status"], bill["usd"], bill["usd_per_request"]) == ("unpriced", None, None)
    assert shell.run("price", "nobody-knows-it-7b", "--input", "1000") == 3
    assert "unknown, not zero" in shell.out


@pytest.mark.parametrize(
    ("model", "usd", "said"),
    [
        # The usage of Anthropic's page on data residency, at $5 and $25 and 1.1 times that from Claude 4.6 on.
        ("claude-opus-4-6", "0.0042625", "where a token costs 1.1 times the standard rate"),
        ("claude-opus-4-5", "0.003875", "for which this model costs no more"),
    ],
)
def test_inference_in_the_united_states_alone_has_a_price_that_says_what_it_adds(
    shell: Shell, model: str, usd: str, said: str
) -> None:
    used = ["price", model, "--input", "25", "--output", "150", "--tier", "us"]
    assert shell.run(*used) == 0
    assert f"  us: inference in the United States alone, {said}\n" in shell.out
    assert shell.run(*used, "--json") == 0
    assert json.loads(shell.out)["usd"] == usd


def test_of_who_says_nothing_of_the_united_states_such_a_price_is_unknown(shell: Shell) -> None:
    assert shell.run("price", "gpt-4o", "--input", "25", "--tier", "us") == 3
    assert "no price for this service tier" in shell.out


def test_pictures_and_cached_sound_are_parts_of_what_is_given(shell: Shell) -> None:
    # gpt-realtime-mini: text 0.60 and 0.06 cached, pictures 0.80, cached sound 0.30 (developers.openai.com).
    used = ["price", "gpt-realtime-mini", "--input", "2000", "--cache-read", "500", "--json"]
    parts = ["--unit", "input_image_tokens=1000", "--unit", "cache_audio_read_tokens=100"]
    assert shell.run(*used, *parts) == 0
    assert json.loads(shell.out)["usd"] == "0.001454"
    assert shell.run("price", "gpt-4o", "--input", "2000", "--unit", "input_image_tokens=1000") == 0
    assert "  billed input_image_tokens as input\n" in shell.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["price", "m", "--input", "-1"], "a negative count"),
        (
            ["price", "m", "--input", "9", "--unit", "input_image_tokens=10"],
            "is a part of input, which has no more than 9",
        ),
        (["price", "m", "--reasoning", "5"], "more reasoning tokens than output tokens"),
        (["price", "m", "--unit", "web_serches=1"], "did you mean web_searches?"),
        (["price", "m", "--unit", "web_searches"], "is not NAME=N"),
        (["price", "m", "--unit", "web_searches=-1"], "is not NAME=N"),
        (["price", "m", "--requests", "0"], "--requests must be at least 1"),
        (["price", "m", "--batch", "--tier", "flex"], "exclude each other"),
        (["price", "m", "--rates", "inptu=3"], "--rates"),
        (["price", "m", "--at", "noon"], "`noon` is no time that is understood"),
        (["price", "m", "--input", "many"], "invalid int value"),
        (["report", "--by", "colour"], "nothing is called 'colour'; known are provider, model"),
        (["report", "--filter", "modle=x"], "did you mean model?"),
        (["report", "--since", "1h", "--until", "2h"], "--since must be before --until"),
        (["report", "--since", "whenever"], "write for example 2026-01-31T14:05Z"),
        (["report", "--json", "--csv"], "not allowed with"),
        (["report"], "there is no store at"),
        (["sources"], "`usdtop collect` or `usdtop import FILE` begins one"),
        (["frobnicate"], "there is no command `frobnicate`; try `usdtop --help`"),
        (["report", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["monitor"], "the monitor needs a terminal"),
        (["--read-only"], "the monitor needs a terminal"),
        (["--read-only", "mark", "deploy"], "leave --read-only out"),
        (["collect", "--read-only"], "leave --read-only out"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_two_and_one_sentence(shell: Shell, arguments: list[str], sentence: str) -> None:
    if arguments == ["monitor"]:
        arguments = ["monitor", "--read-only"]
    assert shell.here(*arguments) == 2
    assert shell.out == ""
    assert sentence in shell.err
    assert "Traceback" not in shell.err


def test_options_may_stand_before_the_command(shell: Shell) -> None:
    (shell.folder / "c.toml").write_text(PRICES)
    shell.here("--config", str(shell.folder / "c.toml"), "import", shell.file("gateway.jsonl", [payload("a")]))
    for words in (["--read-only", "report"], ["report", "--read-only"], ["--csv", "--read-only", "report"]):
        assert shell.here(*words, *ALL_TIME) == 0
        assert "gpt-4o" in shell.out


def test_a_report_of_nothing_says_that_nothing_was_recorded(shell: Shell) -> None:
    closed = Writer(shell.store)
    closed.close()
    assert shell.here("report") == 0
    assert shell.out.startswith("Nothing was recorded yet")
    assert "0" not in shell.out
    shell.here("import", shell.file("gateway.jsonl", [payload("a")]))
    assert shell.here("report", "--since", "2001-01-01", "--until", "2001-01-02") == 0
    assert shell.out.startswith("Nothing was recorded between 2001-01-01T00:00:00Z and 2001-01-02T00:00:00Z.")
    assert shell.here("report", *ALL_TIME, "--filter", "model=none") == 0
    assert "that the filter keeps" in shell.out


def test_help_and_version_need_nothing(shell: Shell) -> None:
    assert shell.run("--help") == 0
    assert all(f"  {name} " in shell.out for name in COMMANDS)
    assert shell.run("--version") == 0
    assert shell.out.startswith("usdtop ")
    for name in COMMANDS:
        assert shell.run(name, "--help") == 0
        assert "--store FILE" in shell.out


def test_requests_are_listed_with_their_cost(shell: Shell) -> None:
    (shell.folder / "c.toml").write_text(PRICES)
    log = shell.file("gateway.jsonl", [payload("a"), payload("b", prompt_tokens=9000), payload("c", model="?")])
    shell.here("--config", str(shell.folder / "c.toml"), "import", log)
    rows = shell.json("requests", "--dearest", *ALL_TIME)["requests"]

    assert [(row["id"], row["usd"], row["status"]) for row in rows] == [
        ("b", "0.0235", "priced"),
        ("a", "0.0035", "priced"),
        ("c", None, "unpriced"),
    ]
    assert shell.here("requests", "--filter", "model=gpt-*", "--limit", "1", *ALL_TIME) == 0
    assert len(shell.out.splitlines()) == 2


def test_sources_say_what_could_not_be_taken(shell: Shell) -> None:
    shell.here("import", shell.file("mixed.jsonl", [payload("a"), b"garbage"]))
    (source,) = shell.json("sources")["sources"]

    assert (source["name"], source["kind"], source["events"], source["rejected"]) == ("import", "import", 1, 1)
    assert source["rejects"] == [{"reason": "not JSON", "count": 1, "example": "garbage", "taken": False}]
    assert shell.here("sources") == 0
    assert "rejected 1 x not JSON: garbage" in shell.out


def test_gpus_without_any_machine_is_nothing_known(shell: Shell) -> None:
    shell.here("import", shell.file("gateway.jsonl", [payload("a")]))
    assert shell.here("gpus") == 3
    assert shell.json("gpus")["hosts"] == []


def test_csv_has_one_line_per_group(shell: Shell) -> None:
    shell.here("import", shell.file("gateway.jsonl", [payload("a"), payload("b", model="other")]))
    assert shell.here("report", "--csv", *ALL_TIME) == 0
    heading, *rows = shell.out.splitlines()

    assert heading.startswith("model,requests,errors,")
    assert len(rows) == 2


def test_doctor_explains_a_log(shell: Shell) -> None:
    assert shell.run("doctor", shell.file("gateway.jsonl.gz", [*samples.lines(), b"garbage"])) == 0
    assert "format litellm.slp, 600 requests in 601 lines." in shell.out
    assert "1 x not JSON: garbage" in shell.out
    assert shell.run("doctor", shell.file("garbage.jsonl", [b"garbage"])) == 3
    assert "none of 1 lines is a usage record" in shell.out


def test_doctor_names_what_is_there_and_what_is_missing(shell: Shell) -> None:
    assert shell.here("doctor") == 0
    for sentence in ("No configuration at", "No store at", "GPUs", "Machine ", "No host has a price", "`usdtop init`"):
        assert sentence in shell.out


def test_init_writes_a_configuration_that_can_be_read_and_never_overwrites_one(shell: Shell) -> None:
    config = shell.folder / "new" / "config.toml"
    assert shell.run("--config", str(config), "init") == 0
    written = config.read_text()
    assert shell.here("--config", str(config), "import", shell.file("gateway.jsonl", [payload("a")])) == 0

    assert shell.run("--config", str(config), "init") == 2
    assert "exists already and is left as it is" in shell.err
    assert config.read_text() == written
    assert shell.run("init", "--print") == 0
    assert shell.out == written


def test_a_second_collector_ends_at_once_and_says_so(shell: Shell) -> None:
    lock = collector_lock(shell.store)
    assert lock.acquire()
    assert shell.here("collect") == 2
    lock.release()
    assert shell.err.endswith("it goes on, this one ends.\n")


def test_a_store_below_a_file_is_a_sentence(shell: Shell) -> None:
    (shell.folder / "file").write_text("x")
    for command in (["collect"], ["import", shell.file("a.jsonl", [payload("a")])]):
        assert shell.run("--store", str(shell.folder / "file" / "usdtop.db"), *command) == 2
        assert shell.err.splitlines()[-1].startswith("usdtop: cannot use the store")


def test_a_reader_that_goes_away_is_no_error(shell: Shell) -> None:
    shell.here("import", shell.file("gateway.jsonl", [payload(f"{n}", model=f"m{n}") for n in range(3_000)]))
    command = [sys.executable, "-m", "tui.cli", "--store", str(shell.store), "report", "--json", *ALL_TIME]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0
