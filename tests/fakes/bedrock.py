"""A region's CloudWatch in memory, as far as Bedrock's figures go: lists, sums by period, pages, and answers that fail."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from collectors.providers.cloudwatch import CloudWatch, Opens, open_client
from collectors.providers.registry import provider
from collectors.providers.source import ProviderSource
from collectors.web.fetch import open_client as open_http
from store.writer import Writer
from tests.fakes.provider_accounts import Account
from tests.fakes.provider_server import NOW_MS

REGION = "us-east-1"


def refusal(code: str, status: int, **headers: str) -> ClientError:
    """An error as AWS's client raises it; its text holds what must not be repeated."""
    meta = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    said = {
        "Error": {"Code": code, "Message": "User: arn:aws:iam::123456789012:user/somebody"},
        "ResponseMetadata": meta,
    }
    return ClientError(said, "GetMetricData")  # type: ignore[arg-type,unused-ignore]


class FakeCloudWatch:
    """Answers as documented: `page_size` values a page with a token for the next, nothing for what was never counted."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
        """By metric and model: what was counted in the minute that begins at these epoch seconds."""
        self.page_size = 100_800
        self.troubles: list[Exception] = []
        self.status = "Complete"
        self.asked: list[dict[str, Any]] = []
        """What GetMetricData was asked."""
        self.listed = 0

    def count(self, model: str, at_ms: int, **amounts: float) -> None:
        """What these metrics counted in a minute, in place of what they counted before."""
        for metric, amount in amounts.items():
            self.counts[metric, model][at_ms // 60_000 * 60] = amount

    def list_metrics(self, **arguments: Any) -> dict[str, Any]:
        """A page of two; the token is where the next begins."""
        self._trouble()
        self.listed += 1
        begins = int(arguments.get("NextToken", "0"))
        metrics = [
            {"Namespace": "AWS/Bedrock", "MetricName": metric, "Dimensions": [{"Name": "ModelId", "Value": model}]}
            for metric, model in sorted(self.counts)
        ]
        more = {"NextToken": str(begins + 2)} if begins + 2 < len(metrics) else {}
        return {"Metrics": metrics[begins : begins + 2], **more, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def get_metric_data(self, **arguments: Any) -> dict[str, Any]:
        """A page of sums."""
        self._trouble()
        self.asked.append(arguments)
        begins = int(arguments.get("NextToken", "0"))
        values = [
            (query["Id"], at, value)
            for query in arguments["MetricDataQueries"]
            for at, value in self._sums(query, arguments)
        ]
        page, rest = values[begins : begins + self.page_size], values[begins + self.page_size :]
        results = [
            {
                "Id": query["Id"],
                "Timestamps": [datetime.fromtimestamp(at, UTC) for name, at, _ in page if name == query["Id"]],
                "Values": [value for name, _, value in page if name == query["Id"]],
                "StatusCode": "PartialData" if any(name == query["Id"] for name, _, _ in rest) else self.status,
            }
            for query in arguments["MetricDataQueries"]
        ]
        more = {"NextToken": str(begins + self.page_size)} if rest else {}
        return {"MetricDataResults": results, **more, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def _sums(self, query: dict[str, Any], arguments: dict[str, Any]) -> list[tuple[int, float]]:
        stat = query["MetricStat"]
        assert stat["Stat"] == "Sum"
        since, until = (datetime.fromisoformat(arguments[edge]).timestamp() for edge in ("StartTime", "EndTime"))
        sums: dict[int, float] = defaultdict(float)
        for at, value in self.counts[stat["Metric"]["MetricName"], stat["Metric"]["Dimensions"][0]["Value"]].items():
            if since <= at < until:
                sums[at // stat["Period"] * stat["Period"]] += value
        return sorted(sums.items())

    def _trouble(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)


@asynccontextmanager
async def bedrock(
    store: Path, opens: Opens = open_client, *, now_ms: int = NOW_MS, url: str | None = None, account: str = REGION
) -> AsyncIterator[Account]:
    """Bedrock's source into a real store, poll by poll; goes on from what the store holds."""
    writer = Writer(store)
    known = replace(provider("bedrock"), transport=partial(CloudWatch, opens=opens))
    no_key: Callable[[], str | None] = lambda: None  # noqa: E731
    try:
        async with open_http() as client:
            source = ProviderSource(
                "bedrock", known, client, no_key, base_url=url, account=account, known=writer.datasets("bedrock"),
                jitter=lambda: 0.0,
            )  # fmt: skip
            yield Account(source, writer, now_ms)
    finally:
        writer.close()


def asked_for(fake: FakeCloudWatch) -> Sequence[tuple[str, int]]:
    """From when on GetMetricData was asked, and in what periods."""
    return [(one["StartTime"], one["MetricDataQueries"][0]["MetricStat"]["Period"]) for one in fake.asked]
