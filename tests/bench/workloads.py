"""Plain asyncio programs, and how each simulator runs them. `python workloads.py` prints what they take, as JSON.

The programs know no simulator. What differs is only how a host is made: `Sides` has a place for each of two hosts.
It runs in whatever interpreter `clusters.py` found, so it needs no more than fozzy's own dependencies.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

HOPS = 20_000
TASKS = 10
MESSAGES = 3_000
SEEDS = 200
PORT = 8080
LATENCY_S = (0.001, 0.010)  # as fozzy has it where nothing else is said
LINGER_S = 0.1  # until the server has seen that the client has gone

Main = Callable[[], Coroutine[Any, Any, object]]


async def three() -> None:
    """Three tasks that take turns."""

    async def turns() -> None:
        for _ in range(2):
            await asyncio.sleep(0)

    await asyncio.gather(turns(), turns(), turns())


async def ring() -> None:
    """Ten tasks that hand a token round."""
    queues: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in range(TASKS)]

    async def hand_on(index: int) -> None:
        source, target = queues[index], queues[(index + 1) % TASKS]
        while True:
            token = await source.get()
            await target.put(token + 1)
            if token >= HOPS:
                return

    tasks = [asyncio.ensure_future(hand_on(index)) for index in range(TASKS)]
    await queues[0].put(0)
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def serve(host: str | None = None) -> asyncio.AbstractServer:
    """An echo server of lines."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, host, PORT)


async def talk(host: str) -> None:
    """A client that sends a line, waits for it, and sends the next."""
    reader, writer = await asyncio.open_connection(host, PORT)
    for number in range(MESSAGES // 2):  # each goes there and back
        line = b"hello %d\n" % number
        writer.write(line)
        await writer.drain()
        assert await reader.readline() == line
    writer.close()


class Sides(NamedTuple):
    """How one simulator runs a program on one host, and the echo on two. Each makes one whole run of a seed."""

    name: str
    alone: Callable[[Main, int], object]
    echo: Callable[[int], object]


def stock() -> Sides:
    """asyncio's own loop, and real sockets."""

    async def both() -> None:
        server = await serve("127.0.0.1")
        await talk("127.0.0.1")
        await asyncio.sleep(LINGER_S)
        server.close()

    return Sides("asyncio", lambda main, seed: asyncio.run(main()), lambda seed: asyncio.run(both()))  # type: ignore[arg-type]


def ours() -> Sides:
    """fozzy at library level: every record kept, and the digest of all of them."""
    import msgspec
    from blake3 import blake3

    from fozzy.core.choice import Choices
    from fozzy.core.clock import Clock
    from fozzy.core.log import Log
    from fozzy.core.redact import Redactor
    from fozzy.core.sources import Seeded
    from fozzy.sim.cluster import Cluster
    from fozzy.sim.settings import ClusterSetting, NodeSetting
    from fozzy.sim.user import UserCode
    from fozzy.world.code.places import Places

    encoder, redactor, places = msgspec.json.Encoder(order="deterministic"), Redactor(), Places((), ".")

    class Functions(UserCode):
        def __init__(self, functions: dict[str, Any]) -> None:
            super().__init__(places, None)
            self.functions = functions

        def load(self, target: str) -> Any:
            return self.functions[target]

    def run(setting: ClusterSetting, user: Functions, seed: int) -> str:
        kept: list[Any] = []
        log = Log([kept.extend])
        cluster = Cluster(setting, Choices(Seeded(seed), Clock(), log, redactor, 0), user)
        cluster.start()
        cluster.settle()
        cluster.look_for_forgotten()
        cluster.close()
        log.flush()
        return blake3(encoder.encode_lines(kept)).hexdigest()

    async def server() -> None:
        await (await serve()).serve_forever()

    hour = 3600 * 10**9
    one = ClusterSetting(nodes=(NodeSetting(name="n0", kind="program", target="main"),), duration_ns=hour)
    names = ("server", "client")
    two = ClusterSetting(
        nodes=tuple(NodeSetting(name=name, kind="program", target=name) for name in names), duration_ns=hour
    )
    pair = Functions({"server": server, "client": lambda: talk("server")})

    def alone(main: Main, seed: int) -> None:
        run(one, Functions({"main": main}), seed)

    return Sides("fozzy", alone, lambda seed: run(two, pair, seed))


def simloop() -> Sides:
    """simloop as `explore` runs a seed: its trace is always on."""
    from simloop._loop import SimLoop  # type: ignore[import-not-found]
    from simloop._run import finish, run_once  # type: ignore[import-not-found]

    def alone(main: Main, seed: int) -> None:
        loop = SimLoop(seed)
        error = run_once(loop, main)
        finish(loop)
        if error is not None:
            raise error

    async def both() -> None:
        net: Any = asyncio.get_running_loop().net  # type: ignore[attr-defined]
        net.set_defaults(latency=LATENCY_S)

        async def server() -> None:
            await (await serve()).serve_forever()

        net.host("server").create_task(server())
        await asyncio.sleep(0.1)
        await net.host("client").create_task(talk("server"))
        await asyncio.sleep(LINGER_S)

    return Sides("simloop", alone, lambda seed: alone(both, seed))


def simloom() -> Sides:
    """simloom as `run` does it: its event log is always on."""
    import simloom as library  # type: ignore[import-not-found]

    async def both(world: Any) -> None:
        async def server() -> None:
            await (await serve("server")).serve_forever()  # who listens makes the name known

        world.net.set_latency(*LATENCY_S)
        world.host("server").spawn(server)
        await asyncio.sleep(0.1)
        await world.host("client").spawn(lambda: talk("server"))
        await asyncio.sleep(LINGER_S)

    return Sides("simloom", lambda main, seed: library.run(main, seed=seed), lambda seed: library.run(both, seed=seed))


def least(work: Callable[[], object], rounds: int = 5) -> float:
    """Seconds of processor time, the best of a few rounds."""
    times = []
    for _ in range(rounds):
        gc.collect()
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def measured(sides: Sides) -> dict[str, float]:
    """Seconds of one three-task run, of one hop, of one message."""
    sides.alone(three, 0)
    return {
        "three": least(lambda: [sides.alone(three, seed) for seed in range(SEEDS)]) / SEEDS,
        "hop": least(lambda: sides.alone(ring, 1)) / HOPS,
        "message": least(lambda: sides.echo(1)) / MESSAGES,
    }


ALL = {"fozzy": ours, "asyncio": stock, "simloop": simloop, "simloom": simloom}


def main() -> None:
    """Measure those that are named."""
    print(json.dumps({name: measured(ALL[name]()) for name in sys.argv[1:]}))


if __name__ == "__main__":
    main()
