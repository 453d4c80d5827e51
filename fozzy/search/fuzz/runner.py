"""Executes portions against a Python function, inside the interpreter of the user's code.

A forked child runs this. Before every execution it writes the input into memory it shares with fozzy, so that fozzy
knows which one it was when the child hangs or dies. What it found it says when it has done what it was told to do: a
slice of a portion at a time.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FunctionType
from typing import Any, NoReturn

import msgspec

from fozzy.search.fuzz.mutate import Means
from fozzy.search.fuzz.parameters import Shape, Unsupported, kinds_of, shape_of
from fozzy.search.fuzz.portion import Crash, Execution, Find, Portion, Result, Told
from fozzy.search.fuzz.rng import Rng
from fozzy.search.fuzz.shared import BEAT
from fozzy.world.code.child import Answer, Refused, find
from fozzy.world.code.coverage import Coverage, coverage_of
from fozzy.world.code.places import Places, described
from fozzy.world.code.values import decoded
from fozzy.world.code.wire import packed, receive

WORDS_MAX = 2_000
WORD_CHARS_MAX = 64
CALL_RAISED = "call_raised"
LINE_CLOSED = 71  # how a child ends whose user code closed the descriptor of its line

_getpid, _looked_at, _exit = os.getpid, os.get_blocking, os._exit  # user code may put others in their places


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner is told first."""

    function: str
    folders: list[str]
    shared: str  # the file both sides map
    shared_bytes: int
    covered: bool  # whether coverage is watched
    whole: bool = False  # whether each execution tells all it reached, not only what is new to this process
    meant: list[str] = []  # exceptions that are no crash
    words: list[bytes] = []


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner is told to do. A portion stands in its first slice only."""

    start: int
    end: int
    skip: list[int] = []
    portion: Portion | None = None
    seen: list[int] = []
    finds: list[Find] = []  # of the portion, before this runner


class Property(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner is told instead, to have Hypothesis search. `skip` are inputs that killed a runner before."""

    property_runs: int
    seed: int
    home: str  # the folder Hypothesis may write to
    skip: list[bytes] = []


def serve(line: socket.socket, places: Places, failed: dict[str, Answer]) -> NoReturn:
    """Do what is told until the other side has gone."""
    own = os.getpid()
    message = receive(line)
    if message is None:
        os._exit(0)
    setup = msgspec.convert(message, Setup)
    try:
        target = FunctionTarget(setup, places, find(setup.function, places, failed))
    except Refused as refused:
        line.sendall(_frame({"refused": refused.answer}))
        os._exit(0)
    except Unsupported as unsupported:
        line.sendall(_frame({"unsupported": str(unsupported)}))
        os._exit(0)
    runner = _Runner(setup, target, line)
    line.sendall(_frame({"first": target.shape.first, "takes": target.shape.words}))
    while (message := receive(line)) is not None:
        told = runner.search(msgspec.convert(message, Property)) if "property_runs" in message else None
        told = told or runner.run(msgspec.convert(message, Slice))
        if os.getpid() != own:
            os._exit(0)
        line.sendall(_frame(told))
    os._exit(0)


def _frame(value: Any) -> bytes:
    return packed(msgspec.json.encode(value))


class _Runner:
    def __init__(self, setup: Setup, target: FunctionTarget, line: socket.socket) -> None:
        self._target = target
        self._own = os.getpid()
        self._line = line.fileno()
        self._told = Told()
        self._execution: Execution | None = None
        with open(setup.shared, "r+b") as file:
            self._shared = mmap.mmap(file.fileno(), setup.shared_bytes)

    def run(self, slice_: Slice) -> Told:
        """Execute a slice; what was found in it."""
        self._told = Told()
        if slice_.portion is not None:
            self._execution = Execution(slice_.portion, self._target, set(slice_.seen), self._say, self._beat)
            for found in slice_.finds:
                self._execution.take(found)
        assert self._execution is not None
        self._execution.run(slice_.start, slice_.end, frozenset(slice_.skip))
        self._told.runs = slice_.end - slice_.start
        self._told.forks = self._target.forks
        self._target.forks = 0
        return self._told

    def search(self, wanted: Property) -> Told:
        """Have Hypothesis search."""
        from fozzy.search.fuzz.by_hypothesis import Search

        kinds, _ = kinds_of(self._target.function)
        search = Search(kinds, self._target.execute_values, self._beat, wanted.skip)
        search.run(wanted.property_runs, wanted.seed, wanted.home)
        return Told(runs=search.runs, crashes=list(search.crashes.values()), forks=self._target.forks)

    def _say(self, what: Find | Crash) -> None:
        (self._told.finds if isinstance(what, Find) else self._told.crashes).append(what)  # type: ignore[arg-type]

    def _beat(self, number: int, data: bytes) -> None:
        """Before an execution. Where the one before forked past Python, or closed our line, this is the end: the memory
        still tells which one it was."""
        if _getpid() != self._own:
            _exit(0)
        try:
            _looked_at(self._line)
        except OSError:
            _exit(LINE_CLOSED)
        end = BEAT.size + len(data)
        self._shared[BEAT.size : end] = data
        BEAT.pack_into(self._shared, 0, number, len(data))


