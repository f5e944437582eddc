"""Bedrock's figures out of CloudWatch: through AWS's own client against moto, and through a typed fake where moto has no pages."""

import asyncio
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from collectors.providers.follow import configured_provider
from collectors.settings.config import Config, ConfigError, from_mapping
from collectors.settings.sourceconfig import SourceConfig
from collectors.web.fetch import open_client
from pricing.usage import Usage
from store.reader import Reader
from store.writer import Writer
from tests.fakes.bedrock import REGION, FakeCloudWatch, asked_for, bedrock, refusal
from tests.fakes.provider_accounts import used
from tests.fakes.provider_server import KEY, NOW_MS
from tests.test_imports import loaded
from tui.commands.doctor_providers import provider_sentences

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SONNET, NOVA = "anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-lite-v1:0"
WANTED = "it wants AWS credentials that are allowed cloudwatch:ListMetrics and cloudwatch:GetMetricData"


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))


@pytest.fixture
def aws() -> Iterator[Any]:
    """A client of an account in which nothing was counted yet."""
    import boto3

    with mock_aws():
        yield boto3.client("cloudwatch", region_name=REGION)


def put(client: Any, metric: str, amount: float, at_ms: int, *models: str, **other: str) -> None:
    """One count of each model, as Bedrock publishes it."""
    client.put_metric_data(
        Namespace="AWS/Bedrock",
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in {"ModelId": model, **other}.items()],
                "Timestamp": datetime.fromtimestamp(at_ms / 1_000, UTC),
                "Value": amount,
            }
            for model in models or (SONNET,)
        ],
    )


def calls(store: Path) -> int:
    """How many requests the store holds of the provider."""
    reader = Reader(store)
    found = sum(record.requests or 0 for _, record in reader.usage_buckets(0, NOW_MS * 2))
    reader.close()
    return found


async def test_tokens_and_calls_are_exact_and_each_is_counted_once(aws: Any, tmp_path: Path) -> None:
    for ago_ms in (5 * MINUTE_MS, 10 * MINUTE_MS, 30 * HOUR_MS):
        put(aws, "Invocations", 3, NOW_MS - ago_ms)
        put(aws, "InputTokenCount", 1_000, NOW_MS - ago_ms)
        put(aws, "CacheReadInputTokenCount", 700, NOW_MS - ago_ms)
        put(aws, "CacheWriteInputTokenCount", 50, NOW_MS - ago_ms)
        put(aws, "OutputTokenCount", 90, NOW_MS - ago_ms)
    put(aws, "InputTokenCount", 8, NOW_MS - 5 * MINUTE_MS, NOVA)
    put(aws, "OutputTokenCount", 2, NOW_MS - 5 * MINUTE_MS, NOVA)
    # The same calls once more, split; what failed; what is no count; and nothing of another namespace.
    put(aws, "InputTokenCount", 400, NOW_MS - 5 * MINUTE_MS, ContextWindow="200k")
    put(aws, "InvocationThrottles", 40, NOW_MS - 5 * MINUTE_MS)
    put(aws, "InvocationClientErrors", 5, NOW_MS - 5 * MINUTE_MS)
    put(aws, "InvocationLatency", 812.5, NOW_MS - 5 * MINUTE_MS)
    store = tmp_path / "usdtop.db"
    async with bedrock(store) as account:
        await account.read()
        assert account.errors == []
        account.now_ms += 10 * MINUTE_MS
        await account.read()

    # The input leaves the caches out: nothing is taken off it.
    assert used(store) == {
        SONNET: Usage(input_tokens=3_000, cache_read_tokens=2_100, cache_write_tokens=150, output_tokens=270),
        NOVA: Usage(input_tokens=8, output_tokens=2),
    }
    assert calls(store) == 9


