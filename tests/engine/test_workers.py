"""The pool: one job, forked and spawned workers give the same answers, and nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fozzy.engine.workers import Pool, Recipe, can_fork, run_items

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")

ROOT = Path(__file__).parent.parent.parent
MODULE = "fozzy_test_recipe"
BOUND_S = 30.0
HANDLER = '''
import os, signal, time

def make(payload):
    """The same handler for every kind of worker: what an item does is in the payload."""
    kind = payload.decode()

    def answer(item):
        if kind == "print":
            print("noise", item, flush=True)
            os.write(1, b"more noise\\n")
        if kind == "die" and item % 3 == 1:
            os._exit(7)
        if kind == "kill" and item == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "raise" and item == 0:
            raise ValueError("in the handler")
        if kind == "slow" and item:
            time.sleep(60)
        if kind == "large":
            return b"x" * (1 << 20)
        return f"{kind} {item}".encode()

    return answer

def broken(payload):
    raise RuntimeError("no handler")
'''


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Recipe]]:
    """A recipe that a spawned worker can import, and this process too."""
    (tmp_path / f"{MODULE}.py").write_text(HANDLER)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{tmp_path}")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda kind, function="make": Recipe(f"{MODULE}:{function}", kind.encode())
    sys.modules.pop(MODULE, None)


@pytest.fixture(params=["one", "fork", "spawn"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each way to run items: in this process, in forked workers, in spawned ones since a thread runs."""
    if request.param == "fork":  # idle threads of earlier tests would forbid it; they hold no lock
        monkeypatch.setattr("fozzy.engine.workers.can_fork", lambda: True)
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    if request.param == "spawn":
        thread.start()
        assert not can_fork()
    yield request.param
    over.set()
    if request.param == "spawn":
        thread.join()


def answers(way: str, recipe: Recipe, count: int, jobs: int = 2) -> dict[int, bytes | None]:
    import importlib

    module, _, function = recipe.function.partition(":")
    made = getattr(importlib.import_module(module), function)
    handler = made(recipe.payload) if function == "make" else made
    return dict(run_items(range(count), handler, lambda: recipe, 1 if way == "one" else jobs))


def children() -> set[int]:
    """The processes this one has, zombies included."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return {int(word) for word in listed.stdout.split()}


def assert_alone(before: set[int]) -> None:
    """No child is left but those there were (and the `ps` that looked)."""
    left = children() - before
    for pid in left:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            continue
        assert os.waitpid(pid, os.WNOHANG) != (0, 0), f"process {pid} is left"


def test_every_way_gives_the_same_answers(way: str, recipe: Callable[..., Recipe]) -> None:
    """Each item is answered once, with the same bytes, however many workers there are."""
    for jobs, count in ((2, 0), (2, 1), (3, 20), (8, 3)):
        assert answers(way, recipe("a"), count, jobs) == {item: f"a {item}".encode() for item in range(count)}


def test_large_answers_come_whole(way: str, recipe: Callable[..., Recipe]) -> None:
    """An answer larger than a pipe comes whole."""
    assert answers(way, recipe("large"), 3) == dict.fromkeys(range(3), b"x" * (1 << 20))


@pytest.mark.parametrize("way", ["spawn"], indirect=True)
def test_what_items_print_is_no_answer(
    way: str, recipe: Callable[..., Recipe], capfd: pytest.CaptureFixture[str]
) -> None:
    """Output of a spawned worker does not mix with its answers."""
    assert answers(way, recipe("print"), 3) == {item: f"print {item}".encode() for item in range(3)}
    assert "noise" in capfd.readouterr().err


@pytest.mark.parametrize("way", ["fork", "spawn"], indirect=True)
@pytest.mark.parametrize(("kind", "dead"), [("die", {1, 4, 7, 10}), ("kill", {2}), ("raise", {0})])
def test_a_worker_that_dies_answers_nothing(way: str, kind: str, dead: set[int], recipe: Callable[..., Recipe]) -> None:
    """The item of a worker that dies is answered with nothing, all others as ever."""
    before = children()
    got = answers(way, recipe(kind), 12)
    assert {item for item, answer in got.items() if answer is None} == dead
    assert all(got[item] == f"{kind} {item}".encode() for item in range(12) if item not in dead)
    assert_alone(before)


@pytest.mark.parametrize("way", ["spawn"], indirect=True)
def test_a_recipe_that_fails_answers_nothing(way: str, recipe: Callable[..., Recipe]) -> None:
    """Workers that cannot even begin answer every item with nothing, and it ends."""
    assert answers(way, recipe("x", "broken"), 4) == dict.fromkeys(range(4))


@pytest.mark.parametrize("way", ["fork", "spawn"], indirect=True)
def test_stopping_early_leaves_no_process(way: str, recipe: Callable[..., Recipe]) -> None:
    """A caller that stops early waits for no item and leaves no process behind."""
    import importlib

    before, started = children(), time.monotonic()
    handler = importlib.import_module(MODULE).make(b"slow")
    running = run_items(range(8), handler, lambda: recipe("slow"), 3)
    assert next(running) == (0, b"slow 0")
    running.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < BOUND_S
    assert_alone(before)


@pytest.mark.parametrize("way", ["fork"], indirect=True)
def test_an_error_of_the_caller_leaves_no_process(way: str, recipe: Callable[..., Recipe]) -> None:
    """An exception in the caller's loop ends the workers too."""
    import importlib

    before = children()
    handler = importlib.import_module(MODULE).make(b"slow")
    with pytest.raises(KeyError):
        for _ in run_items(range(8), handler, lambda: recipe("slow"), 3):
            raise KeyError
    assert_alone(before)


