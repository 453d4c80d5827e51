"""Fences: what cannot be simulated ends the run, with the call, the place and what to do instead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told

# A module whose line 3 makes the call, and what the fence says of it.
CALLS = {
    "os.fork": "import os\n\nos.fork()",
    "os.system": "import os\n\nos.system('true')",
    "os.popen": "import os\n\nos.popen('true')",
    "os.execv": "import os\n\nos.execv('/bin/true', ['true'])",
    "os.execlp": "import os\n\nos.execlp('true', 'true')",
    "os.spawnv": "import os\n\nos.spawnv(os.P_WAIT, '/bin/true', ['true'])",
    "os.posix_spawn": "import os\n\nos.posix_spawn('/bin/true', ['true'], {})",
    "os.waitpid": "import os\n\nos.waitpid(-1, 0)",
    "os.kill": "import os\n\nos.kill(999999, 9)",
    "subprocess.Popen": "import subprocess\n\nsubprocess.run(['true'])",
    "multiprocessing.Process.start": "import multiprocessing\n\nmultiprocessing.Process(target=print).start()",
    "concurrent.futures.ProcessPoolExecutor.submit": "import concurrent.futures as f\n\nf.ProcessPoolExecutor(1).submit(print)",
    "asyncio.create_subprocess_exec": "import asyncio\ntry:\n    asyncio.create_subprocess_exec('true').send(None)\nexcept StopIteration: pass",
    "threading.Thread.start": "import threading\n\nthreading.Thread(target=print).start()",
    "_thread.start_new_thread": "import _thread\n\n_thread.start_new_thread(print, ())",
    "threading.Condition.wait": "import threading\n\nthreading.Event().wait()",
    "signal.alarm": "import signal\n\nsignal.alarm(1)",
    "signal.setitimer": "import signal\n\nsignal.setitimer(signal.ITIMER_REAL, 1)",
    "signal.pause": "import signal\n\nsignal.pause()",
    "socket.socket": "import socket\n\nsocket.socket()",
    "socket.create_connection": "import socket\n\nsocket.create_connection(('127.0.0.1', 9))",
    "socket.getaddrinfo": "import socket\n\nsocket.getaddrinfo('example.org', 80)",
    "socket.gethostbyname": "import socket\n\nsocket.gethostbyname('example.org')",
    "socket.gethostbyaddr": "import socket\n\nsocket.gethostbyaddr('127.0.0.1')",
    "socket.socketpair": "import socket\n\nsocket.socketpair()",
    "select.select": "import select\n\nselect.select([0], [], [])",
    "select.poll": "import select\n\nselect.poll()",
    "select.epoll": "import select\n\nselect.epoll()",
    "selectors.EpollSelector": "import selectors\n\nselectors.EpollSelector()",
}
RUN = """
import warnings
warnings.simplefilter("ignore")
patches.install()
sys.path.insert(0, ".")
seen = []
class Node(Machine):
    def fence(self, call, why): return Stop([call, patches.asked_at(), why])
for number in range(COUNT):
    try:
        with AROUND:
            try: __import__(f"shop{number}")
            except Exception as error: seen.append(["swallowed", repr(error), ""])
    except Stop as stop: seen.append(stop.args[0])
    except patches.Fence as fence: seen.append(str(fence))
told(seen)
"""


def asked(told: Told, folder: Path, around: str) -> list[Any]:
    """What the fence of each call says, in order."""
    for number, text in enumerate(CALLS.values()):
        (folder / f"shop{number}.py").write_text(text)
    seen: list[Any] = told(RUN.replace("COUNT", str(len(CALLS))).replace("AROUND", around))
    assert len(seen) == len(CALLS)
    return seen


def test_a_fence_names_the_call_and_its_place(told: Told, tmp_path: Path) -> None:
    """On a node each call ends the run, past every `except Exception`, and says which, where, and what to do."""
    for number, (call, seen) in enumerate(zip(CALLS, asked(told, tmp_path, "on(Node())"), strict=True)):
        named, place, why = seen
        assert (named, place) == (call, f"{tmp_path}/shop{number}.py:3")
        assert why.endswith(".") and len(why) > 30


def test_a_fence_at_import_names_the_call_and_its_place(told: Told, tmp_path: Path) -> None:
    """While modules are imported, the same calls end the import, with file and line."""
    for number, (call, said) in enumerate(zip(CALLS, asked(told, tmp_path, "patches.importing()"), strict=True)):
        assert said.startswith(f"{call} is called while a module is imported, at {tmp_path}/shop{number}.py:3: ")


def test_a_module_that_only_defines_things_is_not_disturbed(told: Told, tmp_path: Path) -> None:
    """Pools, locks, threads that are not started, handlers and selectors may be made while a module is imported."""
    text = """
