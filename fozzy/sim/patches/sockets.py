"""Sockets: one that a machine's code makes is a simulated one, and what blocks on the true network is fenced.

`socket.socket` stays the class it is, so that what inherits from it goes on; only what it makes depends on who runs.
Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from fozzy.sim import context
from fozzy.sim.context import Machine
from fozzy.sim.patches import doors, late
from fozzy.sim.patches.boot import BOOT
from fozzy.sim.patches.doors import Door
from fozzy.sim.patches.fences import fence, fenced

BLOCKS = "a blocking socket would stop the whole simulation; use asyncio streams or a client library for asyncio."
RESOLVE = "it blocks until the name is resolved; use await loop.getaddrinfo(...), which knows the nodes by name."
WATCH = "a simulated machine has no descriptors to watch; use asyncio."
TRUE = "it makes a true socket, and what goes through it cannot be replayed; use asyncio streams."

_POLLIN, _POLLOUT = 1, 4

Host = str | bytes | None


def _make_new(true_class: Any, simulated: type[Any] | None) -> Callable[..., Any]:
    true_new = true_class.__new__

    def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:
        machine = context.current
        if machine is None or (simulated is not None and issubclass(cls, simulated)):
            return true_new(cls)
        if cls is not true_class or simulated is None or machine is BOOT:
            raise fence(machine, f"{cls.__module__}.{cls.__qualname__}", BLOCKS)
        return simulated.__new__(simulated, *args, **kwargs)  # Python calls its `__init__`

    return __new__


def _patch_class(module: Any, simulated: type[Any] | None) -> None:
    """Where instances are made, not the class, which others have inherited from."""
    true_class = module.socket
    assert simulated is None or issubclass(simulated, true_class), "isinstance(..., socket.socket) must hold"
    if not getattr(true_class.__new__, "_is_ours", False):
        new: Any = _make_new(true_class, simulated)
        new._is_ours = True
        true_class.__new__ = new


def _literal(host: Host, machine: Machine) -> str:
    """A host that is known without asking anybody, as its address; empty for all others."""
    text = host.decode("idna") if isinstance(host, bytes) else host or ""
    if text in ("localhost", "localhost.localdomain"):
        return "127.0.0.1"
    if text == machine.name:
        return machine.ip
    return text if _is_address(text) else ""


def _is_address(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def _getaddrinfo(door: Door, host: Host, port: Any, *more: int, **named: int) -> Any:
    machine = context.current
    if machine is None:
        return door.true(host, port, *more, **named)
    import socket

    address = _literal(host, machine)
    if host and not address:
        raise fence(machine, "socket.getaddrinfo", RESOLVE)
    options = dict(zip(("family", "type", "proto", "flags"), more, strict=False)) | named
    options["flags"] = options.get("flags", 0) | socket.AI_NUMERICHOST
    if not address:  # a program that asks where to listen: a machine speaks IPv4
        options["family"] = options.get("family") or socket.AF_INET
    return door.true(address or None, port, **options)


def _gethostbyname(door: Door, hostname: Host, /) -> str:
    machine = context.current
    if machine is None:
        return door.true(hostname)  # type: ignore[no-any-return]
    address = _literal(hostname, machine)
    if not address:
        raise fence(machine, "socket.gethostbyname", RESOLVE)
    return address


def _patch_socket(module: Any, simulated: type[Any] | None) -> None:
    _patch_class(module, simulated)
    doors.put(module, "getaddrinfo", _getaddrinfo)
    doors.put(module, "gethostbyname", _gethostbyname)
    for name in ("gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        doors.put(module, name, fenced(f"socket.{name}", RESOLVE))
    doors.put(module, "create_connection", fenced("socket.create_connection", BLOCKS))
    for name in ("socketpair", "fromfd", "fromshare", "send_fds", "recv_fds"):
        doors.put(module, name, fenced(f"socket.{name}", TRUE))


class Poll:
    """What `select.poll` makes where a machine runs. It tells what can be read now, which clients ask of a connection
    before they use it again; nothing can be waited for."""

    def __init__(self, simulated: Any) -> None:
        self._simulated = simulated
        self._asked: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = _POLLIN | _POLLOUT, /) -> None:
        self._asked[_number(fd)] = eventmask

    modify = register

    def unregister(self, fd: Any, /) -> None:
        del self._asked[_number(fd)]

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        ready = [(number, self._ready(number) & events) for number, events in self._asked.items()]
        found = [each for each in ready if each[1]]
        _wait(found, None if timeout is None or timeout < 0 else timeout / 1000, "select.poll")
        return found

    def _ready(self, number: int) -> int:
        sock = self._simulated.by_number(number)
        return _POLLOUT | (_POLLIN if sock.is_readable else 0) if sock is not None else 0


def _number(fd: Any) -> int:
    return fd if isinstance(fd, int) else int(fd.fileno())


def _wait(found: Any, timeout_s: float | None, call: str) -> None:
    """Nobody else runs meanwhile, so what is not ready now never will be."""
    machine = context.current
    if found or machine is None:
        return
    if timeout_s is None:
        raise fence(machine, call, WATCH)
    machine.block(max(0, round(timeout_s * 10**9)))


def _patch_select(module: ModuleType, simulated: Any) -> None:
    def select(door: Door, rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /) -> Any:
        if context.current is None:
            return door.true(rlist, wlist, xlist, timeout)
        given = [*rlist, *wlist, *xlist]
        if given and (simulated is None or not all(isinstance(each, simulated) for each in given)):
            raise fence(context.current, "select.select", WATCH)
        readable = [each for each in rlist if each.is_readable]
        _wait(readable or wlist, timeout, "select.select")
        return readable, list(wlist), []

    def poll(door: Door) -> Any:
        machine = context.current
        if machine is None or sys._getframe(1).f_globals.get("__name__") == "selectors":
            return door.true()
        if simulated is None or machine is BOOT:
            raise fence(machine, "select.poll", WATCH)
        return Poll(simulated)

    doors.put(module, "select", select)
    doors.put(module, "poll", poll)
    for name in ("epoll", "devpoll", "kqueue"):
        doors.put(module, name, _watching(f"select.{name}"))


def _patch_fcntl(module: ModuleType, simulated: Any) -> None:
    """What a descriptor of a simulated socket is told about itself changes nothing."""

    def fcntl(door: Door, fd: Any, cmd: int, arg: Any = 0, /) -> Any:
        if context.current is not None and simulated is not None and simulated.by_number(_number(fd)) is not None:
            return 0 if isinstance(arg, int) else bytes(arg)
        return door.true(fd, cmd, arg)

    doors.put(module, "fcntl", fcntl)


def _watching(call: str) -> Callable[..., Any]:
    """A function that waits for descriptors. `selectors` tries some while it is imported; what it makes is fenced."""

    def function(door: Door, *args: Any, **kwargs: Any) -> Any:
        machine = context.current
        if machine is None or sys._getframe(1).f_globals.get("__name__") == "selectors":
            return door.true(*args, **kwargs)
        raise fence(machine, call, WATCH)

    return function


def _patch_selectors(module: Any) -> None:
    def make(true: Any) -> Any:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            machine = context.current
            if machine is not None:
                raise fence(machine, f"selectors.{type(self).__name__}", WATCH)
            true(self, *args, **kwargs)

        return __init__

    doors.method(module._BaseSelectorImpl, "__init__", make)


def install(socket_class: type[Any] | None) -> None:
    """Put sockets in place. Without a class for simulated ones every socket that a machine's code makes is fenced."""
    late.when_imported("socket", lambda module: _patch_socket(module, socket_class))
    late.when_imported("select", lambda module: _patch_select(module, socket_class))
    late.when_imported("fcntl", lambda module: _patch_fcntl(module, socket_class))
    late.when_imported("selectors", _patch_selectors)
