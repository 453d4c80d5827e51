"""`fozzy proxy http` as a process: what it refuses, what it prints, what it leaves, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from fozzy.cli.console import Console
from fozzy.cli.proxy_run import owned_up
from fozzy.core.events import Record
from fozzy.errors import Exit, StoreError
from tests.chaos.cassette.door import summary
from tests.chaos.started import ROOT, Started
from tests.chaos.upstream import Upstream, hangs, plain
from tests.cli.test_json_documents import validator
from tests.ports import free_port

SOON_S = 30.0


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """The service behind the proxy."""
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def port() -> int:
    """A port that is free."""
    return free_port()


def document(text: str) -> Any:
    """The one document that was printed."""
    return json.loads(text)


BAD: list[tuple[tuple[str, ...], str, str, str]] = [
    *(
        (("--drop", value), "usage.bad_value", f"--drop must be a probability from 0 to 1 such as 0.2, {more}", "")
        for value in ("1.5", "abc", "-0.1", "0x1", "0.5abc")
        for more in [f'or from 0% to 100%, got "{value}"']
    ),
    (("--latency", "1.5"), "usage.bad_value", '--latency must be a whole number and a unit such as "250ms"', ""),
    (("--latency", "31s"), "usage.bad_value", "--latency must be from 0ms to 30s, got 31s", "--latency-max 31s"),
    (("--latency-range", "500ms..100ms"), "usage.bad_value", "--latency-range must have the smaller", ""),
    (("--latency-range", "a..b"), "usage.bad_value", "--latency-range must be a whole number and a unit", ""),
    (("--latency-range", "1s..31s"), "usage.bad_value", "--latency-range must be from 0ms to 30", ""),
    (
        ("--latency", "1s", "--latency-range", "1s..2s"),
        "chaos.exclusive_flags",
        "--latency and --latency-range exclude each other",
        "drop --latency for a drawn delay, --latency-range for a fixed one",
    ),
    (
        ("--scenario", "slow_backed"),
        "chaos.unknown_scenario",
        '--scenario: there is no scenario "slow_backed"',
        'did you mean "slow_backend"?',
    ),
    (("--status", "99"), "usage.bad_value", "--status must be statuses from 200 to 599", ""),
    (("--status", "1000"), "usage.bad_value", "--status must be statuses from 200 to 599", ""),
    (("--upstream", "127.0.0.1:9000"), "usage.bad_value", "--upstream must be the URL of an HTTP server", ""),
    (("--jitter", "10%"), "chaos.idle_flag", "--jitter needs a delay", "--latency-range"),
    (("--chaos", "none.toml"), "chaos.unreadable", "cannot read none.toml", ""),
    (("--chaos", "rate.toml"), "chaos.bad_value", '"drop" must be a number from 0 to 1', ""),
    (("--chaos", "key.toml"), "chaos.unknown_key", 'a chaos file has no field "fautls"', 'did you mean "faults"?'),
    (("--record", "a.fozzy", "--replay", "b.fozzy"), "chaos.exclusive_flags", "--record and --replay", ""),
    (("--replay", "none.fozzy"), "trace.unreadable", "none.fozzy", ""),
    (("--as-recorded",), "chaos.idle_flag", "--as-recorded needs --replay or --auto", ""),
    (("--tls-cert", "none.pem"), "usage.bad_value", "--tls-cert must be a file", ""),
    (("--upstream-ca", "rate.toml"), "chaos.tls", 'the certificates "rate.toml" cannot be used', "PEM"),
    (("--auto", "new.fozzy"), "chaos.no_upstream", "--auto asks upstream", "--replay FILE"),
    (("--det",), "chaos.real_time", "--det has no meaning here", "the seed alone"),
    (("--no-det",), "chaos.real_time", "--no-det has no meaning here", "the seed alone"),
    (("--drp", "1"), "usage.unknown_option", "--drp", "--drop"),
    (("--seed", "-1"), "usage.bad_value", "--seed must be a whole number from 0", ""),
    (("--otlp", "nowhere"), "usage.bad_value", "--otlp must be the URL", ""),
    (("--control-token", "short", "--control", ":0"), "usage.bad_value", "--control-token must have at least 8", ""),
]


@pytest.mark.parametrize(
    ("words", "code", "said", "hint"), BAD, ids=lambda value: " ".join(value)[:40] if value else ""
)
def test_a_mistake_is_refused_before_anything_listens(
    words: tuple[str, ...], code: str, said: str, hint: str, port: int, project: Path, fz: Callable[..., Any]
) -> None:
    """Status 2, the flag or field by name with its range, no port open, nothing left in the store."""
    (project / "rate.toml").write_text("[faults]\ndrop = 5\n")
    (project / "key.toml").write_text("[fautls]\ndrop = 1\n")
    ran = fz("proxy", "http", "--listen", f"127.0.0.1:{port}", *words, "--json")
    error = ran.document()["error"]
    assert ran.code == 2, ran.said
    assert (error["code"], said in error["message"]) == (code, True), error
    assert hint in error.get("hint", "")
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0
    assert not list(project.glob(".fozzy/runs/*"))


def test_variables_are_held_to_the_same(project: Path, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad value, a misspelled name: by the variable's name. A flag puts a bad variable of another thing not right."""
    monkeypatch.setenv("FOZZY_CHAOS_DROP", "1.5")
    assert "FOZZY_CHAOS_DROP must be a probability" in fz("proxy", "http").said
    monkeypatch.delenv("FOZZY_CHAOS_DROP")
    monkeypatch.setenv("FOZZY_CHAOS_DORP", "1")
    ran = fz("proxy", "http", "--json")
    assert ran.document()["error"]["code"] == "chaos.unknown_variable"
    assert ran.document()["error"]["hint"] == 'did you mean "FOZZY_CHAOS_DROP"?'


