"""What a prompt holds beside text: sound, pictures and films, as far as a body says of them and of its cache."""

from typing import NamedTuple

Units = tuple[tuple[str, int], ...]


class Modal(NamedTuple):
    """Tokens of one kind in a prompt, and how many of them were read from the cache; None where that is not said."""

    whole: int | None = None
    cached: int | None = None


_NONE = Modal()


def of_prompt(
    fresh: int, read: int, *, audio: Modal = _NONE, image: Modal = _NONE, video: Modal = _NONE
) -> tuple[int, Units]:
    """How many of the fresh tokens are sound, which stands beside them, and the units of all kinds.

    Where nothing is said of the cache, what does not fit into the fresh tokens was read from it. A source whose cache
    has more of a kind than its prompt leaves the cache out of the prompt.
    """
    heard, units = 0, []
    for kind, said in (("audio", audio), ("image", image), ("video", video)):
        if not said.whole and not said.cached:
            continue
        whole = said.whole or 0
        cached = max(0, whole - fresh) if said.cached is None else said.cached
        hit, new = min(cached, read), min(whole - cached if whole >= cached else whole, fresh)
        read, fresh = read - hit, fresh - new
        units += [(f"cache_{kind}_read_tokens", hit), (f"input_{kind}_tokens", new)]
        heard += new if kind == "audio" else 0
    return heard, tuple(sorted(unit for unit in units if unit[1]))


def all_units(*groups: Units) -> Units:
    """Units of several places together, in order."""
    return tuple(sorted(unit for group in groups for unit in group))
