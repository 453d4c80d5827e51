"""The page about libraries under faults says what is so: every cell is measured again, with the published libraries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fozzy.chaos.services.service import Service
from tests.chaos.libraries.page import (
    CELLS,
    LIBRARIES,
    PAGE,
    Cell,
    installed,
    measured,
    served,
    text,
    version_in,
    written,
)

ALL = (
    "tenacity stamina pybreaker purgatory circuitbreaker aiobreaker limits aiolimiter cachetools cashews hishel redis-py "
    "psycopg_pool httpx openai"
)


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Service]]:
    """The servers behind the proxies."""
    with served() as found:
        yield found


@pytest.fixture(scope="module")
def cells() -> dict[tuple[str, str, str], str]:
    """What the page says."""
    return written(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("each", CELLS, ids=[f"{each.library}-{each.fault.said}" for each in CELLS])
def test_the_page_says_what_is_measured(
    each: Cell, servers: dict[str, Service], cells: dict[tuple[str, str, str], str]
) -> None:
    """A library does what its cell says, and the fault was there."""
    assert measured(each, servers) == cells[each.table, each.fault.said, each.library]


def test_the_page_is_as_it_would_be_written() -> None:
    """Whoever edits it by hand loses that; every library is there, with the version it was measured with."""
    page = PAGE.read_text(encoding="utf-8")
    assert text(written(page), version_in(page)) == page
    assert "never applied" not in page
    assert sorted(LIBRARIES) == sorted(ALL.split())
    assert {name for name in LIBRARIES if version_in(page)(name) != installed(name)} == set()
