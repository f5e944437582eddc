"""Which part of a host each of its engines holds, card by card."""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, TypeAlias

SLICES_PER_CARD = 7
"""Compute slices of a whole A100, H100 or B200, for cards whose driver does not say how many they have."""

SILENT = "nobody says which GPUs it holds"
SHARED = "it shares a GPU with another engine, in equal parts"
UNSIZED = "nobody says which part of a divided GPU it holds"
BY_MEMORY = "its part of a divided GPU is taken by memory"
TOO_MUCH = "the engines claim more GPUs than the host has"


class Claim(NamedTuple):
    """A card, or a MIG instance of it, that an engine says it holds."""

    card: Hashable
    instance: Hashable | None = None
    part: Fraction | None = None
    """Of the card; None where nobody says how much of it."""
    assumed: str = ""
    """Why `part` is no more than an assumption."""
    divided: bool = False
    """The card is known to be divided, and this says nothing of its instances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """An engine's part of its host, and why that is assumed ("" where it is known)."""

    of_host: Fraction
    cards: Mapping[Hashable, Fraction] = field(default_factory=dict)
    """Its part of each card that it claims; empty is "nobody says"."""
    assumed: str = ""


_Part: TypeAlias = tuple[Fraction, str]


def shares(engines: Sequence[Collection[Claim]], gpus: int | None) -> list[Share]:
    """Each engine's part of a host of so many GPUs, by what it claims; together never more than the host.

    Engines that claim nothing share equally what nobody claims. Claims that exceed the host's GPUs are scaled down to fit.
    """
    parts: list[dict[Hashable, _Part]] = [{} for _ in engines]
    for card in dict.fromkeys(claim.card for claims in engines for claim in claims):
        claimed = {place: [claim for claim in claims if claim.card == card] for place, claims in enumerate(engines)}
        for place, part in _of_card({place: mine for place, mine in claimed.items() if mine}).items():
            parts[place][card] = part
    held = sum((part for mine in parts for part, _ in mine.values()), Fraction(0))
    cards, silent = len({card for mine in parts for card in mine}), sum(not mine for mine in parts)
    whole = Fraction(gpus or cards + silent)
    return [_held(mine, whole, held) if mine else _left(whole, held, silent, alone=len(engines) == 1) for mine in parts]


def _held(mine: Mapping[Hashable, _Part], whole: Fraction, held: Fraction) -> Share:
    why = [reason for _, reason in mine.values() if reason]
    if held > whole:
        why.insert(0, TOO_MUCH)
    return Share(
        of_host=sum((part for part, _ in mine.values()), Fraction(0)) / max(whole, held),
        cards={card: part for card, (part, _) in mine.items()},
        assumed=why[0] if why else "",
    )


def _left(whole: Fraction, held: Fraction, silent: int, *, alone: bool) -> Share:
    return Share(of_host=max(Fraction(0), 1 - held / whole) / silent, assumed="" if alone else SILENT)


def _of_card(claims: Mapping[int, Sequence[Claim]]) -> dict[int, _Part]:
    """The part of one card of each engine that claims it.

    Instances have their size, divided equally over the engines in each; who does not say which part it holds shares
    equally what is left. Where nothing is left the claims contradict each other, and all share equally.
    """
    sizes = {one.instance: one.part for mine in claims.values() for one in mine if one.part is not None}
    taken = sum(sizes.values(), Fraction(0))
    loose = [place for place, mine in claims.items() if any(one.part is None for one in mine)]
    if loose and taken >= 1:
        return dict.fromkeys(claims, (Fraction(1, len(claims)), SHARED))
    holders = Counter(one.instance for mine in claims.values() for one in {c.instance: c for c in mine}.values())
    found: dict[int, _Part] = {}
    for place, mine in claims.items():
        sized = {one.instance: one for one in mine if one.part is not None}.values()
        part = sum((sizes[one.instance] / holders[one.instance] for one in sized), Fraction(0)) / max(
            taken, Fraction(1)
        )
        why = [one.assumed for one in sized if one.assumed] + [SHARED for one in sized if holders[one.instance] > 1]
        if place in loose:
            part += (1 - taken) / len(loose)
            why.append(UNSIZED if taken or any(one.divided for one in mine) else SHARED if len(loose) > 1 else "")
        found[place] = part, next((reason for reason in why if reason), "")
    return found
