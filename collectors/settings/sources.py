"""Which configured source a file belongs to, for commands that are given the file."""

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from collectors.settings.sourceconfig import SourceConfig


def source_for(path: Path, sources: Sequence[SourceConfig]) -> SourceConfig | None:
    """The first source whose path or pattern names this file."""
    return next((source for source in sources if source.type == "file" and _names(source, path)), None)


def _names(source: SourceConfig, path: Path) -> bool:
    pattern = str(Path(source.path or "").expanduser())
    names = {str(path), str(path.absolute()), str(path.resolve())}
    return any(name == pattern or fnmatch(name, pattern.replace("**/", "*")) for name in names)
