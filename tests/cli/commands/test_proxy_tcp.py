"""`fozzy proxy tcp`: a process of its own before a real server, from its first line to its exit status."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.chaos.started import ROOT, SOON_S, Started
from tests.chaos.tcp.echo import Echo

SCHEMA = json.loads((ROOT / "fozzy" / "cli" / "schemas" / "proxy-tcp.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    """A server."""
    with Echo() as server:
        yield server


def started(folder: Path, *words: str, control: bool = False) -> Started:
    """It, with a store of its own."""
    return Started(*words, cwd=folder, control=control, kind="tcp")


def fozzy(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOZZY_")}
    return subprocess.run(
        [sys.executable, "-m", "fozzy", *words],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=SOON_S,
        check=False,
    )


def talk(port: int, *texts: bytes) -> list[bytes]:
    """What comes back over one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=SOON_S) as client:
        found = []
        for text in texts:
            client.sendall(text)
            try:
                found.append(client.recv(65536))
            except ConnectionResetError:
                found.append(b"reset")
        return found


def test_it_stands_before_a_server_and_says_what_came_of_it(echo: Echo, tmp_path: Path) -> None:
    """Its addresses and toxics first; a line for what was struck and for each end; then all of it, and status 0."""
    with started(tmp_path, "--upstream", echo.address, "--toxic", "latency:latency=5,first=1", "--seed", "7") as proxy:
        assert talk(proxy.port, b"a", b"b") == [b"a", b"b"]
        assert proxy.stop() == 0
    said = "\n".join(proxy.lines)
    assert f"-> {echo.address}   seed 7" in said and "toxics   latency 5 first 1" in said
    assert "tcp#1 < 1B toxic=latency_downstream(+5.00ms)" in said or "toxic=latency_downstream(+5ms)" in said
    assert "CLOSED by=" in said and "1 connection   4 messages   1 struck" in said


def test_a_toxic_that_never_came_fails_a_strict_run(echo: Echo, tmp_path: Path) -> None:
    """Its turn, or anything at all; with --unsafe it is a warning."""
    words = ("--upstream", echo.address, "--toxic", "latency:latency=1,after=50")
    with started(tmp_path, *words) as proxy:
        talk(proxy.port, b"a")
        assert proxy.stop() == 1
    said = "\n".join(proxy.lines)
    assert "FAIL  fault_never_rolled: toxic latency_downstream of tcp never came" in said
    assert "its turn never came in 1 that it counted" in said
    with started(tmp_path, *words, "--unsafe") as proxy:
        assert proxy.stop() == 0
    assert "nothing came that it could strike" in "\n".join(proxy.lines)


def test_a_toxic_that_struck_and_was_changed_then_has_come(echo: Echo, tmp_path: Path) -> None:
    """What it did before a client of the controls changed it counts; it is one toxic, also in the status."""
    with started(tmp_path, "--upstream", echo.address, "--toxic", "latency:latency=1", control=True) as proxy:
        talk(proxy.port, b"a")
        proxy.controls("POST", "/proxies/tcp/toxics/latency_downstream", {"attributes": {"latency": 2}})
        toxics = proxy.controls("GET", "/fozzy/status")["toxics"]
        assert [(each["place"], each["applied"]) for each in toxics] == [("tcp/latency_downstream", 1)]
        assert proxy.stop() == 0


@pytest.mark.parametrize("more", [(), ("--unsafe",), ("--json",)])
def test_a_bug_of_ours_ends_with_70(echo: Echo, tmp_path: Path, more: tuple[str, ...]) -> None:
    """What the proxy did besides is no evidence, strict or not; it is a finding, and so in the store."""
    bug = "from fozzy.faults.tcp.kinds.latency import Latency\nLatency.delay_ns = lambda *_: 1 // 0\n"
    (tmp_path / "sitecustomize.py").write_text(bug)
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    words = ("--upstream", echo.address, "--toxic", "latency:latency=1", "--record", "t.fozzy", *more)
    with Started(*words, cwd=tmp_path, control=False, kind="tcp", PYTHONPATH=path) as proxy:
        assert talk(proxy.port, b"a") == [b"reset"]
        assert proxy.stop() == 70
    said = "\n".join(proxy.lines)
    if "--json" in more:
        found = json.loads(next(each for each in proxy.lines if each.startswith("{")))
        assert (found["status"], found["findings"][0]["title"]) == ("error", "fozzy.bug")
        Draft202012Validator(SCHEMA).validate(found)
    else:
        assert "FAIL  fozzy.bug: a fault of fozzy's ended a connection: ZeroDivisionError: " in said
        assert "fozzy explain fozzy.bug" in said and "Traceback" not in said
    told = json.loads(fozzy(tmp_path, "report", "show", "@latest", "--json").stdout)
    assert (told["status"], told["findings"][0]["title"]) == ("error", "fozzy.bug")


