"""A real PostgreSQL of its own in a temporary folder, reached over a socket in it or over loopback."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PASSWORD = "let-me-in"
_PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt")


class Server(NamedTuple):
    """Where it listens; its superuser is `owner`."""

    folder: Path
    port: int

    @property
    def by_socket(self) -> str:
        """Without a password."""
        return f"postgresql://owner@/postgres?host={self.folder}&port={self.port}"

    @property
    def by_loopback(self) -> str:
        """With PASSWORD."""
        return f"postgresql://owner@127.0.0.1:{self.port}/postgres"


@contextmanager
def running_postgres(certificate: Path | None = None) -> Iterator[Server]:
    """Start one and stop it afterwards; skips the test where PostgreSQL is not installed.

    With a certificate (and its key behind it, in one file) it speaks TLS on loopback, too.
    """
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here: neither on the path nor under /usr/lib/postgresql")
    folder = Path(tempfile.mkdtemp(prefix="usdtop-pg-", dir="/tmp"))
    as_whom = _as_somebody_else(folder)
    port = _free_port()
    try:
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        data = folder / "data"
        _run([programs / "initdb", "-D", data, "-U", "owner", "--auth-host=scram-sha-256", "--auth-local=trust",
              f"--pwfile={password}", "--no-sync", "--encoding=UTF8", "--locale=C"], as_whom)  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -F -c timezone=Asia/Tokyo"
        if certificate is not None:
            options += _with_tls(certificate, data, as_whom)
        _run([programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start"], as_whom)
        try:
            yield Server(folder, port)
        finally:
            _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], as_whom)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path is not None and shutil.which("pg_ctl") is not None:
        return Path(on_path).parent
    found = sorted(place.parent for root in _PLACES for place in Path(root).glob("*/bin/pg_ctl"))
    return found[-1] if found else None


def _as_somebody_else(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _run(command: list[str | Path], as_whom: dict[str, Any]) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/", check=False, **as_whom,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()


def _with_tls(certificate: Path, data: Path, as_whom: dict[str, Any]) -> str:
    """Where the server finds its own copy of the file, which nobody else may read."""
    pair = data / "server.pem"
    shutil.copyfile(certificate, pair)
    pair.chmod(0o600)
    if as_whom:
        os.chown(pair, as_whom["user"], as_whom["group"])
    return f" -c ssl=on -c ssl_cert_file={pair} -c ssl_key_file={pair}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
