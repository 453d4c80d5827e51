"""What real libraries need of the simulator, each in a program of a few lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fozzy.sim.streams import is_hello

Written = Callable[..., Any]

SERVER = """
import asyncio
async def server(node):
    async def connected(reader, writer):
        await asyncio.sleep(0.1)
        writer.write(b"late")
        try:
            await reader.read()
        except ConnectionError:
            pass  # it was closed before what came was read
        writer.close()
    await (await asyncio.start_server(connected, "0.0.0.0", 80)).serve_forever()
"""


def executed(written: Written, program: str, **files: str) -> Any:
    with written({"it.py": program, "near.py": SERVER, **files}, server="near:server", client="it:main")() as process:
        return process.execute(5)


def test_a_moment_that_is_as_good_as_over_is_not_waited_for_for_ever(written: Written) -> None:
    """A timer for this very instant strikes at it only some times, then a little later: a bucket that leaks drop by drop
    goes on."""
    program = """
import asyncio
async def main(node):
    loop = asyncio.get_running_loop()
    end, turns = loop.time() + 1e-4, 0
    while loop.time() < end:
        turned = loop.create_future()
        loop.call_at(loop.time(), turned.set_result, None)
        await turned
        turns += 1
    print(turns)
"""
    ended = executed(written, program)
    assert ended.findings == []
    assert 10 < int(ended.said("client")[0]) < 10_000


def test_a_run_is_over_when_its_last_program_is(written: Written) -> None:
    """A server that still listens does not hold the run, and neither do timers that were left."""
    program = """
import asyncio
async def main(node):
    reader, writer = await asyncio.open_connection("server", 80)
    asyncio.get_running_loop().call_later(30, print, "left")
    await reader.read(4)
    writer.close()
"""
    ended = executed(written, program)
    assert ended.findings == []
    assert 10**8 < ended.now_ns < 10**9


def test_a_connection_tells_whether_it_can_be_read(written: Written) -> None:
    """Clients ask the socket of a connection before they use it again, by poll and by select."""
    program = """
import asyncio, fcntl, select
async def main(node):
    reader, writer = await asyncio.open_connection("server", 80)
    sock, told = writer.get_extra_info("socket"), []
    writer.transport.pause_reading()
    fcntl.fcntl(sock.fileno(), fcntl.F_GETFD)
    for _ in range(2):
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN)
        told += [bool(poll.poll(0)), bool(select.select([sock], [], [], 0)[0])]
        await asyncio.sleep(1)
    writer.transport.resume_reading()
    await reader.read(4)  # who closes with something unread resets
    writer.close()
    print(*told, sock.fileno())
"""
    ended = executed(written, program)
    assert ended.findings == []
    assert ended.said("client") == ["False False True True -1"]


def test_a_library_that_is_imported_late_belongs_to_nobody(written: Written) -> None:
    """What a library reads and tries while it is imported is refused or answered where no node runs: httpx imports
    trio when it is first used, which looks for a library of the system by a process."""
    program = """
async def main(node):
    import httpx
    async with httpx.AsyncClient(verify=False):
        print("made")
"""
    with written({"it.py": program}, client="it:main")() as process:
        first, second = process.execute(5), process.execute(5)
    assert first.findings == []
    assert first.said("client") == ["made"]
    assert first.digest == second.digest


def test_a_module_that_is_imported_late_does_not_change_the_next_run(written: Written) -> None:
    """The digest of the user's code is of the files as the process began with them."""
    program = """
async def main(node):
    import other
    print(other.NAME)
"""
    with written({"it.py": program, "other.py": "NAME = 'other'\n"}, client="it:main")() as process:
        first, second = process.execute(5), process.execute(5)
    assert first.said("client") == ["other"]
    assert first.digest == second.digest


def test_what_is_refused_in_a_thread_is_located(written: Written) -> None:
    """The line that gave a function to a worker thread is told, though it is not on the stack any more. In a worker
    thread no loop runs, so there a program may begin one, which is refused by name."""
    program = """
import asyncio
async def main(node):
    await asyncio.to_thread(asyncio.run, asyncio.sleep(1))
"""
    found = executed(written, program).findings[0]
    assert found.title == "sim_fenced"
    assert found.details["at"] == "it.py:4"


def test_a_traceback_does_not_say_where_python_is(written: Written) -> None:
    """What a program prints is the same on every machine: files of Python and of packages have no folders."""
    program = """
import json, traceback
async def main(node):
    try:
        json.loads("{")
    except ValueError:
        traceback.print_exc()
"""
    said = executed(written, program).said("client")
    files = [line.split('"')[1] for line in said if line.startswith("  File ")]
    assert files[0] == "it.py"
    assert set(files[1:]) == {"json/__init__.py", "json/decoder.py"}


def test_a_call_in_a_pool_of_ones_own_has_its_beginning(written: Written) -> None:
    """The initializer of a pool runs before its calls, also when the loop gives them; and no loop runs there."""
    program = """
import asyncio, threading
from concurrent.futures import ThreadPoolExecutor
mine = threading.local()
def begin():
    mine.word = "begun"
def tell():
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return mine.word
async def main(node):
    with ThreadPoolExecutor(1, initializer=begin) as pool:
        print(await asyncio.get_running_loop().run_in_executor(pool, tell))
"""
    assert executed(written, program).said("client") == ["begun"]


def test_tls_is_known_by_its_hello() -> None:
    """A record of a handshake that holds a whole hello begins TLS; other bytes, and a part of one, do not."""
    hello = bytes([22, 3, 1, 0, 5, 1, 0, 0, 1, 0])
    assert is_hello(hello)
    assert is_hello(bytes([22, 3, 3, 0, 5, 2, 0, 0, 1, 0, 99]))
    assert not is_hello(hello[:-1])
    assert not is_hello(bytes([22, 3, 1, 0, 5, 7, 0, 0, 1, 0]))
    assert not is_hello(bytes([23, 3, 3, 0, 5, 1, 0, 0, 1, 0]))
    assert not is_hello(b"GET / HTTP/1.1\r\n")
    assert not is_hello(b"\x16")
