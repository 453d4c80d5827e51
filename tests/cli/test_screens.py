"""Every screen, word for word. `FOZZY_UPDATE_SCREENS=1` writes them anew; look at them when they change."""

from __future__ import annotations

import io
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from fozzy.cli.main import main
from fozzy.report.text import ascii_only

FOLDER = Path(__file__).parent / "screens"
UPDATE = os.environ.get("FOZZY_UPDATE_SCREENS") == "1"  # read now: tests run without such variables
COLUMNS = 80
MODES = ("terminal", "pipe", "no_color", "ascii")


class Scene(NamedTuple):
    """A command line, what must have happened before it, and how it ends."""

    name: str
    code: int
    words: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()


RECORD = ("run", "scenarios/checkout/pay_twice.fozzy.json", "--seed", "7", "--record", "pay.fozzy")
SEEDS = tuple(("corpus", "add", "seeds", "--text", text) for text in ("a", "ab", "b", "bc"))
SLOW = ("run", "slow.fozzy.json", "--seed", "7", "--record", "slow.fozzy")
HEAP = ("run", "heap.fozzy.json", "--seed", "7", "--record", "heap.fozzy")
SCENES = [
    Scene("test-passing", 0, ("test", "scenarios/cart", "scenarios/programs/refused.fozzy.json", "-j1")),
    Scene("test-failing", 4, ("test", "--seed", "1337", "-j1")),
    Scene("test-one-failing", 1, ("test", "scenarios/checkout", "scenarios/cart", "--seed", "1337", "-j1")),
    Scene("test-quiet", 4, ("test", "-q", "--seed", "1337", "-j1")),
    Scene("test-verbose", 1, ("test", "-v", "scenarios/checkout", "scenarios/cart", "-j1")),
    Scene("test-kept-traces", 6, ("test", "kept", "-j1")),
    Scene("test-nothing", 5, ("test", "--tag", "none", "-j1")),
    Scene("test-refused", 2, ("test", "cluster.fozzy.json", "scenarios", "nowhere.fozzy.json")),
    Scene("run-passing", 0, ("run", "scenarios/cart/add_item.fozzy.json", "--seed", "7")),
    Scene("run-watched", 0, ("run", "scenarios/cart/add_item.fozzy.json", "--seed", "7", "--profile", "--coverage")),
    Scene("run-failing", 1, ("run", "scenarios/checkout/pay_twice.fozzy.json", "--seed", "7")),
    Scene("run-timeout", 3, ("run", "scenarios/orders/slow_refund.fozzy.json", "--seed", "7")),
    Scene("run-crash", 4, ("run", "scenarios/programs/killed.fozzy.toml", "--seed", "7")),
    Scene("run-blocks", 1, ("run", "blocks.fozzy.json", "--seed", "7")),
    Scene("run-difference", 1, ("run", "difference.fozzy.json", "--seed", "7")),
    Scene("run-unscripted", 1, ("run", "unscripted.fozzy.json", "--seed", "7")),
    Scene("run-very-verbose", 1, ("run", "scenarios/checkout/pay_twice.fozzy.json", "--seed", "7", "-vv")),
    Scene("run-quiet", 1, ("run", "scenarios/checkout/pay_twice.fozzy.json", "--seed", "7", "-q")),
    Scene("replay-same", 1, ("replay", "pay.fozzy"), (RECORD,)),
    Scene("replay-drift-edited", 6, ("replay", "pay.fozzy", "--scenario", "edited.fozzy.json"), (RECORD,)),
    Scene("replay-drift-dropped", 6, ("replay", "pay.fozzy", "--scenario", "dropped.fozzy.json"), (RECORD,)),
    Scene("replay-fixed", 0, ("replay", "pay.fozzy", "--scenario", "fixed.fozzy.json"), (RECORD,)),
    Scene("replay-changed", 1, ("replay", "pay.fozzy", "--scenario", "changed.fozzy.json"), (RECORD,)),
    Scene(
        "replay-incomplete", 6, ("replay", "rest.fozzy"), (("trace", "recover", "cut.fozzy", "--out", "rest.fozzy"),)
    ),
    Scene("replay-cut-off", 6, ("replay", "cut.fozzy")),
    Scene("shrink", 0, ("shrink", "pay.fozzy", "--keep", "regressions"), (RECORD,)),
    Scene(
        "shrink-draw",
        0,
        ("shrink", "limit.fozzy"),
        (("run", "limit.fozzy.json", "--seed", "3", "--record", "limit.fozzy"),),
    ),
    Scene("shrink-quiet", 0, ("shrink", "pay.fozzy", "-q"), (RECORD,)),
    Scene("shrink-refused", 2, ("shrink", "scenarios/cart/add_item.fozzy.json", "--seed", "7")),
    Scene(
        "test-keep", 1, ("test", "scenarios/checkout", "scenarios/cart", "--keep", "regressions", "--seed", "7", "-j1")
    ),
    Scene("fuzz", 1, ("fuzz", "py:parsing:pay", "--runs", "300", "--keep", "regressions")),
    Scene("fuzz-nothing", 0, ("fuzz", "py:parsing:parse", "--runs", "300", "--record", "a.fozzy")),
    Scene("fuzz-quiet", 1, ("fuzz", "py:parsing:pay", "--runs", "300", "-q")),
    Scene("fuzz-refused", 2, ("fuzz", "parsing:pay")),
    Scene("explore", 1, ("explore", "race.fozzy.json", "--schedule", "pct", "--seed", "7", "-j1")),
    Scene("explore-all", 1, ("explore", "race.fozzy.json", "--schedule", "dfs", "--seed", "7", "--all")),
    Scene("explore-bound", 0, ("explore", "race.fozzy.json", "--schedule", "bfs", "--bound", "0", "--seed", "7")),
    Scene("explore-nothing", 0, ("explore", "scenarios/cart/add_item.fozzy.json", "--seeds", "20", "-j1")),
    Scene("explore-quiet", 1, ("explore", "race.fozzy.json", "--seed", "7", "-q", "-j1")),
    Scene("explore-refused", 2, ("explore", "race.fozzy.json", "--depth", "3")),
    Scene("minimize", 0, ("corpus", "minimize", "py:parsing:parse", "--corpus", "seeds"), SEEDS),
    Scene("validate-problems", 2, ("validate", "bad", "scenarios")),
    Scene("validate-fine", 0, ("validate", "scenarios")),
    Scene("verify-trusted", 0, ("trace", "verify", "pay.fozzy"), (RECORD,)),
    Scene("verify-damaged", 6, ("trace", "verify", "damaged.fozzy")),
    Scene("verify-cut-off", 6, ("trace", "verify", "cut.fozzy")),
    Scene("recover", 0, ("trace", "recover", "cut.fozzy", "--out", "rest.fozzy")),
    Scene("show", 0, ("trace", "show", "pay.fozzy"), (RECORD,)),
    Scene("artifacts-ls", 0, ("artifacts", "ls"), (RECORD, ("test", "scenarios/cart", "-j1"))),
    Scene("artifacts-ls-run", 0, ("artifacts", "ls", "@last-fail"), (RECORD,)),
    Scene("artifacts-export", 0, ("artifacts", "export", "pay.fozzy", "--out", "pay.zip"), (RECORD,)),
    Scene("artifacts-pack", 0, ("artifacts", "pack", "pay.fozzy", "--out", "pay.fozzypack"), (RECORD,)),
    Scene(
        "artifacts-unpack",
        0,
        ("artifacts", "unpack", "pay.fozzypack", "--out", "taken"),
        (RECORD, ("artifacts", "pack", "pay.fozzy", "--out", "pay.fozzypack")),
    ),
    Scene("artifacts-bundle", 0, ("artifacts", "bundle", "pay.fozzy", "--out", "pay.zip"), (RECORD,)),
    Scene(
        "artifacts-diff",
        1,
        ("artifacts", "diff", "pay.fozzy", "@latest"),
        (RECORD, ("run", "scenarios/checkout/pay_twice.fozzy.json", "--seed", "8")),
    ),
    Scene("report-query", 0, ("report", "query", "pay.fozzy", "--path", "$.records[?@.kind=='step'].note"), (RECORD,)),
    Scene("report-query-nothing", 5, ("report", "query", "pay.fozzy", "--path", "$.summary.nothing"), (RECORD,)),
    Scene("report-flaky", 1, ("report", "flaky", "pay.fozzy", "@latest"), (RECORD, (*RECORD[:4], "--timeout", "5ms"))),
    Scene("profile-top", 0, ("profile", "top", "pay.fozzy"), (RECORD,)),
    Scene("profile-explain", 0, ("profile", "explain", "pay.fozzy"), (RECORD,)),
    Scene("profile-doctor", 0, ("profile", "doctor", "pay.fozzy"), (RECORD,)),
    Scene("profile-diff", 1, ("profile", "diff", "pay.fozzy", "slow.fozzy"), (RECORD, SLOW)),
    Scene("profile-not-timed", 2, ("profile", "top", "pay.fozzy", "--by", "real"), (RECORD,)),
    Scene("memory-top", 1, ("memory", "top", "heap.fozzy", "--budget", "100"), (HEAP,)),
    Scene("memory-graph", 0, ("memory", "graph", "heap.fozzy"), (HEAP,)),
    Scene("memory-diff", 1, ("memory", "diff", "pay.fozzy", "heap.fozzy"), (RECORD, HEAP)),
    Scene("ci", 1, ("ci", "pay.fozzy"), (RECORD,)),
    Scene("ci-damaged", 6, ("ci", "damaged.fozzy")),
    Scene("gate-nothing", 5, ("gate", "--scope", "nowhere")),
    Scene("gate", 1, ("gate", "--scope", "checkout", "--seed", "7")),
    Scene("proxy", 1, ("proxy", "http", "--listen", ":0", "--chaos", "chaos.toml", "--record", "api.fozzy")),
    Scene("proxy-scenarios", 0, ("proxy", "scenarios", "--chaos", "chaos.toml")),
    Scene("proxy-scenario", 0, ("proxy", "scenarios", "cascading_failure")),
    Scene("proxy-refused", 2, ("proxy", "http", "--drop", "1.5", "--latency", "1s", "--latency-range", "2s..1s")),
    Scene("proxy-file", 2, ("proxy", "http", "--chaos", "wrong.toml")),
    Scene("proxy-mockforge", 2, ("proxy", "http", "--chaos", "mockforge.json")),
    Scene("proxy-no-control", 2, ("proxy", "status")),
    Scene("init", 0, ("init", "--config", "other/fozzy.toml")),
    Scene("init-again", 2, ("init", "--config", "init.toml")),
    Scene("env", 0, ("env",)),
    Scene("mistake-command", 2, ("tset",)),
    Scene("mistake-option", 2, ("run", "a.fozzy.json", "--sede", "7")),
    Scene("mistake-value", 2, ("run", "scenarios/cart/add_item.fozzy.json", "--timeout", "5")),
    Scene("mistake-file", 2, ("run", "scenarios/cart/add_itme.fozzy.json")),
    Scene("mistake-config", 2, ("test", "--config", "bad.toml")),
    Scene("mistake-run", 2, ("replay", "abcd")),
]
BY_NAME = {scene.name: scene for scene in SCENES}
FAILING = [
    scene
    for scene in SCENES
    if scene.code and scene.name not in ("test-quiet", "run-quiet", "fuzz-quiet", "explore-quiet")
]


