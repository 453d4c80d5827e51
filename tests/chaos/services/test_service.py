"""A program of one's own as a service: started when it answers, ended with all it started, the same port every time."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from fozzy.chaos.services.binaries import MISSING
from fozzy.chaos.services.postgres_server import PostgresServer
from fozzy.chaos.services.redis_server import RedisServer
from fozzy.chaos.services.service import RUNNING, Service, pids_running
from fozzy.chaos.services.standin import LlmServer, SseServer, StandIn
from fozzy.chaos.services.wire import Wire
from fozzy.errors import UsageError
from tests.leftovers import gone, processes

SLEEP = f"sleep {81_000_000 + os.getpid()}"  # no other process has these words
SHOP = f"""
import http.server, sys, subprocess
class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()
child = subprocess.Popen({SLEEP!r}.split())
print("the shop is open", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
"""
COMMAND = [sys.executable, "-c", SHOP, "{port}"]


def answers(service: Service, path: str) -> bytes:
    """The first line of what it says to a GET."""
    with Wire(service.port) as wire:
        wire.send(f"GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n".encode())
        return wire.until(b"\r\n")


@pytest.mark.parametrize("ready", ["/health", re.compile("shop is open"), lambda service: "open" in service.said])
def test_it_is_ready_when_it_says_so(ready: object) -> None:
    """A path, a pattern in what it says, and a function tell when it is there."""
    with Service(COMMAND, ready=ready) as shop:  # type: ignore[arg-type]
        assert "the shop is open" in shop.log
        assert shop in RUNNING
        assert {shop.pid, *shop.pids} <= pids_running()
    assert shop not in RUNNING


SLOW = """
import socket, sys, time
print("about to listen", flush=True)
time.sleep(0.2)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    print("it listens", flush=True)
    time.sleep(600)
"""


def test_what_it_said_in_an_earlier_life_makes_it_ready_in_none() -> None:
    """Started again it is ready when it has said so again, however it ended; `log` has all lives, `said` the last."""
    listens = re.compile("it listens")
    with Service([sys.executable, "-c", SLOW, "{port}"], ready=listens) as slow:
        slow.restart()
        Wire(slow.port).close()
        slow.kill()
        slow.start()
        Wire(slow.port).close()
        with slow.killed():
            pass
        Wire(slow.port).close()
        assert len(listens.findall(slow.log)) == 4
        assert slow.said == "about to listen\nit listens\n"


def test_nothing_of_it_stays() -> None:
    """It answers at its port; restarted it has that port again; when it has ended no process, folder and port is left."""
    with Service(COMMAND) as shop:
        folder, port, first = shop.folder, shop.port, shop.pid
        assert shop.url == f"http://127.0.0.1:{port}"
        assert answers(shop, "/health") == b"HTTP/1.1 200 OK"
        assert processes(SLEEP)
        shop.restart()
        assert (shop.port, shop.pid != first, shop.status) == (port, True, -signal.SIGTERM)
        shop.restart(signal.SIGKILL)
        assert answers(shop, "/").startswith(b"HTTP/1.1 404")
        assert shop.status == -signal.SIGKILL
    assert gone(SLEEP)
    assert not folder.exists()
    assert not shop.answers()
    with pytest.raises(UsageError, match="does not run"):
        _ = shop.pid


def test_its_environment_and_its_folder(tmp_path: Path) -> None:
    """It gets its port and what else is said as variables, and works where it is told to."""
    words = "sh -c 'echo $PORT $SHOP $PWD; exec sleep 82'"
    with Service(words, ready=re.compile(r"\n"), env={"SHOP": "ours"}, cwd=tmp_path, name="shop") as shop:
        assert shop.log.split() == [str(shop.port), "ours", os.path.realpath(tmp_path)]
        assert shop.name == "shop"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("sh -c 'echo no licence; exit 3'", "chaos.service_failed", "sh ended when it was started:\nno licence"),
        ("sh -c 'echo no luck; kill -SEGV $$'", "chaos.service_failed", "sh died of SIGSEGV when .*:\nno luck"),
        ("sh -c 'kill -KILL $$'", "chaos.service_failed", "sh died of SIGKILL when it was started:\nit said nothing"),
        ("/nonexistent/shop", MISSING, "/nonexistent/shop is not on this machine"),
    ],
)
def test_what_does_not_begin_says_why(
    command: str, code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that ends at once is an error with what it said, and leaves nothing."""
    folder = tmp_path / "own"
    monkeypatch.setattr("fozzy.chaos.services.service.private_folder", lambda: folder.mkdir() or folder)
    service = Service(command)
    with pytest.raises(UsageError, match=said) as caught:
        service.__enter__()
    assert caught.value.code == code
    assert not folder.exists()
    assert service not in RUNNING


@pytest.mark.parametrize(
    ("command", "said"), [((), "needs the command"), ("", "needs the command"), ("sh -c 'exit", "No closing quotation")]
)
def test_what_is_no_command_is_refused(command: str | tuple[str, ...], said: str) -> None:
    """Where there is none, and where it cannot be split into words."""
    with pytest.raises(UsageError, match=said) as caught:
        Service(command)
    assert caught.value.code == "usage.bad_value"


def test_a_kind_needs_no_words() -> None:
    """It has its own command, and is called by its class where it says no name."""

    class Sleeper(Service):
        def command(self) -> list[str]:
            return ["sleep", "86"]

    with Sleeper(ready=lambda service: True) as service:
        assert (service.name, service.is_alive) == ("Sleeper", True)


def test_what_never_answers_is_given_up() -> None:
    """Waiting has a limit, and the process does not stay."""
    with pytest.raises(UsageError, match="sleep did not answer"):
        Service("sleep 83", within_s=0.2).__enter__()
    assert gone("sleep 83")


def test_its_port_is_kept_while_it_is_dead() -> None:
    """Nobody else can take the port of a service that will come back."""
    import socket

    with Service(COMMAND) as shop:
        shop.kill()
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", shop.port))
        shop.start()
        assert answers(shop, "/health") == b"HTTP/1.1 200 OK"


def test_listeners_hear_what_happens() -> None:
    """Each start, stop and fault is told, in order."""
    told: list[str] = []
    shop = Service(COMMAND)
    shop.listeners.append(told.append)
    with shop:
        with shop.killed():
            assert shop.left() == [f"a fault in force: {shop.name}/killed"]
        shop.stop()
        assert shop.left() == [f"{shop.name} does not run"]
        shop.start()
        assert shop.left() == []
    assert told == ["started", "killed begins", "killed", "killed ends", "started", "killed is over", "started"]


def threads() -> list[str]:
    """Of this process, by name."""
    return [thread.name for thread in threading.enumerate()]


def test_its_end_ends_its_faults() -> None:
    """What was still in force does nothing afterwards: no thread stops processes that are others', nothing is started."""
    with Service(COMMAND) as shop:
        slowed, stands = shop.limited(cpu=0.5), shop.frozen()
        slowed.__enter__()
        stands.__enter__()
        assert "fozzy-throttle" in threads()
    assert shop.in_force == [] and "fozzy-throttle" not in threads()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del slowed, stands
        gc.collect()
    assert gone(SLEEP)


def test_it_lives_in_its_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before and after nothing of it can be started, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    shop = Service(COMMAND)
    for _ in range(2):
        for start in (shop.start, shop.restart, shop.go_on, shop.begin):
            with pytest.raises(UsageError) as caught:
                start()
            assert caught.value.code == "chaos.not_running"
        with shop:
            assert shop.is_alive
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [RedisServer, PostgresServer, LlmServer, SseServer, lambda: Service(COMMAND)])
def test_outside_of_its_block_it_touches_no_files(
    kind: Callable[[], Service], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended before it begins, and again after it has ended, it takes no file away, reads none and writes none."""
    monkeypatch.chdir(tmp_path)
    files = {"log": "mine", "said.json": "{}", "asked.jsonl": "", "data/precious": "mine"}
    (tmp_path / "data").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    service = kind()
    service.end()
    service.end()
    uses: list[Callable[[], object]] = [lambda: service.folder, lambda: service.log]
    if isinstance(service, StandIn):
        uses += [lambda: service.requests, service.clear]
    if isinstance(service, LlmServer):
        uses += [lambda: service.says("Fine.")]
    if isinstance(service, SseServer):
        uses += [lambda: service.publish("one"), lambda: service.says(crlf=True)]
    for use in uses:
        with pytest.raises(UsageError) as caught:
            use()
        assert caught.value.code == "chaos.not_running"
    left = {str(path.relative_to(tmp_path)): path for path in tmp_path.rglob("*") if path.is_file()}
    assert {name: path.read_text(encoding="utf-8") for name, path in left.items()} == files


def test_it_may_be_ended_twice_and_begin_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second end does nothing, also to the folder one is in; a second block has a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").touch()
    shop = Service(COMMAND)
    with shop:
        first = shop.folder
    shop.end()
    with pytest.raises(UsageError):
        _ = shop.log
    with shop:
        assert shop.folder != first
        shop.end()
        assert not shop.is_alive
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
