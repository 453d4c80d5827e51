"""From argv to an exit status: quick answers, start-up, signals, surroundings."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.__main__ import _quick
from fozzy.cli import failures
from fozzy.cli.commands import COMMANDS
from fozzy.cli.main import main
from fozzy.version import VERSION

SECONDS_MAX = 60
HEAVY = ("msgspec", "typer", "rich", "trio", "httpx", "asyncio", "click", "jsonschema")
CLUSTERS = ("fozzy.dsl.cluster", "fozzy.dsl.steps.cluster", "fozzy.sim", "fozzy.engine.cluster", "fozzy.report.story")
PACKAGE = Path(__file__).parents[2] / "fozzy"
# Runs a command line and then says on stderr which heavy modules are there.
SPY = """
import sys
from fozzy.__main__ import main
sys.argv[0] = "fozzy"
try:
    main()
finally:
    print("imported:", *[name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""


@pytest.fixture
def imported(process: Callable[..., Any]) -> Callable[..., tuple[int, set[str]]]:
    """Which heavy modules a command line imports."""

    def look(*words: str, names: tuple[str, ...] = HEAVY) -> tuple[int, set[str]]:
        ran = process(*words, code=SPY.format(heavy=names))
        return ran.code, set(ran.err.rpartition("imported:")[2].split())

    return look


@pytest.mark.parametrize(
    "words",
    [(), ("version",), ("--version",), ("schema",), ("schema", "--for", "trace verify"), ("--help",), ("run", "-h")],
    ids=" ".join,
)
def test_what_needs_nothing_imports_nothing(words: tuple[str, ...], imported: Callable[..., Any]) -> None:
    """Version, schema and help are answered by the interpreter alone."""
    assert imported(*words) == (0, set())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("run", "scenarios/cart/add_item.fozzy.json"), 0),
        (("run", "scenarios/checkout/pay_twice.fozzy.json", "--json"), 1),
        (("test", "scenarios/cart", "scenarios/checkout"), 1),
        (("replay", "pay.fozzy"), 1),
        (("validate",), 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_virtual_run_imports_only_what_it_needs(
    words: tuple[str, ...], code: int, shop: Any, fz: Callable[..., Any], imported: Callable[..., Any]
) -> None:
    """Without host calls, a terminal or a mistake none of the heavy libraries is there but the decoder."""
    if words[0] == "replay":
        fz("run", shop.failing, "--record", "pay.fozzy")
    assert imported(*words) == (code, {"msgspec"})


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("run", "scenarios/cart/add_item.fozzy.json"), 0),
        (("run", "scenarios/checkout/pay_twice.fozzy.json"), 1),
        (("test", "scenarios/cart", "scenarios/checkout"), 1),
        (("validate",), 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_only_clusters_need_is_imported_for_clusters(
    words: tuple[str, ...], code: int, shop: Any, fz: Callable[..., Any], imported: Callable[..., Any]
) -> None:
    """Scenarios of steps pay neither for the types of distributed files nor for the simulator."""
    assert imported(*words, names=CLUSTERS) == (code, set())


def test_a_cluster_has_all_that_only_clusters_need(tmp_path: Path, imported: Callable[..., Any]) -> None:
    """A run of a distributed scenario imports each of the modules that no other run may."""
    text = '{"version": 1, "name": "kv", "distributed": {"node_count": 1, "steps": [{"type": "heal_all"}]}}'
    (tmp_path / "kv.fozzy.json").write_text(text)
    assert imported("run", str(tmp_path / "kv.fozzy.json"), names=CLUSTERS) == (0, set(CLUSTERS))


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_the_version_is_answered_at_once(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """`fozzy version` and `fozzy --version` say the same."""
    assert _quick(words)
    assert capsys.readouterr().out == f"fozzy {VERSION}\n"


@pytest.mark.parametrize("name", ["", *COMMANDS, "trace"])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_answered_at_once(name: str, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The help of the program, its groups and its commands is a file that is printed."""
    assert _quick([*name.split(), flag])
    assert capsys.readouterr().out.startswith(" ".join(["Usage: fozzy", *name.split(), "["]))


@pytest.mark.parametrize("name", ["scenario", "config", "trace", *COMMANDS])
def test_schemas_are_answered_at_once(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A schema is a file that is printed, also of a name with a space."""
    assert _quick(["schema", "--for", name])
    assert capsys.readouterr().out == (PACKAGE / "cli/schemas" / f"{name.replace(' ', '-')}.json").read_text("utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["version", "--json"],
        ["nope", "--help"],
        ["schema", "--for", "nope"],
        ["schema", "--for", "../schemas/run"],
        ["schema", "--for", "/etc/passwd"],
        ["../../x", "--help"],
        ["schema", "--steps"],
        ["run", "--seed", "--help"],
    ],
)
def test_anything_else_is_not_answered_at_once(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is not plainly one of these goes the long way, and no name leads out of the package."""
    assert not _quick(words)
    assert capsys.readouterr().out == ""


def test_no_words_are_a_question_for_help(process: Callable[..., Any]) -> None:
    """`fozzy` alone prints its help on stdout and ends well."""
    ran = process()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (PACKAGE / "cli/help/fozzy.txt").read_text(encoding="utf-8")


def test_help_anywhere_is_help(fz: Callable[..., Any]) -> None:
    """`--help` among other words is help still, with or without common options before the command."""
    for words in (
        ("run", "--help", "a"),
        ("run", "a", "-h"),
        ("-v", "run", "--help"),
        ("--help", "run"),
        ("-q", "--help"),
    ):
        ran = fz(*words)
        assert ran.code == 0, words
        assert ran.out.startswith("Usage: fozzy")


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "--help"),
        ("--json", "run", "--help"),
        ("run", "--json", "-h"),
        ("run", "--help", "--json"),
        ("run", "--help", "--reporter", "json"),
        ("test", "--events", "--help"),
    ],
)
def test_help_is_no_document(words: tuple[str, ...], fz: Callable[..., Any]) -> None:
    """Who wants JSON on stdout gets a document there or nothing: help is talk then, and asking for it ends well."""
    ran = fz(*words)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("Usage: fozzy")


def test_cwd_is_where_everything_happens(shop: Any, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """With --cwd scenarios, configuration and store are looked for there, and commands to paste say so."""
    outside = shop.root / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    ran = fz("test", "-j1", "scenarios/checkout", "--cwd", "..")
    assert ran.code == 1
    assert (shop.root / ".fozzy/runs").is_dir()
    assert not (outside / ".fozzy").exists()
    monkeypatch.chdir(outside)
    (again,) = re.findall(r"fozzy (replay .*?)  ", ran.out)
    assert "SAME" in fz(*again.split()).out
    monkeypatch.chdir(outside)
    assert fz("test", "--cwd", "nowhere").code == 2


SLEEPER = """\
version = 1
name = "it takes long"

[[steps]]
type = "trace_event"
name = "begun"

[[steps]]
type = "sleep"
duration = "50s"
"""

CALLER = """\
version = 1
name = "a program takes long"

[backends]
proc = "host"

[[steps]]
type = "trace_event"
name = "begun"

[[steps]]
type = "proc_spawn"
cmd = "sleep"
args = ["50"]
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("text", [SLEEPER, CALLER], ids=["sleep", "program"])
def test_an_interrupted_run_says_where_its_trace_is(
    text: str, number: int, code: int, project: Path, fz_env: dict[str, str], fz: Callable[..., Any]
) -> None:
    """A signal ends a run soon, with its own status; what there was is sealed, named, and can be replayed that far."""
    (project / "long.fozzy.toml").write_text(text, encoding="utf-8")
    child = started(fz_env, "run", "long.fozzy.toml", "--record", "long.fozzy", "--no-det")
    assert child.stdout is not None
    assert b"trace_event" in child.stdout.readline()
    time.sleep(0.3)  # so that it is in the middle of the long step
    child.send_signal(number)
    _, err = child.communicate(timeout=SECONDS_MAX)
    assert child.returncode == code, err.decode()
    assert b"error[run.interrupted]: interrupted long.fozzy.toml; what there is: long.fozzy\n" in err
    assert b"Traceback" not in err
    assert [path.name for path in project.glob("*.partial")] == []
    (again,) = re.findall(r"fozzy (replay .*--unsafe)", err.decode())
    ran = fz(*again.split())
    assert ran.code == 0
    assert "INCOMPLETE" in ran.out
    assert fz("replay", "long.fozzy").code == 6


def test_an_interrupted_suite_ends_with_its_workers(shop: Any, fz_env: dict[str, str]) -> None:
    """Ctrl-C at a suite ends the workers too, and says so with status 130 and no traceback."""
    for index in range(3):
        (shop.root / f"long{index}.fozzy.toml").write_text(SLEEPER, encoding="utf-8")
    child = started(fz_env, "test", "long0.fozzy.toml", "long1.fozzy.toml", "long2.fozzy.toml", "-j2", "--no-det")
    assert child.stdout is not None
    assert b"jobs 2" in child.stdout.readline()
    time.sleep(0.5)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does: the whole group
    out, err = child.communicate(timeout=SECONDS_MAX)
    assert child.returncode == 130, err.decode()
    assert b"Traceback" not in out + err
    end_s = time.monotonic() + SECONDS_MAX
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < end_s:  # whoever collects orphans takes its time
            os.killpg(child.pid, 0)
            time.sleep(0.02)


@pytest.mark.parametrize("jobs", ["-j1", "-j2"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_suite_tells_what_it_knows(
    number: int, code: int, jobs: str, shop: Any, fz_env: dict[str, str], fz: Callable[..., Any]
) -> None:
    """What failed before is shown with its seed and trace, is a run of the store, and is what `--lf` runs again."""
    (shop.root / "long.fozzy.toml").write_text(SLEEPER, encoding="utf-8")
    child = started(fz_env, "test", shop.failing, "long.fozzy.toml", jobs, "--no-det", "--seed", "7")
    assert child.stdout is not None
    while b"FAIL" not in child.stdout.readline():
        pass
    child.send_signal(number)
    out, err = child.communicate(timeout=SECONDS_MAX)
    assert child.returncode == code, err.decode()
    said = out.decode()
    assert "1 scenario: 0 passed, 1 failed, 1 skipped" in said and "fozzy replay" in said
    assert b"error[run.interrupted]: interrupted" in err and b"Traceback" not in err
    document = fz("report", "show", "@latest", "--format", "json").document()
    assert (document["status"], document["error"]["code"]) == ("error", "run.interrupted")
    assert document["error"]["message"] == "interrupted: 1 of 2 scenarios ran to the end"
    assert [member["path"] for member in document["scenarios"]] == [shop.failing]
    assert "1 scenario failed in the last test run" in fz("test", "--lf", "-j1").said


def test_an_interrupted_stream_ends_with_the_error(shop: Any, fz_env: dict[str, str]) -> None:
    """And an interrupted document is one document, which has both."""
    (shop.root / "long.fozzy.toml").write_text(SLEEPER, encoding="utf-8")
    for flag in ("--events", "--json"):
        child = started(fz_env, "test", shop.failing, "long.fozzy.toml", "-j2", "--no-det", flag)
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=SECONDS_MAX)
        *before, last = out.decode().splitlines()
        document = json.loads(last)
        assert (child.returncode, document["status"], document["error"]["code"]) == (130, "error", "run.interrupted")
        assert bool(before) == (flag == "--events")
        assert all('"kind"' in each for each in before)


@pytest.mark.parametrize(("sent", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_who_stops_it_while_it_begins_is_heard(sent: str, status: int, shop: Any, fz_env: dict[str, str]) -> None:
    """Not in the middle of an import, with a traceback, but with the document and the status of every other time."""
    program = f"""
import os, signal, sys
import fozzy.__main__ as program
imports = program._import_msgspec
def slow():
    os.kill(os.getpid(), signal.{sent})
    imports()
program._import_msgspec = slow
sys.argv = ["fozzy", "test", "--det", "--json"]
program.main()
"""
    done = subprocess.run([sys.executable, "-c", program], env=fz_env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, "")
    assert json.loads(done.stdout)["error"]["code"] == "run.interrupted"


@pytest.mark.parametrize(("sent", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_who_stops_it_while_its_words_are_read_is_heard(
    sent: str, status: int, shop: Any, fz_env: dict[str, str]
) -> None:
    """Typer takes Ctrl-C for an answer, and nothing would have been run with status 0."""
    program = f"""
import os, signal, sys
import typer.core
group = typer.core.TyperGroup.resolve_command
def slow(*words):
    os.kill(os.getpid(), signal.{sent})
    return group(*words)
typer.core.TyperGroup.resolve_command = slow
sys.argv = ["fozzy", "test", "--det", "-j1", "--json"]
import fozzy.__main__ as program
program.main()
"""
    done = subprocess.run([sys.executable, "-c", program], env=fz_env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, "")
    assert json.loads(done.stdout)["error"]["code"] == "run.interrupted"


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"])
@pytest.mark.parametrize("words", ["test -j2", "doctor", "schema"])
def test_a_stream_that_is_closed_is_no_bug(words: str, closed: str, shop: Any, fz_env: dict[str, str]) -> None:
    """Nobody hears it, and the status is what it is with a reader."""
    usual, unheard = (
        subprocess.run(
            ["sh", "-c", f"{sys.executable} -m fozzy {words} {redirected}"], env=fz_env, capture_output=True, text=True
        )
        for redirected in ("", closed)
    )
    assert unheard.returncode == usual.returncode
    assert "Traceback" not in unheard.stdout + unheard.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk here")
@pytest.mark.parametrize("words", ["version", "schema", "--help", "run --help", "env", "env --json"])
def test_an_answer_that_cannot_be_written_is_an_error(words: str, fz_env: dict[str, str]) -> None:
    """Also of what is answered before anything is imported: no traceback, no bug of ours."""
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m fozzy {words} > /dev/full"], env=fz_env, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error[report.unwritable]: cannot write the answer: No space left on device\n")


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM"])
def test_who_stops_it_when_all_is_done_changes_nothing(sent: str, shop: Any, fz_env: dict[str, str]) -> None:
    """Neither the status nor what was said, however long the interpreter takes to end."""
    program = f"""
import atexit, os, signal, sys
import fozzy.__main__ as program
atexit.register(lambda: os.kill(os.getpid(), signal.{sent}))
sys.argv = ["fozzy", "validate", {shop.passing!r}, "--json"]
program.main()
"""
    done = subprocess.run([sys.executable, "-c", program], env=fz_env, capture_output=True, text=True)
    assert (done.returncode, done.stderr, json.loads(done.stdout)["status"]) == (0, "", "pass")


def started(env: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    """A command line under way, leader of a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "fozzy", *words],
        env={**env, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.mark.parametrize("color", ["never", "always"])
def test_a_reader_that_leaves_is_no_error(color: str, shop: Any, fz_env: dict[str, str]) -> None:
    """`fozzy test | head -1` prints a line, nothing on stderr, and ends with the suite's own status."""
    for index in range(400):
        (shop.root / "scenarios" / "cart" / f"more_{index}.fozzy.json").write_text(
            (shop.root / shop.passing).read_text(encoding="utf-8"), encoding="utf-8"
        )
    for words, code in (("test -v scenarios/cart", 0), ("test -v scenarios/cart scenarios/checkout", 1)):
        child = started(fz_env, *words.split(), "--color", color, "-j1")
        assert child.stdout is not None and child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        with child.stderr as said:
            assert said.read() == b""
        assert child.wait(SECONDS_MAX) == code


def test_a_line_before_a_long_step_is_seen_before_it(project: Path, fz_env: dict[str, str]) -> None:
    """In a pipe too a finished step is shown when it has finished, not when the run has."""
    (project / "long.fozzy.toml").write_text(SLEEPER, encoding="utf-8")
    child = started({**fz_env}, "run", "long.fozzy.toml", "--no-det")
    assert child.stdout is not None
    try:
        assert child.stdout.readline().split() == [b"1", b"trace_event"]
        assert child.poll() is None
    finally:
        child.kill()
        child.communicate(timeout=SECONDS_MAX)


def test_a_working_directory_that_is_gone(project: Path, fz: Callable[..., Any]) -> None:
    """It was removed since; that is said, and is no bug of ours."""
    gone = project / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    try:
        ran = fz("run", "a.fozzy.json")
    finally:
        os.chdir(project)
    assert ran.code == 2
    assert "usage.bad_folder" in ran.err


def test_who_interrupts_an_error_too_gets_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second Ctrl-C, while what went wrong is being shown, leaves no traceback."""

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(failures, "show_error", interrupted)
    assert main(["trace", "show", "none.fozzy"]) == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("run", "nowhere.fozzy.json", "--events"), "scenario.missing"),
        (("run", "--events"), "usage.missing"),
        (("test", "--events", "--jobs", "many"), "usage.bad_value"),
        (("replay", "nowhere.fozzy", "--dump-events"), "trace.unreadable"),
        (("proxy", "http", "--events", "--drop", "2"), "usage.bad_value"),
    ],
)
def test_an_error_is_the_last_line_of_a_stream(words: tuple[str, ...], code: str, fz: Any) -> None:
    """Whoever reads events reads JSON to the end; the error has the envelope it has under --json, and stderr is quiet."""
    ran = fz(*words)
    assert ran.code == 2
    document = json.loads(ran.out.splitlines()[-1])
    assert document["error"]["code"] == code and document["status"] == "error"
    assert "error[" not in ran.err
