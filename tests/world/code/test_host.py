"""Calls of user code in a real interpreter: what they answer, what contains them, and that nothing is left behind."""

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

from fozzy.core.limits import MIB, Limits
from fozzy.world.code import host, interpreter
from fozzy.world.code.base import Died, Hung, Outcome, Project, Raised, Reply
from fozzy.world.code.host import POOL, HostCode
from fozzy.world.code.permission import permit
from tests.leftovers import SOON_S, gone, processes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="without process groups other things are left behind")

SECOND_NS = 10**9
LIMITS = Limits(call_ms_max=10_000, code_bytes_max=256 * MIB)

Make = Callable[..., HostCode]


def comes(word: str) -> bool:
    """Whether there is such a process soon."""
    end_s = time.monotonic() + SOON_S
    while not processes(word):
        if time.monotonic() > end_s:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """Each test begins and ends without an interpreter, and leaves no process of its own behind."""
    POOL.close()
    yield
    POOL.close()
    assert gone(str(tmp_path))


@pytest.fixture
def code(tmp_path: Path) -> Iterator[Make]:
    """Makes the code of a run: `code("def f(): …")` has it in the module `m`."""
    made: list[HostCode] = []

    def make(text: str = "", limits: Limits = LIMITS, modules: tuple[str, ...] = ("m",), **env: str) -> HostCode:
        if text:
            (tmp_path / "m.py").write_text(f"import os, sys, time\n{text}", encoding="utf-8")
        project = Project(
            permission=permit(True, AssertionError),
            folders=(str(tmp_path),),
            modules=modules,
            root=str(tmp_path),
            env=frozenset(env),
        )
        made.append(HostCode(project, limits))
        return made[-1]

    yield make
    for each in made:
        each.close()


def call(code: HostCode, name: str = "m:f", args: Any = (), budget_ns: int = int(SOON_S * SECOND_NS)) -> Outcome:
    return code.call(name, list(args) if isinstance(args, tuple) else args, budget_ns)


def value(outcome: Outcome) -> Any:
    """What a call returned."""
    assert isinstance(outcome, Reply), outcome
    assert outcome.raised is None and outcome.returned is not None, outcome
    return outcome.returned


def raised(outcome: Outcome) -> Raised:
    """What a call raised."""
    assert isinstance(outcome, Reply) and outcome.raised is not None, outcome
    return outcome.raised


def test_a_call_answers(code: Make) -> None:
    """Arguments go in by place or by name, forms included, and the result comes out."""
    made = code("def f(a, b=2): return [a, b]")
    assert value(call(made, args=(1,))) == [1, 2]
    assert value(call(made, args={"b": {"$bytes": "YQ=="}, "a": None})) == [None, {"$bytes": "YQ=="}]
    assert raised(call(made)).type == "TypeError"


def test_dotted_names_reach_into_packages_and_classes(code: Make, tmp_path: Path) -> None:
    """`package.module:Class.method` is found, from the working folder."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.py").write_text("class A:\n    @staticmethod\n    def f(): return __name__\n")
    made = code(modules=("shop.a",))
    assert value(call(made, "shop.a:A.f")) == "shop.a"


def test_user_code_has_an_interpreter_of_its_own(code: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process, the project's folder, hash seed 0, no input, none of our variables but the ordinary ones."""
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    monkeypatch.setenv("WANTED", "y")
    text = (
        "def f(): return [os.getpid(), os.getcwd(), os.environ.get('PYTHONHASHSEED'), sys.stdin.read(),"
        " os.environ.get('SECRET_OF_OURS'), os.environ.get('WANTED'), sys.argv, sys.path[0]]"
    )
    pid, *rest = value(call(code(text, WANTED="")))
    assert pid != os.getpid()
    assert rest == [str(tmp_path), "0", "", None, "y", [""], str(tmp_path)]


COUNTER = "import threading\nn = 0\ndef f():\n    global n\n    n += 1\n    return n"


def test_module_state_lives_in_a_run_and_in_no_other(code: Make) -> None:
    """The calls of one run see each other; two runs on one interpreter do not, and the module is imported once."""
    text = f"open('imports', 'a').write('x')\n{COUNTER}"
    first = code(text)
    assert [value(call(first)) for _ in range(3)] == [1, 2, 3]
    first.close()
    second, third = code(), code()
    assert [value(call(second)), value(call(second))] == [1, 2]
    assert value(call(third)) == 1  # while the second still lives
    second.close()
    fourth = code()
    assert value(call(fourth)) == 1
    assert len(Path(first._project.root, "imports").read_text()) == 2  # the third run needed one more interpreter


