"""The newest price catalogue that was brought here, kept as a file in the state folder beside the ones before it."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import platformdirs

from pricing.books.book import PricedModel

if TYPE_CHECKING:
    from pricing.books.catalogue import Catalogue

_PACKAGE = "genai_prices"
_SUFFIX = ".json"
LIMIT_BYTES = 32 * 1024 * 1024
"""Several times the largest catalogue there is."""


class CatalogueError(Exception):
    """A catalogue cannot be used; the sentence says why, and what is used instead."""


class Snapshot(NamedTuple):
    """One kept file; its name says when it came, beside which package, and the SHA-256 of what is in it."""

    path: Path
    fetched_at: str
    package: str
    sha256: str

    @property
    def version(self) -> str:
        """What stands beside every price of this catalogue."""
        return f"genai-prices data of {self.fetched_on}"

    @property
    def fetched_on(self) -> date:
        """The day on which it came, UTC."""
        return datetime.strptime(self.fetched_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).date()

    def read(self) -> bytes:
        """The catalogue, whole and as it came; raises CatalogueError."""
        try:
            body = self.path.read_bytes()
        except OSError as error:
            raise CatalogueError(f"{self.path} cannot be read: {error.strerror}.") from None
        if sha256_of(body) != self.sha256:
            raise CatalogueError(f"{self.path} is damaged: delete it, and `usdtop prices update` brings a new one.")
        return body


def sha256_of(body: bytes) -> str:
    """The SHA-256 of these bytes in hexadecimal digits."""
    import hashlib

    return hashlib.sha256(body).hexdigest()


def catalogue_folder() -> Path:
    """Where catalogues are kept."""
    return Path(platformdirs.user_state_dir("usdtop")) / "catalogue"


def package_version() -> str:
    """The installed catalogue package, found without importing it, which costs a fifth of a second."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return "missing"
    root = Path(spec.origin).parent
    named = next(iter(sorted(root.parent.glob(f"{_PACKAGE}-*.dist-info"))), root)
    return named.name.removeprefix(f"{_PACKAGE}-").removesuffix(".dist-info")


def snapshots(folder: Path) -> list[Snapshot]:
    """Every catalogue that is kept and is ours alone to write, the oldest first."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return []
    return [found for path in paths if (found := _snapshot(path)) is not None]


def newest(folder: Path, package: str) -> Snapshot | None:
    """The one in force: the last that came beside the installed package, since a newer package brings newer prices."""
    return next((found for found in reversed(snapshots(folder)) if found.package == package), None)


def keep(folder: Path, body: bytes, *, package: str, now_ms: int) -> Snapshot:
    """Keep a catalogue beside the older ones, whole or not at all; raises CatalogueError."""
    fetched_at = datetime.fromtimestamp(now_ms // 1_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    digest = sha256_of(body)
    path = folder / f"{fetched_at}_{package}_{digest}{_SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, body)
    except OSError as error:
        raise CatalogueError(f"{folder} cannot be written: {error.strerror}; the catalogue in use stays.") from None
    return Snapshot(path, fetched_at, package, digest)


def write_whole(path: Path, body: bytes) -> None:
    """Write a file for its owner's eyes so that a reader sees the old one or the new one, never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def is_ours(path: Path) -> bool:
    """Whether this is a plain file that nobody but this user (or root) can have written."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid in (os.getuid(), 0) and not found.st_mode & 0o022


def _snapshot(path: Path) -> Snapshot | None:
    parts = path.name.removesuffix(_SUFFIX).split("_")
    if not path.name.endswith(_SUFFIX) or len(parts) != 3 or len(parts[2]) != 64 or not is_ours(path):
        return None
    snapshot = Snapshot(path, *parts)
    try:
        snapshot.fetched_on  # noqa: B018 - a name that is no date is not one of ours
    except ValueError:
        return None
    return snapshot


class KeptCatalogue:
    """The catalogue in force, as a book: the newest kept one, or the package's own; read when first asked."""

    name = "catalogue"

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or catalogue_folder()
        self._catalogue: Catalogue | None = None
        self.doubt: str | None = None
        """Why the newest kept catalogue is not used, once that is known."""

    @property
    def version(self) -> str:
        """The kept catalogue's day, or the package's version."""
        found = self.snapshot
        return found.version if found else f"genai-prices {package_version()}"

    @property
    def snapshot(self) -> Snapshot | None:
        """The kept catalogue in force, or None where it is the package's own."""
        return newest(self._folder, package_version())

    @property
    def digest(self) -> str:
        """Changes with the package, the kept catalogue and the code that reads them."""
        found = self.snapshot
        return sha256_of("\n".join([found.sha256 if found else "", *_fingerprints()]).encode())[:16]

    @property
    def catalogue(self) -> "Catalogue":
        """The catalogue itself; one that is damaged is passed over for the package's own."""
        if self._catalogue is None:
            self._catalogue = self._load()
        return self._catalogue

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The offers for a model."""
        return self.catalogue.find(provider, model)

    def _load(self) -> "Catalogue":
        from pricing.books.catalogue import Catalogue

        found = self.snapshot
        if found is None:
            return Catalogue(version=self.version)
        try:
            return open_catalogue(found.read(), found.version)
        except CatalogueError as error:
            self.doubt = f"{error} The catalogue of {_PACKAGE} {found.package} is used."
            return Catalogue(version=f"genai-prices {package_version()}")


def open_catalogue(body: bytes, version: str) -> "Catalogue":
    """A catalogue out of the bytes of a file; raises CatalogueError when they are none."""
    from pricing.books.catalogue import Catalogue

    if len(body) > LIMIT_BYTES:
        raise CatalogueError(f"{len(body):,} bytes are no price catalogue.")
    try:
        return Catalogue(body, version)
    except ValueError as error:
        raise CatalogueError(f"this is no price catalogue: {error}.") from None


def _fingerprints() -> Iterator[str]:
    """Sizes and times of the files from which cards follow: the package's and our own."""
    import pricing

    spec = find_spec(_PACKAGE)
    roots = [Path(spec.origin).parent] if spec and spec.origin else []
    yield package_version()
    for root in (*roots, *map(Path, pricing.__path__)):
        for path in sorted(root.rglob("*.py")):
            found = path.stat()
            yield f"{path.relative_to(root)} {found.st_size} {found.st_mtime_ns}"
