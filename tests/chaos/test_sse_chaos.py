"""A stream of events that is cut, halved, silent or gone: httpx-sse, and the application that must have every event once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.chaos.app.stream import (
    CONNECT_S,
    LIMIT_S,
    PAUSE_S,
    TRIES,
    Event,
    Follower,
    ForgetfulFollower,
    GappyFollower,
    GaveUp,
    PatientFollower,
    TrustingFollower,
)
from tests.chaos.conftest import asked
from tests.chaos.looped import gaps_s, on_a_loop, sent
from tests.chaos.seen import connections, phases, times_s
from tests.chaos.streaming import program, stream_proxy, stream_server, the_stream_server

__all__ = ["stream_proxy", "stream_server", "the_stream_server"]

pytestmark = pytest.mark.chaos(seed=7)

COUNT = 6
ALL = list(range(1, COUNT + 1))
FRAMINGS = {"to the end": "", "chunked": "&chunked"}
STYLES = {"plain": "", "crlf": "&crlf", "lines": "&lines", "both": "&crlf&lines"}

framed = pytest.mark.parametrize("framing", FRAMINGS)


def at(proxy: Any, more: str = "") -> str:
    """Where the events are."""
    return f"{proxy.url}/events?upto={COUNT}{more}"


async def followed(follower: Follower) -> list[Event]:
    """All that came."""
    return [event async for event in follower.events()]


def numbers(events: list[Event]) -> list[int]:
    """Which."""
    return [event["n"] for event in events]


def claimed(server: Any) -> list[str]:
    """Which event clients said they had, each time they came."""
    return [each["last"] for each in asked(server, "/seen")]


async def undisturbed(proxy: Any, more: str = "") -> list[Event]:
    """What comes in fair weather."""
    return await followed(Follower(at(proxy, more)))


# B6: cut


@pytest.mark.chaos_network
@pytest.mark.parametrize("end", ["rst", "fin"])
@framed
@on_a_loop
async def test_it_goes_on_where_it_was_cut(
    stream_proxy: Any, stream_server: Any, virtual_time: Any, chaos: Any, framing: str, end: str
) -> None:
    """[B6] Cut after two events: it comes again a second later, has two, and gets the others; none twice and none missing."""
    with stream_proxy.toxic("sse_cut", after_events=2, end=end, first=1):
        events = await followed(Follower(at(stream_proxy, FRAMINGS[framing])))
    assert numbers(events) == ALL
    assert claimed(stream_server) == ["", "2"]
    assert gaps_s(sent(chaos.records)) == [PAUSE_S]
    chaos.assert_fired("sse_cut", times=1)
    chaos.assert_no_truncated_stream_accepted(resumed=True)


@pytest.mark.chaos_network
@on_a_loop
async def test_a_clean_close_is_no_error_to_httpx(stream_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B6] A stream that lasts as long as its connection, cut by a clean close: httpx has a 200 and no error, the trusting twin
    two events of six, and the oracle says so."""
    with stream_proxy.toxic("sse_cut", after_events=2, end="fin", first=1):
        events = await followed(TrustingFollower(at(stream_proxy)))
    assert numbers(events) == [1, 2]
    chaos.assert_fired("sse_cut", times=1)
    with pytest.raises(AssertionError, match="cut short"):
        chaos.assert_no_truncated_stream_accepted()


@on_a_loop
async def test_who_forgets_is_seen(stream_proxy: Any, stream_server: Any, virtual_time: Any, chaos: Any) -> None:
    """[B6] The twin that does not say what it has gets two events twice."""
    with stream_proxy.toxic("sse_cut", after_events=2, first=1):
        events = await followed(ForgetfulFollower(at(stream_proxy)))
    assert numbers(events) == [1, 2, *ALL]
    assert claimed(stream_server) == ["", ""]
    chaos.assert_fired("sse_cut", times=1)


@pytest.mark.chaos_network
@pytest.mark.parametrize("style", STYLES)
@framed
@on_a_loop
async def test_half_an_event_is_none(
    stream_proxy: Any, stream_server: Any, virtual_time: Any, chaos: Any, framing: str, style: str
) -> None:
    """[B6] Cut within the data of the third event, every byte by itself: half of it is thrown away, and it comes again whole;
    with lines that end in CRLF, data of several lines, and characters of several bytes."""
    url = at(stream_proxy, STYLES[style] + FRAMINGS[framing])
    wanted = await followed(Follower(url))
    with (
        stream_proxy.toxic("sse_partial_event", after=2, times=1),
        stream_proxy.toxic("slicer", average_size=1, delay=0),
    ):
        events = await followed(Follower(url))
    assert events == wanted
    assert numbers(events) == ALL
    assert claimed(stream_server) == ["", "", "2"]
    chaos.assert_fired("sse_partial_event", times=1)
    chaos.assert_fired("slicer")


# B6: silent