@pytest.mark.parametrize("way", ["fork"], indirect=True)
def test_a_worker_that_refuses_to_end_is_ended(way: str, recipe: Callable[..., Recipe]) -> None:
    """A worker in the middle of an item is ended by the signal whatever the parent's own handler is."""
    before, started = children(), time.monotonic()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    kept = signal.signal(signal.SIGTERM, stop)
    try:
        import importlib

        running = run_items(range(4), importlib.import_module(MODULE).make(b"slow"), lambda: recipe("slow"), 2)
        next(running)
        running.close()  # type: ignore[attr-defined]
    finally:
        signal.signal(signal.SIGTERM, kept)
    assert time.monotonic() - started < BOUND_S
    assert_alone(before)


@pytest.mark.parametrize("moment", ["forking", "registering"])
def test_ctrl_c_while_a_worker_begins_leaves_none(
    moment: str, recipe: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever it comes, it is heard, and what has begun by then is known and ended."""
    before = children()
    monkeypatch.setattr("fozzy.engine.workers.can_fork", lambda: True)
    pool = Pool(lambda request: request, lambda: recipe("same"))
    of, name = (os, "fork") if moment == "forking" else (pool._selector, "register")
    true = getattr(of, name)

    def interrupted(*words: Any) -> Any:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)  # other threads may be there for tests, and hear it
        return true(*words)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(of, name, interrupted)
        next(pool.run([b"a"], 2))
    pool.close()
    assert_alone(before)


def test_an_interrupt_inside_the_pool_is_no_bug_of_ours(
    recipe: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is not registered yet is ended like any other."""
    before = children()
    pool = Pool(lambda request: request, lambda: recipe("same"))

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(pool._selector, "register", interrupted)
        next(pool.run([b"a"], 2))
    pool.close()
    assert_alone(before)


def test_an_answer_nobody_waits_for_is_no_noise() -> None:
    """A worker that is done when its caller has what it wanted ends in silence."""
    code = """
import os
from fozzy.engine.workers import _LENGTH, _work
asked, asks = os.pipe()
heard, says = os.pipe()
os.write(asks, bytes(_LENGTH.size))
os.close(heard)
_work(os.fdopen(asked, "rb"), os.fdopen(says, "wb"), lambda _item: b"late")
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, timeout=BOUND_S, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
