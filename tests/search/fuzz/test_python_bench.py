"""Python functions as targets, in real interpreters: what they do is told as what it is, and ends nothing but them."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from fozzy.errors import InputError, UsageError
from fozzy.search.fuzz import python_job
from fozzy.search.fuzz.campaign import Campaign, Plan
from fozzy.search.fuzz.portion import Portion
from fozzy.search.fuzz.python_bench import PythonBench
from fozzy.search.fuzz.python_job import HANGS_MAX
from tests.leftovers import gone, processes

from .conftest import Fuzz, Write, ours, python, result_of

pytestmark = [
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.skipif(sys.platform != "linux", reason="memory and descendants are bounded on Linux"),
]

# What a function does with the input b"x", and how that is told: the kind and title, and a word of the message.
DEEDS: dict[str, tuple[str, str, str]] = {
    "while True: pass": ("hang", "call_hang", "did not end within 1000ms"),
    "time.sleep(100)": ("hang", "call_hang", "did not end within 1000ms"),
    "import re; re.match('(a+)+$', 'a' * 64 + 'b')": ("hang", "call_hang", "did not end"),
    "10**10**8": ("hang", "call_hang", "did not end"),
    "signal.signal(15, signal.SIG_IGN); time.sleep(100)": ("hang", "call_hang", "did not end"),
    "sys.exit(3)": ("assertion", "call_raised", "SystemExit: 3"),
    "os._exit(3)": ("panic", "call_died", "exit code 3"),
    "os._exit(0)": ("panic", "call_died", "exit code 0"),
    "os.abort()": ("panic", "call_died", "SIGABRT"),
    "os.kill(os.getpid(), 9)": ("panic", "call_died", "SIGKILL"),
    "os.killpg(os.getpgid(os.getppid()), 9)": ("panic", "call_died", "ended its interpreter"),
    "f(data)": ("assertion", "call_raised", "RecursionError"),
    "sys.setrecursionlimit(10**7); repr(Endless())": ("panic", "call_died", "SIGSEGV"),
    "bytearray(10 << 30)": ("assertion", "call_raised", "MemoryError"),
    "kept = []\n    while True: kept.append(bytearray(1 << 16))": ("assertion", "call_raised", "MemoryError"),
    "os.closerange(0, 4096)": ("panic", "call_died", "exit code 71"),
    "raise type('Odd', (BaseException,), {})('odd')": ("assertion", "call_raised", "Odd: odd"),
    "raise KeyboardInterrupt": ("assertion", "call_raised", "KeyboardInterrupt"),
    "raise Mute": ("assertion", "call_raised", "Mute"),
    "raise Rude": ("assertion", "call_raised", "Rude"),
    "sys.modules.clear(); raise ValueError('gone')": ("assertion", "call_raised", "ValueError: gone"),
    "[sys.modules.pop(each) for each in list(sys.modules) if 'fozzy' in each]; raise ValueError('v')": (
        "assertion",
        "call_raised",
        "ValueError: v",
    ),
    "os.chdir('/'); raise ValueError('away')": ("assertion", "call_raised", "ValueError: away (f, m.py:"),
}
HELD = """
class Endless:
    def __repr__(self): return repr(self)
class Mute(Exception):
    def __str__(self): raise ValueError
class Rude(Exception):
    def __str__(self): raise SystemExit(9)
def scribble(what):
    frame = sys._getframe()
    while frame:
        shared = getattr(frame.f_locals.get("self"), "_shared", None)
        if shared is not None: shared[:len(what)] = what
        frame = frame.f_back
def f(data: bytes):
    if data == b"n": raise LookupError("after it")
    if data != b"x": return
