"""One `[[rival]]`: the model sold by the token that a served model is compared with."""

import msgspec


class RivalConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model` is what an engine serves, as it calls it (`*` and `?` match any text and one character)."""

    model: str
    against: str
    """The model's name in a price book; "none" compares with nothing."""
    provider: str | None = None
    """Who sells it; without it, the cheapest that the catalogue lists."""
