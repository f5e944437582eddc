"""How many different names the store takes in: a client that makes up names must not fill it."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Past a limit what is new counts as "(other)", and the source says how often."""

    series: int = 10_000
    """Combinations of provider, model, deployment, tenant, key, call type, outcome and source."""
    values_per_dimension: int = 5_000
    """Users, end users and tags, each."""
