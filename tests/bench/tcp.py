"""The TCP proxy's speed: `make bench-tcp`. Each figure through a proxy of its own process, and beside it without one.

Bulk is one connection from a sender to a receiver. Small round trips are one request and one reply of a few bytes each,
with Python's blocking sockets, and with `redis-benchmark` before a `redis-server` where both are installed.
Nothing here is a test: figures depend on the machine, so look at what stands beside them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

GB = 10**9
BLOB = bytes(1 << 20)
ROUNDS = 3
HELD: list[dict[str, Any]] = [
    {"type": "latency", "name": f"nothing_{stream}", "stream": stream} for stream in ("upstream", "downstream")
]

_spawn = multiprocessing.get_context("spawn")


def proxied(said: Any, upstream: int, fields: dict[str, Any], keyed: bool) -> None:
    """A proxy before a port, in this process. `said` gets its own."""
    import msgspec
    import trio

    from fozzy.chaos.tcp.running import running
    from fozzy.chaos.tcp.settings import TcpSettings
    from fozzy.faults.tcp.plan import TcpPlan

    async def main() -> None:
        plan = msgspec.convert({"proxies": [{"name": "p", "upstream": f"127.0.0.1:{upstream}", **fields}]}, TcpPlan)
        settings = TcpSettings(plan=plan, seed=1, keyed=keyed)
        async with running(settings) as run:
            said.put(run.address("p").port)
            await trio.sleep_forever()

    trio.run(main)


def sinking(said: Any) -> None:
    """A server that reads all, and then says that it has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        said.put(listener.getsockname()[1])
        buffer = bytearray(1 << 20)
        while True:
            with listener.accept()[0] as sock:
                while sock.recv_into(buffer):
                    pass
                sock.sendall(b"!")


def echoing(said: Any) -> None:
    """A server that says back what it hears, to any number of clients."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener, selectors.DefaultSelector() as selector:
        said.put(listener.getsockname()[1])
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                sock: Any = key.fileobj
                if sock is listener:
                    client = listener.accept()[0]
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(client, selectors.EVENT_READ)
                elif not answered(sock):
                    selector.unregister(sock)
                    sock.close()


def answered(sock: socket.socket) -> bool:
    """Say back what came; whether the client is still there."""
    try:
        data = sock.recv(65536)
        sock.sendall(data)
    except OSError:
        return False
    return bool(data)


@contextmanager
def begun(target: Callable[..., None], *args: Any) -> Iterator[int]:
    """A process, and the port that it says."""
    said = _spawn.SimpleQueue()
    process = _spawn.Process(target=target, args=(said, *args), daemon=True)
    process.start()
    try:
        yield said.get()
    finally:
        process.kill()
        process.join()


@contextmanager
def before(upstream: int, *, keyed: bool = False, **fields: Any) -> Iterator[int]:
    """A proxy before a port."""
    with begun(proxied, upstream, fields, keyed) as port:
        yield port


def bulk(port: int, seconds: float) -> float:
    """Bytes a second through one connection."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        began, sent = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            sock.sendall(BLOB)
            sent += len(BLOB)
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b"!"
        return sent / (time.perf_counter() - began)


def trips(port: int, clients: int, seconds: float) -> float:
    """Round trips a second: each client asks again as soon as it was answered."""
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(clients):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(sock, selectors.EVENT_READ)
            sock.send(b"x" * 30)
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            for key, _ in selector.select():
                sock = key.fileobj  # type: ignore[assignment]
                sock.recv(4096)
                sock.send(b"x" * 30)
                count += 1
        return count / (time.perf_counter() - began)


def connected(port: int, clients: int) -> float:
    """Seconds until so many clients are connected at once and each was answered."""
    with ExitStack() as stack:
        began = time.perf_counter()
        socks = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30)) for _ in range(clients)]
        for sock in socks:
            sock.sendall(b"x")
        for sock in socks:
            assert sock.recv(1) == b"x"
        return time.perf_counter() - began


def redis_benchmark(port: int, clients: int, pipelined: int) -> float:
    """Requests a second of `redis-benchmark`."""
    words = ["-p", str(port), "-n", "50000", "-q", "--csv", "-t", "get", "-c", str(clients), "-P", str(pipelined)]
    said = subprocess.run(["redis-benchmark", *words], capture_output=True, text=True, timeout=120, check=True).stdout
    return float(said.strip().splitlines()[-1].split(",")[1].strip('"'))


@contextmanager
def redis_server() -> Iterator[int]:
    """A Redis that keeps nothing."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while not answers(port):
            assert process.poll() is None and time.monotonic() < until, "redis-server does not answer"
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    """Whether a Redis answers there; to connect alone proves nothing, a client may meet itself."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as sock:
            sock.sendall(b"PING\r\n")
            return sock.recv(100).startswith(b"+PONG")
    except OSError:
        return False


def show(name: str, unit: str, measured: Callable[[int], float], ports: tuple[int, int]) -> None:
    """A line: the median of a few rounds, in turns, so that what the machine does besides falls on both."""
    found = [[measured(port) for port in ports] for _ in range(ROUNDS)]
    without, with_ = (statistics.median(each) for each in zip(*found, strict=True))
    print(f"{name:<48} {without:>12,.2f} {with_:>12,.2f}  {unit:<10} {with_ / without:>6.2f}", flush=True)


def bulks(seconds: float) -> None:
    """One connection."""
    with begun(sinking) as port:
        for name, toxics in (("", []), (", two toxics that do nothing", HELD)):
            with before(port, toxics=toxics) as proxy:
                show(f"one connection{name}", "GB/s", lambda at: bulk(at, seconds) / GB, (port, proxy))


def small(seconds: float) -> None:
    """Small round trips and many connections, Python against Python."""
    with begun(echoing) as port, before(port) as proxy:
        for clients in (1, 16):
            name = f"round trips of Python, clients: {clients}"
            show(name, "trips/s", partial(trips, clients=clients, seconds=seconds), (port, proxy))
        show("2,000 connections at once, each answered", "s", partial(connected, clients=2000), (port, proxy))


def redis() -> None:
    """Small round trips of a C client to a C server."""
    if shutil.which("redis-server") is None or shutil.which("redis-benchmark") is None:
        print("redis-server and redis-benchmark are not installed: their figures are left out", file=sys.stderr)
        return
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("", {}),
        (", framed", {"protocol": "redis"}),
        (", framed, two toxics", {"protocol": "redis", "toxics": HELD}),
        (", framed, recorded", {"protocol": "redis", "keyed": True}),
    ]
    with redis_server() as port:
        for clients, pipelined in ((1, 1), (50, 16), (50, 1)):
            for name, fields in kinds if (clients, pipelined) == (50, 1) else kinds[:1]:
                with before(port, **fields) as proxy:
                    measured = partial(redis_benchmark, clients=clients, pipelined=pipelined)
                    show(f"redis-benchmark -c {clients} -P {pipelined}{name}", "requests/s", measured, (port, proxy))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    print(f"{os.cpu_count()} processors, {os.getloadavg()[0]:.2f} of them at work before this")
    print(f"{'':<48} {'direct':>12} {'through':>12}  {'':<10} {'ratio':>6}")
    bulks(seconds)
    small(seconds)
    redis()


if __name__ == "__main__":
    from fozzy.chaos.http.descriptors import make_room

    make_room(8192)
    main()
