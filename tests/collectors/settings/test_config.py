"""The configuration: every key optional, every mistake a sentence that names the file and the key."""

import tomllib
from pathlib import Path

import pytest

from collectors.settings.config import Config, ConfigError, default_path, from_mapping, load
from collectors.settings.plans import budgets, hosts
from collectors.settings.written import instant_ms, seconds
from tests.fakes.events import AT_MS

FULL = """
discover = true
[[source]]
type = "file"
name = "gateway"
path = "/var/log/litellm/*.jsonl"
start = "24h"
expect_every = "1m"
[[source]]
type = "engine"
name = "vllm-a"
url = "http://127.0.0.1:8000/metrics"
host = "h100-1"
gpus = [0, 1]
[[host]]
name = "h100-1"
usd_per_hour = "20"
gpus = 8
prefill_tokens_per_second = 15000
decode_tokens_per_second = 3000
capacity_basis = "separate"
[[budget]]
name = "launch"
usd = "5000.50"
filter = "tenant=acme"
[[price]]
model = "my-finetune"
input = "3"
output = "15"
[gpu]
enabled = false
[store]
group = "oncall"
[screen]
ascii = true
[retention]
request_hours = 24
"""


def read(text: str) -> Config:
    return from_mapping(tomllib.loads(text), Path("/etc/usdtop.toml"))


def test_a_whole_configuration_is_read() -> None:
    config = read(FULL)

    assert [source.name for source in config.source] == ["gateway", "vllm-a"]
    assert (config.gpu.enabled, config.store.group, config.screen.ascii) == (False, "oncall", True)
    assert (config.retention.request_hours, config.retention.minute_days) == (24, 35)
    assert config.discovers


def test_an_empty_file_is_a_configuration_and_then_nothing_else_is_looked_for() -> None:
    assert not read("").discovers
    assert Config().discovers, "without a file the machine is looked at"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ('sauce = "x"', ["unknown key `sauce`", "`source`"]),
        (
            '[[source]]\ntype = "file"\npth = "x"',
            ["unknown key `pth` in the [[source]] number 1; did you mean `path`?"],
        ),
        ('[[host]]\nusd_per_houre = "2"', ["`usd_per_houre`", "did you mean `usd_per_hour`?"]),
        ('[[budget]]\nname = "x"\nusd = "1"\nperoid = "day"', ["`peroid`", "did you mean `period`?"]),
        ("[gpu]\nenable = true", ["`enable` in `gpu`", "did you mean `enabled`?"]),
        ("[retention]\nrequest_hour = 1", ["`request_hour` in `retention`", "did you mean `request_hours`?"]),
        ("[screen]\nzzzzzzzz = 1", ["unknown key `zzzzzzzz` in `screen`."]),
        ('path = "/x"', ["unknown key `path` at the top level"]),
        ('[[source]]\ntype = "file"', ["type `file` needs `path`"]),
        ('[[source]]\ntype = "engine"', ["type `engine` needs `url`"]),
        ('[[source]]\ntype = "fiel"\npath = "x"', ["unknown source type `fiel`", "file, engine"]),
        ('[[source]]\npath = "x"', ["`type`"]),
        ('[[source]]\ntype = "file"\npath = "x"\npoll_every = "soon"', ["`soon` is not a duration", "30s"]),
        ('[[source]]\ntype = "file"\npath = "x"\nstart = "yesterday"', ["`yesterday`", "start", "24h"]),
        ('[[source]]\ntype = "file"\npath = "x"\nformat = "litelm.slp"', ["format `litelm.slp`", "litellm.slp"]),
        (
            '[[source]]\ntype = "file"\npath = "x"\nname = "a"\n[[source]]\ntype = "file"\npath = "y"\nname = "a"',
            ["two sources are named `a`"],
        ),
        (
            "[[host]]\nusd_per_hour = 20.5",
            ['`usd_per_hour` in the [[host]] number 1 must be text in quotes, such as "5".'],
        ),
        ("[[host]]\nusd_per_hour = 20", ["`usd_per_hour`", "text in quotes"]),
        ('[[host]]\nusd_per_hour = "twenty"', ["a host: usd_per_hour", 'in quotes, such as "20"', "`twenty`"]),
        ('[[host]]\nusd_per_hour = "-1"', ["a host: usd_per_hour", "out of range"]),
        ('[[host]]\nusd_per_hour = "NaN"', ["a host: usd_per_hour"]),
        ('[[host]]\nusd_per_hour = "1e30"', ["a host: usd_per_hour", "out of range"]),
        ('[[host]]\ncapacity_basis = "both"', ["capacity_basis", "joint or separate"]),
        ('[[host]]\nsince = "2026-05-16 14:00:00"', ["has no time zone"]),
        ('[[host]]\ngpus = "8"', ["`gpus` in the [[host]] number 1 must be a whole number without quotes."]),
        ('[[host]]\nname = "h"\n[[host]]\nname = "h"\nsince = "2026-01-01"', ["two [[host]] are host `h`", "`since`"]),
        ('[[source]]\ntype = "engine"\nurl = "http://x/"\ngpus = [0, "1"]', ["`gpus`", "nvidia-smi -L", "'1'"]),
        ('[[budget]]\nusd = "1"', ["`name` is missing in the [[budget]] number 1."]),
        ('[[budget]]\nname = "launch"\nusd = 5.0', ["`usd` in the [[budget]] number 1 must be text in quotes"]),
        (
            '[[budget]]\nname = "launch"\nusd = "1"\nperiod = "fortnight"',
            ["period of budget `launch`", "hour, day, week"],
        ),
        ('[[budget]]\nname = "launch"\nusd = "1"\nfilter = "tennant=x"', ["nothing is called 'tennant'", "tenant"]),
        ('[[price]]\nmodel = "m"\ninput = 3.0', ["[[price]]", "input"]),
        ('[[price]]\nmodel = "m"\ninptu = "3"', ["[[price]]", "inptu"]),
        ('[[price]]\ninput = "3"', ["[[price]]", "model"]),
        ("discover = 1", ["`discover` must be true or false."]),
        ("[screen]\nascii = 1", ["`ascii` in `screen` must be true or false."]),
        ("source = 3", ["`source` must be a list in [ ]."]),
    ],
)
def test_a_mistake_is_explained_with_its_file_and_its_key(text: str, sentences: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    told = str(caught.value)
    assert told.startswith("/etc/usdtop.toml: ")
    for sentence in sentences:
        assert sentence in told


def test_a_mistake_in_one_of_several_tables_is_found_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('# two hosts\n[[host]]\nname = "a"\n\n [[ host ]]\nname = "b"\nusd_per_hour = 20\n')
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value) == f'{path}: `usd_per_hour` in the [[host]] of line 5 must be text in quotes, such as "5".'


