"""What runs beside user code: calls, crashes as they are told, and the words of the user's modules."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fozzy.search.fuzz import runner
from fozzy.search.fuzz.runner import FunctionTarget, Setup, near_words, weighted, words_of
from fozzy.world.code.places import Places

MODULE = """
import os
FAR = "a far word"
CODES = (b"bytes", 70000, frozenset({"q", "p"}), -3, 1.5)
LONG = "x" * 65
class Reader:
    KIND = "of a class"
    def read(self, data):
        return data == "in a method"
def near(data):
    return data == "named by another"
def f(data: bytes):
    if data == b"boom":
        raise ValueError("at 0xdeadbeef01")
    if data == b"exit":
        raise SystemExit(2)
    return near(data) or Reader().read(data) or [x == "inner" for x in ()]
def typed(n: int, s: str):
    return n + len(s)
def g(data: bytes):
    return os.sep
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of the user's, imported here; forks are not watched in this process."""
    (tmp_path / "users.py").write_text(MODULE)
    spec = importlib.util.spec_from_file_location("users", tmp_path / "users.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "users", made)
    spec.loader.exec_module(made)
    monkeypatch.setattr(os, "register_at_fork", lambda **_: None)
    return made


def target(module: ModuleType, name: str, **more: Any) -> FunctionTarget:
    """A function of it as a target."""
    folder = str(Path(str(module.__file__)).parent)
    setup = Setup(
        **{"function": f"users:{name}", "folders": [folder], "shared": "", "shared_bytes": 0, "covered": False, **more}
    )
    return FunctionTarget(setup, Places([folder], folder), getattr(module, name))


@pytest.mark.parametrize("covered", [True, False])
def test_a_call_is_told_as_what_came_of_it(covered: bool, module: ModuleType) -> None:
    """A return is nothing but what it reached; an exception is a crash with its type and place, and no address."""
    made = target(module, "f", covered=covered)
    before = sys.gettrace()
    plain, boom, left = (made.execute(data) for data in (b"", b"boom", b"exit"))
    sys.settrace(before)
    assert plain.crash is None and bool(plain.features) == covered == bool(boom.features)
    assert boom.crash is not None and boom.crash.message == "ValueError: at 0x… (f, users.py:14)"
    assert boom.crash.cause == ["ValueError", "users.py:14"]
    assert left.crash is not None and left.crash.cause[0] == "SystemExit"


def test_exceptions_that_are_meant_are_no_crash(module: ModuleType) -> None:
    """By name, by name with module, or by a class above."""
    for meant in ("ValueError", "Exception"):
        assert target(module, "f", meant=[meant]).execute(b"boom").crash is None
    assert target(module, "f", meant=["KeyError"]).execute(b"boom").crash is not None


def test_typed_functions_get_values(module: ModuleType) -> None:
    """The input is the list of arguments; another is the plainest."""
    made = target(module, "typed")
    assert made.shape.words == "n: int, s: str" and made.execute(b'[1,"x"]').crash is None
    assert made.execute(b"\xff").crash is None


def test_words_are_those_of_the_users_modules(module: ModuleType) -> None:
    """Texts, bytes and numbers, these as bytes too, sorted, none long and none of a library's."""
    folder = str(Path(str(module.__file__)).parent)
    words = words_of(Places([folder], folder))
    assert {b"a far word", b"bytes", b"70000", (70000).to_bytes(3, "big"), (70000).to_bytes(3, "little"), b"p"} <= set(
        words
    )
    assert {b"inner", b"in a method", b"named by another", b"of a class"} <= set(words)
    assert words == sorted(words, key=lambda word: (len(word), word)) and max(map(len, words)) <= 64
    assert b"register_at_fork" not in words


def test_near_words_are_those_a_function_can_see(module: ModuleType) -> None:
    """Its own, those of the functions and classes it names, and not what stands beside them."""
    folder = str(Path(str(module.__file__)).parent)
    words = near_words(module.f, Places([folder], folder))
    assert {b"boom", b"exit", b"named by another", b"in a method", b"inner"} <= set(words)
    assert b"a far word" not in words and near_words(module.g, Places([folder], folder)) == []


def test_near_words_are_every_other_pick() -> None:
    """Weighted by how often they stand there."""
    made = weighted([b"n", b"m", b"n"], [b"n", *(b"%d" % number for number in range(100))])
    assert made.count(b"n") == made.count(b"m") == 50 and len(made) == 200
    assert weighted([], [b"a"]) == [b"a"] and weighted([b"a"], []) == [b"a"]


def test_what_cannot_be_looked_at_is_told_by_its_type(module: ModuleType) -> None:
    """An exception may do anything when it is asked for its text or its class."""

    class Trick(type):
        @property
        def __name__(cls) -> str:  # type: ignore[override]
            raise SystemExit

    class Odd(Exception, metaclass=Trick):
        pass

    made = target(module, "f")
    assert runner._told(Odd(), Places([], ""))["name"] == "Odd"
    crash = made._crash(Odd())
    assert crash is not None and crash.message == "Odd" and crash.cause == ["Odd"]


def test_what_runs_beside_user_code_does_not_import_the_rest() -> None:
    """The interpreter of the user's code is not filled with the engine, trio or the command line."""
    code = "import fozzy.search.fuzz.runner, json, sys; print(json.dumps(sorted(sys.modules)))"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
    loaded = json.loads(said)
    assert "fozzy.search.fuzz.runner" in loaded
    assert not [
        each for each in loaded if each.startswith(("trio", "fozzy.engine", "fozzy.cli", "fozzy.dsl", "typer", "httpx"))
    ]