class Stream(io.TextIOWrapper):
    """A stream that says what it is asked to say about itself."""

    def __init__(self, encoding: str, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


class Client(threading.Thread):
    """Asks a proxy that says on this stream where it listens, and then stops this process's proxy with a signal."""

    def __init__(self, out: Stream) -> None:
        super().__init__(daemon=True)
        self._out = out

    def run(self) -> None:
        """A few requests, one after the other, so that their lines stand in one order."""
        end_s = time.monotonic() + 30
        found = None
        while found is None and time.monotonic() < end_s:
            time.sleep(0.01)
            found = re.search(r"fozzy proxy  (\S+) ->", self._out.text())
        assert found is not None
        for path in ("/orders/7", "/orders/8?token=hush", "/orders/7", "/nowhere"):
            httpx.get(f"http://{found[1]}{path}", trust_env=False)
        while self._out.text().count(" took=") < 4 and time.monotonic() < end_s:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)


class Impatient(threading.Thread):
    """Stops a proxy of this process with a signal as soon as it listens to signals."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._before = signal.getsignal(signal.SIGINT)

    def run(self) -> None:
        """Wait and stop it."""
        end_s = time.monotonic() + 30
        while signal.getsignal(signal.SIGINT) == self._before and time.monotonic() < end_s:
            time.sleep(0.01)
        time.sleep(0.2)  # so that it says where it listens
        os.kill(os.getpid(), signal.SIGINT)


Show = Callable[..., tuple[int, str]]


@pytest.fixture
def show(stage: None, monkeypatch: pytest.MonkeyPatch, fz: Callable[..., object]) -> Show:
    """Plays a scene in a mode and returns the exit status and both streams."""

    def play(scene: Scene, mode: str = "pipe") -> tuple[int, str]:
        for words in scene.before:
            fz(*words)
        terminal = mode == "terminal"
        out, err = (Stream("ascii" if mode == "ascii" else "utf-8", terminal) for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setenv("TERM", "xterm")
            patch.setenv("CI", "true")  # the live line is for the matrix
            if mode == "no_color":
                patch.setenv("NO_COLOR", "1")
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            if scene.name == "proxy":
                Client(out).start()
            code = main([*scene.words, *(["--color", "never"] if terminal else [])])
        return code, normal(out.text() + err.text())

    return play


@pytest.fixture
def stage(shop, broken: str, distributed: str, still: None, fz: Callable[..., object]) -> None:  # type: ignore[no-untyped-def]
    """The files the scenes need; what happened here leaves no run behind."""
    fz(*RECORD)
    shop.targets()
    sleep = '    { "type": "sleep", "duration": "12ms" },\n'
    shop.edited("edited", ("12ms", "13ms"))
    shop.edited("dropped", (sleep, ""))
    shop.edited("fixed", ('"b": 1', '"b": 2'))
    shop.edited("changed", ('"b": 1', '"b": 3'))
    shop.edited("slow", ("12ms", "20ms"))
    whole = Path("pay.fozzy").read_bytes()
    lines = whole.splitlines(keepends=True)
    Path("cut.fozzy").write_bytes(b"".join(lines[:-4]))
    Path("damaged.fozzy").write_bytes(whole.replace(b'"t":12000000', b'"t":12000001', 1))
    Path("kept").mkdir()
    for name in ("cut", "damaged", "pay"):
        Path("kept", f"{name}.fozzy").write_bytes(Path(f"{name}.fozzy").read_bytes())
    Path("pay.fozzy").unlink()
    for name, text in TEXTS.items():
        Path(name).write_text(text, encoding="utf-8")


TEXTS = {
    "chaos.toml": """\