import asyncio, concurrent.futures, multiprocessing, queue, selectors, signal, socket, subprocess, threading, uuid
POOL = concurrent.futures.ThreadPoolExecutor(3)
THREAD = threading.Thread(target=print)
LOCK, EVENT, QUEUE = threading.RLock(), threading.Event(), queue.Queue()
PROCESS = multiprocessing.Process(target=print)
class Line(socket.socket): pass
class Command(subprocess.Popen): pass
signal.signal(signal.SIGTERM, print)
FUTURE = POOL.submit(len, "abc")
HERE = socket.getaddrinfo("127.0.0.1", 80), socket.getaddrinfo(None, 80), socket.gethostbyname(socket.gethostname())
"""
    (tmp_path / "shop.py").write_text(text)
    script = """
patches.install()
sys.path.insert(0, ".")
before = __import__("signal").getsignal(15)
with patches.importing(): import shop
told([shop.FUTURE.result(), __import__("signal").getsignal(15) is before, shop.HERE[2]])
"""
    assert told(script) == [3, True, "10.0.0.0"]


def test_a_package_may_do_without(told: Told, tmp_path: Path) -> None:
    """An installed package gets an error it can know while it is imported; for a node's own run there is no such way."""
    package = tmp_path / "site-packages"
    package.mkdir()
    (package / "lib.py").write_text("import socket\ntry: socket.socket()\nexcept OSError as e: SAID = str(e)")
    (tmp_path / "shop.py").write_text("\nimport lib")
    script = """
patches.install()
sys.path[:0] = [".", "site-packages"]
with patches.importing(): import shop, lib
told(lib.SAID)
"""
    assert f"at {tmp_path}/shop.py:2:" in told(script)


def test_outside_nothing_is_fenced(told: Told) -> None:
    """Where no machine runs, processes, threads, sockets and pools are true."""
    script = """
patches.install()
import concurrent.futures, os, select, signal, socket, subprocess, threading, multiprocessing, time
seen = []
thread = threading.Thread(target=lambda: seen.append(threading.get_ident() != threading.main_thread().ident))
thread.start(); thread.join()
with concurrent.futures.ThreadPoolExecutor(1) as pool:
    seen.append(pool.submit(threading.get_ident).result() != threading.get_ident())
seen.append(subprocess.run([sys.executable, "-S", "-c", "print(5)"], capture_output=True).stdout == b"5\\n")
left, right = socket.socketpair()
left.send(b"x"); seen.append(right.recv(1) == b"x" and select.select([right], [], [], 0) == ([], [], []))
with socket.socket() as line: seen.append(type(line) is socket.socket and line.fileno() >= 0)
left.close(); right.close()
pid = os.fork()
if pid == 0: os._exit(3)
seen.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3)
seen.append(threading.Event().wait(0.001) is False and socket.getaddrinfo("127.0.0.1", 80)[0][4] == ("127.0.0.1", 80))
signal.signal(signal.SIGUSR1, lambda *_: seen.append("struck")); os.kill(os.getpid(), signal.SIGUSR1); time.sleep(0)
import asyncio
async def say(): return await asyncio.to_thread(threading.get_ident) != threading.get_ident()
seen.append(asyncio.run(say()))
told(seen)
"""
    assert told(script) == [True, True, True, True, True, True, True, "struck", True]
