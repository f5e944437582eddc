"""`[alerts]` and `[[webhook]]`: defaults that need no file, and mistakes that are named."""

from typing import Any

import pytest

from collectors.settings.config import ConfigError, from_mapping
from pricing.alerts.names import Severity
from pricing.alerts.thresholds import Thresholds


def thresholds(**alerts: Any) -> Thresholds:
    return from_mapping({"alerts": alerts}, None).alerts.thresholds()


def test_without_a_word_the_thresholds_are_those_of_the_rules() -> None:
    assert from_mapping({}, None).alerts.thresholds() == Thresholds()


def test_what_is_configured_reaches_the_rules() -> None:
    limits = thresholds(
        off=["drift"], least_usd_per_hour="5", day_over_week=2, stale_after="5m", tenant_cap_usd="1000",
        tenant_caps={"acme": "250"},
    )  # fmt: skip
    assert (limits.off, limits.least_nano_usd_per_hour, limits.day_over_week) == (frozenset({"drift"}), 5 * 10**9, 2.0)
    assert (limits.stale_seconds, limits.tenant_cap_nano_usd) == (300.0, 1_000 * 10**9)
    assert limits.tenant_caps == {"acme": 250 * 10**9}


@pytest.mark.parametrize(
    ("alerts", "sentence"),
    [
        ({"of": ["drift"]}, "unknown key `of` in `alerts`; did you mean `off`?"),
        ({"off": ["dirft"]}, "[alerts] off: there is no rule `dirft`"),
        ({"model_mix": 25}, "[alerts] model_mix is a share between 0 and 1"),
        ({"day_over_week": 0.5}, "[alerts] day_over_week is a factor above 1"),
        ({"least_requests": 0}, "[alerts] least_requests must be at least 1"),
        ({"stale_after": "soon"}, "`soon` is not a duration"),
        ({"tenant_caps": {"acme": "0"}}, "must be more than nothing"),
        ({"least_usd_per_hour": "cheap"}, "least_usd_per_hour of [alerts] must be an amount"),
    ],
)
def test_a_mistake_is_named(alerts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        thresholds(**alerts)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("hooks", "sentence"),
    [
        ([{"name": "a"}], "webhook `a` needs url"),
        ([{"name": "a", "url": "ftp://x"}], "url of webhook `a` must begin with http:// or https://"),
        ([{"name": "a", "url": "http://x", "type": "pager"}], "type of webhook `a` must be one of json, slack"),
        ([{"name": "a", "type": "pagerduty"}], "webhook `a` needs its routing key"),
        ([{"name": "a", "url": "http://x", "least_severity": "loud"}], "must be warning or critical"),
        ([{"name": "a", "url": "http://x"}] * 2, "two webhooks are named `a`"),
        ([{"name": "a", "url": "http://x", "secret": "s3cret"}], "unknown key `secret` in the [[webhook]] number 1"),
    ],
)
def test_a_webhook_that_cannot_be_used_is_refused(hooks: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        from_mapping({"webhook": hooks}, None)
    assert sentence in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_webhook_is_told_of_what_it_wants() -> None:
    config = from_mapping(
        {"webhook": [{"name": "a", "url_env": "X", "least_severity": "critical", "resolved": False}, {"name": "b", "url_env": "X"}]},
        None,
    )  # fmt: skip
    picky, all_ears = config.webhook
    assert [picky.wants(s, e) for s in Severity for e in ("firing", "resolved")] == [False, False, True, False]
    assert all(all_ears.wants(s, e) for s in Severity for e in ("firing", "resolved"))