class FunctionTarget:
    """A function of the user's. What it forks is ended at once, and counted."""

    def __init__(self, setup: Setup, places: Places, function: Callable[..., Any]) -> None:
        self.shape: Shape = shape_of(function)
        self.forks = 0
        self.words = weighted([*setup.words, *near_words(function, places)], words_of(places))
        self._places = places
        self.function = function
        self._meant = frozenset(setup.meant)
        self._coverage: Coverage | None = None
        if setup.covered:
            self._coverage = coverage_of(setup.folders, whole=setup.whole)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_parent=self._forked, after_in_child=lambda: _exit(0))

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        """Another input."""
        return self.shape.mutate(data, rng, means)

    def execute_values(self, data: bytes) -> Result:
        """Call it once with arguments that are written as values, also where one parameter takes bytes."""
        return self._call(decoded(json.loads(data)))

    def execute(self, data: bytes) -> Result:
        """Call it once."""
        return self._call(self.shape.arguments(data))

    def _call(self, arguments: list[Any]) -> Result:
        coverage = self._coverage
        if coverage is None:
            try:
                self.function(*arguments)
            except BaseException as error:  # also SystemExit and what else user code may raise
                return Result((), self._crash(error))
            return _NOTHING
        crash: Crash | None = None
        coverage.begin()
        try:
            self.function(*arguments)
        except BaseException as error:
            coverage.end()
            crash = self._crash(error)
        finally:
            coverage.end()
        return Result(coverage.features, crash)

    def _crash(self, error: BaseException) -> Crash | None:
        told = _told(error, self._places)
        if not self._meant.isdisjoint(told["kinds"]):
            return None
        where = ", ".join(each for each in (told["function"], told["at"]) if each)
        said = f"{told['name']}: {told['message']}" if told["message"] else str(told["name"])
        message = f"{said} ({where})" if where else said
        cause = [told["type"], *([told["at"]] if told["at"] else [])]
        return Crash(kind="assertion", title=CALL_RAISED, message=message, status="fail", cause=cause)

    def _forked(self) -> None:
        self.forks += 1


_NOTHING = Result()


def _told(error: BaseException, places: Places) -> dict[str, Any]:
    """An exception described; one that cannot be looked at, by its type alone."""
    try:
        return described(error, places)
    except BaseException:  # what user code does when it is looked at
        name = type.__dict__["__name__"].__get__(type(error))
        return {"type": name, "name": name, "kinds": [name], "message": "", "at": "", "function": ""}


def weighted(near: Sequence[bytes], others: Sequence[bytes]) -> list[bytes]:
    """All words, and those that are near so often that every other pick is one of them."""
    near = list(dict.fromkeys(near))[:WORDS_MAX]
    rest = [word for word in others if word not in set(near)]
    return near * max(1, len(rest) // max(1, len(near))) + rest


def near_words(function: Callable[..., Any], places: Places) -> list[bytes]:
    """The words of a function, of the user's functions and classes it names, of those they name, and so on, in the order
    of the code."""
    found: dict[bytes, None] = {}
    seen: set[CodeType] = set()
    waiting: list[tuple[CodeType, dict[str, Any]]] = _codes_of(function)
    while waiting:
        code, names = waiting.pop()
        if code in seen or not places.shown(code.co_filename):
            continue
        seen.add(code)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                waiting.append((constant, names))
            else:
                found.update(dict.fromkeys(_words_of(constant)))
        for name in code.co_names:
            waiting += _codes_of(names.get(name))
    return list(found)


def _codes_of(value: Any) -> list[tuple[CodeType, dict[str, Any]]]:
    """The code of a function, or of the methods of a class, with the names it sees."""
    functions = list(vars(value).values()) if isinstance(value, type) else [value]
    found = [getattr(each, "__func__", each) for each in functions]
    return [(each.__code__, each.__globals__) for each in found if isinstance(each, FunctionType)]


def words_of(places: Places) -> list[bytes]:
    """The texts, bytes and numbers that stand in the user's modules, sorted."""
    found: set[bytes] = set()
    for module in [module for _, module in sorted(sys.modules.items(), key=lambda pair: pair[0])]:
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(".py") and places.shown(file):
            found.update(_words_in(file))
    return sorted(found, key=lambda word: (len(word), word))[:WORDS_MAX]


def _words_in(file: str) -> Iterator[bytes]:
    try:
        with open(file, "rb") as source:
            code = compile(source.read(), file, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return
    waiting: list[CodeType] = [code]
    while waiting:
        now = waiting.pop()
        for constant in now.co_consts:
            if isinstance(constant, CodeType):
                waiting.append(constant)
            else:
                yield from _words_of(constant)


def _words_of(constant: Any) -> Iterator[bytes]:
    if isinstance(constant, str):
        if 0 < len(constant) <= WORD_CHARS_MAX and constant.isprintable():
            yield constant.encode()
    elif isinstance(constant, bytes):
        if 0 < len(constant) <= WORD_CHARS_MAX:
            yield constant
    elif isinstance(constant, int) and not isinstance(constant, bool):
        yield str(constant).encode()
        if 0 <= constant < 256:
            yield bytes([constant])
        elif 0 < constant < 1 << 64:
            yield constant.to_bytes((constant.bit_length() + 7) // 8, "big")
            yield constant.to_bytes((constant.bit_length() + 7) // 8, "little")
    elif isinstance(constant, tuple | frozenset):
        for item in sorted(constant, key=repr):
            yield from _words_of(item)
