"""An address that cannot be asked is a sentence, and one that is shown holds no secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.addresses import check_keyed_url, check_url, shown_url
from collectors.settings.config import ConfigError, from_mapping
from collectors.settings.sourceconfig import SourceConfig

SECRETS = st.text("abcXYZ019-_.~", min_size=8, max_size=20)


@given(SECRETS, SECRETS, SECRETS)
def test_user_password_and_query_are_never_shown(user: str, password: str, query: str) -> None:
    assert (
        shown_url(f"https://{user}:{password}@gpu-1:8000/metrics?token={query}#{query}") == "https://gpu-1:8000/metrics"
    )


@pytest.mark.parametrize("kind", ["engine", "dcgm", "litellm"])
def test_a_source_is_called_by_what_of_its_address_is_no_secret(kind: str) -> None:
    source = SourceConfig(type=kind, url="http://ann:s3cret@gpu-1:8000/metrics?token=s3cret")
    assert source.label == "http://gpu-1:8000/metrics"


@pytest.mark.parametrize("url", ["http://[::1/s3cret", "http://gpu:port/s3cret", "gpu-1:8000/s3cret", "http:///s3cret"])
@pytest.mark.parametrize("table", ["source", "webhook"])
def test_what_is_no_address_is_a_sentence_without_it(table: str, url: str) -> None:
    entry = {"type": "engine", "url": url} if table == "source" else {"name": "channel", "url": url}
    with pytest.raises(ConfigError, match=r"url of .* (is no address|must begin with http)") as refused:
        from_mapping({table: [entry]}, None)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["https://api.example.com", "http://127.0.0.1:1", "http://[::1]:1/x", "http://localhost"]
)
def test_a_key_is_sent_over_https_or_to_this_machine(url: str) -> None:
    check_url(url, "it")
    check_keyed_url(url, "it")


@pytest.mark.parametrize("url", ["http://api.example.com", "http://127.0.0.1.example.com"])
def test_a_key_is_sent_to_no_other_machine_in_the_clear(url: str) -> None:
    check_url(url, "it")
    with pytest.raises(ValueError, match="must begin with https://"):
        check_keyed_url(url, "it")