def test_a_recording_that_is_damaged_ends_with_6(project: Path, upstream: Upstream, fz: Callable[..., Any]) -> None:
    """It is not served, and not gone on with."""
    with Started("--upstream", upstream.url, "--record", "a.fozzy", cwd=project) as proxy:
        proxy.ask("/a")
        assert proxy.stop() == 0
    whole = (project / "a.fozzy").read_bytes()
    (project / "b.fozzy").write_bytes(whole.replace(b'"/a"', b'"/b"', 1))
    for mode in ("--replay", "--auto"):
        assert fz("proxy", "http", mode, "b.fozzy", "--upstream", upstream.url).code == 6


def test_a_port_that_is_taken(project: Path, port: int, fz: Callable[..., Any]) -> None:
    """Status 2; a recording that was asked for is not begun; also when it is the controls' port."""
    with socket.create_server(("127.0.0.1", port)):
        for words in (("--listen", f":{port}"), ("--listen", ":0", "--control", f":{port}")):
            ran = fz("proxy", "http", *words, "--record", "a.fozzy")
            assert ran.code == 2
            assert f"127.0.0.1:{port}" in ran.said
    assert [path.name for path in project.iterdir() if "a.fozzy" in path.name] == []


def test_a_proxy_that_would_ask_itself(project: Path, port: int, fz: Callable[..., Any]) -> None:
    """Status 2, by the flag and by a route of the file."""
    (project / "own.toml").write_text(f'[[routes]]\npath = "/*"\nupstream = "http://localhost:{port}"\n')
    for words in (("--upstream", f"http://127.0.0.1:{port}"), ("--chaos", "own.toml")):
        ran = fz("proxy", "http", "--listen", f":{port}", *words, "--json")
        assert (ran.code, ran.document()["error"]["code"]) == (2, "chaos.own_upstream")