def test_a_changed_file_is_seen_changed(code: Make) -> None:
    """An interpreter that imported a file is not used again once the file is another."""
    first = code("def f(): return 1")
    assert value(call(first)) == 1
    first.close()
    assert value(call(code("def f(): return 2"))) == 2


def test_a_module_that_could_not_be_imported_is_tried_again(code: Make) -> None:
    """A run after a failed import finds the module mended."""
    first = code("1/0")
    answer = call(first)
    assert isinstance(answer, Reply) and answer.import_failed is not None
    assert (answer.import_failed.type, answer.import_failed.at) == ("ZeroDivisionError", "m.py:2")
    first.close()
    assert value(call(code("def f(): return 2"))) == 2


def test_what_is_not_there_is_named_with_what_is(code: Make, tmp_path: Path) -> None:
    """A missing module, a missing name and what cannot be called are told apart; near names come along."""
    made = code("def parse(): pass\nLIMIT = 3")
    for name, said, near in [
        ("m:prase", 'm has no "prase"', "parse"),
        ("mm:f", "there is no module mm", "m"),
        ("m:LIMIT", "m:LIMIT is int", None),
        ("m:parse.x", 'm:parse has no "x"', None),
        ("m.sub:f", "there is no module m.sub", None),
    ]:
        answer = call(made, name)
        assert isinstance(answer, Reply) and said in answer.missing
        assert near is None or near in answer.near[1]


def test_a_module_that_lacks_another_one_failed_to_import(code: Make) -> None:
    """Only the module that is called can be the one that is not there."""
    answer = call(code("import no_such_thing"))
    assert isinstance(answer, Reply) and answer.import_failed is not None
    assert answer.import_failed.type == "ModuleNotFoundError"


@pytest.mark.parametrize(
    "text",
    [
        "async def f(): pass",
        "async def f(): yield 1",
        "async def g(): pass\ndef f(): return g()",
        "async def g(): yield 1\nf = lambda: g()",
    ],
)
def test_an_async_function_is_refused(code: Make, text: str) -> None:
    """Whether it says so before the call or only by what it returns."""
    answer = call(code(text))
    assert isinstance(answer, Reply) and answer.is_async


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("def f(): sys.exit(3)", "SystemExit", "3"),
        ("def f(): raise KeyboardInterrupt", "KeyboardInterrupt", ""),
        ("def f(): raise BaseException('all')", "BaseException", "all"),
        ("def f(): f()", "RecursionError", "maximum recursion depth exceeded"),
        ("def f(): return bytearray(10 << 30)", "MemoryError", ""),
        ("def f(): raise ValueError(object())", "ValueError", "<object object at 0x…>"),
        ("def f(): open(__file__ + 'x')", "FileNotFoundError", "[Errno 2] No such file or directory: 'm.pyx'"),
        ("class E(Exception): pass\ndef f(): raise E('\\udc80')", "m.E", "\\udc80"),
    ],
)
def test_whatever_is_raised_is_told(code: Make, text: str, kind: str, message: str) -> None:
    """Every exception is one like any other, and the run's next call is answered."""
    made = code(f"{text}\ndef g(): return 1")
    told = raised(call(made))
    assert (told.type, told.message) == (kind, message)
    assert told.at.startswith("m.py:")
    assert value(call(made, "m:g")) == 1


@pytest.mark.parametrize(
    ("text", "how", "at"),
    [
        ("def f(): os._exit(3)", "exit code 3", ""),
        ("def f(): os._exit(0)", "exit code 0", ""),
        ("def f(): os.abort()", "SIGABRT", "m.py:3"),
        ("def f(): os.kill(os.getpid(), 9)", "SIGKILL", ""),
        ("def f():\n  import ctypes\n  ctypes.string_at(0)", "SIGSEGV", "m.py:5"),
        (
            "def f():\n  sys.setrecursionlimit(1 << 30)\n  class A:\n    def __getattr__(s, n): return getattr(s, n)\n"
            "  A().x",
            "SIGSEGV",
            "m.py:6",
        ),
    ],
    ids=["exit", "exit-0", "abort", "kill", "segfault", "stack"],
)
def test_what_ends_the_interpreter_ends_only_that(code: Make, text: str, how: str, at: str) -> None:
    """It is told with what and, where it can be seen, where; the run's next call has a fresh process."""
    made = code(f"import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n{text}\ndef g(): return 1")
    died = call(made)
    assert isinstance(died, Died)
    assert (died.how, died.at) == (how, at)
    assert value(call(made, "m:g")) == 1


