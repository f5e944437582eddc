"""How a request is recognised wherever it is seen again."""

import uuid
from hashlib import blake2b

from hypothesis import example, given
from hypothesis import strategies as st

from store.requests.identity import call_range, pack_id, request_identity, unpack_id

texts = st.text(max_size=60)
prefixed_uuids = st.builds(
    lambda prefix, number: prefix + str(uuid.UUID(int=number)), texts, st.integers(0, 2**128 - 1)
)


@given(texts | prefixed_uuids | prefixed_uuids.map(str.upper) | st.text(st.characters(codec=None), max_size=8))
@example("\x01" + "0" * 16)
@example("\xff" + "0" * 16)
def test_a_packed_id_comes_back_as_it_was(record_id: str) -> None:
    assert unpack_id(pack_id(record_id)) == record_id


def test_an_id_that_ends_in_a_uuid_is_packed_to_less_than_half() -> None:
    assert len(pack_id("chatcmpl-2f6c0e0e-6f3a-4a53-9a4c-0b7e5f1d0a11")) == 1 + 16 + len("chatcmpl-")


@given(texts, texts)
def test_a_failed_attempt_and_its_retry_are_two_records_of_one_call(first: str, second: str) -> None:
    one, two = request_identity("gateway", first, "call-1"), request_identity("gateway", second, "call-1")

    assert (one == two) == (first == second)
    lowest, highest = call_range(one)
    assert lowest <= two <= highest
    assert highest - lowest == 2**24 - 1


@given(texts, texts, texts)
def test_two_views_of_one_attempt_are_one_request_whatever_their_source(source: str, other: str, record: str) -> None:
    assert request_identity(source, record, "call-1") == request_identity(other, record, "call-1")


def test_one_half_of_the_pair_alone_is_no_identity() -> None:
    both = request_identity("gateway", "record", "call")
    assert both != request_identity("gateway", "record", "other call")
    assert both != request_identity("gateway", "other record", "call")


def test_without_a_call_id_the_source_keeps_equal_record_ids_apart() -> None:
    assert request_identity("a", "record", None) != request_identity("b", "record", None)
    assert request_identity("a", "record", None) == request_identity("a", "record", None)
    assert request_identity("ab", "c", None) != request_identity("a", "bc", None)


@given(texts, texts, st.none() | texts)
def test_an_identity_fits_into_a_signed_integer_of_sqlite(source: str, record: str, call: str | None) -> None:
    assert -(2**63) <= request_identity(source, record, call) < 2**63


@given(st.text(st.characters(codec="utf-8"), max_size=20), st.from_regex(r"[0-9]{10}(\.[0-9]{1,7})?", fullmatch=True))
def test_the_tail_of_an_answer_from_a_cache_does_not_break_the_pair(record: str, at: str) -> None:
    hit = f"{record}_cache_hit{at}"

    assert request_identity("payloads", hit, "call") == request_identity("spans", record, "call")
    assert request_identity("payloads", hit, None) != request_identity("payloads", record, None)


@given(texts, texts.filter(lambda record: "_cache_hit" not in record))
def test_an_identity_is_the_same_in_every_release_so_that_old_stores_know_their_requests(
    call: str, record: str
) -> None:
    of_call = blake2b(call.encode("utf-8", "surrogatepass"), digest_size=5).digest()
    of_record = blake2b(record.encode("utf-8", "surrogatepass"), digest_size=3).digest()
    assert request_identity("gateway", record, call) == int.from_bytes(of_call + of_record, "big", signed=True)