@pytest.mark.parametrize("words", [(), ("--json",), ("-q",), ("--events",), ("-v",)], ids=" ".join)
def test_a_token_that_was_made_is_said_once_and_kept_nowhere(project: Path, port: int, words: tuple[str, ...]) -> None:
    """On stderr, whoever reads; with it the controls answer. No recording and no file of the store has it."""
    control = ("--control", f"0.0.0.0:{port}")
    command = [sys.executable, "-m", "fozzy", "proxy", "http", "--listen", ":0", "--record", "a.fozzy", *control]
    process = subprocess.Popen(
        [*command, *words],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline().decode()
        found = re.search(r"control token {2}([0-9a-f]{16,})", line)
        assert found, line
        asked = {"Authorization": f"Bearer {found[1]}"}
        said = httpx.get(f"http://127.0.0.1:{port}/fozzy/status", headers=asked, trust_env=False)
        refused = httpx.get(f"http://127.0.0.1:{port}/fozzy/status", trust_env=False)
        assert (said.status_code, refused.status_code) == (200, 401)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SOON_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert found[1].encode() not in out + err
    assert not [each for each in project.rglob("*") if each.is_file() and found[1].encode() in each.read_bytes()]


def test_lines_in_a_pipe_and_the_last_ones(project: Path, upstream: Upstream) -> None:
    """Where it listens, what may go wrong, a line per exchange, numbers, and the command that serves the recording."""
    words = ("--upstream", upstream.url, "--status", "503@1", "--seed", "7", "--record", "api.fozzy")
    with Started(*words, cwd=project, control=False) as proxy:
        assert proxy.ask("/orders/7?token=hush").status_code == 503
        assert proxy.stop() == 0
    said = "\n".join(proxy.lines)
    assert proxy.seed == 7
    assert "  faults   status 503\n  recording to api.fozzy\n" in said
    assert re.search(r"^1 \d+\.\d{3} GET /orders/7\?… 503 fault=status took=(?:\d+ms|[\d.]+s)$", said, re.MULTILINE)
    assert "hush" not in said
    assert re.search(r"^  1 exchange   1 faulted   p50 [\d.]+m?s  p99 [\d.]+m?s   in ", said, re.MULTILINE)
    assert said.endswith("sealed api.fozzy (1 exchange). serve it: fozzy proxy http --replay api.fozzy")


def test_a_body_that_is_not_kept_is_said_at_the_end(project: Path, upstream: Upstream) -> None:
    """The last lines count the exchanges that are recorded without a body; those are never served."""
    upstream.on("/long", plain(200, [], b"x" * 100))
    upstream.on("/brief", plain(200, [], b"x"))
    words = ("--upstream", upstream.url, "--record", "api.fozzy", "--record-bytes", "10")
    with Started(*words, cwd=project, control=False) as proxy:
        for path in ("/long", "/brief"):
            assert proxy.ask(path).status_code == 200
        assert proxy.stop() == 0
    assert "sealed api.fozzy (2 exchanges, 1 without its body)." in "\n".join(proxy.lines)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well(sent: signal.Signals, project: Path, upstream: Upstream, fz: Callable[..., Any]) -> None:
    """Status 0, the trace sealed, the run in the store under its aliases."""
    with Started("--upstream", upstream.url, "--record", "a.fozzy", cwd=project) as proxy:
        proxy.ask("/a")
        assert proxy.stop(sent) == 0
    assert fz("trace", "verify", "a.fozzy").code == 0
    run_id = (project / ".fozzy/runs/latest").read_text()
    assert run_id == (project / ".fozzy/runs/last-pass").read_text()
    assert fz("report", "show", "@latest", "--json").document()["identity"]["runId"] == run_id


def test_a_seed_is_chosen_printed_and_makes_the_same_again(project: Path, upstream: Upstream) -> None:
    """Run again with the seed it printed, the same requests get the same."""
    taken = []
    seed: tuple[str, ...] = ()
    for _ in range(2):
        with Started("--upstream", upstream.url, "--status", "500@0.5", *seed, cwd=project) as proxy:
            taken.append([proxy.take(f"/{n}").status for n in range(30)])
            seed = ("--seed", str(proxy.seed))
    assert taken[0] == taken[1]
    assert set(taken[0]) == {200, 500}


def test_flag_over_variable_over_file_over_scenario(project: Path, upstream: Upstream) -> None:
    """Field by field, as the controls tell it."""
    (project / "a.toml").write_text('seed = 5\n[faults]\ndrop = 0.1\nmalformed = 0.2\n[latency]\nfixed = "1ms"\n')
    words = ("--upstream", upstream.url, "--chaos", "a.toml", "--scenario", "network_degradation", "--drop", "0.3")
    with Started(*words, cwd=project, FOZZY_CHAOS_MALFORMED="0.05", FOZZY_CHAOS_DROP="0.9") as proxy:
        holds = proxy.controls("GET", "/fozzy/explain")["holds"]["config"]
        active = proxy.controls("GET", "/fozzy/status")["active"]
        assert proxy.seed == 5
        proxy.ask("/")
    assert (holds["faults"]["drop"], holds["faults"]["malformed"]) == (0.3, 0.05)
    assert holds["latency"]["fixed"] == "1ms"
    assert holds["limits"]["bandwidth"] == "100KB/s"
    assert [each["name"] for each in active] == ["network_degradation"]


def test_mockforges_flags_are_told_by_our_names(project: Path, upstream: Upstream) -> None:
    """One line each when it begins; a bare `--chaos` is taken and names no file."""
    words = ("--upstream", upstream.url, "--chaos", "--chaos-latency-ms", "1", "--chaos-packet-loss", "0.5")
    with Started(*words, cwd=project) as proxy:
        proxy.take("/")
    said = "\n".join(proxy.lines)
    assert "note: --chaos-latency-ms 1 is --latency 1ms" in said
    assert "note: --chaos-packet-loss 0.5 is --loss 0.5% --loss-as 408" in said


def run(*words: str, cwd: Path, ask: Callable[[str], None]) -> subprocess.CompletedProcess[bytes]:
    """The command with streams apart; `ask` gets the URL that it printed on stderr."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fozzy", "proxy", "http", "--listen", ":0", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent.parent)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    found = None
    said = b""
    while found is None:
        read = process.stderr.readline()
        assert read, said
        said += read
        found = re.search(rb"fozzy proxy +(\S+) ->", said)
    ask(f"http://{found[1].decode()}")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SOON_S)
    return subprocess.CompletedProcess([], process.returncode, out, said + err)


def ask_once(url: str) -> None:
    """One request."""
    import httpx

    httpx.get(f"{url}/a", headers={"authorization": "hush-hush"}, trust_env=False)


def test_the_document(project: Path, upstream: Upstream) -> None:
    """One document at the end, where it listens on stderr, in the form of its schema."""
    ran = run("--upstream", upstream.url, "--json", "--drop", "1", "--record", "a.fozzy", cwd=project, ask=ask_once)
    said = document(ran.stdout.decode())
    assert ran.returncode == 0
    assert [each.message for each in validator("proxy http").iter_errors(said)] == []
    assert (said["command"], said["mode"], said["status"]) == ("proxy http", "proxy", "pass")
    assert said["identity"]["tracePath"] == "a.fozzy"
    proxy = said["proxy"]
    assert (proxy["exchanges"], proxy["faulted"], proxy["recorded"], proxy["misses"]) == (1, 1, 1, 0)
    assert proxy["faults"] == [
        {"place": "server", "name": "drop", "matched": 1, "rolled": 1, "hit": 1, "applied": 1, "bypassed": 0}
    ]
    kept = json.loads((project / said["identity"]["artifactsDir"] / "summary.json").read_text())
    assert kept["identity"] == said["identity"]


def test_records_as_they_go(project: Path, upstream: Upstream) -> None:
    """JSON lines of the trace's own form, without secrets, and the summary last."""
    ran = run("--upstream", upstream.url, "--events", cwd=project, ask=ask_once)
    *records, last = ran.stdout.decode().splitlines()
    assert [type(msgspec.json.decode(each, type=Record)).__name__ for each in records] == ["Exchange"]
    assert document(last)["proxy"]["exchanges"] == 1
    assert "hush" not in ran.stdout.decode()
    assert "fozzy proxy" in ran.stderr.decode()


def test_json_and_events_are_two_answers(fz: Callable[..., Any]) -> None:
    """One stdout holds one."""
    assert fz("proxy", "http", "--json", "--events").document()["error"]["code"] == "usage.two_reports"


def test_quiet_is_one_line(project: Path, upstream: Upstream, port: int) -> None:
    """Nothing until the end, and then one line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fozzy", "proxy", "http", "-q", "--listen", f":{port}", "--upstream", upstream.url],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    end_s = time.monotonic() + SOON_S
    while time.monotonic() < end_s:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    ask_once(f"http://127.0.0.1:{port}")
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=SOON_S)
    assert re.fullmatch(
        rb"1 exchange   0 faulted   p50 [\d.]+m?s  p99 [\d.]+m?s   seed \d+ \(run [0-9a-f]{4,8}\)\n", out
    ), out


NEVER = """\
[[routes]]
path = "/other/*"
faults.drop = { probability = 1 }
"""


def test_a_fault_that_was_never_rolled_fails_a_strict_run(project: Path, upstream: Upstream) -> None:
    """Status 1 and a finding that names it; with --unsafe a warning and status 0."""
    (project / "a.toml").write_text(NEVER)
    words = ("--upstream", upstream.url, "--chaos", "a.toml")
    for more, code in (((), 1), (("--unsafe",), 0)):
        with Started(*words, *more, cwd=project) as proxy:
            proxy.ask("/a")
            assert proxy.stop() == code
        said = "\n".join(proxy.lines)
        assert "fault drop of routes[0] was never rolled: no request matched it" in said
        assert ("FAIL  fault_never_rolled" in said) == (code == 1)
        assert ("warning: fault drop" in said) == (code == 0)


@pytest.mark.parametrize("more", [(), ("--unsafe", "-v")])
def test_a_bug_of_ours_ends_with_70(project: Path, upstream: Upstream, more: tuple[str, ...]) -> None:
    """Strict or not, and a finding says which; `-v` shows where. It decides even where a recording is not there either."""
    (project / "sitecustomize.py").write_text(
        "from fozzy.chaos.http.connection import Connection\n\n\n"
        "async def broken(self, *_):\n    raise ZeroDivisionError('pop')\n\n\n"
        "Connection._handle = broken\n"
    )
    path = os.pathsep.join((str(project), str(ROOT)))
    with Started("--upstream", upstream.url, *more, cwd=project, PYTHONPATH=path) as proxy:
        assert proxy.take("/a").status == 0
        assert proxy.stop() == 70
    said = "\n".join(proxy.lines)
    assert "FAIL  fozzy.bug: a fault of fozzy's ended a connection: ZeroDivisionError: pop" in said
    assert ("in broken" in said) == ("-v" in more)
    error = StoreError("chaos.not_recorded", "nothing is kept")
    assert owned_up(Console(), [ZeroDivisionError("pop")], summary("t.fozzy"), error) == error.exit_status == Exit.BUG


def test_a_fault_whose_turn_never_came_was_never_rolled(project: Path, upstream: Upstream) -> None:
    """It says that requests matched."""
    (project / "a.toml").write_text("[faults]\ndrop = { after = 5 }\n")
    with Started("--upstream", upstream.url, "--chaos", "a.toml", cwd=project) as proxy:
        proxy.ask("/a")
        assert proxy.stop() == 1
    assert "its turn never came in 1 match" in "\n".join(proxy.lines)


def test_a_rate_that_always_missed_is_a_warning(project: Path, upstream: Upstream) -> None:
    """It was rolled, so something was tested: told, and no failure."""
    with Started("--upstream", upstream.url, "--drop", "0.000001", "--seed", "1", cwd=project) as proxy:
        proxy.ask("/a")
        assert proxy.stop() == 0
    assert "warning: fault drop of server was rolled 1 time and never struck" in "\n".join(proxy.lines)


def test_what_the_controls_declare_later_need_not_be_rolled(project: Path, upstream: Upstream) -> None:
    """Strict is about what the run began with."""
    with Started("--upstream", upstream.url, cwd=project) as proxy:
        proxy.ask("/a")
        proxy.controls("PATCH", "/fozzy/config", {"faults": {"drop": 0.5}})
        assert proxy.stop() == 0


def test_a_recording_is_served_and_a_miss_fails_a_strict_run(project: Path, upstream: Upstream) -> None:
    """The same bytes with upstream asked no more; what was not recorded is 503 and status 1; --unsafe makes it 0."""
    with Started("--upstream", upstream.url, "--record", "a.fozzy", cwd=project) as proxy:
        truth = proxy.ask("/a").content
        proxy.stop()
    asked = upstream.count
    for more, code in (((), 1), (("--unsafe",), 0)):
        with Started("--replay", "a.fozzy", *more, cwd=project) as proxy:
            assert proxy.ask("/a").content == truth
            assert proxy.ask("/b").status_code == 503
            assert proxy.stop() == code
        assert "cassette_miss" in "\n".join(proxy.lines) or code == 0
    assert upstream.count == asked


def test_faults_as_recorded_strike_again(project: Path, upstream: Upstream) -> None:
    """The same statuses for the same requests, without upstream."""
    words = ("--upstream", upstream.url, "--record", "a.fozzy", "--status", "503@0.5", "--seed", "3")
    with Started(*words, cwd=project) as proxy:
        was = [proxy.ask(f"/{n}").status_code for n in range(10)]
        proxy.stop()
    assert set(was) == {200, 503}
    with Started("--replay", "a.fozzy", "--as-recorded", cwd=project) as proxy:
        assert [proxy.ask(f"/{n}").status_code for n in range(10)] == was
        assert proxy.stop() == 0


def test_auto_answers_and_adds(project: Path, upstream: Upstream) -> None:
    """The first time upstream is asked, the second time not; both runs go into one file."""
    before = upstream.count
    for paths in (("/a",), ("/a", "/b")):
        with Started("--auto", "a.fozzy", "--upstream", upstream.url, cwd=project) as proxy:
            assert [proxy.ask(path).status_code for path in paths] == [200] * len(paths)
            assert proxy.stop() == 0
    assert upstream.count == before + 2
    assert sorted(path.name for path in project.iterdir()) == [".fozzy", "a.fozzy"]


def test_a_proxy_without_upstream_and_routes_says_so(project: Path) -> None:
    """It listens, answers 404, and may be given routes by its controls."""
    with Started(cwd=project) as proxy:
        assert proxy.ask("/a").status_code == 404
        assert "-> nobody" in "\n".join(proxy.lines)


def test_a_scenario_that_was_begun_with_can_be_stopped(project: Path, upstream: Upstream) -> None:
    """What the flags say alone holds then."""
    words = ("--upstream", upstream.url, "--scenario", "slow_backend", "--evidence-headers", "--latency", "0ms")
    with Started(*words, cwd=project) as proxy:
        assert [each["name"] for each in proxy.controls("GET", "/fozzy/status")["active"]] == ["slow_backend"]
        proxy.controls("DELETE", "/fozzy/scenarios/slow_backend")
        holds = proxy.controls("GET", "/fozzy/explain")["holds"]["config"]
        assert holds == {"latency": {"fixed": "0ms"}}


def test_a_folder_has_each_test_under_the_same_name_each_time(project: Path, upstream: Upstream) -> None:
    """A second run replaces the recordings of its own tests and leaves the others."""
    for tests in (("t1", "t2"), ("t2",)):
        with Started("--upstream", upstream.url, "--record", "cas/", cwd=project) as proxy:
            for test in tests:
                proxy.take(f"/{len(tests)}", headers={"X-Test-Id": test})
            assert proxy.stop() == 0
    assert sorted(path.name for path in (project / "cas").iterdir()) == ["t1.fozzy", "t2.fozzy"]
    with Started("--replay", "cas/", cwd=project) as proxy:
        taken = [proxy.take(path, headers={"X-Test-Id": "t2"}).status for path in ("/1", "/2")]
        proxy.stop()
    assert taken == [200, 503]


def test_no_name_is_promised_that_may_be_taken(project: Path, upstream: Upstream) -> None:
    """The first line says where a recording goes, or that it is the next free name."""
    said = []
    for _ in range(2):
        with Started("--upstream", upstream.url, "--record", "co.fozzy", cwd=project) as proxy:
            proxy.take("/a")
            assert proxy.stop() == 0
        said.append([each.strip() for each in proxy.lines])
    assert "recording to co.fozzy" in said[0]
    assert "recording to co.fozzy (or the next free name)" in said[1]
    assert (project / "co.1.fozzy").is_file()


def test_a_proxy_that_waits_says_for_what(project: Path) -> None:
    """Stopped with a request in flight it says so once; the second signal ends it now."""
    with Upstream() as slow_one:
        slow_one.on("/hang", hangs())
        with Started("--upstream", slow_one.url, cwd=project) as proxy:
            asking = threading.Thread(target=lambda: proxy.take("/hang"), daemon=True)
            asking.start()
            while not slow_one.count:
                time.sleep(0.01)
            began = time.monotonic()
            os.kill(proxy.pid, signal.SIGINT)
            while not any("waiting for 1 request in flight" in each for each in proxy.lines):
                assert time.monotonic() - began < SOON_S
                time.sleep(0.01)
            assert proxy.stop() == 0  # the second signal
            assert time.monotonic() - began < 20
            asking.join(SOON_S)
    assert sum("waiting for" in each for each in proxy.lines) == 1
