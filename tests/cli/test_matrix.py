"""Every command before every audience: no escape where none belongs, the same words, the right status."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fozzy.cli.commands import COMMANDS

ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|9[0-7]|38;[0-9;]+)m")
AUDIENCES = {
    "pipe": {},
    "NO_COLOR": {"NO_COLOR": "1"},
    "TERM=dumb": {"TERM": "dumb"},
    "CI": {"CI": "true"},
    "FORCE_COLOR": {"FORCE_COLOR": "1"},
}


class Case(NamedTuple):
    """A command line and how it ends."""

    words: tuple[str, ...]
    code: int


CASES = {
    "init": Case(("init", "--config", "other/fozzy.toml"), 0),
    "init taken": Case(("init",), 2),
    "validate": Case(("validate",), 0),
    "validate bad": Case(("validate", "bad"), 2),
    "fmt": Case(("fmt", "scenarios/cart"), 0),
    "fmt check": Case(("fmt", "--check", "scenarios"), 1),
    "fmt bad": Case(("fmt", "bad"), 2),
    "test": Case(("test", "-j1", "scenarios/cart"), 0),
    "test fail": Case(("test", "-j1", "scenarios/cart", "scenarios/checkout"), 1),
    "test timeout": Case(("test", "-j1", "scenarios/checkout", "scenarios/orders"), 3),
    "test crash": Case(("test", "-j1"), 4),
    "test keep": Case(("test", "-j1", "scenarios/checkout", "--keep", "kept"), 1),
    "test nothing": Case(("test", "-k", "nothing at all"), 5),
    "test drift": Case(("test", "damaged.fozzy", "scenarios/programs"), 6),
    "run": Case(("run", "scenarios/cart/add_item.fozzy.json"), 0),
    "run fail": Case(("run", "scenarios/checkout/pay_twice.fozzy.json"), 1),
    "run timeout": Case(("run", "scenarios/orders/slow_refund.fozzy.json"), 3),
    "run invalid": Case(("run", "bad/pay.fozzy.json"), 2),
    "replay same": Case(("replay", "pay.fozzy"), 1),
    "replay drift": Case(("replay", "pay.fozzy", "--scenario", "edited.fozzy.json"), 6),
    "replay fixed": Case(("replay", "pay.fozzy", "--scenario", "fixed.fozzy.json"), 0),
    "replay damaged": Case(("replay", "damaged.fozzy"), 6),
    "shrink": Case(("shrink", "pay.fozzy", "--keep", "kept"), 0),
    "shrink damaged": Case(("shrink", "damaged.fozzy"), 6),
    "fuzz": Case(("fuzz", "scenario:limit.fozzy.json", "--runs", "9"), 0),
    "fuzz crash": Case(("fuzz", "py:parsing:pay", "--runs", "300", "--seed", "1", "--keep", "kept"), 1),
    "fuzz program": Case(("fuzz", "cmd:./aborts", "--runs", "9", "--timeout", "20s", "--record", "a.fozzy"), 4),
    "fuzz bad": Case(("fuzz", "parsing:parse"), 2),
    "explore": Case(("explore", "scenarios/cart/add_item.fozzy.json", "--seeds", "9"), 0),
    "explore fail": Case(("explore", "scenarios/checkout/pay_twice.fozzy.json", "--schedule", "dfs"), 1),
    "explore bad": Case(("explore", "bad/pay.fozzy.json"), 2),
    "trace verify": Case(("trace", "verify", "pay.fozzy"), 0),
    "trace verify damaged": Case(("trace", "verify", "damaged.fozzy"), 6),
    "trace recover": Case(("trace", "recover", "cut.fozzy"), 0),
    "trace show": Case(("trace", "show", "pay.fozzy"), 0),
    "trace show damaged": Case(("trace", "show", "damaged.fozzy"), 6),
    "report show": Case(("report", "show", "pay.fozzy"), 0),
    "report show damaged": Case(("report", "show", "damaged.fozzy"), 6),
    "report query": Case(("report", "query", "pay.fozzy", "--path", "$.summary.status"), 0),
    "report query nothing": Case(("report", "query", "pay.fozzy", "--path", "$.nothing"), 5),
    "report flaky": Case(("report", "flaky", "pay.fozzy", "other.fozzy"), 0),
    "report flaky same": Case(("report", "flaky", "pay.fozzy", "pay.fozzy"), 2),
    "trace diff": Case(("trace", "diff", "pay.fozzy", "pay.fozzy"), 0),
    "trace diff parted": Case(("trace", "diff", "pay.fozzy", "other.fozzy"), 1),
    "artifacts ls": Case(("artifacts", "ls"), 0),
    "artifacts ls one": Case(("artifacts", "ls", "pay.fozzy"), 0),
    "artifacts ls none": Case(("artifacts", "ls", "ffff"), 2),
    "artifacts export": Case(("artifacts", "export", "@latest", "--out", "exported"), 0),
    "artifacts pack": Case(("artifacts", "pack", "pay.fozzy", "--out", "new.fozzypack"), 0),
    "artifacts pack damaged": Case(("artifacts", "pack", "damaged.fozzy"), 6),
    "artifacts unpack": Case(("artifacts", "unpack", "pay.fozzypack", "--out", "taken"), 0),
    "artifacts unpack bad": Case(("artifacts", "unpack", "pay.fozzy"), 2),
    "artifacts bundle": Case(("artifacts", "bundle", "pay.fozzy"), 0),
    "artifacts bundle damaged": Case(("artifacts", "bundle", "damaged.fozzy"), 6),
    "artifacts diff": Case(("artifacts", "diff", "pay.fozzy", "pay.fozzy"), 0),
    "artifacts diff other": Case(("artifacts", "diff", "pay.fozzy", "other.fozzy"), 1),
    "profile top": Case(("profile", "top", "pay.fozzy"), 0),
    "profile top damaged": Case(("profile", "top", "damaged.fozzy"), 6),
    "profile flame": Case(("profile", "flame", "pay.fozzy", "--out", "new/pay.svg", "--format", "svg"), 0),
    "profile timeline": Case(("profile", "timeline", "pay.fozzy", "--out", "new/pay.html"), 0),
    "profile export": Case(("profile", "export", "pay.fozzy", "--format", "otlp", "--out", "new/pay.json"), 0),
    "profile diff": Case(("profile", "diff", "pay.fozzy", "pay.fozzy"), 0),
    "profile explain": Case(("profile", "explain", "pay.fozzy"), 0),
    "profile doctor": Case(("profile", "doctor", "pay.fozzy"), 0),
    "memory top": Case(("memory", "top", "pay.fozzy"), 0),
    "memory graph": Case(("memory", "graph", "pay.fozzy"), 0),
    "memory diff": Case(("memory", "diff", "pay.fozzy", "pay.fozzy"), 0),
    "artifacts prune": Case(("artifacts", "prune", "--dry-run"), 0),
    "corpus list": Case(("corpus", "list"), 0),
    "corpus list one": Case(("corpus", "list", "seeds"), 0),
    "corpus list none": Case(("corpus", "list", "nowhere"), 2),
    "corpus add": Case(("corpus", "add", "py:shop:parse", "--text", "b"), 0),
    "corpus export": Case(("corpus", "export", "seeds", "new.zip"), 0),
    "corpus export taken": Case(("corpus", "export", "seeds", "seeds.zip"), 2),
    "corpus import": Case(("corpus", "import", "seeds", "seeds.zip"), 0),
    "corpus import bad": Case(("corpus", "import", "seeds", "pay.fozzy"), 2),
    "corpus minimize": Case(("corpus", "minimize", "py:parsing:parse", "--corpus", "seeds"), 0),
    "map hotspots": Case(("map", "hotspots", "--root", "code", "--min-risk", "0"), 0),
    "map hotspots degraded": Case(("map", "hotspots", "--root", "code", "--scenario-root", "bad"), 1),
    "map services": Case(("map", "services", "--root", "code"), 0),
    "map suites": Case(("map", "suites", "--root", "code", "--min-risk", "0"), 0),
    "doctor": Case(("doctor",), 0),
    "doctor bad": Case(("doctor", "--scenario", "bad"), 1),
    "ci": Case(("ci", "pay.fozzy"), 1),
    "ci damaged": Case(("ci", "damaged.fozzy"), 6),
    "gate": Case(("gate", "--scope", "cart"), 0),
    "gate nothing": Case(("gate", "--scope", "nowhere"), 5),
    "full": Case(("full", "--runs", "2"), 4),
    "proxy http": Case(("proxy", "http", "--drop", "1.5", "--latency", "5"), 2),
    "proxy tcp": Case(("proxy", "tcp", "--toxic", "laten", "--upstream", "nowhere"), 2),
    "proxy scenarios": Case(("proxy", "scenarios"), 0),
    "proxy status": Case(("proxy", "status", "--control", "127.0.0.1:1"), 2),
    "proxy start": Case(("proxy", "start", "slow_backend", "--control", "127.0.0.1:1"), 2),
    "proxy stop": Case(("proxy", "stop", "--control", "127.0.0.1:1"), 2),
    "proxy journal": Case(("proxy", "journal", "--control", "127.0.0.1:1"), 2),
    "chaos run": Case(("chaos", "run", "--runs", "0"), 2),
    "explain": Case(("explain", "scenario.unknown_step"), 0),
    "completion": Case(("completion", "bash"), 0),
    "schema": Case(("schema",), 0),
    "schema unknown": Case(("schema", "--for", "nothing"), 2),
    "env": Case(("env",), 0),
    "version": Case(("version",), 0),
    "unknown command": Case(("tset",), 2),
    "unknown option": Case(("test", "--nope"), 2),
}


@pytest.fixture
def stage(shop: Any, broken: str, fz: Callable[..., Any]) -> None:
    """The files the cases need."""
    fz("run", shop.failing, "--seed", "7", "--record", "pay.fozzy")
    fz("corpus", "add", "seeds", "--text", "a")
    fz("corpus", "export", "seeds", "seeds.zip")
    shop.targets()
    Path("code").mkdir()
    Path("code/shop.py").write_text("def charge(amount):\n    raise ValueError\n")
    whole = Path("pay.fozzy").read_bytes()
    Path("cut.fozzy").write_bytes(b"".join(whole.splitlines(keepends=True)[:-2]))
    Path("damaged.fozzy").write_bytes(whole.replace(b'"t":12000000', b'"t":12000001', 1))
    fz("artifacts", "pack", "pay.fozzy", "--out", "pay.fozzypack")
    fz("run", shop.failing, "--seed", "8", "--record", "other.fozzy")
    shop.edited("edited", ("12ms", "13ms"))
    shop.edited("fixed", ('"b": 1', '"b": 2'))


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("name", CASES)
def test_a_command_before_an_audience(
    name: str, audience: str, stage: None, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Escapes are written where they were forced and nowhere else; the status is the one of the design."""
    monkeypatch.setenv("TERM", "xterm")
    for variable in ("NO_COLOR", "CI"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in AUDIENCES[audience].items():
        monkeypatch.setenv(variable, value)
    ran = fz(*CASES[name].words)
    assert ran.code == CASES[name].code, ran.said
    assert ran.said
    if audience != "FORCE_COLOR":
        assert "\x1b" not in ran.said
    else:
        assert "\x1b" not in ESCAPE.sub("", ran.said)


def test_every_command_is_in_the_matrix() -> None:
    """No command is left out here."""
    said = {" ".join(case.words[:length]) for case in CASES.values() for length in (1, 2)}
    assert set(COMMANDS) <= said


@pytest.mark.parametrize("name", ["test crash", "run fail", "replay drift", "validate bad", "trace verify", "env"])
def test_colour_carries_nothing_alone(
    name: str, stage: None, still: None, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its escapes a coloured screen is the plain one; --color always and FORCE_COLOR colour alike."""
    monkeypatch.setenv("TERM", "xterm")
    plain = fz(*CASES[name].words, "--color", "never")
    always = fz(*CASES[name].words, "--color", "always")
    assert ESCAPE.search(always.said)
    assert steady(ESCAPE.sub("", always.said)) == steady(plain.said)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in fz(*CASES[name].words, "--color", "never").said
    assert ESCAPE.search(fz(*CASES[name].words).said)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in fz(*CASES[name].words).said, "NO_COLOR stands before FORCE_COLOR"


def steady(text: str) -> str:
    """A screen without ids and without spaces at the end of lines."""
    return re.sub(r" +$", "", re.sub(r"\b[0-9a-f]{4,8}(?=/| )", "", text), flags=re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("schema")])
def test_json_is_one_document_without_escapes_even_when_colour_is_forced(
    name: str, stage: None, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under --json stdout is one document with the envelope, stderr is silent, and the status stays."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    ran = fz(*CASES[name].words, "--json")
    assert ran.code == CASES[name].code
    document = ran.document()
    assert document["schemaVersion"] == 1
    assert document["status"] in ("pass", "fail", "error", "timeout", "crash")
    assert "\x1b" not in ran.out
    assert ran.err == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("test", "-j1", "scenarios/checkout", "scenarios/cart"), 1),
        (("run", "scenarios/checkout/pay_twice.fozzy.json"), 1),
        (("validate", "bad"), 2),
    ],
)
def test_an_ascii_world_gets_ascii(words: tuple[str, ...], code: int, stage: None, process: Callable[..., Any]) -> None:
    """A process whose streams cannot encode symbols ends as always, with words for symbols, coloured or not."""
    for extra in ({}, {"FORCE_COLOR": "1"}):
        ran = process(*words, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", **extra})
        assert ran.code == code, ran.err
        assert (ran.out + ran.err).isascii()
        assert "Traceback" not in ran.err


def test_a_terminal_sees_colour_and_a_live_line_that_is_gone_at_the_end(
    stage: None, on_terminal: Callable[..., tuple[int, str]]
) -> None:
    """`test` on a terminal is coloured and shows how far it is; whatever it showed is erased before a lasting line."""
    code, said = on_terminal("test", "-j1", "scenarios/cart", "scenarios/checkout", "scenarios/orders")
    assert code == 3
    assert COLOUR.search(said)
    live = re.findall(r"\r\x1b\[2K(  \[[=> ]{24}\] \d/3  \d failed)", said)
    assert live == [f"  [{'=' * 8}>{' ' * 15}] 1/3  0 failed", f"  [{'=' * 16}>{' ' * 7}] 2/3  1 failed"]
    assert not re.search(r"\d/3  \d failed", lasting(said)), "the live line is not among what stays"
    assert "3 scenarios: 1 passed, 1 failed, 1 timed out" in lasting(said)


def test_a_run_on_a_terminal_is_coloured_and_moves_no_cursor(
    stage: None, on_terminal: Callable[..., tuple[int, str]]
) -> None:
    """`run` on a terminal has colour and writes lines only."""
    code, said = on_terminal("run", "scenarios/checkout/pay_twice.fozzy.json", "--seed", "7")
    assert code == 1
    assert COLOUR.search(said)
    assert not re.search(r"\x1b\[[0-9;]*[A-HJKSTf]", said)


@pytest.mark.parametrize("env", [{"CI": "true"}, {"CI": "true", "NO_COLOR": "1"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_is_none_for_people(
    env: dict[str, str], stage: None, on_terminal: Callable[..., tuple[int, str]]
) -> None:
    """CI on a terminal gets no live line; NO_COLOR and a dumb terminal get no colour."""
    code, said = on_terminal("test", "-j1", "scenarios/cart", "scenarios/checkout", **env)
    assert code == 1
    assert ("\x1b[2K" in said) == ("CI" not in env and "TERM" not in env)
    assert bool(COLOUR.search(said)) == (env == {"CI": "true"})


def test_quiet_and_json_show_no_live_line(stage: None, on_terminal: Callable[..., tuple[int, str]]) -> None:
    """One line means one line, and a document means a document, also on a terminal."""
    _, quiet = on_terminal("test", "-q", "-j1", "scenarios/cart", "scenarios/checkout")
    assert re.fullmatch(r"1 passed, 1 failed in (?:\d+ms|[\d.m]+s) \(run [0-9a-f]{4,8}\)\r\n", ESCAPE.sub("", quiet))
    _, document = on_terminal("test", "--json", "-j1", "scenarios/cart", "scenarios/checkout")
    assert json.loads(document)["status"] == "fail"


def lasting(said: str) -> str:
    """What stays on the terminal: what was erased is not in it, nor are colours."""
    lines = [each.rpartition("\x1b[2K")[2] for each in said.replace("\r\n", "\n").split("\n")]
    return ESCAPE.sub("", "\n".join(lines))
