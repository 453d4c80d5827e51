"""The page that says what clients do under each fault. A test measures every cell of it again.

python -m tests.chaos.tcp.faced.page    measures all and writes docs/reference/clients-under-faults.md
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from tests.chaos.tcp.faced.clients import T_S
from tests.chaos.tcp.faced.faults import CONNECTIONS, FAULTS, PROTOCOLS, SEED, Fault

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "clients-under-faults.md"
COLUMNS = {"redis": ("redis", "redis-py"), "postgres": ("psycopg", "psycopg"), "http": ("httpx", "httpx")}
TITLES = {"redis": "Redis", "postgres": "PostgreSQL", "http": "HTTP and server-sent events"}
PATIENCE_S = 2.0  # a client that has said nothing by then never does
ROW = re.compile(r"^\| (?P<said>[^|]+) \| (?P<toxic>`[^|]+`) \|(?P<cells>.*)\|$", re.MULTILINE)

IN_DOUBT = (  # each is a test: test_in_doubt, test_given_up
    "## What the error does not say",
    "",
    "With `drop_reply:match=INCR,first=1` and redis-py's defaults, one `incr()` is stored as 2: it is sent again over another",
    "connection, and no error is seen. Without retries it is a `ConnectionError`, and 1 is stored.",
    "",
    "With `pg_drop_commit_reply` psycopg raises `OperationalError`, and the row is there. Whoever tries again has two rows,",
    "unless the rows have a key of the request. A connection that is lost before COMMIT leaves none.",
    "",
    "A query of psycopg on asyncio that is given up after 3 s while the server is not heard returns after 13 s: 5 more for the",
    "request to cancel it, and 5 for its end.",
    "",
    "After an outage psycopg_pool hands out each connection that it had once, dead, before a live one.",
    "",
)

Cells = Mapping[tuple[str, str], str]  # by the row's words and the column


def text(cells: Cells, versions: Callable[[str], str]) -> str:
    """The page."""
    return "\n".join([*_opening(versions), *_connections(cells), *_protocols(cells), *IN_DOUBT])


def _opening(versions: Callable[[str], str]) -> Iterator[str]:
    named = ", ".join(f"{name} {versions(package)}" for package, name in COLUMNS.values())
    yield from (
        "# What clients do under each fault",
        "",
        f"Measured with {named}, as published, before a real Redis, a real PostgreSQL and an HTTP/1.1 server. Nobody tries",
        f"again: retries are off where a client has any. Every timeout that a client knows is {T_S} s; psycopg knows one for",
        f"connecting and none for a query. The seed is {SEED}.",
        "",
        "*connecting*: the toxic is there when the client connects. *live*: it comes over a connection that was used before.",
        "One word for both means that both are so; so it is for the client on threads and on asyncio. `←` names the error of",
        "the system below. After an error psycopg counts its connection as broken, and a pool throws it away, unless *still",
        "healthy* stands there.",
        "",
        "Where *or* stands, the moment of the reset decides: httpx tells of one that it meets while it connects or reads. One",
        "that it meets while it writes it keeps to itself, reads on, and finds the end of the connection.",
        "",
        "This page is made from what was measured: `python -m tests.chaos.tcp.faced.page`. A test measures it again.",
        "",
    )


def _connections(cells: Cells) -> Iterator[str]:
    yield "## Any connection"
    yield ""
    yield f"| fault | toxic | {' | '.join(name for _, name in COLUMNS.values())} |"
    yield "|---|---|" + "---|" * len(COLUMNS)
    for fault in CONNECTIONS:
        yield _row(fault, list(COLUMNS), cells)
    yield ""


def _protocols(cells: Cells) -> Iterator[str]:
    for column, (_, name) in COLUMNS.items():
        yield f"## {TITLES[column]}"
        yield ""
        yield f"| fault | toxic | {name} |"
        yield "|---|---|---|"
        for fault in PROTOCOLS:
            if column in fault.clients:
                yield _row(fault, [column], cells)
        yield ""


def _row(fault: Fault, columns: list[str], cells: Cells) -> str:
    return f"| {fault.said} | `{fault.toxic}` | {' | '.join(cells[fault.said, each] for each in columns)} |"


def written(page: str) -> dict[tuple[str, str], str]:
    """The cells of a page."""
    found = {}
    faults = {fault.said: fault for fault in FAULTS}
    for row in ROW.finditer(page):
        fault = faults.get(row["said"])
        if fault is not None:
            columns = [each for each in COLUMNS if each in fault.clients]
            found.update(
                zip([(fault.said, each) for each in columns], map(str.strip, row["cells"].split("|")), strict=True)
            )
    return found


def version_in(page: str) -> Callable[[str], str]:
    """The versions that a page names."""
    names = dict(COLUMNS.values())

    def named(package: str) -> str:
        found = re.search(rf"{re.escape(names[package])} (\d[\w.]*)", page)
        return found[1] if found else "unknown"

    return named


def main() -> None:
    """Measure everything and write the page."""
    from tests.chaos.tcp.faced.measured import cell, served

    with served() as services:
        cells = {}
        for fault in FAULTS:
            for column in fault.clients:
                cells[fault.said, column] = said = cell(fault, column, services, lambda _: PATIENCE_S)
                sys.stdout.write(f"{fault.said}: {column}: {said}\n")
    PAGE.write_text(text(cells, version), encoding="utf-8")


if __name__ == "__main__":
    main()
