"""Names that the schema, the writer and the readers share, without importing any of them."""

from pricing.usage import TOKEN_CLASSES

REQUEST_KINDS = ("file", "stdin", "otlp", "litellm", "postgres", "langfuse", "helicone", "langsmith")
"""Kinds of sources that bring requests as they happen. An import brings finished ones, a provider its own figures."""

LIVE_KINDS = (*REQUEST_KINDS, "engine", "gpu")
"""Kinds of sources that know up to when they have been read: now is where all of them that keep up have been read to."""

SCHEMA_VERSION = 25
"""Number of migrations; a store with a higher one was written by a newer usdtop."""

ROLLUPS = {"rollup_minute": 60, "rollup_hour": 3_600, "rollup_day": 86_400}
"""Rollup tables and their bucket width in seconds; a bucket is the epoch second at which it begins."""

SIDE_ROLLUPS = {"side_minute": 60, "side_hour": 3_600, "side_day": 86_400}
"""The same for what a request may have several of, or of which there are too many for a series: users and tags."""

UNIT_ROLLUPS = {table: table.replace("rollup", "unit") for table in ROLLUPS}
"""Beside each rollup: sums of what is billed by something else than tokens, where there is any."""

TOKEN_COLUMNS = (*TOKEN_CLASSES, "reasoning")
"""Columns of a `Usage`, in its order."""

MEASURES = (
    "requests",
    "retries",
    "partial",
    *TOKEN_COLUMNS,
    "nano_usd",
    "reported_nano_usd",
    "reported",
    "duration_ms",
    "durations",
    "first_token_ms",
    "first_tokens",
)
"""Summed columns of a rollup."""


DIMENSIONS = (
    "provider",
    "model",
    "tenant",
    "key",
    "deployment",
    "host",
    "source",
    "call_type",
    "outcome",
    "priced_as",
)
"""What requests can be grouped and filtered by; `priced_as` is the record that a card stands for."""


SIDE_DIMENSIONS = ("user", "end_user", "tag")
"""What requests can be grouped and filtered by beside their series; a request may have several tags."""

GPU, ENGINE = "gpu", "engine"
"""Where a request was served: the GPUs that its engine held, as "0-3", and the engine's source. Known when it is placed."""

KEPT_DIMENSIONS = ("session",)
"""What only single requests say, as long as they are kept; no sums are made of it."""

OTHER = "(other)"
"""What stands for names beyond the limit."""


class StoreError(Exception):
    """The store cannot do what was asked; the text is a sentence for the person at the terminal."""


class StoreGoneError(StoreError):
    """Somebody deleted the store, or put another one in its place, while it was written: what is written comes to nobody."""
