"""The page that has published libraries side by side under each fault. A test measures every cell of it again.

python -m tests.chaos.libraries.page    measures all and writes docs/reference/libraries-under-faults.md
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from fozzy.chaos.services.postgres_server import PostgresServer
from fozzy.chaos.services.redis_server import RedisServer
from fozzy.chaos.services.service import Service
from fozzy.chaos.services.standin import LlmServer
from tests.chaos.conftest import asked, shop_program
from tests.chaos.libraries import clients, guarding, holding, orders
from tests.chaos.libraries.meetings import LIMIT_S, SEED, Fault, Measure, cell

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "libraries-under-faults.md"
NONE = "—"
PACKAGES = {"psycopg_pool": "psycopg-pool", "redis-py": "redis"}
ROW = re.compile(r"^\| (?P<said>[^|]+) \| (?P<toxic>[^|]*) \|(?P<cells>.*)\|$", re.MULTILINE)


class Cell(NamedTuple):
    """One cell: its table, its row, the library, the server and how it is measured."""

    table: str
    fault: Fault
    library: str
    server: str
    measure: Measure


def _table(table: str, faults: Iterable[Fault], measures: Mapping[str, Measure], server: str = "shop") -> list[Cell]:
    return [Cell(table, fault, name, server, measure) for fault in faults for name, measure in measures.items()]


def _each(made: Callable[..., Measure], kinds: Mapping[str, object]) -> dict[str, Measure]:
    return {name: made(kind) for name, kind in kinds.items()}


ON_LOOPS = {name: kind for name, kind in guarding.BREAKERS.items() if name != "pybreaker"}
_OPEN = guarding.OPEN_FAULT.toxic
CROWD = Fault("50 callers when it is half open", _OPEN)
REAL = guarding.crowded_threads  # measured in real time, of which it says nothing
CELLS: list[Cell] = [
    *_table("Retries", guarding.FAULTS, _each(guarding.retried, guarding.RETRIES)),
    *_table("Breakers", guarding.FAULTS, _each(guarding.opened, guarding.BREAKERS)),
    *_table("Breakers", [Fault("59.999 s and 60.001 s later", _OPEN)], _each(guarding.recovered, guarding.BREAKERS)),
    *_table("Breakers", [CROWD], {"pybreaker": guarding.crowded_threads, **_each(guarding.crowded, ON_LOOPS)}),
    *_table("Breakers", [Fault("503, around coroutines", _OPEN)], _each(guarding.coroutine, guarding.BREAKERS)),
    *_table("Limiters", [holding.HUNDRED], holding.LIMITERS),
    *_table(
        "Limiters with their counters in Redis", holding.STORE_FAULTS, {"limits": holding.limits_with_redis}, "redis"
    ),
    *_table("Caches", holding.CACHE_FAULTS, _each(holding.kept, holding.CACHES)),
    *_table("Caches", [holding.STALE_FAULT], {"hishel": holding.kept(holding.hishel_stale)}),
    *(
        Cell("Clients", fault, name, server, measure)
        for fault in clients.FAULTS
        for name, (server, measure) in clients.CLIENTS.items()
    ),
]
LIBRARIES = list(dict.fromkeys(each.library for each in CELLS))
SAID = {
    "Retries": f"Four attempts, after 1, 2 and 4 seconds. What is asked has a limit of {LIMIT_S:g} s. tenacity tries again"
    " after every\nexception unless it is told otherwise; stamina wants to be told, here `httpx.HTTPError`, as its manual has it.",
    "Breakers": "They open after 5 failures, for 60 s. Of 105 calls, one after another, how many went out? pybreaker is around"
    " code\nthat blocks, but for the last row: around a coroutine function it counts no failure. It holds a lock during a call, so its"
    " callers\nwait for each other.",
    "Limiters": "Ten a second are allowed.",
    "Limiters with their counters in Redis": "A hit, after one that was counted.",
    "Caches": "The server allows a minute, and a day when something is wrong (`max-age=60, stale-if-error=86400`). What there is"
    " after\n30 s, after 61 s, and when all is well again; the true value is version 2 by then. cashews is asked by `failover`."
    " hishel reads\n`stale-if-error` and does not act on it; with its `allow_stale` it never asks again.",
    "Clients": "All their defaults. One call over a connection that was used before, of redis-py and the pool; of the others"
    " over a new one.",
}
Cells = Mapping[tuple[str, str, str], str]  # by the table, the row's words and the library


def text(cells: Cells, versions: Callable[[str], str]) -> str:
    """The page."""
    lines = [*_opening(versions)]
    for table in dict.fromkeys(each.table for each in CELLS):
        lines += ["", f"## {table}", "", SAID[table], "", *_lines(table, cells)]
    lines += ["", *orders.lines()]
    return "\n".join(lines) + "\n"


def _opening(versions: Callable[[str], str]) -> Iterator[str]:
    yield from (
        "# Published libraries under faults",
        "",
        "What each does, measured: the library as published, a real server behind a proxy, one fault, virtual time. The seed",
        f"is {SEED}. Nothing here says which library is the right one; it says what to know about the one in use.",
        "",
        "Agenkit's own middleware is left out: its package (0.92.2) needs Python 3.12 or newer and does not install on the",
        "Python this page is measured with.",
        "",
        "This page is made from what was measured: `python -m tests.chaos.libraries.page`. A test measures it again.",
        "",
    )
    yield ", ".join(f"{name} {versions(name)}" for name in LIBRARIES) + "."


def _lines(table: str, cells: Cells) -> Iterator[str]:
    names = list(dict.fromkeys(each.library for each in CELLS if each.table == table))
    yield f"| fault | toxic | {' | '.join(names)} |"
    yield "|---|---|" + "---|" * len(names)
    for fault in dict.fromkeys(each.fault for each in CELLS if each.table == table):
        toxic = f"`{fault.toxic}`" if fault.toxic else "none"
        yield f"| {fault.said} | {toxic} | {' | '.join(cells.get((table, fault.said, name), NONE) for name in names)} |"


def written(page: str) -> dict[tuple[str, str, str], str]:
    """The cells of a page."""
    found = {}
    for part in page.split("\n## ")[1:]:
        table = part.partition("\n")[0]
        names = list(dict.fromkeys(each.library for each in CELLS if each.table == table))
        rows = {each.fault.said for each in CELLS if each.table == table}
        for row in ROW.finditer(part):
            if row["said"] in rows:
                said = [each.strip() for each in row["cells"].split("|")]
                found.update(
                    {(table, row["said"], name): each for name, each in zip(names, said, strict=True) if each != NONE}
                )
    return found


def version_in(page: str) -> Callable[[str], str]:
    """The versions that a page names."""

    def named(library: str) -> str:
        found = re.search(rf"(?:^|, ){re.escape(library)} (\d[\w.]*\w)", page, re.MULTILINE)
        return found[1] if found else "unknown"

    return named


def installed(library: str) -> str:
    """The version that is here."""
    return version(PACKAGES.get(library, library))


@contextlib.contextmanager
def served() -> Iterator[dict[str, Service]]:
    """Real servers, started for this."""
    with RedisServer() as kept, PostgresServer() as tables, LlmServer() as llm, shop_program() as shop:
        shop.protocol = "http"
        yield {"redis": kept, "postgres": tables, "llm": llm, "shop": shop}


def measured(each: Cell, servers: Mapping[str, Service]) -> str:
    """A cell, measured now before a server that remembers nothing."""
    server = servers[each.server]
    if each.server == "shop":
        asked(server, "/forget")
    else:
        server.clear()
    return cell(server, each.fault, each.measure, is_virtual=each.measure is not REAL)


def main() -> None:
    """Measure everything and write the page."""
    cells = {}
    with served() as servers:
        for each in CELLS:
            cells[each.table, each.fault.said, each.library] = said = measured(each, servers)
            sys.stdout.write(f"{each.table}: {each.fault.said}: {each.library}: {said}\n")
            sys.stdout.flush()
    PAGE.write_text(text(cells, installed), encoding="utf-8")


if __name__ == "__main__":
    main()
