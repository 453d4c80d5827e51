"""The page about clients under faults says what is so: every cell is measured again, with the published clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fozzy.chaos.services.postgres_server import PostgresServer
from fozzy.chaos.services.redis_server import RedisServer
from fozzy.faults.tcp.kinds import KINDS
from tests.chaos.tcp.faced.clients import T_S
from tests.chaos.tcp.faced.faults import FAULTS, Fault
from tests.chaos.tcp.faced.measured import NEVER, Services, cell, prepared
from tests.chaos.tcp.faced.page import PAGE, text, version_in, written
from tests.chaos.upstream import Upstream

MEETINGS = [(fault, column) for fault in FAULTS for column in fault.clients]
PATIENCE_S = 20.0  # on a machine that is busy with other things
TRIES = 3
UNHURRIED_S = 10.0  # the clients' timeouts where none is to be reached
SILENCE_S = 0.5  # of who is said never to come back


@pytest.fixture(scope="module")
def services(the_redis_server: RedisServer, the_postgres_server: PostgresServer) -> Iterator[Services]:
    """The servers behind the proxies."""
    with Upstream() as upstream:
        yield from prepared(the_redis_server, the_postgres_server, upstream)


@pytest.fixture(scope="module")
def cells() -> dict[tuple[str, str], str]:
    """What the page says."""
    return written(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("fault", "column"), MEETINGS, ids=[f"{fault.said}-{column}".replace("`", "") for fault, column in MEETINGS]
)
def test_the_page_says_what_is_measured(
    fault: Fault, column: str, services: Services, cells: dict[tuple[str, str], str]
) -> None:
    """A client does what its cell says, and the fault was there."""
    said = cells[fault.said, column]
    by_moment = dict(each.split(": ", 1) for each in said.split("; ")) if ": " in said else {}

    def patience(moment: str) -> float:
        return SILENCE_S if by_moment.get(moment, said) == NEVER else PATIENCE_S

    is_hurried = "Timeout" in said  # what is to be fine before the fault has no more time then either
    for _ in range(TRIES if is_hurried else 1):
        found = cell(fault, column, services, patience, T_S if is_hurried else UNHURRIED_S)
        if found == said:
            break
    assert found == said


def test_every_toxic_is_on_the_page() -> None:
    """No toxic is left out, and no row has the words of another."""
    assert {fault.type for fault in FAULTS} == set(KINDS)
    assert len({fault.said for fault in FAULTS}) == len(FAULTS)


def test_the_page_is_as_it_would_be_written() -> None:
    """Whoever edits it by hand loses that; the versions are those it was measured with."""
    page = PAGE.read_text(encoding="utf-8")
    assert text(written(page), version_in(page)) == page
    assert "never applied" not in page