def test_a_draw_that_missed_is_a_warning(echo: Echo, tmp_path: Path) -> None:
    """It was rolled, so it could have come."""
    words = ("--toxic", "latency:latency=1,rate=0.000001", "--toxic", "latency:latency=1,toxicity=0.000001,name=b")
    with started(tmp_path, "--upstream", echo.address, *words, "--seed", "7") as proxy:
        talk(proxy.port, b"a")
        assert proxy.stop() == 0
    warned = [each for each in proxy.lines if "warning" in each]
    assert len(warned) == 2 and all("never struck" in each for each in warned)


def test_one_document_of_all(echo: Echo, tmp_path: Path) -> None:
    """`--json`: the addresses on stderr, then the summary, as its schema says."""
    words = ("--upstream", echo.address, "--toxic", "reset_peer:first=1", "--json", "--control", "127.0.0.1:0")
    with started(tmp_path, *words) as proxy:
        talk(proxy.port, b"a")
        assert proxy.stop() == 0
    document = json.loads(next(each for each in proxy.lines if each.startswith("{")))
    Draft202012Validator(SCHEMA).validate(document)
    body = document["proxy"]
    assert (body["connections"], body["struck"], body["endedBy"]) == (1, 1, {"reset_peer_downstream": 1})
    assert body["proxies"][0]["upstream"] == echo.address and body["control"].startswith("127.0.0.1:")
    assert [(each["place"], each["applied"]) for each in body["toxics"]] == [("tcp/reset_peer_downstream", 1)]


def test_every_record_as_json(echo: Echo, tmp_path: Path) -> None:
    """`--events`: each message and connection, the summary last."""
    with started(tmp_path, "--upstream", echo.address, "--events") as proxy:
        talk(proxy.port, b"a")
        assert proxy.stop() == 0
    records: list[Any] = [json.loads(each) for each in proxy.lines if each.startswith("{")]
    assert [each.get("kind") for each in records] == ["message", "message", "connection", None]
    assert records[-1]["command"] == "proxy tcp"


def test_a_recording_is_decided_again(echo: Echo, tmp_path: Path) -> None:
    """It is sealed, and `fozzy replay` of it says SAME."""
    words = ("--upstream", echo.address, "--toxic", "latency:latency=1,rate=0.5", "--record", "t.fozzy", "--seed", "7")
    with started(tmp_path, *words) as proxy:
        talk(proxy.port, *[b"a"] * 20)
        assert proxy.stop() == 0
    assert "sealed t.fozzy (41 records)" in "\n".join(proxy.lines)
    assert fozzy(tmp_path, "trace", "verify", "t.fozzy").returncode == 0
    again = fozzy(tmp_path, "replay", "t.fozzy")
    assert again.returncode == 0 and "SAME" in again.stdout, again


def test_a_running_one_is_asked(echo: Echo, tmp_path: Path) -> None:
    """`status` and `journal` know that it is of TCP; an unknown filter of HTTP is refused by its name."""
    with started(tmp_path, "--upstream", echo.address, "--toxic", "latency:latency=1", control=True) as proxy:
        talk(proxy.port, b"a")
        control = ("--control", proxy.control.removeprefix("http://"))
        status = fozzy(tmp_path, "proxy", "status", *control)
        assert status.returncode == 0 and f"-> {echo.address}   raw   open   1 connection" in status.stdout
        document = json.loads(fozzy(tmp_path, "proxy", "status", *control, "--json").stdout)
        assert document["answer"]["status"]["door"] == "tcp"
        struck = fozzy(tmp_path, "proxy", "journal", "--toxic", "any", *control)
        assert struck.returncode == 0 and "toxic=latency_downstream" in struck.stdout
        assert "CLOSED" in fozzy(tmp_path, "proxy", "journal", "--by", "client", *control).stdout
        assert fozzy(tmp_path, "proxy", "journal", "--method", "GET", *control).returncode == 2
        assert fozzy(tmp_path, "proxy", "status", *control, "--quiet").stdout.count("\n") == 1


def test_what_cannot_listen_ends_with_2(echo: Echo, tmp_path: Path) -> None:
    """And leaves no recording; so does what cannot be."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        found = fozzy(tmp_path, "proxy", "tcp", "--upstream", echo.address, "--listen", listen, "--record", "t.fozzy")
    assert found.returncode == 2 and "chaos.listen" in found.stderr
    assert list(tmp_path.glob("t.fozzy*")) == []
    assert fozzy(tmp_path, "proxy", "tcp", FOZZY_CHAOS_DROP="1").returncode == 2


def test_its_variables_are_told(tmp_path: Path) -> None:
    """`fozzy env` knows them."""
    said = fozzy(tmp_path, "env", FOZZY_CHAOS_TOXIC="latency:latency=1")
    assert said.returncode == 0 and "chaos.toxic" in said.stdout