"""
# What is no crash, though it might break whoever runs it.
HARMLESS = (
    "os.fork() or time.sleep(100)",
    "[os.fork() for _ in range(3)]",
    "sub = __import__('subprocess').Popen(['sleep', '100'], cwd=os.path.dirname(__file__))",
    "[threading.Thread(target=time.sleep, args=(100,), daemon=False).start() for _ in range(5)]",
    "print('x' * 10**7)",
    "sys.stderr.write('x' * 10**7)",
    "sys.settrace = None",
    "sys.settrace(lambda *_: 1 / 0)",
    "sys.monitoring = None",
    "os._exit = os.getpid = None",
    "[os.unlink(each) for each in __import__('glob').glob(os.path.dirname(__file__) + '/tmp/fozzy-*')]",
    "os.closerange(3, 100)",
    "__import__('ctypes').CDLL(None).fork()",
    "sys.stdout = sys.stderr = None",
)


def crashes(campaign: Campaign) -> dict[bytes, tuple[str, str, str]]:
    """What each input came to."""
    return {each.data: (each.kind, each.title, each.message) for each in campaign.crashes.values()}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_is_told_as_what_it_is(deed: str, write: Write, fuzz: Fuzz) -> None:
    """Whatever a function does, its input and what it did are told, and the inputs behind it are executed too."""
    write(HELD + f"    {deed}\n")
    kind, title, word = DEEDS[deed]
    campaign = fuzz([b"a", b"x", b"b", b"n"], runs=40, hang_ns=10**9 if kind == "hang" else 20 * 10**9)
    told = crashes(campaign)
    assert told[b"x"][:2] == (kind, title) and word in told[b"x"][2]
    assert told[b"n"][1] == "call_raised" and "LookupError: after it (f, m.py:" in told[b"n"][2]
    assert campaign.runs >= 40 and len(told) == 2


@pytest.mark.parametrize("deed", HARMLESS)
def test_a_deed_that_breaks_nothing_is_no_crash(deed: str, write: Write, fuzz: Fuzz) -> None:
    """What a function leaves behind neither stays nor disturbs: only the true crash is told."""
    write(HELD + f"    {deed}\n")
    campaign = fuzz([b"a", b"x", b"b", b"x", b"n"], runs=40)
    assert list(crashes(campaign)) == [b"n"] and campaign.runs >= 40


@pytest.mark.parametrize("what", ["b'\\xff' * 64", "bytes(64)", "b'\\x03' + bytes(63)", "b'\\0\\0\\1' * 9"])
def test_what_a_function_writes_over_our_record_leads_nowhere(what: str, write: Write, fuzz: Fuzz) -> None:
    """A death is told, though not always with its input, and the campaign comes to its end."""
    write(HELD + f"    scribble({what}); os._exit(5)\n")
    campaign = fuzz([b"a", b"x", b"b", b"n"], runs=40)
    told = {each.message for each in campaign.crashes.values()}
    assert len(told) == 2 and "m:f ended its interpreter with exit code 5" in told and campaign.runs >= 40


def test_a_function_that_always_hangs_ends_a_campaign(write: Write, fuzz: Fuzz) -> None:
    """Executions that hang are counted, and a portion has no more than so many of them."""
    write("def f(data: bytes): time.sleep(100)")
    campaign = fuzz(runs=9, hang_ns=10**7)
    (hang,) = campaign.crashes.values()
    assert hang.kind == "hang" and campaign.runs >= 9 and campaign.first_runs == {hang.print: 1}


def test_what_was_found_before_a_portion_is_given_up_is_told(write: Write, fuzz: Fuzz) -> None:
    """After so many hangs a portion goes no further, and loses nothing of what it had found between them."""
    write("""
    def f(data: bytes):
        if data[:1] == b"h": time.sleep(100)
        if data == b"new":
            return len(data)
        if data == b"bad": raise ValueError
    """)
    given = [b"h%d" % number for number in range(HANGS_MAX)]
    last = given.pop()
    campaign = fuzz([*given, b"new", b"bad", last, b"never"], runs=1, hang_ns=5 * 10**8)
    assert b"new" in campaign.corpus and campaign.runs == 11 + len(given) + 3
    assert {each.title for each in campaign.crashes.values()} == {"call_hang", "call_raised"}


def test_forks_are_counted(write: Write, tmp_path: Path) -> None:
    """Each fork of the user's function ends at once, and is told."""
    write("def f(data: bytes):\n    if data == b'0': [os.fork() for _ in range(3)]")
    bench = PythonBench(python(tmp_path), 1)
    try:
        portion = Portion(name="0", seed=1, runs=0, given=[b"a", b"0", b"b"])
        (told,) = bench.run([portion], frozenset(), None)
    finally:
        bench.close()
    assert (told.runs, told.forks, told.crashes) == (3, 3, [])