def test_the_last_words_are_kept(code: Make) -> None:
    """What a dying call wrote to stderr is told, its end if it is long."""
    died = call(
        code("def f():\n  for n in range(100000): print(n, file=sys.stderr)\n  sys.stderr.flush(); os._exit(1)")
    )
    assert isinstance(died, Died)
    assert died.stderr == tuple(map(str, range(99990, 100000)))


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n  while True: pass",
        "def f(): time.sleep(600)",
        "import signal\ndef f():\n  for n in (2, 15): signal.signal(n, lambda *_: None)\n  while True: time.sleep(600)",
        "def f():\n  while True: print('x' * 10000, file=sys.stderr)",
        "import threading\ndef f():\n  lock = threading.Lock(); lock.acquire(); lock.acquire()",
    ],
    ids=["loop", "sleep", "handlers", "noise", "lock"],
)
def test_a_call_that_does_not_end_is_ended(code: Make, text: str) -> None:
    """In Python and in C, whatever it does with signals; the next call has a fresh process."""
    made = code(f"{text}\ndef g(): return 1")
    assert value(call(made, "m:g")) == 1
    assert call(made, budget_ns=SECOND_NS // 10) == Hung(SECOND_NS // 10)
    assert value(call(made, "m:g")) == 1


@pytest.mark.parametrize("text", ["time.sleep(600)", "while True: pass"])
def test_an_import_that_does_not_end_is_ended(code: Make, text: str) -> None:
    """Importing has the time of a call."""
    limits = Limits(call_ms_max=300)
    assert call(code(text, limits)) == Hung(300 * 10**6, "m")


@pytest.mark.parametrize(("text", "how"), [("os._exit(4)", "exit code 4"), ("os.abort()", "SIGABRT")])
def test_an_import_that_ends_the_interpreter_is_told(code: Make, text: str, how: str) -> None:
    """With the module's name."""
    died = call(code(text))
    assert isinstance(died, Died)
    assert (died.how, died.module) == (how, "m")


@pytest.mark.parametrize("text", ["sys.exit(4)", "raise BaseException"])
def test_an_import_that_raises_whatever_failed(code: Make, text: str) -> None:
    """The interpreter lives on."""
    answer = call(code(text))
    assert isinstance(answer, Reply) and answer.import_failed is not None


def test_an_import_that_takes_all_memory_failed(code: Make) -> None:
    """The limit holds for the import too."""
    answer = call(code("x = bytearray(10 << 30)"))
    assert isinstance(answer, Reply) and answer.import_failed is not None
    assert answer.import_failed.type == "MemoryError"


def test_output_disturbs_nobody(code: Make, capfd: pytest.CaptureFixture[str]) -> None:
    """Ten megabytes on both streams, by Python and by descriptor, do not reach our streams or the answer."""
    text = (
        "def f():\n  for n in range(100):\n    print('x' * 100000); print('y' * 100000, file=sys.stderr)\n"
        "    os.write(1, b'z' * 100000)\n  return 1"
    )
    assert value(call(code(text))) == 1
    assert capfd.readouterr() == ("", "")


def test_descriptors_may_be_closed(code: Make) -> None:
    """User code that closes the ordinary descriptors is answered; one that closes all has no way to answer."""
    made = code("def f():\n  os.closerange(0, 21)\n  return 1\ndef g():\n  os.closerange(0, 4096)\n  time.sleep(600)")
    assert value(call(made)) == 1
    assert value(call(made)) == 1
    began = time.monotonic()
    assert isinstance(call(made, "m:g"), Died)
    assert time.monotonic() - began < SOON_S


def test_a_result_that_is_too_large_is_not_taken(code: Make) -> None:
    """By size and by depth; the run goes on."""
    made = code("def f(n): return 'x' * n\ndef g():\n  a = []\n  a.append(a)\n  return a", Limits(body_bytes_max=1000))
    answers = [call(made, args=(998,)), call(made, args=(999,)), call(made, "m:g")]
    assert [each.too_much for each in answers if isinstance(each, Reply)] == ["", "larger", "deeper"]


# A word by which the processes that user code starts are known.
SLEEPER = "import subprocess\ndef sleeper(mark, **more): return subprocess.Popen(['sleep', mark], **more)\n"


@pytest.mark.parametrize(
    "text",
    [
        "def f(mark): sleeper(mark)",
        "def f(mark): sleeper(mark, start_new_session=True)",
        "def f(mark):\n  if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n      sleeper(mark); time.sleep(600)\n"
        "    os._exit(0)\n  while not os.path.exists('never') and not subprocess.run(['pgrep', '-f', f'^sleep {mark}'],"
        " capture_output=True).stdout: time.sleep(0.01)",
        "import threading\ndef f(mark):\n  threading.Thread(target=lambda: time.sleep(600)).start(); sleeper(mark)",
    ],
    ids=["child", "session", "daemon", "thread"],
)
def test_nothing_outlives_a_run(code: Make, text: str) -> None:
    """Children, sessions of their own, daemons and threads end with the run; the next run is answered."""
    mark = f"5{len(text)}.{os.getpid()}"
    made = code(SLEEPER + text + "\ndef g(): return 1")
    assert value_or_none(call(made, args=(mark,))) is None
    assert comes(f"sleep {mark}")  # a program that was just started has no words for a moment
    made.close()
    assert not processes(f"sleep {mark}")
    assert value(call(code(), "m:g")) == 1


def value_or_none(outcome: Outcome) -> Any:
    assert isinstance(outcome, Reply) and outcome.raised is None, outcome
    return outcome.returned


@pytest.mark.parametrize("ending", ["time.sleep(600)", "os._exit(1)"])
def test_nothing_outlives_a_call_that_was_ended(code: Make, ending: str) -> None:
    """What a call started goes with it when it hangs or dies."""
    mark = f"6{len(ending)}.{os.getpid()}"
    made = code(SLEEPER + f"def f(mark):\n  sleeper(mark, start_new_session=True)\n  {ending}")
    assert not isinstance(call(made, args=(mark,), budget_ns=SECOND_NS), Reply)
    assert not processes(f"sleep {mark}")


def test_a_fork_that_comes_back_does_not_answer(code: Make) -> None:
    """Both sides of a fork return from the function; one answer comes, and the next call is answered by the first."""
    made = code("first = os.getpid()\ndef f():\n  os.fork()\n  return 1\ndef g():\n  return os.getpid()")
    assert value(call(made)) == 1
    assert value(call(made, "m:g")) == value(call(made, "m:g"))


def test_a_fork_while_importing_does_not_answer(code: Make) -> None:
    """A module may fork when it is imported; there is still one interpreter."""
    assert value(call(code("os.fork()\ndef f(): return 1"))) == 1


def test_a_module_with_threads_is_imported_by_each_run(code: Make) -> None:
    """A fork would lose its threads, so each run has them anew."""
    text = (
        "import threading\nthreading.Thread(target=lambda: time.sleep(600), daemon=True).start()\n"
        "def f(): return [t.is_alive() for t in threading.enumerate()]"
    )
    for _ in range(2):
        made = code(text)
        assert value(call(made)) == [True, True]
        made.close()


def test_a_killed_interpreter_is_replaced(code: Make) -> None:
    """User code that kills its parent ends its own run's process, and the next call is answered."""
    made = code("def f():\n  os.kill(os.getppid(), 9)\n  time.sleep(600)\ndef g(): return 1")
    assert isinstance(call(made), Died)
    assert value(call(made, "m:g")) == 1


def test_a_handler_that_strikes_between_calls_is_contained(code: Make) -> None:
    """A timer of the user's that raises while nothing is called ends the process and no more."""
    text = (
        "import signal\ndef boom(*_): raise OSError('boom')\n"
        "def f():\n  signal.signal(signal.SIGALRM, boom); signal.setitimer(signal.ITIMER_REAL, 0.01)\ndef g(): return 1"
    )
    made = code(text)
    call(made)
    time.sleep(0.1)
    assert isinstance(call(made, "m:g"), Died | Reply)
    assert value(call(made, "m:g")) == 1


def test_an_interrupt_ends_the_call(code: Make) -> None:
    """Ctrl-C while a call runs goes through at once, and closing ends the process."""
    made = code("def f():\n  open('began', 'w').close()\n  time.sleep(600)")

    def interrupt() -> None:
        end_s = time.monotonic() + SOON_S
        while not Path(made._project.root, "began").exists() and time.monotonic() < end_s:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        call(made)
    thread.join()
    made.close()
    assert len(processes(made._project.root)) <= 1  # the interpreter itself, idle


def test_idle_interpreters_are_bounded(code: Make, tmp_path: Path) -> None:
    """The oldest goes when there are too many."""
    for index in range(host.IDLE_MAX + 2):
        (tmp_path / f"m{index}.py").write_text("def f(): return 1\n")
        made = code(modules=(f"m{index}",))
        assert value(call(made, f"m{index}:f")) == 1
        made.close()
    assert len(processes(str(tmp_path))) == host.IDLE_MAX


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_interpreter_ends_however_fozzy_ends(code: Make, tmp_path: Path, number: int) -> None:
    """Killed in the middle of a call, fozzy leaves neither the interpreter nor what it runs, nor what that started."""
    mark = f"7{number}.{os.getpid()}"
    (tmp_path / "m.py").write_text(
        f"import subprocess, time\ndef f():\n  subprocess.Popen(['sleep', '{mark}'], start_new_session=True)\n"
        "  print('began', flush=True)\n  open('began', 'w').close()\n  time.sleep(600)\n"
    )
    (tmp_path / "a.fozzy.json").write_text(
        '{"version": 1, "name": "a", "steps": [{"type": "call", "function": "m:f"}]}'
    )
    words = [sys.executable, "-m", "fozzy", "run", "a.fozzy.json", "--allow-code"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(words, cwd=tmp_path, env=env, stdout=-3, stderr=-3) as fozzy:
        end_s = time.monotonic() + SOON_S
        while not (tmp_path / "began").exists() and time.monotonic() < end_s:
            time.sleep(0.01)
        assert (tmp_path / "began").exists()
        fozzy.send_signal(number)
    assert gone(str(tmp_path))
    assert gone(f"sleep {mark}")


def test_a_fork_of_fozzy_has_interpreters_of_its_own(code: Make) -> None:
    """A worker that is forked while an interpreter is idle starts its own, and ours still answers."""
    first = code("def f(): return os.getppid()")
    server = value(call(first))
    first.close()
    pid = os.fork()
    if pid == 0:
        made = code()
        other = value(call(made))
        made.close()
        POOL.close()
        os._exit(0 if other != server else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert value(call(code())) == server


def test_without_a_fork_each_run_has_an_interpreter(code: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system cannot fork the same holds: answers, deaths, hangs, state of a run."""
    monkeypatch.setattr(interpreter, "CAN_FORK", False)
    made = code(COUNTER + "\ndef die(): os._exit(3)\ndef hang(): time.sleep(600)")
    assert [value(call(made)) for _ in range(2)] == [1, 2]
    died = call(made, "m:die")
    assert isinstance(died, Died) and died.how == "exit code 3"
    assert value(call(made)) == 1
    assert call(made, "m:hang", budget_ns=SECOND_NS // 10) == Hung(SECOND_NS // 10)
    made.close()
    assert value(call(code())) == 1


def test_an_interpreter_that_does_not_start_is_told(code: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that cannot be started is a death nobody knows the reason of, not an error of ours."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert call(code("def f(): pass")) == Died("", started=False)


def test_nonsense_on_the_line_is_a_death(code: Make) -> None:
    """User code that finds the line and writes to it ends its own process only."""
    text = (
        "import socket\ndef f(head):\n  for n in range(200, 260):\n    try: s = socket.socket(fileno=os.dup(n))\n"
        "    except OSError: continue\n    s.sendall(bytes(head)); time.sleep(600)\ndef g(): return 1"
    )
    made = code(text)
    for head in ([255] * 8, [3, 0, 0, 0, 65, 65, 65]):
        assert isinstance(call(made, args=(head,)), Died)
        assert value(call(made, "m:g")) == 1
