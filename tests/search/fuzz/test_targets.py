"""What can be fuzzed: each kind of target is opened, says what it takes, and writes its crashes as scenarios."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.errors import FozzyError
from fozzy.search.fuzz.portion import Crash
from fozzy.search.fuzz.targets import file_name

DRAW = {"type": "rand_int", "key": "n", "min": 1, "max": 90}
BROKE = Crash("panic", "broke", "it broke", "crash", data=b"\xff")

SHOP = '''
def parse(data: bytes) -> None:
    """Takes bytes."""

def pay(amount: int, currency: str) -> None:
    """Takes typed arguments."""

def unknown(order: "Order") -> None:
    """Takes what nobody knows."""

async def later(data: bytes) -> None:
    """Is async."""
'''


@pytest.fixture
def shop(project: Path) -> Path:
    """A module."""
    (project / "shop.py").write_text(SHOP)
    return project


@pytest.fixture
def parser(project: Path) -> Path:
    """A program that reads stdin or the file it is given."""
    path = project / "parser"
    path.write_text("#!/bin/sh\ncat $1 >/dev/null\n")
    path.chmod(0o755)
    return project


def test_a_scenario_takes_its_draws_variables_and_matrix(opened: Callable[..., Any]) -> None:
    """And says so; its first inputs have the draws its seed makes, so that they can be changed."""
    matrix = {"a": [1, 2], "b": [1, 2, 3]}
    target = opened("scenario:s.fozzy.json", [DRAW], scenario={"vars": {"v": 1}, "matrix": matrix})
    assert (target.kind, target.takes) == ("scenario", "draws, 1 variable, 6 combinations")
    assert all(b'"rand.n"' in data for data in target.bench.first)
    crashing = target.crashing(
        Crash("assertion", "x", "", "fail", data=b'{"draws":[["rand.n",1,90,7]],"vars":{"v":5},"case":{"a":2,"b":3}}')
    )
    assert crashing.raw["vars"] == {"v": 5, "a": 2, "b": 3}
    assert "matrix" not in crashing.raw
    assert [draw.value for draw in crashing.draws] == [7]
    assert not crashing.live


def test_a_function_takes_bytes_or_typed_arguments(shop: Path, opened: Callable[..., Any]) -> None:
    """A crash of it is a call of it with the same arguments; to fuzz it is the permission."""
    target = opened("py:shop:parse")
    assert (target.kind, target.takes) == ("py", "bytes")
    crashing = target.crashing(BROKE)
    assert crashing.raw["steps"] == [{"type": "call", "function": "shop:parse", "args": [{"$bytes": "/w=="}]}]
    assert crashing.allowance.allowed and not crashing.live
    typed = opened("py:shop:pay")
    assert typed.takes == "amount: int, currency: str"
    assert typed.crashing(Crash("panic", "x", "", "crash", data=b'[1,"${x}"]')).raw["steps"][0]["args"] == [1, "$${x}"]


def test_a_program_takes_stdin_or_a_file(parser: Path, opened: Callable[..., Any]) -> None:
    """A crash of it is that program with that input, on the host."""
    target = opened("cmd:./parser")
    assert (target.kind, target.takes) == ("cmd", "stdin")
    crashing = target.crashing(BROKE)
    assert crashing.raw["steps"] == [{"type": "proc_spawn", "cmd": "./parser", "args": [], "stdin": {"$bytes": "/w=="}}]
    assert crashing.raw["backends"] == {"proc": "host"}
    assert crashing.live and crashing.file is None
    by_file = opened("cmd:./parser '@@' '${x}'")
    assert by_file.takes == "a file"
    crashing = by_file.crashing(Crash("panic", "x", "", "crash", data=b"a${b}"))
    assert crashing.raw["steps"] == [
        {"type": "fs_write", "path": "fozzy-fuzz-input", "data": "a$${b}"},
        {"type": "proc_spawn", "cmd": "./parser", "args": ["fozzy-fuzz-input", "$${x}"]},
    ]
    assert crashing.raw["backends"] == {"proc": "host", "fs": "host"}
    assert str(crashing.file) == "fozzy-fuzz-input"
    assert sorted(path.name for path in parser.iterdir()) == ["parser"]


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        ("", "fuzz.bad_target", "write scenario:FILE"),
        ("zip:a b", "fuzz.bad_target", "write scenario:FILE"),
        ("s.fozzy.toml", "fuzz.bad_target", "write scenario:s.fozzy.toml"),
        ("shop:parse", "fuzz.bad_target", "write py:shop:parse"),
        ("a/shop.py", "fuzz.bad_target", "write py:a.shop:FUNCTION"),
        ("./parser @@", "fuzz.bad_target", "write 'cmd:./parser @@'"),
        ("py:shop", "fuzz.bad_target", "py:package.module:function"),
        ("py::parse", "fuzz.bad_target", "py:package.module:function"),
        ("py:shop:prase", "fuzz.no_target", 'did you mean "parse"?'),
        ("py:shap:parse", "fuzz.no_target", ""),
        ("py:shop:unknown", "fuzz.cannot_call", "annotate it with"),
        ("py:shop:later", "fuzz.cannot_call", ""),
        ("cmd:", "fuzz.bad_target", "cmd:'./parser @@'"),
        ("cmd:'a", "fuzz.bad_target", ""),
        ("cmd:./nowhere", "fuzz.no_target", ""),
        ("cmd:./shop.py", "fuzz.no_target", ""),
    ],
)
def test_what_is_no_target(
    words: str, code: str, hint: str, shop: Path, parser: Path, opened: Callable[..., Any]
) -> None:
    """It is refused by its own code, with what may have been meant, and leaves nothing behind."""
    before = sorted(shop.iterdir())
    with pytest.raises(FozzyError) as raised:
        opened(words)
    assert raised.value.code == code
    assert hint in raised.value.hint
    assert [path for path in sorted(shop.iterdir()) if path.name != "__pycache__"] == before


@pytest.mark.parametrize("name", ["proc", "fs", "http"])
def test_a_scenario_that_asks_the_host_is_refused(name: str, opened: Callable[..., Any]) -> None:
    """A campaign asks nobody; the hint says what to do instead."""
    with pytest.raises(FozzyError) as raised:
        opened("scenario:s.fozzy.json", [DRAW], scenario={"backends": {name: "host"}})
    assert raised.value.code == "fuzz.needs_world"
    assert "cmd:PROGRAM" in raised.value.hint


def test_a_scenario_that_calls_needs_permission(shop: Path, opened: Callable[..., Any]) -> None:
    """It is refused before anything runs, and let in with the permission."""
    steps = [{"type": "call", "function": "shop:parse", "args": [{"$bytes": "AA=="}]}]
    with pytest.raises(FozzyError) as raised:
        opened("scenario:s.fozzy.json", steps)
    assert raised.value.code == "code.not_allowed"
    assert opened("scenario:s.fozzy.json", steps, allow=True).takes == "draws"


def test_names_of_the_scenarios_of_crashes() -> None:
    """A scenario keeps its own, another target's words become one."""
    assert file_name("scenario:a/b.fozzy.toml") == "a/b.fozzy.toml"
    assert file_name("py:shop.orders:parse") == "py-shop.orders-parse.fozzy.json"
    assert "/" not in file_name("cmd:./a/b @@")