seed = 7
[faults]
status = { codes = [503], every = 3 }
[[routes]]
path = "/orders/*"
answer = { json = { paid = true } }
[[routes]]
path = "/feed"
answer = { events = [1, 2, 3] }
faults.cut_stream = 0.5
[scenarios.lunch_rush]
about = "Everybody orders at once."
for = "30s"
limits.global = { rate = "5/s" }
""",
    "wrong.toml": """\
sed = 7
[latency]
uniform = ["500ms", "100ms"]
jitter = 20
[faults]
status = { codes = [99, 503], probability = 0.2 }
drop = "often"
[limits]
global = { rate = "50", burst = 10 }
""",
    "mockforge.json": """\
{
  "observability": {
    "chaos": {
      "latency": {
        "fixed_delay_ms": 500,
        "random_delay_range_ms": [100, 500]
      }
    }
  }
}
""",
    "heap.fozzy.json": """\
{
  "version": 1,
  "name": "a basket is kept",
  "steps": [
    { "type": "memory_alloc", "bytes": 4000, "key": "basket", "tag": "basket" },
    { "type": "sleep", "duration": "10ms" },
    { "type": "repeat", "times": 5, "steps": [
      { "type": "memory_alloc", "bytes": 1000, "tag": "log" },
      { "type": "sleep", "duration": "3ms" }
    ] },
    { "type": "memory_free", "key": "basket" },
    { "type": "sleep", "duration": "5ms" }
  ]
}
""",
    "init.toml": "det = true\n",
    "bad.toml": 'dett = true\n\n[limits]\ncall_ms_max = "long"\n',
    "blocks.fozzy.json": """\
{
  "version": 1,
  "name": "blocks",
  "setup": [{ "type": "set_kv", "key": "a", "value": "1" }],
  "steps": [
    { "type": "sleep", "duration": "70s" },
    { "type": "assert_throws", "steps": [
      { "type": "fail", "message": "wanted" }
    ] },
    { "type": "group", "name": "outer", "steps": [
      { "type": "trace_event", "name": "inside" },
      { "type": "assert_rejects", "steps": [
        { "type": "set_kv", "key": "k", "value": "v" }
      ] }
    ] },
    { "type": "fail", "message": "never reached" }
  ],
  "teardown": [{ "type": "fail", "message": "teardown fails too" }]
}
""",
    "limit.fozzy.json": """\
{
  "version": 1,
  "name": "an order below the limit",
  "steps": [
    { "type": "trace_event", "name": "order", "fields": { "of": "apples" } },
    { "type": "rand_int", "key": "amount", "min": 1, "max": 90 },
    { "type": "fault", "name": "busy", "on": "http", "kind": "drop", "probability": 0.5 },
    { "type": "http_when", "method": "POST", "path": "/orders", "status": 201 },
    { "type": "retry", "attempts": 5, "steps": [
      { "type": "http_request", "method": "POST", "path": "/orders", "expect_status": 201 }
    ] },
    { "type": "assert", "that": "${amount}", "less": 40 }
  ]
}
""",
    "race.fozzy.json": """\
{
  "version": 1,
  "name": "one ticket, two buyers",
  "steps": [
    { "type": "set_kv", "key": "tickets", "value": 1 },
    { "type": "parallel", "name": "buy", "branches": {
      "ann": [
        { "type": "set_kv", "key": "ann_saw", "value": "${tickets}" },
        { "type": "set_kv", "key": "tickets", "value": 0 }
      ],
      "bob": [
        { "type": "set_kv", "key": "bob_saw", "value": "${tickets}" },
        { "type": "set_kv", "key": "tickets", "value": 0 }
      ]
    } },
    { "type": "if", "that": "${ann_saw}", "equals": 1,
      "then": [
        { "type": "assert", "that": "${bob_saw}", "equals": 0 }
      ],
      "else": [{ "type": "trace_event", "name": "bob was first" }] }
  ]
}
""",
    "difference.fozzy.json": """\
{
  "version": 1,
  "name": "difference",
  "steps": [
    { "type": "http_when", "method": "GET", "path": "/a", "status": 200,
      "json": { "id": 42, "name": "Ada " } },
    { "type": "http_request", "method": "GET", "path": "/a",
      "expect_json": { "id": 42, "name": "Ada" } }
  ]
}
""",
    "unscripted.fozzy.json": """\
{
  "version": 1,
  "name": "unscripted",
  "steps": [
    { "type": "proc_spawn", "cmd": "ls", "args": ["-l"] }
  ]
}
""",
}


def normal(text: str) -> str:
    """A screen without what may differ: hashes, sizes, what a real program took."""
    text = re.sub(r"fozzy \d+\.\d+\.\d+", "fozzy 0.1.0", text)
    text = re.sub(r"\b[0-9a-f]{4}(…|\.\.\.)[0-9a-f]{2}\b", r"c0de\1ed", text)
    text = re.sub(r"\b[0-9a-f]{8}(…|\.\.\.)", r"c0dec0de\1", text)
    text = re.sub(r"\([0-9a-f]{8}\)$", "(c0dec0de)", text, flags=re.MULTILINE)
    text = re.sub(r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:8080", text)
    text = re.sub(r"\d+\.\d kB", "3.0 kB", text)
    text = re.sub(r"\([\d,]+/s\)", "(20,000/s)", text)
    return re.sub(
        r"^(  . *1 proc_spawn .*?) *(?:\d+ms|[\d.]+s)$|^(  CRASH .*  )(?:\d+ms|[\d.]+s)$",
        r"\1\2 ?ms",
        text,
        flags=re.MULTILINE,
    )


def snapshot(name: str, shown: str) -> str:
    """The screen as it is kept; written anew when that is asked for."""
    path = FOLDER / f"{name}.txt"
    if UPDATE:
        path.write_text(shown, encoding="utf-8")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BY_NAME)
def test_a_screen_is_as_it_was_seen_and_approved(name: str, show: Show) -> None:
    """Each screen in a pipe is, word for word, the one in its file, and ends with the status it should."""
    scene = BY_NAME[name]
    code, shown = show(scene)
    assert code == scene.code
    assert shown == snapshot(name, shown)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "pipe"])
@pytest.mark.parametrize(
    "name", ["test-failing", "run-failing", "run-blocks", "replay-drift-edited", "validate-problems"]
)
def test_a_screen_says_the_same_to_every_audience(name: str, mode: str, show: Show) -> None:
    """A terminal without colour and NO_COLOR get the words of a pipe; ASCII gets them with words for symbols."""
    code, shown = show(BY_NAME[name], mode)
    kept = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert code == BY_NAME[name].code
    assert "\x1b" not in shown
    assert shown == (ascii_only(kept) if mode == "ascii" else kept)


@pytest.mark.parametrize("name", ["test-failing", "run-failing"])
def test_ascii_screens_keep_their_columns(name: str, show: Show) -> None:
    """Without symbols the boxes are drawn with `-`, a failing step says FAIL, and every column stays where it was."""
    _, shown = show(BY_NAME[name], "ascii")
    kept = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert shown.isascii()
    assert "FAIL" in shown
    assert "  -- " in shown or name != "test-failing"
    assert [len(each) for each in shown.splitlines()] == [len(each) for each in kept.splitlines()]


def test_every_kept_screen_has_its_scene() -> None:
    """No file lies in the folder of screens that no test compares."""
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(BY_NAME)


@pytest.mark.parametrize("name", BY_NAME)
def test_no_line_is_wider_than_eighty_columns(name: str) -> None:
    """What we write fits eighty columns; only messages, causes and lists of what is possible may be longer."""
    long = [
        each
        for each in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        if len(each) > COLUMNS
        and not re.match(
            r"error\[|hint: |  FAIL  [a-z_]+: |  record #|  [a-z_.]+: |  [a-z ]{8}fozzy explore | +fozzy run ", each
        )
    ]
    assert long == []


@pytest.mark.parametrize("name", [scene.name for scene in FAILING])
def test_what_a_failing_screen_tells_to_paste_can_be_pasted(
    name: str,
    show: Show,
    pasted: Callable[[str], list[list[str]]],
    fz: Callable[..., object],
) -> None:
    """A screen that ends with another status than 0 holds a command; each runs here and does what it was told to do."""
    _, shown = show(BY_NAME[name])
    commands = pasted(shown)
    assert commands, shown
    for words in commands:
        if words[:2] == ["proxy", "http"] and "--help" not in words:
            Impatient().start()
            words = [*words, "--listen", ":0"]
        ran = fz(*words)
        code, said = ran.code, ran.said  # type: ignore[attr-defined]
        if words[-1] == "--help":
            assert code == 0 and said.startswith("Usage: fozzy")
        elif words[0] == "replay" and "--unsafe" not in words:
            assert re.search(r"^  (SAME|INCOMPLETE) ", said, re.MULTILINE), said
            assert code != 2
        elif words[0] == "shrink":
            assert code == 0 and "->" in said, said
        elif words[0] == "fuzz":
            assert code == 1 and "first seen in run" in said, said
        elif words[0] == "explore":
            assert "exploring" in said
            assert code in (0, 1) if "--resume" in words else (code == 1 and "    trace " in said), said
        elif words[0] == "run":
            failed = re.findall(r"^  ([a-z_]+: .*)$", shown, re.MULTILINE)
            assert code in (1, 3, 4), said
            assert not failed or failed[0] in said
        elif words[:2] == ["trace", "verify"]:
            assert code == 6 and "FAIL" in said
        elif words[1:2] == ["diff"]:
            assert code == 1 and "DIFFERENT" in said
        elif words[0] == "test":
            assert code in (0, 1, 3, 4, 6)
        else:
            assert code == 0, said
            assert said
