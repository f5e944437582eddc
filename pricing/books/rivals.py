"""Entries of one book that would contradict each other, refused when they are read."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

from pricing.books.entries import PriceEntry
from pricing.books.globs import globs_overlap, is_glob
from pricing.books.keys import PriceError

EntryKey: TypeAlias = tuple[str, str | None]
"""A model's name or pattern in lower case, and the provider it is limited to."""


def refuse_ambiguous(grouped: Mapping[EntryKey, Sequence[PriceEntry]]) -> None:
    """Raise PriceError when two entries price one model at one time, or two patterns match it equally well."""
    for same in grouped.values():
        for left, right in combinations(same, 2):
            _refuse_overlap(left, right)
    globs = [(key, same[0]) for key, same in grouped.items() if is_glob(key[0])]
    for (left_key, left_entry), (right_key, right_entry) in combinations(globs, 2):
        alike = len(left_key[0]) == len(right_key[0]) and left_key[1] == right_key[1]
        if alike and globs_overlap(left_key[0], right_key[0]):
            raise PriceError(
                f"{right_entry.where}: its pattern and that of {left_entry.where} are equally long and can match the same "
                "model; make one of them longer."
            )


def _refuse_overlap(left: PriceEntry, right: PriceEntry) -> None:
    """An open entry ends where a newer one begins; one that says when it ends must end before that."""
    if not left.variants.keys() & right.variants.keys():
        return
    if left.effective_from == right.effective_from:
        raise PriceError(f"{right.where}: {left.where} prices the same model from the same day; keep one of them.")
    older, newer = sorted((left, right), key=first_day)
    if older.effective_to is not None and older.effective_to.toordinal() > first_day(newer):
        raise PriceError(
            f"{newer.where}: it begins on {newer.effective_from}, before {older.where} ends on {older.effective_to}; "
            "let one end where the other begins."
        )


def first_day(entry: PriceEntry) -> int:
    """The day from which an entry holds, for sorting; an open one comes first."""
    return entry.effective_from.toordinal() if entry.effective_from else 0
