"""Writes reference/simulation-libraries.md: which libraries run in the simulator, in which versions they were tested, and
which do not run. What is tested follows from the programs in tests/sim/compat; the versions are those installed here.

python docs/libraries.py            writes the page; a library that is not installed keeps the version it had
python docs/libraries.py --check    says whether it is stale, whatever is installed
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "simulation-libraries.md"
PROGRAMS = ROOT / "tests" / "sim" / "compat" / "programs"


class Library(NamedTuple):
    """A row: what is installed for it, the program that uses it, what one should know."""

    packages: tuple[str, ...]
    program: str
    notes: str = ""


LIBRARIES = (
    Library((), "asyncio_service", "On Python 3.12 and newer eager tasks too."),
    Library((), "datagrams"),
    Library(
        (),
        "tls_service",
        "What travels encrypted is no evidence, since OpenSSL's randomness is its own; what was encrypted is. A "
        "handshake takes no bandwidth. OpenSSL compares certificates with the true date.",
    ),
    Library(("aiohttp",), "aiohttp_service"),
    Library(
        ("fastapi", "uvicorn", "httpx"),
        "fastapi_service",
        'A node with `asgi = "module:app"` is served by uvicorn. Synchronous endpoints run at once, at a step of their '
        "own, and `time.sleep` in them blocks their node.",
    ),
    Library(("redis",), "redis_service"),
    Library(
        ("asyncpg",),
        "asyncpg_service",
        "It numbers the statements of all connections of a process, so a seed is the same run only in a process of its "
        "own: `run` and `replay` have that, and `explore` gives it where it sees a difference.",
    ),
    Library(("websockets",), "websockets_service", "`proxy=None` keeps it from reading the proxies of your system."),
    Library(("tenacity",), "tenacity_service"),
    Library(("aiolimiter",), "aiolimiter_service"),
    Library(("purgatory",), "purgatory_service"),
)

REFUSED = (
    ("uvloop", "has its own clock and network", "leave it out: the node has its loop, and uvicorn is told so"),
    ("grpcio, grpc.aio", "its core is in C, with threads of its own", "grpclib"),
    ("psycopg, psycopg2", "libpq opens the sockets", "asyncpg"),
    ("requests, urllib3, `httpx.Client`", "blocking sockets", "`httpx.AsyncClient`, aiohttp"),
    ("`redis.Redis` and other clients that block", "blocking sockets", "`redis.asyncio.Redis`"),
    ("pymongo's `MongoClient`", "a thread watches the servers", "`pymongo.AsyncMongoClient`"),
    ("aiosqlite", "a thread for each connection", "`sqlite3` itself; SQL's own `random()` and `now` are not ours"),
    ("trio, and anyio on trio", "a loop of its own; a front-end for it is planned", "asyncio, anyio on asyncio"),
    ("`asyncio.run` inside of a program", "a node has one loop", "`await`, or make it the program of a node"),
    ("threads, processes, `asyncio.create_subprocess_*`", "nobody could say who runs when", "tasks, `asyncio.to_thread`, a node"),
)  # fmt: skip

CONNECTS = ("`pymongo.AsyncMongoClient`", "aiomysql", "aiokafka")


def text(versions: Callable[[str], str]) -> str:
    """The page, with these versions."""
    lines = [
        "# Libraries in the simulator",
        "",
        "These libraries run unmodified as parts of [simulated programs](simulation.md). Each is used by a program of the",
        "tests under many seeds, with faults, and the same seed gives the same records, byte for byte, in 21 processes",
        "under three hash seeds. Tested on Python 3.11, 3.12 and 3.13.",
        "",
        "| library | version tested | what of it is tested | notes |",
        "|---|---|---|---|",
        *[row(library, versions) for library in LIBRARIES],
        "",
        "The programs are in `tests/sim/compat/programs`. Redis and PostgreSQL are small ones in Python, nodes like any other.",
        "",
        "A library in pure Python over asyncio's streams, transports or `loop.sock_*` needs nothing special: most others run",
        "as well. " + ", ".join(CONNECTS) + " were seen to connect; what they do then was not tested.",
        "",
        "## What does not run",
        "",
        "Each of these ends the run with an error that names the call, the file and the line.",
        "",
        "| what | why | instead |",
        "|---|---|---|",
        *[f"| {' | '.join(each)} |" for each in REFUSED],
        "",
        "## What may differ between processes",
        "",
        "A set of objects that have no hash of their own is ordered by where they lie in memory. Tasks and futures have one",
        "here, so `asyncio.wait` and groups of tasks repeat. For other objects, such as a set of connections to broadcast to,",
        "the interpreter is started with its memory at the same addresses each time (on Linux), which repeats in the same",
        "surroundings. A dict keeps the order in which its keys came, everywhere: use it instead of a set.",
        "",
    ]
    return "\n".join(lines)


def row(library: Library, versions: Callable[[str], str]) -> str:
    """A row of the table."""
    title, what = told(library.program)
    found = ", ".join(f"{package} {versions(package)}" for package in library.packages) or "Python's own"
    return f"| {title} | {found} | {what} | {library.notes} |"


def told(program: str) -> tuple[str, str]:
    """What a program is about, and what it does, from its docstring."""
    tree = ast.parse((PROGRAMS / f"{program}.py").read_text(encoding="utf-8"))
    first, _, rest = (ast.get_docstring(tree) or "").partition("\n\n")
    return first.rstrip("."), " ".join(rest.split())


def installed(package: str) -> str:
    """The version that is installed, else the one that was tested before."""
    try:
        return version(package)
    except PackageNotFoundError:
        return written(package)


def written(package: str) -> str:
    """The version the page names."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    found = re.search(rf"[|,] {re.escape(package)} ([\w.]+)(?=,| \|)", page)
    return found[1] if found else "unknown"


def is_stale() -> bool:
    """Whether the page is not as it should be, with the versions it names."""
    made = text(written)
    return not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != made or " unknown" in made


def main() -> int:
    """Write the page, or with `--check` only say whether it is stale."""
    if "--check" in sys.argv[1:]:
        if is_stale():
            sys.stdout.write(f"stale: {PAGE.relative_to(ROOT).as_posix()}\n")
        return int(is_stale())
    PAGE.write_text(text(installed), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