TAME = """
deed = open(os.path.dirname(__file__) + "/deed").read()  # so that the words of the module are the same
def f(data: bytes):
    if b"0" in data and sum(data) % 5 == 0:
        exec(deed)
    if data[:1] == b"{":
        if data[1:2] == b'"':
            return 1
        return 2
    if len(data) > 3 and data[3] > 200:
        raise ValueError
    if data[-1:] == b"a":
        return 3
"""


@pytest.mark.parametrize(("harm", "runs"), [("os._exit(3)", 1000), ("os.abort()", 1000), ("time.sleep(100)", 100)])
def test_inputs_that_end_their_process_change_no_find(
    harm: str, runs: int, write: Write, fuzz: Fuzz, tmp_path: Path
) -> None:
    """A function that dies or hangs now and then has the finds and crashes of one that raises instead."""
    write(TAME)
    results = []
    for deed in ("raise OSError", harm):
        (tmp_path / "deed").write_text(deed)
        hang_ns = (1 if deed.startswith("time") else 20) * 10**9
        results.append(result_of(fuzz(runs=runs, jobs=2, hang_ns=hang_ns)))
    tame, harmed = results
    assert [each[2] for each in tame["crashes"]][:1] != [] and len(tame["crashes"]) >= 1
    assert harmed["finds"] == tame["finds"] and harmed["corpus"] == tame["corpus"] and len(tame["corpus"]) > 2
    assert sorted(tame["first"]) == sorted(harmed["first"])
    others = [[each for each in result["crashes"] if each[2] == "ValueError"] for result in results]
    assert others[0] == others[1]


BROKEN: dict[str, tuple[str, str]] = {
    "raise ValueError('no')": ("m cannot be imported: ValueError: no (m.py:2)", "fuzz.no_target"),
    "sys.exit(3)": ("m cannot be imported: SystemExit: 3 (m.py:2)", "fuzz.no_target"),
    "os._exit(3)": ("m:f cannot be fuzzed: importing m ends its interpreter with exit code 3", "fuzz.no_target"),
    "os.kill(os.getpid(), 9)": ("importing m ends its interpreter with SIGKILL", "fuzz.no_target"),
    "while True: pass": ("importing m does not end", "fuzz.no_target"),
    "time.sleep(100)": ("importing m does not end", "fuzz.no_target"),
    "import no_such_module": (
        "m cannot be imported: ModuleNotFoundError: No module named 'no_such_module'",
        "fuzz.no_target",
    ),
    "def g(): pass": ('m has no "f"', "fuzz.no_target"),
    "f = 1": ("m:f is int, nothing that can be called", "fuzz.no_target"),
    "async def f(data): pass": ("m:f is async", "fuzz.cannot_call"),
    "def f(): pass": ("m:f: it takes nothing that could be varied", "fuzz.cannot_call"),
    "def f(x: complex): pass": ('m:f: parameter "x" is of type complex', "fuzz.cannot_call"),
    "def f(": ("m cannot be imported: SyntaxError", "fuzz.no_target"),
}


