"""Chance beside virtual time: what draws by the functions of `random`, such as the jitter of a retry, and trio's scheduler.

Rule 1: each task and each thread that a test starts draws for itself, by where it comes from: the second task of the first.
What they draw depends on nobody else, so not on whose answer came first from a service that lives in real time.
Rule 2: generators of a library's own, `secrets` and the operating system's entropy are as they are.
Rule 3: trio runs the tasks of a turn as they were begun, or the other way round; the seed says which, for the whole test.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, MutableSequence
from contextvars import Context, ContextVar, copy_context
from threading import Thread
from typing import Any
from weakref import WeakKeyDictionary

from trio._core import _run

Call = Callable[..., Any]
Rebound = tuple[Call, Call]  # a function, and what stands in its place
NAMES = ("seed", "getstate", "setstate")  # beside what draws


class Strand:
    """What one task or thread draws. The test's own draws are the module's."""

    __slots__ = ("_count", "_draws", "_path", "root", "seed")

    def __init__(
        self, seed: int, path: str = "", root: Strand | None = None, draws: random.Random | None = None
    ) -> None:
        self.seed = seed
        self.root = root or self
        self._path = path
        self._count = 0
        self._draws = draws

    @property
    def draws(self) -> random.Random:
        """Its generator."""
        if self._draws is None:
            self._draws = random.Random(f"{self.seed}{self._path}")
        return self._draws

    def branch(self) -> Strand:
        """That of the next task or thread that begins here."""
        self._count += 1
        return Strand(self.seed, f"{self._path}/{self._count}", self.root)


_here: ContextVar[Strand | None] = ContextVar("fozzy_strand", default=None)
_begun: WeakKeyDictionary[Thread, Strand] = WeakKeyDictionary()


@contextlib.contextmanager
def drawn_from(seed: int) -> Iterator[list[Rebound]]:
    """Within this block all is drawn from this seed; afterwards the functions of `random` go on where they were.

    Gives what is to stand in the place of which function; without that, all draw from one generator.
    """
    before = random.getstate()
    random.seed(seed)
    root = Strand(seed, draws=random._inst)
    _here.set(root)
    try:
        with _turns(seed):
            yield [(call, _drawing(root, name)) for name, call in _functions()]
    finally:
        _here.set(None)
        random.setstate(before)


def apart(context: Context | None = None) -> Context | None:
    """The context for a task that begins here: a copy of this one with a strand of its own, or the one that is given."""
    here = _here.get()
    if here is None or context is not None:
        return context
    own = copy_context()
    own.run(_here.set, here.branch())
    return own


def separate(context: Context) -> None:
    """A task with this context begins here; it has a strand of its own from now on."""
    here = context.get(_here)
    if here is not None:
        context.run(_here.set, here.branch())


def carried(call: Call) -> Call:
    """The same for a thread of somebody else: what it draws there is drawn here."""
    here = _here.get()
    if here is None:
        return call

    def calls(*args: Any, **more: Any) -> Any:
        before = _here.get()
        _here.set(here)
        try:
            return call(*args, **more)
        finally:
            _here.set(before)

    return calls


def begins(thread: Thread) -> None:
    """A thread is about to be started here."""
    here = _here.get()
    if here is not None:
        _begun[thread] = here.branch()


def has_begun(thread: Thread) -> None:
    """This thread is that one."""
    _here.set(_begun.pop(thread, None))


class Turns(random.Random):
    """trio's generator while it lets itself be told in which order tasks run: it sorts them, and has them shuffled."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._is_reversed = self.random() < 0.5

    def shuffle(self, x: MutableSequence[Any]) -> None:
        """Both orders are the same for whoever runs alone; how often it is asked does not matter."""
        if self._is_reversed:
            x.reverse()


@contextlib.contextmanager
def _turns(seed: int) -> Iterator[None]:
    """trio's own way to be the same each time, which Hypothesis uses too."""
    before = _run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING
    _run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING = Turns(seed), True  # type: ignore[misc]
    try:
        yield
    finally:
        _run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING = before  # type: ignore[misc]


def _functions() -> list[tuple[str, Call]]:
    names = [*random.__all__, *(name for name in NAMES if name not in random.__all__)]
    calls = [(name, getattr(random, name)) for name in names]
    return [(name, call) for name, call in calls if getattr(call, "__self__", None) is random._inst]


def _drawing(root: Strand, name: str) -> Call:
    """A function of `random`, of whichever strand calls it; who has none of this test draws as the test does."""

    def draws(*args: Any, **more: Any) -> Any:
        here = _here.get()
        return getattr((root if here is None or here.root is not root else here).draws, name)(*args, **more)

    draws.__name__ = draws.__qualname__ = name
    return draws
