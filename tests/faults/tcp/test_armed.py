"""A toxic in force: which messages fit its words, which ordinals its schedule takes, how it stands."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fozzy.faults.tcp.armed import Armed, pattern_of
from fozzy.faults.tcp.message import NEVER_NS, Message
from fozzy.faults.tcp.plan import Schedule, Toxic
from tests.faults.tcp.wiring import S


@pytest.mark.parametrize(
    ("match", "about", "fits"),
    [
        ("INCR", "INCR orders", True),
        ("incr", "INCR", True),
        ("GET", "GETSET orders", False),
        ("INCR", "INCRBY orders 1", True),
        ("INCR orders", "INCR orders 5", True),
        ("INCR order", "INCR orders", False),
        ("GET /a/*", "GET /a/b?c=d", True),
        ("* orders", "LPUSH orders x", True),
        ("GET /a.b", "GET /axb", False),
        ("*", "", True),
        ("INCR", "", False),
        ("select", "SELECT\n1", True),
    ],
)
def test_match(match: str, about: str, fits: bool) -> None:
    """Whole words from the beginning, in any case; only `*` is more than itself. Clients send `INCRBY` for `incr`."""
    armed = Armed("p", Toxic(type="latency", match=match), 0)
    assert armed.fits(Message("upstream", "request", about, 1, 0)) is fits


TEXTS = st.text("aB *(;\n", max_size=9)


@given(TEXTS, TEXTS)
@example("a*b*a", "aXbXbXa")
@example("**", "")
@example("*a*", "a(a")
def test_a_pattern_means_what_it_says(match: str, about: str) -> None:
    """What it finds first is all it needs to look at: it fits what the plain translation fits."""
    text = "".join(".*" if char == "*" else re.escape(char) for char in match.strip())
    plain = re.compile(text + r"(?:[\s(;].*)?\Z", re.IGNORECASE | re.DOTALL)
    assert (pattern_of(match).match(about) is None) == (plain.match(about) is None)


@pytest.mark.parametrize(
    ("match", "about"),
    [
        ("*a" * 40 + "*b", "GET /" + "a" * 5_000),
        ("SET *:*:*:*:*:x", "SET a" + ":a" * 2_500),
        ("*" * 900 + "b", "a" * 5_000),
    ],
)
def test_no_pattern_looks_for_ever(match: str, about: str) -> None:
    """All that comes through a proxy waits for it; where it tried every way there is, this would not end."""
    assert pattern_of(match).match(about) is None


def taken(count: int = 12, **said: object) -> list[int]:
    """The ordinals that are due."""
    armed = Armed("p", Toxic(type="latency", **said), 0)  # type: ignore[arg-type]
    return [ordinal for ordinal in range(1, count + 1) if armed.is_due(ordinal, 0)]


def test_ordinals() -> None:
    """All parts that are given must agree; after a pattern nothing is taken."""
    assert taken(4) == [1, 2, 3, 4] and taken(first=2) == [1, 2] and taken(5, after=3) == [4, 5]
    assert taken(every=5) == [5, 10] and taken(pattern="F..F.F") == [1, 4, 6]
    assert taken(after=1, first=5, every=2) == [2, 4]


def test_times_and_windows() -> None:
    """It strikes so often, and in its span of time since it came into force."""
    armed = Armed("p", Toxic(type="latency", times=2, window=("1s", "3s")), 10 * S)
    assert [armed.is_due(1, at * S) for at in (10, 11, 12, 13)] == [False, True, True, False]
    armed.hit = 2
    assert armed.is_spent and not armed.is_due(3, 11 * S)
    assert Armed("p", Toxic(type="latency"), 5).to_ns == NEVER_NS


def test_a_tally_says_its_place() -> None:
    """The place is the proxy's and the toxic's name, which is its type and stream unless given."""
    tally = Armed("p", Toxic(type="latency", stream="upstream"), 0).tally()
    assert (tally.place, tally.type, tally.applied, Schedule().per) == ("p/latency_upstream", "latency", 0, "proxy")
