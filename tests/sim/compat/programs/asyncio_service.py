"""asyncio itself: what programs use without a library.

Groups of tasks, timeouts, queues, locks, threads, executors; streams with backpressure, half-close and a limit; sockets
of one's own, Unix sockets, files that are sent; tasks that begin at once, generators that are left, a power cut.
"""

from __future__ import annotations

import asyncio
import contextvars
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from typing import Any

LARGE = 2_000_000
word: contextvars.ContextVar[str] = contextvars.ContextVar("word", default="none")


async def server(node: Any) -> None:
    """Streams of every kind."""
    await asyncio.start_server(slow_reader, "0.0.0.0", 81)
    await asyncio.start_server(sums, "0.0.0.0", 82)
    await asyncio.start_unix_server(echo, "/tmp/echo.sock")
    reader, writer = await asyncio.open_unix_connection("/tmp/echo.sock")
    writer.write(b"unix\n")
    assert await reader.readline() == b"unix\n"
    writer.close()
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("0.0.0.0", 80))
    listening = await asyncio.start_server(echo, sock=bound)
    assert listening.sockets[0].getsockname()[1] == 80
    async with listening:
        await listening.serve_forever()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Give back each line."""
    try:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def slow_reader(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read slower than it is sent, then say how much it was."""
    count = 0
    while data := await reader.read(50_000):
        count += len(data)
        await asyncio.sleep(0.01)
    writer.write(str(count).encode())
    writer.close()


