"""Recordings of real sockets: clients at once, connections that are cut and left, changes meanwhile; decided again."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import trio
from msgspec.structs import replace

from fozzy.chaos.tcp.replaying import replay_tcp
from fozzy.chaos.tcp.running import running
from fozzy.chaos.tcp.settings import TcpRecording, TcpSettings
from fozzy.core.wires import Connected, Spoken
from fozzy.faults.tcp.plan import Proxy, TcpPlan, Toxic
from fozzy.trace.reader import open_trace
from fozzy.trace.verify import verify
from tests.chaos.tcp.echo import Echo

LATE = Toxic(type="latency", name="late", attributes={"latency": 2, "jitter": 2}, rate=0.4)
HALF = Toxic(type="latency", name="half", attributes={"latency": 1}, stream="upstream", toxicity=0.5)
CUT = Toxic(type="reset_peer", name="cut", match="INCR k7", every=9)
WRONG = Toxic(type="corrupt", name="wrong", attributes={"bits": 1}, on="byte", rate=0.01, first=400)
CLIENTS = 8


async def client(address: tuple[str, int], number: int, stays: trio.Event | None) -> None:
    """Asks, and reads what comes; how it ends does not matter."""
    try:
        async with await trio.open_tcp_stream(*address) as stream:
            for n in range(12):
                key = b"k%d" % (n % 8)
                await stream.send_all(b"*2\r\n$4\r\nINCR\r\n$2\r\n%s\r\n" % key)
                if not await stream.receive_some():
                    return
            if stays is not None:
                await stays.wait()
    except (trio.BrokenResourceError, OSError):
        pass


async def session(path: Path, server: Echo) -> None:
    """Clients at once, twice, and a change between that finds some of them there."""
    proxy = Proxy(name="kv", upstream=server.address, protocol="redis", toxics=[LATE, HALF, CUT, WRONG])
    settings = TcpSettings(plan=TcpPlan(proxies=[proxy]), seed=7, recording=TcpRecording(path=path))
    async with running(settings) as run:
        over = trio.Event()
        async with trio.open_nursery() as nursery:
            for number in range(CLIENTS):
                nursery.start_soon(client, run.address("kv"), number, over if number % 2 else None)
            while run.engine.number < 80:
                await trio.sleep(0.001)
            plan = run.engine.plan
            fewer = replace(plan, proxies=[replace(plan.proxies[0], toxics=[LATE, CUT])])
            await run.session.change(fewer, "toxics removed")
            over.set()
        async with trio.open_nursery() as nursery:
            for number in range(CLIENTS):
                nursery.start_soon(client, run.address("kv"), number, None)


def test_a_live_recording_is_decided_again(tmp_path: Path) -> None:
    """All that went over real sockets is in the trace, in a trusted one, and every decision comes out as it was."""
    path = tmp_path / "t.fozzy"
    with Echo() as server:
        trio.run(partial(session, path, server))
    assert verify(path).trusted and verify(path).complete
    done = replay_tcp(path)
    assert (done.divergence.verdict, done.divergence.cause) == ("SAME", None)
    with open_trace(path) as trace:
        records = list(trace.records())
    connections = [each for each in records if isinstance(each, Connected)]
    spoken = [each for each in records if isinstance(each, Spoken)]
    assert len(connections) == 2 * CLIENTS and len(spoken) > 100
    assert sum(each.upstream.messages + each.downstream.messages for each in connections) == len(spoken)
    assert {each.toxic for record in records for each in getattr(record, "struck", [])} >= {"late", "half", "wrong"}
    assert sum(each.by != "client" for each in connections) < 2 * CLIENTS
