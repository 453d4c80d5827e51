"""Identity: names and numbers by which a program knows its machine, its process, and what it makes there.

Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
import zlib
from types import ModuleType
from typing import Any

from fozzy.sim import context
from fozzy.sim.context import EPOCH_NS, Machine
from fozzy.sim.patches import doors, late
from fozzy.sim.patches.doors import Door
from fozzy.sim.patches.own import own
from fozzy.sim.patches.randomness import drawn_bits

CORES = 1
PARENT_PID = 1
GREGORIAN_100NS = 0x01B21DD213814000  # from 1582-10-15 to 1970-01-01, RFC 9562
LOCAL_MAC = 0x02 << 40  # the first byte of an address that no maker has given
NAME_CHARS = "abcdefghijklmnopqrstuvwxyz0123456789_"
NAME_LENGTH = 8


def _getpid(door: Door) -> int:
    machine = context.current
    return door.true() if machine is None else machine.pid


def _getppid(door: Door) -> int:
    return door.true() if context.current is None else PARENT_PID


def _cores(door: Door) -> int | None:
    return door.true() if context.current is None else CORES


def _sched_getaffinity(door: Door, pid: int, /) -> set[int]:
    return door.true(pid) if context.current is None else {*range(CORES)}


def _getloadavg(door: Door) -> tuple[float, float, float]:
    return door.true() if context.current is None else (0.0, 0.0, 0.0)


def _hostname(door: Door) -> str:
    machine = context.current
    return door.true() if machine is None else machine.name


def _getfqdn(door: Door, name: str = "") -> str:
    machine = context.current
    if machine is None:
        return door.true(name)  # type: ignore[no-any-return]
    name = name.strip()
    return machine.name if name in ("", "0.0.0.0", "::", "localhost", machine.ip) else name


def _uname(door: Door) -> Any:
    machine = context.current
    if machine is None:
        return door.true()
    system, _, release, version, kind = door.true()
    return os.uname_result((system, machine.name, release, version, kind))


def _patch_platform(module: Any) -> None:
    """Some of it asks other programs, which a machine has none of."""

    def uname(door: Door) -> Any:
        machine = context.current
        if machine is None:
            return door.true()
        if machine_words:
            return module.uname_result(machine_words[0], machine.name, *machine_words[1:])
        found = module.os.uname()
        machine_words.extend((found.sysname, found.release, found.version, found.machine))
        return module.uname_result(machine_words[0], machine.name, *machine_words[1:])

    machine_words: list[str] = []
    if hasattr(os, "uname"):
        doors.put(module, "uname", uname)
    doors.put(module, "_syscmd_file", lambda door, *given: door.true(*given) if context.current is None else "")
    if hasattr(module, "_Processor"):
        doors.method(module._Processor, "get", _make_processor)


def _make_processor(true: Any) -> Any:
    def get(cls: Any) -> str:
        return true.__get__(None, cls)() if context.current is None else ""

    return classmethod(get)


def mac(machine: Machine) -> int:
    """A hardware address of the machine's own: 48 bits."""
    return LOCAL_MAC | zlib.crc32(f"{machine.name} {machine.ip}".encode())


def _getnode(door: Door) -> int:
    machine = context.current
    return door.true() if machine is None else mac(machine)


def _patch_uuid(module: Any) -> None:
    """`uuid4` is made of `os.urandom`; `uuid1` asks the system for all of it at once."""

    def uuid1(door: Door, node: int | None = None, clock_seq: int | None = None) -> Any:
        machine = context.current
        if machine is None:
            return door.true(node, clock_seq)
        stamp = _next_stamp(machine)
        sequence = drawn_bits(14) if clock_seq is None else clock_seq
        fields = (
            stamp & 0xFFFFFFFF,
            stamp >> 32 & 0xFFFF,
            stamp >> 48 & 0x0FFF,
            sequence >> 8 & 0x3F,
            sequence & 0xFF,
            mac(machine) if node is None else node,
        )
        return module.UUID(fields=fields, version=1)

    doors.put(module, "getnode", _getnode)
    doors.put(module, "uuid1", uuid1)


def _next_stamp(machine: Machine) -> int:
    """The time in units of 100 ns, never the same twice on one machine."""
    mine = own(machine)
    mine.stamp = max((EPOCH_NS + machine.now_ns()) // 100 + GREGORIAN_100NS, mine.stamp + 1)
    return mine.stamp


def _patch_tempfile(module: Any) -> None:
    """Names of files are counted, not drawn: all machines share one disk, and a name must not be taken."""

    def make(true: Any) -> Any:
        def __next__(self: Any) -> str:
            machine = context.current
            return true(self) if machine is None else _next_name(machine)

        return __next__

    doors.method(module._RandomNameSequence, "__next__", make)


def _next_name(machine: Machine) -> str:
    mine = own(machine)
    mine.names += 1
    number = zlib.crc32(f"{machine.name} {machine.pid}".encode()) * 1_000_003 + mine.names
    letters = []
    for _ in range(NAME_LENGTH):
        number, letter = divmod(number, len(NAME_CHARS))
        letters.append(NAME_CHARS[letter])
    return "".join(letters)


def _patch_socket(module: ModuleType) -> None:
    doors.put(module, "gethostname", _hostname)
    doors.put(module, "getfqdn", _getfqdn)


def _patch_threading(module: ModuleType) -> None:
    doors.put(module, "get_native_id", _getpid)  # the first thread of a process has its number


def install() -> None:
    """Put names and numbers in place."""
    for name, function in (("getpid", _getpid), ("getppid", _getppid), ("uname", _uname), ("getloadavg", _getloadavg)):
        doors.put(os, name, function)
    for name in ("cpu_count", "process_cpu_count"):
        doors.put(os, name, _cores)
    doors.put(os, "sched_getaffinity", _sched_getaffinity)
    late.when_imported("socket", _patch_socket)
    late.when_imported("platform", _patch_platform)
    late.when_imported("threading", _patch_threading)
    late.when_imported("uuid", _patch_uuid)
    late.when_imported("tempfile", _patch_tempfile)
