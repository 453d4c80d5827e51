"""Programs that send to another machine what should not follow from anything but the seed. One function for each kind."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

# Where packages are installed: out of this folder, so what stands there is no module of the user's.
site = (Path(__file__).parent / "site.txt").read_text()
if site not in sys.path:
    sys.path.append(site)

WORDS = ["apple", "pear", "plum", "cherry", "quince", "fig", "lime", "grape", "melon", "kiwi", "mango", "date"]


async def main(node: Any) -> None:
    """The first machine sends what its args name to the last one; the last one takes it."""
    if node.name == "n1":
        server = await asyncio.start_server(take, port=node.port)
        await server.serve_forever()
    await asyncio.sleep(1)
    payload = globals()[node.args["what"]]()
    _, writer = await asyncio.open_connection("n1", 80)
    writer.write(str(payload).encode())
    await writer.drain()
    writer.close()


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read to the end."""
    await reader.read()
    writer.close()


class Thing:
    """Something with no hash of its own."""

    def __init__(self, name: str) -> None:
        self.name = name


def hash_order() -> str:
    """The order of a set of strings."""
    return ",".join({*WORDS})


def hash_text() -> int:
    """The hash of a text."""
    return hash("apple")


def environment() -> str:
    """A variable of the environment."""
    return os.environ["USER"] if "USER" in os.environ else os.environ.get("PATH", "")


def address() -> int:
    """Where an object lies."""
    return id(Thing("apple"))


def weak_order() -> str:
    """The order of objects whose hash is their address; of so many that whole pages do not move them all alike."""
    things = [Thing(f"{word}{number}") for number in range(500) for word in WORDS]
    return ",".join(thing.name for thing in list(weakref.WeakSet(things))[:20])


def thread() -> int:
    """The number of the thread, which is an address."""
    return threading.get_ident()


def native_clock() -> int:
    """The time, from the C library."""

    class Spec(ctypes.Structure):
        _fields_ = [("s", ctypes.c_long), ("ns", ctypes.c_long)]

    spec = Spec()
    ctypes.CDLL(None).clock_gettime(0, ctypes.byref(spec))
    return spec.s * 10**9 + spec.ns


def file_time() -> float:
    """When a file was changed."""
    return os.path.getmtime(__file__)


def system_file() -> str:
    """What the system tells of this process."""
    return Path("/proc/self/stat").read_text()


def folder() -> str:
    """The folder it runs in."""
    return str(Path(__file__).parent)


def left_over() -> int:
    """What a package counts for all machines and executions of its process."""
    import counting

    return counting.next_number()


# What is prevented: the simulator answers, or it cannot happen at one moment here and at another there.


def file_order() -> str:
    """The order in which a folder is listed."""
    return ",".join(os.listdir(site))


def clock() -> int:
    """The time, by a clock of the system."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME) + time.time_ns()


def garbage() -> str:
    """What is said when garbage is collected: never within an execution."""
    told: list[str] = []

    class Loud:
        """Says so when it goes, and nobody but a collection makes it go."""

        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            told.append("gone")

    for _ in range(5_000):
        Loud()
    assert not gc.isenabled()
    return ",".join(told)


async def shared(node: Any) -> None:
    """Two machines count with one counter, at the same instant, and send the number."""
    import counting

    if node.name == "n2":
        server = await asyncio.start_server(take, port=node.port)
        await server.serve_forever()
    await asyncio.sleep(1)
    _, writer = await asyncio.open_connection("n2", 80)
    await asyncio.sleep(1)
    writer.write(str(counting.next_number()).encode())
    await writer.drain()
    writer.close()
