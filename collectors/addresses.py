"""Addresses: looked at before anybody is asked, and shown without what may be secret in them."""

from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""What this machine calls itself."""

DIRECT = {f"{scheme}://{host}": None for scheme in ("http", "https") for host in ("127.0.0.1", "[::1]", "localhost")}
"""Mounts of an HTTP client: this machine is never asked by way of a proxy."""


def check_url(url: str, where: str) -> None:
    """Raise ValueError for what cannot be asked over HTTP; the sentence holds nothing of it."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"url of {where} is no address such as http://127.0.0.1:8000/metrics") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"url of {where} must begin with http:// or https://")


def check_keyed_url(url: str, where: str) -> None:
    """Raise ValueError where a key would be sent in the clear: only https, or this very machine."""
    check_url(url, where)
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ValueError(
            f"url `{shown_url(url)}` of {where} must begin with https://, since a key is sent there; http:// only to loopback"
        )


def shown_url(url: str) -> str:
    """An address without user, password and query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
