"""The cards of every host and the MIG instances that they are divided into, each with its part of its card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pricing.hosts.holding import BY_MEMORY, SLICES_PER_CARD, Claim
from store.asking import Ask


@dataclass(frozen=True, slots=True)
class Cards:
    """What a UUID stands for."""

    by_uuid: Mapping[str, Claim]
    divided: frozenset[tuple[str, int]]
    """(host, index) of every card that has had MIG instances."""

    def claims(self, host: str | None, gpus: Sequence[int], uuids: Sequence[str]) -> list[Claim]:
        """What an engine holds: by the UUIDs that are known, and by indices of cards that those do not name.

        A card that was never read is a card all the same; an instance that was never read is a part of nobody knows what.
        """
        known = [self.by_uuid[uuid] for uuid in uuids if uuid in self.by_uuid]
        named = {claim.card for claim in known}
        known += [Claim(index, divided=(host or "", index) in self.divided) for index in gpus if index not in named]
        return known or [Claim(uuid) for uuid in uuids if not uuid.startswith("MIG-")]


def cards(ask: Ask) -> Cards:
    """Ask the store once."""
    by_uuid, divided = dict[str, Claim](), set[tuple[str, int]]()
    for host, uuid, index, parent, slices, of_slices, memory, of_memory in ask(
        "SELECT g.host, g.uuid, g.position, g.parent_uuid, g.slices, p.slices, g.memory_total_bytes, p.memory_total_bytes"
        " FROM gpus AS g LEFT JOIN gpus AS p ON p.host = g.host AND p.uuid = g.parent_uuid",
        (),
    ):
        if parent is None:
            by_uuid[uuid] = Claim(index)
            continue
        divided.add((host, index))
        part, why = _part(slices, of_slices, memory, of_memory)
        by_uuid[uuid] = Claim(index, uuid, part, why, divided=True)
    return Cards(by_uuid, frozenset(divided))


def _part(
    slices: int | None, of_slices: int | None, memory_bytes: int | None, of_memory_bytes: int | None
) -> tuple[Fraction | None, str]:
    """An instance's part of its card: by compute slices, else by memory, else nobody can say."""
    if slices:
        return min(Fraction(1), Fraction(slices, of_slices or SLICES_PER_CARD)), ""
    if memory_bytes and of_memory_bytes:
        return min(Fraction(1), Fraction(memory_bytes, of_memory_bytes)), BY_MEMORY
    return None, ""
