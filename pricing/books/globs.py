"""Name patterns with * (any text) and ? (any one character); nothing else is special."""

import re
from functools import cache


def is_glob(pattern: str) -> bool:
    """Whether the pattern stands for more than one name."""
    return "*" in pattern or "?" in pattern


def glob_regex(pattern: str) -> re.Pattern[str]:
    """The pattern as a compiled expression for `fullmatch`."""
    special = {"*": ".*", "?": "."}
    return re.compile("".join(special.get(char) or re.escape(char) for char in pattern), re.DOTALL)


def globs_overlap(left: str, right: str) -> bool:
    """Whether some name matches both patterns."""

    @cache
    def meet(i: int, j: int) -> bool:
        if i == len(left) or j == len(right):
            return not (left[i:].strip("*") or right[j:].strip("*"))
        if left[i] == "*":
            return meet(i + 1, j) or meet(i, j + 1)
        if right[j] == "*":
            return meet(i, j + 1) or meet(i + 1, j)
        return (left[i] == right[j] or "?" in (left[i], right[j])) and meet(i + 1, j + 1)

    return meet(0, 0)
