"""Recording and answering from recordings, from the start and while a proxy runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from fozzy.chaos.files.values import Address
from fozzy.chaos.http.wire import Listening
from fozzy.chaos.http.wire import Upstream as Asking
from fozzy.chaos.running import running
from fozzy.chaos.settings import Cassette, Controlled, Settings
from fozzy.errors import EvidenceError, StoreError
from fozzy.faults.http import control
from fozzy.faults.http.plan import Faults, Plan, Scenario
from fozzy.trace.verify import verify
from tests.chaos.upstream import Upstream

FREE = Listening(host="127.0.0.1", port=0)


def settings(upstream: Upstream | None = None, **more: Any) -> Settings:
    """A proxy on any port, which asks this upstream."""
    asking = Asking() if upstream is None else Asking(url=upstream.url)
    return Settings(listening=FREE, upstream=asking, **more)


async def get(url: str) -> int:
    """The status of one request."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(url)).status_code


def test_recorded_and_served(tmp_path: Path) -> None:
    """A recording of one run answers in another; a miss is counted, and found where nobody else was to be asked."""
    path = tmp_path / "a.fozzy"

    async def test() -> None:
        with Upstream() as upstream:
            async with running(settings(upstream, cassette=Cassette(mode="record", path=path))) as proxy:
                assert await get(f"{proxy.url}/a") == 200
                assert proxy.parts.tapes.bytes() is not None
            tapes = proxy.parts.tapes
            assert (tapes.paths, tapes.recorded, tapes.lost, tapes.error) == ([path], 1, 0, None)
            async with running(settings(cassette=Cassette(mode="replay", path=path))) as proxy:
                assert await get(f"{proxy.url}/a") == 200
                assert await get(f"{proxy.url}/b") == 503
                assert proxy.parts.tapes.bytes() is None
            assert upstream.count == 1
            assert proxy.parts.tapes.missed == 1
            assert [each.title for each in proxy.parts.tapes.findings] == ["cassette_miss"]
            async with running(settings(upstream, cassette=Cassette(mode="auto", path=path))) as proxy:
                assert [await get(f"{proxy.url}/{name}") for name in "ab"] == [200, 200]
            assert upstream.count == 2
            assert (proxy.parts.tapes.missed, proxy.parts.tapes.recorded) == (0, 1)

    trio.run(test)


def test_begun_and_ended_while_it_runs(tmp_path: Path) -> None:
    """Only what comes between is recorded; it can be served at once; the trace says what was in force."""
    path = tmp_path / "a.fozzy"
    plan = Plan(scenarios={"calm": Scenario(faults=Faults(drop=0.000001))})

    async def test() -> None:
        with Upstream() as upstream:
            async with running(settings(upstream, plan=plan)) as proxy:
                tapes = proxy.parts.tapes
                proxy.session.change(control.start(proxy.engine.state, "calm", 0), "start")
                assert not tapes.recording().is_on
                await get(f"{proxy.url}/before")
                assert tapes.start_recording(path, "error").is_on
                await get(f"{proxy.url}/a")
                assert tapes.recording().requests == 1
                done = tapes.stop_recording()
                assert (done.is_on, done.requests, done.bytes > 0) == (False, 1, True)
                await get(f"{proxy.url}/after")
                served = tapes.start_replay(path, "replay", False, 0.0)
                assert (served.is_on, served.requests) == (True, 1)
                asked = upstream.count
                assert await get(f"{proxy.url}/a") == 200
                assert await get(f"{proxy.url}/after") == 503
                assert upstream.count == asked
                ended = tapes.stop_replay()
                assert (ended.is_on, ended.served, ended.missed) == (False, 1, 1)
                assert await get(f"{proxy.url}/after") == 200
        assert verify(path).trusted
        assert b'"calm"' in path.read_bytes()
        assert b"/before" not in path.read_bytes()

    trio.run(test)


def test_what_cannot_be_opened_changes_nothing(tmp_path: Path) -> None:
    """A taken name, a damaged recording: refused, and the proxy goes on as it was."""
    path = tmp_path / "a.fozzy"
    path.write_bytes(b'{"format":"fozzy-trace","version":1}\n')

    async def test() -> None:
        with Upstream() as upstream:
            async with running(settings(upstream)) as proxy:
                tapes = proxy.parts.tapes
                with pytest.raises(StoreError):
                    tapes.start_recording(path, "error")
                with pytest.raises(EvidenceError):
                    tapes.start_replay(path, "replay", False, 0.0)
                assert not tapes.recording().is_on and not tapes.replaying().is_on
                assert await get(f"{proxy.url}/a") == 200

    trio.run(test)
    with pytest.raises(EvidenceError):
        trio.run(_begin, settings(cassette=Cassette(mode="replay", path=path)))


async def _begin(given: Settings) -> None:
    async with running(given):
        pass


def test_bodies_are_shown_after_a_recording_ended(tmp_path: Path) -> None:
    """A proxy with controls shows bodies all the time, recording or not."""

    async def test() -> None:
        with Upstream() as upstream:
            given = settings(upstream, control=Controlled(address=Address("127.0.0.1", 0)))
            async with running(given) as proxy:
                tapes = proxy.parts.tapes
                tapes.start_recording(tmp_path / "a.fozzy", "append")
                tapes.stop_recording()
                await get(f"{proxy.url}/a")
                (exchange,) = proxy.journal.exchanges()
                assert exchange.answer is not None and exchange.answer.body.data()

    trio.run(test)
