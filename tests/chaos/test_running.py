"""A proxy put together: for tests as a context, for the command line until it is stopped; it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest
import trio

from fozzy.chaos.files.values import Address
from fozzy.chaos.http.wire import Listening
from fozzy.chaos.http.wire import Upstream as Asking
from fozzy.chaos.parts import Parts, Running
from fozzy.chaos.running import run, running
from fozzy.chaos.settings import Cassette, Controlled, Settings
from fozzy.core.events import Record
from fozzy.core.exchange import Exchange
from fozzy.errors import InputError, UsageError
from fozzy.faults.http.plan import Answer, Entry, Faults, Plan, Route, Scenario
from fozzy.trace.verify import verify
from tests.chaos.upstream import Upstream

FREE = Listening(host="127.0.0.1", port=0)


async def get(url: str, **more: object) -> httpx.Response:
    """One request."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        return await client.get(url, **more)  # type: ignore[arg-type]


def test_a_proxy_for_a_test(tmp_path: Path) -> None:
    """It has a URL, controls, a session; afterwards nobody listens and no thread is left."""

    async def test() -> None:
        plan = Plan(faults=Faults(drop=1), seed=7)
        with Upstream() as upstream:
            settings = Settings(
                plan=plan,
                listening=FREE,
                upstream=Asking(url=upstream.url),
                control=Controlled(address=Address("127.0.0.1", 0)),
            )
            async with running(settings) as proxy:
                assert (await get(f"{proxy.url}/a")).status_code == 500
                status = (await get(f"http://{proxy.control_address}/fozzy/status")).json()
                assert (status["requests"], status["seed"], status["listening"]) == (1, 7, proxy.url)
                assert proxy.totals.exchanges == 1
                assert [each.request.target for each in proxy.journal.exchanges()] == ["/a"]
                addresses = [tuple(proxy.address), tuple(proxy.control_address or ())]
            assert upstream.count == 0
        for address in addresses:
            with socket.socket() as client:
                assert client.connect_ex(address) != 0

    trio.run(test)


def test_an_error_inside_comes_out_as_it_is() -> None:
    """No group around what a test asserts; and everything is closed."""

    async def test() -> None:
        with pytest.raises(AssertionError, match="mine"):
            async with running(Settings(listening=FREE)):
                raise AssertionError("mine")

    trio.run(test)


def test_what_cannot_work_never_listens(tmp_path: Path) -> None:
    """A bad plan, a port that is taken: an error of ours, no group; nothing is left of a recording."""

    async def test() -> None:
        with pytest.raises(InputError):
            async with running(Settings(plan=Plan(schedule=[Entry(start="none", at="1s")]), listening=FREE)):
                pass
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            cassette = Cassette(mode="record", path=tmp_path / "a.fozzy")
            with pytest.raises(UsageError) as caught:
                async with running(Settings(listening=Listening(host="127.0.0.1", port=port), cassette=cassette)):
                    pass
            assert caught.value.code == "chaos.listen"

    trio.run(test)
    assert list(tmp_path.iterdir()) == []


def test_a_recording_is_sealed_when_the_block_ends(tmp_path: Path) -> None:
    """With what was in flight, and under its name."""
    cassette = Cassette(mode="record", path=tmp_path / "a.fozzy")
    plan = Plan(routes=[Route(path="/a", answer=Answer(text="one", delay="1s"))])

    async def test() -> None:
        async with running(Settings(plan=plan, listening=FREE, cassette=cassette)) as proxy:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(get, f"{proxy.url}/a")
                while not proxy.session.load:
                    await trio.sleep(0.005)
                proxy.stop()
            parts = proxy.parts
        assert parts.tapes.recorded == 1

    trio.run(test)
    assert verify(tmp_path / "a.fozzy").trusted


