"""Origins: whom a URL of a plan means, and how to connect there."""

from __future__ import annotations

import socket
import ssl
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from fozzy.chaos.dial import NoSuchHost, dial, said_of
from fozzy.chaos.http.ends import End
from fozzy.chaos.http.refusals import UpstreamFailed
from fozzy.chaos.http.tls import SecureEnd
from fozzy.errors import InputError

_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """One upstream. `authority` is what `Host` says, `prefix` the path before every request's own."""

    host: str
    port: int
    is_secure: bool
    authority: str
    prefix: str


@lru_cache(maxsize=1024)
def origin_of(url: str) -> Origin:
    """The origin of a URL. *Errors*: `InputError`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _unusable(url, str(error)) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise _unusable(url, "it must be http:// or https:// and a host")
    if parts.query or parts.fragment or parts.username is not None:
        raise _unusable(url, "a host, a port and a path are all it may have")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    authority = host if port is None else f"{host}:{port}"
    secure = parts.scheme == "https"
    return Origin(parts.hostname, port or _PORTS[parts.scheme], secure, authority, parts.path.rstrip("/"))


def is_own(origin: Origin, host: str, port: int) -> bool:
    """Whether who listens at `host` and `port` would ask itself. Port 0 is one that is free, and so nobody's."""
    if port == 0 or origin.port != port:
        return False
    asked, ours = _addresses(origin.host), _addresses(host)
    everywhere = {each.version for each in ours if each.is_unspecified}
    is_all = any(each.is_loopback and each.version in everywhere for each in asked)
    return is_all or origin.host == host.lower() or bool(asked & ours)


def _addresses(host: str) -> set[IPv4Address | IPv6Address]:
    """What a host surely means on this machine: itself where it is an address. Nobody is asked."""
    if host.lower() == "localhost":
        return {IPv4Address("127.0.0.1"), IPv6Address("::1")}
    try:
        address = ip_address(host)
    except ValueError:
        return set()
    loopback = ip_address("127.0.0.1" if address.version == 4 else "::1")
    return {address, loopback} if address.is_unspecified else {address}  # to ask 0.0.0.0 is to ask oneself


def _unusable(url: str, why: str) -> InputError:
    return InputError("chaos.upstream", f'"{url}" cannot be asked: {why}', hint="such as http://127.0.0.1:9000")


async def connected(origin: Origin) -> socket.socket:
    """A new connection to an origin, whichever of its addresses answers. *Errors*: `UpstreamFailed`."""
    try:
        return await dial(origin.host, origin.port)
    except NoSuchHost as error:
        said = f"the host {origin.host} cannot be found: {error}"
    except OSError as error:
        said = f"{origin.authority} cannot be reached: {said_of(error)}"
    raise UpstreamFailed("upstream_unreachable", said)


async def secured(sock: socket.socket, origin: Origin, context: ssl.SSLContext) -> End:
    """TLS over a new connection. *Errors*: `UpstreamFailed`. *Closes*: the socket, when it fails."""
    end = SecureEnd(sock, context, origin.host)
    try:
        await end.handshake()
    except OSError as error:
        end.close(at_once=True)
        why = getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
        raise UpstreamFailed("upstream_tls", f"there is no secure connection to {origin.authority}: {why}") from None
    except BaseException:
        end.close(at_once=True)
        raise
    return end