def test_a_file_that_is_no_toml_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[[source]\n")
    with pytest.raises(ConfigError, match=r"c\.toml: not valid TOML.*line 1"):
        load(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"c\.toml: cannot be read"):
        load(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_a_missing_file_is_an_error_only_when_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("USDTOP_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load(None) == Config()
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "named.toml")
    monkeypatch.setenv("USDTOP_CONFIG", str(tmp_path / "other.toml"))
    assert default_path({"USDTOP_CONFIG": "/x"}) == Path("/x")
    with pytest.raises(ConfigError, match=r"other\.toml: there is no such file"):
        load(None)


def test_hosts_and_budgets_become_facts_with_their_dates() -> None:
    config = read(FULL + '[[host]]\nusd_per_hour = "0.1"\nsince = "30m"\n[[host]]\nname = "b"\nuntil = "2026-06-01"\n')
    big, mine, other = hosts(config, machine="this-machine", now_ms=AT_MS)

    assert (mine.name, mine.usd_per_hour_nano, mine.since_ms) == ("this-machine", 100_000_000, AT_MS - 1_800_000)
    assert (other.usd_per_hour_nano, other.since_ms, other.until_ms) == (None, AT_MS, 1_780_272_000_000)
    assert (big.usd_per_hour_nano, big.capacity_basis) == (20_000_000_000, "separate")
    (budget,) = budgets(config, now_ms=AT_MS)
    assert (budget.nano_usd, budget.period, budget.filter) == (5_000_500_000_000, "day", "tenant=acme")


@pytest.mark.parametrize(
    ("text", "expected"), [("30s", 30), ("5m", 300), ("1h30m", 5_400), ("7d", 604_800), ("0.5s", 0.5)]
)
def test_a_duration_is_read(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "5m!", "five", "5y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-16T14:23:00Z", AT_MS),
        ("2026-05-16T16:23:00+02:00", AT_MS),
        ("2026-05-16", 1_778_889_600_000),
        ("1h", AT_MS - 3_600_000),
    ],
)
def test_an_instant_is_a_time_a_date_or_a_duration_before_now(text: str, expected: int) -> None:
    assert instant_ms(text, now_ms=AT_MS) == expected


def test_an_instant_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        instant_ms("2026-05-16T14:23:00", now_ms=0)


def test_a_host_that_stands_again_with_a_later_date_ends_the_one_before() -> None:
    config = read(
        '[[host]]\nname = "h"\nusd_per_hour = "20"\nsince = "2026-01-01"\n'
        '[[host]]\nname = "h"\nusd_per_hour = "10"\nsince = "2026-02-01"\nuntil = "2026-03-01"\n'
        '[[host]]\nname = "other"\nusd_per_hour = "1"\nsince = "2026-02-15"'
    )
    january, february, other = hosts(config, machine="m", now_ms=0)
    assert january.until_ms == february.since_ms
    assert february.until_ms == february.since_ms + 28 * 86_400_000
    assert other.until_ms is None