async def test_more_models_than_one_question_may_name_are_all_read(aws: Any, tmp_path: Path) -> None:
    metrics = (
        "Invocations",
        "InputTokenCount",
        "CacheReadInputTokenCount",
        "CacheWriteInputTokenCount",
        "OutputTokenCount",
    )
    models = [f"vendor.model-{number}" for number in range(110)]
    for metric in metrics:
        put(aws, metric, 7, NOW_MS - 5 * MINUTE_MS, *models)
    store = tmp_path / "usdtop.db"
    async with bedrock(store) as account:
        await account.read()
        assert account.errors == []
    each = Usage(input_tokens=7, cache_read_tokens=7, cache_write_tokens=7, output_tokens=7)
    assert used(store) == dict.fromkeys(models, each)


async def test_an_account_that_called_no_model_is_read_and_stays_current(aws: Any, tmp_path: Path) -> None:
    store = tmp_path / "usdtop.db"
    async with bedrock(store) as account:
        await account.read()
        assert account.errors == []
        assert account.polls[-1].watermark_ms == (NOW_MS - 3 * MINUTE_MS) // MINUTE_MS * MINUTE_MS
    assert used(store) == {}


async def test_a_minute_that_is_corrected_replaces_what_it_was(aws: Any, tmp_path: Path) -> None:
    store = tmp_path / "usdtop.db"
    late_ms = NOW_MS - 90 * MINUTE_MS
    put(aws, "InputTokenCount", 1_000, late_ms)
    async with bedrock(store) as account:
        await account.read()
        put(aws, "InputTokenCount", 24, late_ms)
        account.now_ms += 5 * MINUTE_MS
        await account.read()
    assert used(store) == {SONNET: Usage(input_tokens=1_024)}


@pytest.mark.parametrize("page_size", [1, 2, 3])
async def test_pages_are_followed_to_the_end(page_size: int, tmp_path: Path) -> None:
    fake = FakeCloudWatch()
    fake.page_size = page_size
    for number in range(5):
        fake.count(SONNET, NOW_MS - number * MINUTE_MS, Invocations=1, InputTokenCount=10**number, OutputTokenCount=2)
    store = tmp_path / "usdtop.db"
    async with bedrock(store, lambda *_: fake) as account:
        await account.read()
        assert account.errors == []
    assert used(store) == {SONNET: Usage(input_tokens=11_111, output_tokens=10)}
    assert calls(store) == 5


async def test_a_failure_in_the_middle_of_the_pages_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    for number in range(6):
        fake, store = FakeCloudWatch(), tmp_path / f"{number}.db"
        fake.page_size = 1
        for minute in range(3):
            fake.count(SONNET, NOW_MS - minute * MINUTE_MS, InputTokenCount=100, OutputTokenCount=7)
        answers = [fake.list_metrics, fake.get_metric_data]

        class Failing:
            left = number

            def list_metrics(self, **arguments: Any) -> dict[str, Any]:
                return self._one(0, arguments)

            def get_metric_data(self, **arguments: Any) -> dict[str, Any]:
                return self._one(1, arguments)

            def _one(self, which: int, arguments: dict[str, Any], answers: list[Any] = answers) -> dict[str, Any]:
                self.left -= 1
                if self.left == -1:
                    raise refusal("InternalServiceFault", 500)
                found: dict[str, Any] = answers[which](**arguments)
                return found

        failing = Failing()
        async with bedrock(store, lambda *_, failing=failing: failing) as account:
            await account.read(step_ms=10 * MINUTE_MS)
            assert len(account.errors) == 1
            assert "answers with HTTP 500" in account.errors[0]
        assert used(store) == {SONNET: Usage(input_tokens=300, output_tokens=21)}


