"""Kept connections: the last one first, only clean ones, none for long, not too many."""

from __future__ import annotations

from typing import Any

from fozzy.chaos.http.lines import Line
from fozzy.chaos.http.origins import origin_of
from fozzy.chaos.http.pool import FRESH_NS, KEPT_MAX, KEPT_NS, Pool
from fozzy.chaos.http.wire import Wire
from tests.chaos.http.memory import MemoryEnd

ONE, OTHER = origin_of("http://one"), origin_of("http://other")


class Kept(MemoryEnd):
    """An end that says what is asked of it, and remembers that it was closed."""

    def __init__(self) -> None:
        super().__init__([])
        self.clean = True
        self.is_closed = False

    def is_clean(self) -> bool:
        return self.clean

    def close(self, *, at_once: bool = False) -> None:
        self.is_closed = True


def pool_of(count: int, now_ns: int = 0) -> tuple[Pool, list[Any]]:
    """A pool and what it keeps of one origin."""
    pool = Pool(lambda: None, Wire())  # type: ignore[arg-type, return-value]
    ends = [Kept() for _ in range(count)]
    for end in ends:
        pool.keep(ONE, Line(end, Wire()), now_ns)
    return pool, ends


def taken(pool: Pool, method: str = "GET", now_ns: int = 0) -> Any:
    """The end of the connection that is taken."""
    line = pool.take(ONE, method, now_ns)
    return None if line is None else line.end


def test_the_last_one_is_taken_first() -> None:
    """And each once; another origin has its own."""
    pool, ends = pool_of(2)
    assert pool.take(OTHER, "GET", 0) is None
    assert [taken(pool), taken(pool), taken(pool)] == [ends[1], ends[0], None]


def test_what_is_not_clean_is_closed() -> None:
    """One that upstream ended is passed over."""
    pool, ends = pool_of(2)
    ends[1].clean = False
    assert taken(pool) is ends[0] and ends[1].is_closed and not ends[0].is_closed


def test_what_must_not_be_done_twice() -> None:
    """Over a connection that was idle a while only what may be done twice."""
    pool, ends = pool_of(1)
    assert taken(pool, "POST", FRESH_NS + 1) is None
    assert taken(pool, "PUT", FRESH_NS + 1) is ends[0]


def test_old_ones_are_swept() -> None:
    """What was idle for long, or ended, is closed; the rest stays."""
    pool, ends = pool_of(2)
    fresh = Kept()
    pool.keep(ONE, Line(fresh, Wire()), KEPT_NS)
    ends[0].clean = False
    pool.sweep(1)
    assert [end.is_closed for end in ends] == [True, False] and len(pool) == 2
    pool.sweep(KEPT_NS + 1)
    assert ends[1].is_closed and not fresh.is_closed and len(pool) == 1
    pool.close()
    assert fresh.is_closed and len(pool) == 0


def test_not_too_many_are_kept() -> None:
    """Of too many the oldest is closed."""
    pool, ends = pool_of(KEPT_MAX + 1)
    assert ends[0].is_closed and not ends[1].is_closed and len(pool) == KEPT_MAX
