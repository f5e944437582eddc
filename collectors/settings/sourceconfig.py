"""`[[source]]`: something to read, and what may stand in it."""

from collections.abc import Mapping, Sequence

import msgspec

from collectors.addresses import check_url, shown_url
from collectors.providers.registry import NAMES
from collectors.settings.hostconfig import check_capacity
from collectors.settings.providers import check_provider
from collectors.settings.written import host_and_port, instant_ms, seconds
from store.tables import REQUEST_KINDS

KEEPERS = {"litellm": "url", "postgres": "url", "langfuse": "public_key", "helicone": None, "langsmith": "projects"}
"""Types of sources that keep records and are read page by page, and the key that each needs."""

_NAMED_BY_URL = ("engine", "dcgm", "litellm")


class SourceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[source]]`: something to read."""

    type: str
    name: str | None = None
    path: str | None = None
    format: str | None = None
    fields: dict[str, str | bool | dict[str, str]] | None = None
    dimensions: dict[str, str] | None = None
    start: str = "beginning"
    url: str | None = None
    host: str | None = None
    model: str | None = None
    gpus: tuple[int | str, ...] = ()
    """Indices of cards, or UUIDs of cards and MIG instances."""
    prefill_tokens_per_second: int | None = None
    decode_tokens_per_second: int | None = None
    capacity_basis: str = "joint"
    api_key_env: str | None = None
    api_key_file: str | None = None
    api_key_command: str | None = None
    poll_every: str | None = None
    expect_every: str | None = None
    listen: str | None = None
    allow_remote: bool = False
    role: str | None = None
    covers: str | None = None
    account: str | None = None
    public_key: str | None = None
    projects: tuple[str, ...] | None = None

    @property
    def label(self) -> str:
        """Its name, else its path or address, else its type: what tells it from others and holds no secret."""
        if self.url is not None and self.type in _NAMED_BY_URL:
            return self.name or shown_url(self.url)
        return self.name or self.path or self.type


def check_sources(sources: Sequence[SourceConfig]) -> None:
    """Raise ValueError with a sentence for the first source that cannot be read."""
    needed = {"file": "path", "engine": "url", "dcgm": "url", "otlp": None, **KEEPERS, **dict.fromkeys(NAMES)}
    seen: set[str] = set()
    for source in sources:
        check_provider(source)
        if source.type not in needed:
            raise ValueError(f"unknown source type `{source.type}`; known are {', '.join(needed)}")
        key = needed[source.type]
        if key is not None and getattr(source, key) is None:
            raise ValueError(f"a source of type `{source.type}` needs `{key}`")
        if source.url is not None and source.type != "postgres":
            check_url(source.url, f"source `{source.name or source.type}`")
        if source.listen is not None:
            host_and_port(source.listen)
        for text in (source.poll_every, source.expect_every):
            if text is not None:
                seconds(text)
        check_capacity(source, f"source `{source.label}`")
        _check_gpus(source)
        _check_reading(source)
        if source.label in seen:
            raise ValueError(f"two sources are named `{source.label}`: give each a `name` of its own")
        seen.add(source.label)


def _check_gpus(source: SourceConfig) -> None:
    for gpu in source.gpus:
        if isinstance(gpu, str) and not gpu.startswith(("GPU-", "MIG-")):
            raise ValueError(
                f"`gpus` of source `{source.label}` are numbers, or UUIDs as `nvidia-smi -L` lists them: not {gpu!r}"
            )


def _check_reading(source: SourceConfig) -> None:
    if source.type not in REQUEST_KINDS:
        for key in ("dimensions", "expect_every"):
            if getattr(source, key) is not None:
                raise ValueError(f"a source of type `{source.type}` has no `{key}`: that is for sources of requests")
    if source.dimensions:
        _check_dimensions(source.dimensions)
    if source.format is not None:
        _check_format(source, source.format)
    if source.fields and (source.format or "").partition(".")[0] != "generic":
        raise ValueError('`fields` of a source need `format = "generic.jsonl"` or `format = "generic.csv"`')
    if source.start not in ("beginning", "end"):
        try:
            instant_ms(source.start, now_ms=0)
        except ValueError as error:
            raise ValueError(f"start of a source is beginning, end, or an instant: {error}") from None


def _check_dimensions(said: Mapping[str, str]) -> None:
    from collectors.formats.dimensions import checked

    checked(said)


def _check_format(source: SourceConfig, name: str) -> None:
    from collectors.formats.fieldmap import checked
    from collectors.formats.generic import MAPPED_NAMES
    from collectors.formats.registry import FORMATS

    if name in MAPPED_NAMES:
        checked(source.fields or {})
    elif name not in (formats := [known.name for known in FORMATS]):
        raise ValueError(f"unknown format `{name}`; known are {', '.join((*formats, *MAPPED_NAMES))}")