@pytest.mark.parametrize("text", BROKEN)
def test_what_cannot_be_called_is_refused(
    text: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that hangs, exits, dies, raises or lacks the function is told as that, and nothing of it is left."""
    seconds = 1 if text.startswith(("while", "time.sleep")) else 60
    monkeypatch.setattr(python_job, "IMPORT_NS_MAX", seconds * 10**9)
    write(text)
    message, code = BROKEN[text]
    with pytest.raises((InputError, UsageError)) as refused:
        PythonBench(python(tmp_path), 2)
    assert message in str(refused.value) and refused.value.code == code


@pytest.mark.parametrize("text", ["print('x' * 10**7)", "sys.stderr.write('x' * 10**7)", "os.chdir('/')"])
def test_a_module_may_be_noisy(text: str, write: Write, fuzz: Fuzz) -> None:
    """What a module writes when it is imported, or where it goes, changes nothing."""
    write(f"{text}\ndef f(data: bytes):\n    if data == b'0': raise ValueError")
    assert [each.data for each in fuzz(runs=20).crashes.values()] == [b"0"]


def test_a_changed_file_is_imported_again(write: Write, tmp_path: Path) -> None:
    """Portions after a change run the new text; the interpreter of the old one is ended."""
    write("def f(data: bytes): pass")
    portion = Portion(name="0", seed=1, runs=0, given=[b"0"])
    bench = PythonBench(python(tmp_path), 1)
    try:
        (before,) = bench.run([portion], frozenset(), None)
        write("def f(data: bytes): raise ValueError('changed')")
        (after,) = bench.run([portion], frozenset(), None)
    finally:
        bench.close()
    assert before.crashes == [] and "changed" in after.crashes[0].message


def test_meant_exceptions_are_no_crash(write: Write, fuzz: Fuzz) -> None:
    """Those a function is meant to raise are named by their class or one above it."""
    write("def f(data: bytes):\n    if data: raise KeyError\n    raise OSError")
    assert {each.cause[0] for each in fuzz(runs=20).crashes.values()} == {"KeyError", "OSError"}
    assert {each.cause[0] for each in fuzz(runs=20, meant=("LookupError",)).crashes.values()} == {"OSError"}


def test_time_ends_a_campaign_of_a_function(write: Write, tmp_path: Path) -> None:
    """With a time and no runs it ends soon after that time."""
    write("def f(data: bytes): pass")
    bench = PythonBench(python(tmp_path), 2)
    try:
        campaign = Campaign(Plan(seed=1, time_ns=2 * 10**8), bench, [])
        campaign.run()
    finally:
        bench.close()
    assert campaign.interrupted is None and campaign.runs > 0 and campaign.spent_ns >= 2 * 10**8


INTERRUPTED = """
    import sys
    from fozzy.search.fuzz.campaign import Campaign, Plan
    from fozzy.search.fuzz.python_bench import PythonBench
    from fozzy.search.fuzz.python_job import Python
    from fozzy.world.code.permission import permit
    folder = sys.argv[1]
    bench = PythonBench(
        Python("m:f", permit(True, AssertionError), (folder,), folder, 60 * 10**9, 1 << 28, 256, True), 2
    )
    try:
        campaign = Campaign(Plan(seed=1), bench, [])
        campaign.listen = lambda: print(campaign.runs, flush=True)
        campaign.run()
    finally:
        bench.close()
    print(type(campaign.interrupted).__name__)
"""


@pytest.mark.parametrize("deed", ["pass", "time.sleep(100)", "[os.fork() for _ in range(2)]"] + ["pass"] * 3)
def test_an_interrupt_ends_everything(deed: str, write: Write, tmp_path: Path) -> None:
    """After Ctrl-C the campaign, with all its threads and interpreters, is over at once, in whatever it is."""
    write(f"def f(data: bytes):\n    if data == b'0' or len(data) > 20: {deed}")
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED), str(tmp_path)]
    with subprocess.Popen(command, env=ours(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if deed != "time.sleep(100)":
            assert int(process.stdout.readline()) > 0
        else:
            while not processes(f'"root": "{tmp_path}"'):
                time.sleep(0.01)
            time.sleep(0.5)  # now it may still import, or hang already: both must end
        process.send_signal(signal.SIGINT)
        try:
            said = process.communicate(timeout=30)[0].splitlines()
        finally:
            process.kill()
    assert said[-1:] == ["KeyboardInterrupt"] or process.returncode != 0
    assert gone(str(tmp_path))
