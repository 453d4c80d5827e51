"""Probes: how to see that a background process is ready. Imports trio: only to be imported when one is awaited.

To add a probe: a field in `Probe`, a function here and its line in `look_for`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import trio

from fozzy.world.proc.base import Probe
from fozzy.world.proc.child import POLL_S, Child

ATTEMPT_S = 1.0  # one connection; a service that accepts too early and never answers gets another
STATUS_LINE_BYTES_MAX = 4096

Look = Callable[[], Awaitable[bool]]


class UnusableProbe(Exception):
    """The probe makes no sense."""


def look_for(probe: Probe, child: Child) -> Look:
    """The function that looks once. *Errors*: `UnusableProbe`."""
    if probe.tcp:
        host, port = _address(probe.tcp)
        return lambda: _accepts(host, port)
    if probe.http:
        return _http_look(probe.http)
    if probe.stdout_matches:
        return _Match(probe.stdout_matches, child).look
    raise UnusableProbe("says neither tcp nor http nor stdout_matches")


async def until_seen(look: Look) -> None:
    """Look every 10 ms. *Limits*: none; the caller's time ends it."""
    while not await look():
        await trio.sleep(POLL_S)


def in_words(probe: Probe) -> str:
    """What is waited for."""
    if probe.tcp:
        return f"a connection to {probe.tcp}"
    return f"an answer from {probe.http}" if probe.http else f"{probe.stdout_matches!r} in its stdout"


class _Match:
    """Searches the output only when there is more of it."""

    def __init__(self, pattern: str, child: Child) -> None:
        try:
            self._pattern = re.compile(pattern)
        except re.error as error:
            raise UnusableProbe(f"is not a regular expression: {error}") from None
        self._child = child
        self._seen = -1

    async def look(self) -> bool:
        data = self._child.out.data
        if len(data) == self._seen:
            return False
        self._seen = len(data)
        return self._pattern.search(data.decode("utf-8", "replace")) is not None


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UnusableProbe(f"says {text!r}, which is not host:port")
    return host.strip("[]"), int(port)


def _http_look(url: str) -> Look:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host, port = None, 0
    if host is None or parts.scheme != "http":
        raise UnusableProbe(f"says {url!r}, which is not an http:// address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    netloc = parts.netloc.rpartition("@")[2]
    head = f"GET {target} HTTP/1.1\r\nHost: {netloc}\r\nUser-Agent: fozzy\r\nConnection: close\r\n\r\n"
    if not head.isascii() or " " in target:
        raise UnusableProbe(f"says {url!r}, which needs percent encoding")
    return lambda: _answers(host, port, head.encode())


async def _accepts(host: str, port: int) -> bool:
    with trio.move_on_after(ATTEMPT_S):
        try:
            await trio.aclose_forcefully(await trio.open_tcp_stream(host, port))
        except (OSError, UnicodeError):  # UnicodeError: a name that cannot be one of a host
            return False
        return True
    return False


async def _answers(host: str, port: int, head: bytes) -> bool:
    with trio.move_on_after(ATTEMPT_S):
        try:
            async with await trio.open_tcp_stream(host, port) as stream:
                await stream.send_all(head)
                return _is_well(await _status_line(stream))
        except (OSError, UnicodeError, trio.BrokenResourceError):
            return False
    return False


async def _status_line(stream: trio.SocketStream) -> bytes:
    line = b""
    while b"\n" not in line and len(line) < STATUS_LINE_BYTES_MAX:
        chunk = await stream.receive_some(STATUS_LINE_BYTES_MAX)
        if not chunk:
            break
        line += chunk
    return line.partition(b"\n")[0]


def _is_well(line: bytes) -> bool:
    match = re.match(rb"HTTP/1\.[01] (\d{3})\b", line)
    return match is not None and int(match[1]) < 500
