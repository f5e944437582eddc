"""Devices that have another number than when a log was read: networks' and layered file systems get theirs at each mount."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from collectors.logs.copies import begins_with
from collectors.logs.fileid import Key, key_of
from store.facts import Position


class Renumbered(NamedTuple):
    """Positions as their files are to be known now, those of them that have changed, and the keys that those had."""

    positions: Sequence[Position]
    changed: Sequence[Position]
    before: Sequence[Key]


def renumbered(positions: Sequence[Position]) -> Renumbered:
    """Give positions the numbers that their devices have now.

    Proof is one file in the folder of a position that has its inode on another device and begins with what was read: then the
    other positions of that device that lie there have moved with it.
    """
    numbers = {folder: _number(folder) for folder in {os.path.dirname(position.path) for position in positions}}  # noqa: PTH120
    if all(numbers[os.path.dirname(position.path)] in (None, position.device) for position in positions):  # noqa: PTH120
        return Renumbered(positions, [], [])
    folders = {position.path: _folders_of(position.path) for position in positions}
    now: dict[Path, _Folder | None] = {folder: _look(folder) for folder in set().union(*folders.values())}
    moved: set[tuple[int, int]] = set()
    for position in positions:
        for folder in folders[position.path]:
            there = now[folder]
            if (
                there is not None
                and position.offset > 0
                and there.device != position.device
                and (position.device, there.device) not in moved
                and (name := there.names.get(position.inode)) is not None
                and begins_with(folder / name, position)
            ):
                moved.add((position.device, there.device))
    changed, before, kept = [], [], []
    for position in positions:
        devices = {there.device for folder in folders[position.path] if (there := now[folder]) is not None}
        new = [device for old, device in moved if old == position.device and device in devices]
        if not new or position.device in devices:
            kept.append(position)
            continue
        before.append(key_of(position))
        changed.append(msgspec.structs.replace(position, device=new[0]))
    taken = {key_of(position) for position in changed}
    return Renumbered([*(p for p in kept if key_of(p) not in taken), *changed], changed, before)


class _Folder(NamedTuple):
    device: int
    names: dict[int, str]
    """By inode."""


def _number(folder: str) -> int | None:
    try:
        return Path(folder or ".").stat().st_dev
    except OSError:
        return None


def _folders_of(path: str) -> set[Path]:
    """Where a log lies, and where it really does when it is a symbolic link."""
    return {Path(path).parent, Path(os.path.realpath(path)).parent}


def _look(folder: Path) -> _Folder | None:
    try:
        with os.scandir(folder) as places:
            return _Folder(folder.stat().st_dev, {place.inode(): place.name for place in places})
    except OSError:
        return None