@pytest.mark.chaos_service
@on_a_loop
async def test_silence_has_a_limit(stream_proxy: Any, stream_server: Any, virtual_time: Any, chaos: Any) -> None:
    """[B6] Silent for a minute after two events: given up at 15.000 s, and the rest comes a second later."""
    with stream_proxy.toxic("sse_stall", after_events=2, **{"for": 60000}, first=1):
        events = await followed(Follower(at(stream_proxy)))
    assert numbers(events) == ALL
    assert times_s(sent(chaos.records)) == [0.0, LIMIT_S + PAUSE_S]
    assert claimed(stream_server) == ["", "2"]
    chaos.assert_fired("sse_stall", times=1)
    chaos.assert_no_hang(LIMIT_S)


@on_a_loop
async def test_who_waits_for_ever_is_seen(stream_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B6] The patient twin has its events after a minute, and the oracle says how long that was."""
    with stream_proxy.toxic("sse_stall", after_events=2, **{"for": 60000}, first=1):
        events = await followed(PatientFollower(at(stream_proxy)))
    assert numbers(events) == ALL
    assert virtual_time.now == 60.0
    chaos.assert_fired("sse_stall", times=1)
    with pytest.raises(AssertionError):
        chaos.assert_no_hang(LIMIT_S)


@pytest.mark.chaos_network
@on_a_loop
async def test_connecting_has_a_limit_of_its_own(stream_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[A1.1, B6] Nobody answers for 8 s: the first attempt ends after 5 s, the second begins at 6 s and is served when somebody does."""

    async def comes_back() -> None:
        with stream_proxy.refuse(how="silent"):
            await asyncio.sleep(CONNECT_S + PAUSE_S / 2)

    back = asyncio.ensure_future(comes_back())
    await asyncio.sleep(0)
    assert numbers(await followed(Follower(at(stream_proxy)))) == ALL
    await back
    assert virtual_time.now == CONNECT_S + PAUSE_S
    assert phases(chaos.records) == [("refuse_downstream", "connect")]
    chaos.assert_fired("refuse")


@pytest.mark.chaos_network
@on_a_loop
async def test_it_gives_up_at_last(stream_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B6] Every connection is reset: five attempts, a second apart, and the application's own error."""
    with stream_proxy.toxic("reset_peer", on="connection"), pytest.raises(GaveUp, match="after event 0"):
        await followed(Follower(at(stream_proxy)))
    assert len(connections(chaos.records)) == TRIES
    chaos.assert_fired("reset_peer", times=TRIES)


# B6: events that are lost, or cannot be read


@pytest.mark.chaos_service
@pytest.mark.parametrize("kind", ["sse_drop_event", "sse_bad_json"])
@framed
@on_a_loop
async def test_a_gap_is_noticed(
    stream_proxy: Any, stream_server: Any, virtual_time: Any, chaos: Any, framing: str, kind: str
) -> None:
    """[B6] The third event is lost, or is no JSON: it is asked for again, and nothing is missing."""
    with stream_proxy.toxic(kind, after=2, times=1):
        events = await followed(Follower(at(stream_proxy, FRAMINGS[framing])))
    assert numbers(events) == ALL
    assert claimed(stream_server) == ["", "2"]
    chaos.assert_fired(kind, times=1)


@on_a_loop
async def test_who_takes_what_comes_is_seen(stream_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B6] The twin that takes whatever is next lacks an event, and has no error."""
    with stream_proxy.toxic("sse_drop_event", after=2, times=1):
        events = await followed(GappyFollower(at(stream_proxy)))
    assert numbers(events) == [1, 2, 4, 5, 6]
    chaos.assert_fired("sse_drop_event", times=1)


# B6: the server is started again


@pytest.mark.chaos_service
@on_a_loop
async def test_a_server_goes_on_where_it_was(
    stream_proxy: Any, stream_server: Any, virtual_time: Any, chaos: Any
) -> None:
    """[B6] Killed after three events and started again from its checkpoint: ids go on, and all is as in fair weather."""
    wanted = await undisturbed(stream_proxy)
    asked(stream_server, "/forget")
    events = await interrupted(stream_proxy, stream_server)
    assert events == wanted
    assert claimed(stream_server) == ["", "3"]
    chaos.assert_fired("sse_cut", times=1)


@pytest.mark.chaos_service
@on_a_loop
async def test_a_server_that_forgets_is_seen(chaos_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B6] The twin without a checkpoint numbers its events as before, and says something else in them."""
    with program("--forgetful") as server:
        proxy = chaos_proxy(server, protocol="http", name="forgetful")
        wanted = await undisturbed(proxy)
        server.restart()
        events = await interrupted(proxy, server)
    assert numbers(events) == ALL
    assert events[:3] == wanted[:3] and events[3:] != wanted[3:]
    chaos.assert_fired("sse_cut", times=1)


async def interrupted(proxy: Any, server: Any) -> list[Event]:
    """What comes when the stream is cut after three events and its server is killed before the client comes again."""

    async def dies() -> None:
        await asyncio.sleep(PAUSE_S / 2)
        with server.killed():
            await asyncio.sleep(PAUSE_S)

    with proxy.toxic("sse_cut", after_events=3, first=1):
        dying = asyncio.ensure_future(dies())
        events = await followed(Follower(at(proxy)))
    await dying
    return events
