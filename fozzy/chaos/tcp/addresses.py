"""What a test names a server by, `127.0.0.1:6379` or a URL of it, and the same with a proxy's address in it."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from fozzy.chaos.files.values import Address, address
from fozzy.errors import UsageError
from fozzy.faults.tcp.plan import Protocol

# By the scheme of a URL: its usual port, and what is spoken there so that it can be read.
_SCHEMES: dict[str, tuple[int, Protocol]] = {
    "redis": (6379, "redis"),
    "rediss": (6379, "raw"),
    "postgres": (5432, "postgres"),
    "postgresql": (5432, "postgres"),
    "http": (80, "http"),
    "https": (443, "raw"),
    "tcp": (0, "raw"),
}
_URLS: dict[Protocol, str] = {"raw": "tcp", "redis": "redis", "postgres": "postgresql", "http": "http"}


class Target(NamedTuple):
    """A server: its address, what it speaks, and the URL it was named by, if it was."""

    address: str
    protocol: Protocol
    url: str


def target_of(upstream: str, protocol: Protocol | None = None) -> Target:
    """A server from `HOST:PORT` or a URL. *Errors*: `UsageError`."""
    if not isinstance(upstream, str):
        raise _bad(f"a text, HOST:PORT or a URL, got {type(upstream).__name__}")
    if "://" not in upstream:
        return Target(_checked(upstream, upstream), protocol or "raw", "")
    try:
        parts = urlsplit(upstream)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    scheme = upstream.partition(":")[0].partition("+")[0].lower()
    if scheme not in _SCHEMES or not host:
        raise _bad(f"a URL of {', '.join(_SCHEMES)} with a host")
    usual_port, usual = _SCHEMES[scheme]
    return Target(_checked(str(Address(host, port or usual_port)), "its address"), protocol or usual, upstream)


def url_at(host: str, port: int, protocol: Protocol, like: str = "") -> str:
    """The URL of a proxy, with user, path and query as in the server's."""
    there = str(Address(host, port))
    if not like:
        return f"{_URLS[protocol]}://{there}"
    parts = urlsplit(like)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}{there}"))


def _checked(text: str, shown: str) -> str:
    try:
        found = address(text)
    except ValueError as error:
        raise UsageError("usage.bad_value", f"the upstream {error}") from None
    if not found.port:
        raise _bad(f"HOST:PORT, the port not 0, got {shown}")
    return str(found)


def _bad(wanted: str) -> UsageError:
    """What a URL holds may be secret, so it is not shown."""
    return UsageError("usage.bad_value", f"the upstream must be {wanted}")