async def test_a_restart_goes_on_two_hours_before_where_the_store_is(tmp_path: Path) -> None:
    fake, store = FakeCloudWatch(), tmp_path / "usdtop.db"
    fake.count(SONNET, NOW_MS - 20 * MINUTE_MS, InputTokenCount=100)
    async with bedrock(store, lambda *_: fake) as account:
        await account.read()
    # Hours for what is older than a day, then a day of minutes, and those of the hour that had begun.
    assert [period for _, period in asked_for(fake)] == [3_600, 60, 60]
    fake.asked.clear()

    later_ms = NOW_MS + 30 * MINUTE_MS
    fake.count(SONNET, NOW_MS + 10 * MINUTE_MS, InputTokenCount=11)
    async with bedrock(store, lambda *_: fake, now_ms=later_ms) as account:
        await account.read()
    watermark_ms = (NOW_MS - 3 * MINUTE_MS) // MINUTE_MS * MINUTE_MS
    since = datetime.fromtimestamp((watermark_ms - 2 * HOUR_MS) / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert asked_for(fake) == [(since, 60)]
    assert used(store) == {SONNET: Usage(input_tokens=111)}


@pytest.mark.parametrize("status", ["PartialData", "InternalError"])
async def test_a_part_of_the_figures_does_not_replace_the_whole(status: str, tmp_path: Path) -> None:
    fake, store = FakeCloudWatch(), tmp_path / "usdtop.db"
    fake.count(SONNET, NOW_MS - 20 * MINUTE_MS, InputTokenCount=100)
    async with bedrock(store, lambda *_: fake) as account:
        await account.read()
        fake.counts["InputTokenCount", SONNET].clear()
        fake.status = status
        account.now_ms += 5 * MINUTE_MS
        await account.poll()
        assert account.errors == ["CloudWatch answers with a part of the figures only; they are asked for again"]
    assert used(store) == {SONNET: Usage(input_tokens=100)}


async def test_a_count_that_cannot_be_costs_only_itself_and_is_counted(tmp_path: Path) -> None:
    fake, store = FakeCloudWatch(), tmp_path / "usdtop.db"
    for number, amount in enumerate((5, -1, float("nan"), 1e300, 6)):
        fake.count(SONNET, NOW_MS - number * MINUTE_MS, InputTokenCount=amount)
    async with bedrock(store, lambda *_: fake) as account:
        await account.read()
        assert account.rejected == 3
    assert used(store) == {SONNET: Usage(input_tokens=11)}


def test_whoever_may_not_read_is_told_the_two_actions(
    aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    iam = boto3.client("iam")
    iam.create_user(UserName="somebody")
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    (said,) = set_initial_no_auth_action_count(0)(lambda: asyncio.run(_one_poll(tmp_path / "usdtop.db")))()
    assert said == (
        f"https://monitoring.{REGION}.amazonaws.com/ListMetrics refuses the credentials (403): {WANTED};"
        " asking again in 5 minutes"
    )


async def _one_poll(store: Path) -> list[str]:
    async with bedrock(store) as account:
        await account.poll()
        return account.errors


@pytest.mark.parametrize(
    ("error", "sentence", "pause_ms"),
    [
        (refusal("Throttling", 400), "wants fewer requests (throttled)", 300_000),
        (refusal("ThrottlingException", 400, **{"retry-after": "900"}), "wants fewer requests (throttled)", 900_000),
        (refusal("AccessDenied", 403), f"refuses the credentials (AccessDenied): {WANTED}", 300_000),
        (refusal("aws.protocols#AccessDeniedException", 400), "refuses the credentials (AccessDeniedException)", 300_000),
        (refusal("ExpiredToken", 403), f"does not take these credentials (ExpiredToken): {WANTED}", 300_000),
        (refusal("InvalidClientTokenId", 403), "does not take these credentials (InvalidClientTokenId)", 300_000),
        (refusal("InternalServiceFault", 500), "answers with HTTP 500", 300_000),
        (refusal("\x1b[31mnews", 400), "answers with HTTP 400", 300_000),
    ],
)  # fmt: skip
async def test_what_aws_refuses_is_a_sentence_and_a_pause(
    error: Exception, sentence: str, pause_ms: int, tmp_path: Path
) -> None:
    fake, store = FakeCloudWatch(), tmp_path / "usdtop.db"
    fake.count(SONNET, NOW_MS - MINUTE_MS, InputTokenCount=100)
    fake.troubles = [error]
    async with bedrock(store, lambda *_: fake) as account:
        await account.poll()
        account.now_ms = NOW_MS + pause_ms - 1
        await account.poll()
        assert fake.listed == 0
        assert sentence in account.errors[0]
        assert "somebody" not in " ".join(account.errors)
        account.now_ms += 1
        await account.read()
    assert used(store) == {SONNET: Usage(input_tokens=100)}


async def test_a_network_that_leads_nowhere_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with bedrock(tmp_path / "usdtop.db", url="http://127.0.0.1:9") as account:
        await account.poll()
        (said,) = account.errors
    assert said.startswith("http://127.0.0.1:9/ListMetrics refuses connections, or no way leads there")


async def test_without_credentials_the_source_is_absent_and_says_where_they_may_stand(tmp_path: Path) -> None:
    async with bedrock(tmp_path / "usdtop.db") as account:
        await account.poll()
    assert account.errors == [
        "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role"
        " (NoCredentialsError)"
    ]


async def test_credentials_that_come_later_are_found(aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(aws, "InputTokenCount", 5, NOW_MS - 5 * MINUTE_MS)
    store = tmp_path / "usdtop.db"
    async with bedrock(store) as account:
        with monkeypatch.context() as without:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
                without.delenv(name, raising=False)
            await account.poll()
            assert "no AWS credentials" in account.errors[0]
        await account.read()
    assert used(store) == {SONNET: Usage(input_tokens=5)}


async def test_without_the_extra_the_sentence_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    async with bedrock(tmp_path / "usdtop.db") as account:
        await account.poll()
    assert account.errors == ["a source of type `bedrock` needs usdtop with its extra `aws`"]


async def test_the_credentials_stand_nowhere(
    aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, KEY)
    caplog.set_level(logging.DEBUG)
    put(aws, "InputTokenCount", 5, NOW_MS - 5 * MINUTE_MS)
    caplog.clear()  # What the test itself put there was signed before usdtop was asked.
    store = tmp_path / "home" / "usdtop.db"
    async with bedrock(store) as account:
        await account.read()
        shown = [repr(account.source), repr(account.source._readings), caplog.text, *account.errors]
    assert used(store) == {SONNET: Usage(input_tokens=5)}
    written = [path.read_bytes() for path in store.parent.iterdir()]
    assert [text for text in shown if KEY in text] == []
    assert [text for text in written if KEY.encode() in text] == []


@pytest.mark.parametrize(("wanted", "seconds"), [(None, 300.0), ("1m", 60.0), ("10s", 60.0), ("1h", 3_600.0)])
async def test_it_is_asked_every_five_minutes_unless_the_configuration_says(
    wanted: str | None, seconds: float, tmp_path: Path
) -> None:
    writer = Writer(tmp_path / "usdtop.db")
    async with open_client() as client:
        config = SourceConfig(type="bedrock", account=REGION, poll_every=wanted)
        assert configured_provider(config, writer, client).poll_seconds == seconds
    writer.close()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ({"type": "bedrock"}, "needs `account`: the region"),
        ({"type": "bedrock", "account": REGION, "api_key_env": "X"}, "takes no key"),
        ({"type": "bedrock", "account": REGION, "url": "http://example.com"}, "must begin with https://"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_a_sentence(source: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        from_mapping({"source": [source]}, None)


def test_doctor_says_whether_the_credentials_read(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(source=(SourceConfig(type="bedrock", account=REGION),))
    assert list(provider_sentences(config)) == [("ok", "bedrock: its credentials read usage.")]
    with monkeypatch.context() as without:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            without.delenv(name, raising=False)
        ((mark, said),) = provider_sentences(config)
    assert mark == "todo"
    assert said.startswith("bedrock: no AWS credentials: set AWS_PROFILE")
    assert said.endswith(f"; {WANTED}.")


def test_aws_is_loaded_when_it_is_asked_and_not_before(tmp_path: Path) -> None:
    modules = loaded("import collectors.providers.bedrock, collectors.providers.source", tmp_path)
    assert "collectors.providers.cloudwatch" in modules
    assert not modules & {"boto3", "botocore"}