async def sums(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read to the end, then answer: the client has closed its half."""
    numbers = (await reader.read()).split()
    writer.write(str(sum(map(int, numbers))).encode())
    writer.write_eof()
    writer.close()
    await writer.wait_closed()


async def client(node: Any) -> None:
    """All of it, then through a power cut."""
    await asyncio.sleep(0.2)
    await groups()
    await waiting()
    await synchronized()
    await threads()
    await streams()
    await sockets()
    await generators()
    await errors()
    if sys.version_info >= (3, 12):
        await eager()
    await after_power_cut()


async def nap(name: str, seconds: float, log: list[str]) -> str:
    """Sleep, and write it down."""
    await asyncio.sleep(seconds)
    log.append(name)
    return name


async def groups() -> None:
    """Tasks that end together, and one that fails and takes the others with it."""
    log: list[str] = []
    async with asyncio.TaskGroup() as group:
        for name, seconds in (("c", 0.03), ("a", 0.01), ("b", 0.02)):
            group.create_task(nap(name, seconds, log))
    assert log == ["a", "b", "c"]

    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise ValueError("failed")

    try:
        async with asyncio.TaskGroup() as group:
            stays = group.create_task(nap("never", 10, log))
            group.create_task(fail())
    except* ValueError:
        assert stays.cancelled()


async def waiting() -> None:
    """`wait`, `as_completed`, `wait_for`, `timeout`, `shield`, `gather`."""
    log: list[str] = []
    tasks = {asyncio.ensure_future(nap(str(number), 0.01 * (number % 3), log)) for number in range(9)}
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    print("first", sorted(each.result() for each in done), "order", *[each.get_name() for each in pending])
    await asyncio.wait(pending)
    names = [await each for each in asyncio.as_completed([nap("x", 0.02, log), nap("y", 0.01, log)])]
    assert names == ["y", "x"]
    inner = asyncio.ensure_future(nap("kept", 0.05, log))
    try:
        await asyncio.wait_for(asyncio.shield(inner), 0.01)
        raise AssertionError("it is slower")
    except TimeoutError:
        assert await inner == "kept"
    begun = time.monotonic()
    try:
        async with asyncio.timeout(0.25):
            await asyncio.Event().wait()
    except TimeoutError:
        assert abs(time.monotonic() - begun - 0.25) < 0.001
    results = await asyncio.gather(nap("z", 0, log), asyncio.sleep(0, 1 / 3), return_exceptions=True)
    assert results == ["z", 1 / 3]


async def synchronized() -> None:
    """A queue, a lock, a semaphore, a condition, a barrier."""
    queue: asyncio.Queue[int] = asyncio.Queue(maxsize=2)
    lock, gate, taken = asyncio.Lock(), asyncio.Semaphore(2), []

    async def work() -> None:
        while True:
            number = await queue.get()
            async with gate, lock:
                await asyncio.sleep(0.001)
                taken.append(number)
            queue.task_done()

    workers = [asyncio.ensure_future(work()) for _ in range(3)]
    for number in range(10):
        await queue.put(number)
    await queue.join()
    for each in workers:
        each.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    assert sorted(taken) == list(range(10))
    barrier = asyncio.Barrier(3)
    assert sorted(await asyncio.gather(*[barrier.wait() for _ in range(3)])) == [0, 1, 2]


async def threads() -> None:
    """What is given to a thread has its caller's variables; what blocks takes virtual time."""
    word.set("mine")
    assert await asyncio.to_thread(word.get) == "mine"
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await loop.run_in_executor(None, time.sleep, 0.5)
    assert 0.5 <= loop.time() - begun < 0.6

    def fail() -> None:
        raise KeyError("thread")

    try:
        await asyncio.to_thread(fail)
        raise AssertionError("it fails")
    except KeyError:
        pass


async def streams() -> None:
    """Backpressure, a closed half, a line that is too long."""
    reader, writer = await asyncio.open_connection("server", 81)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for _ in range(20):
        writer.write(b"x" * (LARGE // 20))
        await writer.drain()
    assert loop.time() - begun > 0.1, "it had to wait for the reader"
    writer.write_eof()
    assert await reader.read() == str(LARGE).encode()
    writer.close()
    await writer.wait_closed()
    reader, writer = await asyncio.open_connection("server", 82)
    writer.writelines([b"1 ", b"2 ", b"3"])
    writer.write_eof()
    assert await reader.read() == b"6"
    writer.close()
    reader, writer = await asyncio.open_connection("server", 80, limit=100)
    writer.write(b"y" * 1000 + b"\n")
    try:
        await reader.readuntil(b"\n")
        raise AssertionError("it is too long")
    except asyncio.LimitOverrunError:
        writer.transport.abort()
    try:
        await asyncio.open_connection("server", 99)
        raise AssertionError("nobody listens")
    except ConnectionRefusedError:
        pass
    try:
        await asyncio.open_connection("nobody", 80)
        raise AssertionError("there is no such name")
    except socket.gaierror:
        pass


async def sockets() -> None:
    """The calls of the loop that work on sockets, and a file."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.setblocking(False)
        found = await loop.getaddrinfo("server", 80, type=socket.SOCK_STREAM)
        await loop.sock_connect(made, found[0][4])
        assert (await loop.getnameinfo(found[0][4]))[0] == "server"
        await loop.sock_sendall(made, b"by hand\n")
        assert await loop.sock_recv(made, 100) == b"by hand\n"
    reader, writer = await asyncio.open_connection("server", 80)
    with tempfile.TemporaryFile() as file:
        file.write(b"from a file\n" * 3)
        file.flush()
        await loop.sendfile(writer.transport, file, offset=12, count=12)
    assert await reader.readline() == b"from a file\n"
    assert writer.get_extra_info("peername")[1] == 80
    writer.close()


async def generators() -> None:
    """One that is left before its end still cleans up."""
    cleaned: list[str] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            for number in range(10):
                yield number
                await asyncio.sleep(0.001)
        finally:
            await asyncio.sleep(0.001)
            cleaned.append("yes")

    async for number in numbers():
        if number == 3:
            break
    await asyncio.sleep(0.1)
    assert cleaned == ["yes"]


async def errors() -> None:
    """A handler of the program's own hears of what nobody awaited."""
    loop, heard = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, told: heard.append(told["message"]))

    def fail() -> None:
        raise ValueError("callback")

    loop.call_soon(fail)
    await asyncio.sleep(0.01)
    loop.set_exception_handler(None)
    assert len(heard) == 1, heard


async def eager() -> None:
    """Tasks that begin at once."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    try:
        log: list[str] = []

        async def at_once() -> None:
            log.append("begun")
            await asyncio.sleep(0.01)
            log.append("ended")

        tasks = {asyncio.create_task(at_once()) for _ in range(3)}
        assert log == ["begun"] * 3
        done, _ = await asyncio.wait(tasks)
        assert len(done) == 3 and len(log) == 6
    finally:
        loop.set_task_factory(None)


async def after_power_cut() -> None:
    """Ask until ten seconds are over, over one connection as long as it lasts."""
    loop, good, bad = asyncio.get_running_loop(), 0, 0
    begun, writer = loop.time(), None
    while loop.time() - begun < 10:
        try:
            async with asyncio.timeout(1):
                if writer is None:
                    reader, writer = await asyncio.open_connection("server", 80)
                writer.write(b"still there\n")
                assert await reader.readline() == b"still there\n"
            good += 1
        except (OSError, TimeoutError, AssertionError):
            bad += 1
            if writer is not None:
                writer.close()
            writer = None
        await asyncio.sleep(0.3)
    assert good and bad, (good, bad)
    print("done", good, bad)