def test_a_scenario_is_begun_with_and_can_be_stopped() -> None:
    """It is active from the first request on; its faults are those that must be rolled, the plan's own are not."""
    plan = Plan(faults=Faults(malformed=1), scenarios={"rush": Scenario(faults=Faults(drop=1))})

    async def test() -> None:
        async with running(Settings(plan=plan, scenario="rush", listening=FREE)) as proxy:
            assert [each.name for each in proxy.engine.state.active] == ["rush"]
            assert [(each.place, each.name) for each in proxy.parts.never_rolled()] == [("scenario rush", "drop")]

    trio.run(test)


def test_chaos_that_is_off_declares_nothing() -> None:
    """Nobody expects it to be rolled."""
    parts = Parts(Settings(plan=Plan(enabled=False, faults=Faults(drop=1))))
    assert parts.never_rolled() == []
    parts.finish()


def test_a_control_port_beyond_this_machine_gets_a_token() -> None:
    """One is made where none is given; on loopback none is needed."""
    beyond = Parts(Settings(control=Controlled(address=Address("0.0.0.0", 0))))
    assert len(beyond.control_token) >= 16
    assert Parts(Settings(control=Controlled(address=Address("127.0.0.1", 0)))).control_token == ""
    given = Controlled(address=Address("0.0.0.0", 0), token="hush-hush")
    assert Parts(Settings(control=given)).control_token == "hush-hush"


class Watching:
    """A front that keeps what it is told."""

    tick_s = 0.01

    def __init__(self) -> None:
        self.proxy: Running | None = None
        self.records: list[Record] = []
        self.ticks = 0
        self.typed = b""
        self.ours, self.theirs = os.pipe()
        self.then: list[str] = []
        self.waits: list[str] = []

    def begun(self, proxy: Running) -> None:
        """It listens."""
        self.proxy = proxy

    def hear(self, record: Record) -> None:
        """Something ended."""
        self.records.append(record)

    def tick(self) -> None:
        """Act a little later, as a user does."""
        self.ticks += 1
        if self.ticks == 3:
            os.write(self.theirs, b"x")

    def keys(self) -> int | None:
        """A pipe."""
        return self.ours

    def key(self, data: bytes) -> None:
        """Somebody typed."""
        self.typed += data
        if "signal" in self.then:
            os.kill(os.getpid(), signal.SIGTERM)
        elif self.proxy is not None:
            self.proxy.stop()

    def waiting(self, reason: str) -> None:
        """It does not end yet."""
        self.waits.append(reason)

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self.ours)
        os.close(self.theirs)


@pytest.mark.parametrize("how", ["asked", "signal"])
def test_run_ends_when_it_is_asked_to_or_by_a_signal(how: str) -> None:
    """The front is told what there is, gets what is typed, and the signals' own handlers are back afterwards."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    front = Watching()
    front.then = [how]
    parts = Parts(Settings(listening=FREE))
    try:
        run(parts, front)
    finally:
        front.close()
    assert front.typed == b"x"
    assert front.ticks >= 3
    assert parts.stopped.is_set()
    assert front.waits == []
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_request_is_sent_again_through_the_proxy() -> None:
    """It is a new exchange with a fate of its own; what cannot be sent is said."""

    async def test() -> None:
        plan = Plan(routes=[Route(path="*", answer=Answer(text="one"))])
        control = Controlled(address=Address("127.0.0.1", 0))
        async with running(Settings(plan=plan, listening=FREE, control=control)) as proxy:
            await get(f"{proxy.url}/a")
            (first,) = proxy.journal.exchanges()
            assert proxy.again(first) == "sent #1 again"
            with trio.fail_after(5):
                while proxy.totals.exchanges < 2:
                    await trio.sleep(0.01)
            second = proxy.journal.exchanges()[1]
            assert (second.key, second.occurrence) == (first.key, first.occurrence + 1)
            assert (second.request.method, second.request.target) == ("GET", "/a")
            upgrade = Exchange(
                **{
                    **{name: getattr(first, name) for name in first.__struct_fields__},
                    "request": type(first.request)("GET", "/", [("Upgrade", "x")]),
                }
            )
            assert "cannot send" in proxy.again(upgrade)

    trio.run(test)
