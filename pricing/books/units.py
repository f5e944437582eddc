"""Whatever is billed by something else than a token: searches, images, seconds, pages, requests, cache storage."""

from pricing.books.keys import PriceError, Table, amount, refuse_unknown, tables, whole
from pricing.books.listing import ListedPrice, Prices

CACHE_STORAGE = "cache_storage_token_seconds"
"""Usage key of tokens kept in a cache, times the seconds they were kept."""

_SECONDS_PER_HOUR = 3600
_MTOK_HOUR = 1_000_000 * _SECONDS_PER_HOUR

UNITS = {
    "search": (("rerank_searches", "web_searches"), 1),
    "image": (("images",), 1),
    "second": (("audio_seconds", "input_audio_seconds", "output_audio_seconds", "video_seconds"), 1),
    "minute": (("audio_seconds", "input_audio_seconds", "output_audio_seconds", "video_seconds"), 60),
    "character": (("input_characters",), 1),
    "request": (("requests",), 1),
    "page": (("input_document_pages",), 1),
    "token_hour": ((CACHE_STORAGE,), _SECONDS_PER_HOUR),
}
"""Unit as a person writes it -> the usage keys that are counted in it, and how many of theirs make one."""

USAGE_KEYS = frozenset(
    [
        *(key for keys, _ in UNITS.values() for key in keys),
        "social_searches",
        "storage_searches",
        "code_executions",
        "input_annotated_document_pages",
        "input_pixels",
    ]
)
"""Usage keys that may be named instead of a unit, where a model bills only one of several alike."""

BILLED_UNITS = frozenset(
    [*(key for keys, _ in UNITS.values() for key in keys if key != "requests"), *USAGE_KEYS - {"requests"}]
    + [
        named.format(kind)
        for named in ("input_{}_tokens", "cache_{}_read_tokens", "output_{}_tokens")
        for kind in ("audio", "image", "video")
    ]
)
"""Everything that a request can use beside the classes of text tokens, as usage is counted in it."""

UNIT_KEYS = ("unit", "per", "amount", "minimum")
STORAGE_KEY = "cache_storage_per_mtok_hour"
_FEE = "[[price.fee]]"


def read_units(raw: Table, where: str) -> Prices:
    """The price by unit of an entry, those of its `[[price.fee]]` tables and of its cache storage; raise PriceError."""
    prices = {}
    if STORAGE_KEY in raw:
        usd = amount(raw[STORAGE_KEY], where, STORAGE_KEY, "US dollars per million tokens and hour")
        prices[CACHE_STORAGE] = ListedPrice(usd=usd, per=_MTOK_HOUR)
    fees = [(raw, where)] if any(key in raw for key in UNIT_KEYS) else []
    for position, fee in enumerate(tables(raw, "fee", where, _FEE), start=1):
        refuse_unknown(fee, UNIT_KEYS, f"{where}, fee {position}")
        fees.append((fee, f"{where}, fee {position}"))
    for fee, at in fees:
        for key, price in _unit_prices(fee, at).items():
            if key in prices:
                raise PriceError(f"{at}: {key} is priced twice; keep one of them.")
            prices[key] = price
    return prices


def _unit_prices(raw: Table, where: str) -> Prices:
    unit = raw.get("unit")
    if not isinstance(unit, str) or (unit not in UNITS and unit not in USAGE_KEYS):
        known = ", ".join([*UNITS, *sorted(USAGE_KEYS)])
        raise PriceError(f"{where}: unit = {unit!r} is not known; known units are {known}.")
    if "amount" not in raw:
        raise PriceError(f'{where}: amount is missing; write US dollars per unit, e.g. amount = "2.00".')
    usd = amount(raw["amount"], where, "amount", "US dollars per unit")
    if not usd:
        raise PriceError(f"{where}: amount is 0; leave the unit out, or write free = true for the whole model.")
    keys, each = UNITS.get(unit, ((unit,), 1))
    per = each * (whole(raw, "per", where, 1000) if "per" in raw else 1)
    least = each * whole(raw, "minimum", where, 10) if "minimum" in raw else 0
    return {key: ListedPrice(usd=usd, per=per, minimum=least) for key in keys}
