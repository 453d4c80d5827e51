"""The environment of host processes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.core.limits import Limits
from fozzy.world.proc.base import AwaitReady, Probe, Spawn, Start, Stop
from fozzy.world.proc.environment import child_environment
from fozzy.world.proc.host import HostProc

OURS = {"PATH": "/bin", "LC_ALL": "C", "HOME": "/h", "DISPLAY": ":0", "CI_TOKEN": "x", "HTTP_PROXY": "p", "path": "y"}


def test_only_what_is_ordinary_is_passed() -> None:
    """PATH, HOME, locales and such are passed; a token, a proxy, a display and other spellings are not."""
    assert child_environment(OURS, (), {}) == {"PATH": "/bin", "LC_ALL": "C", "HOME": "/h"}


def test_what_is_named_or_given_is_passed() -> None:
    """Allowed names are passed when they are set, and what the step gives wins."""
    passed = child_environment(OURS, ["DISPLAY", "NOT_SET"], {"HOME": "/other", "NEW": "1"})
    assert passed == {"PATH": "/bin", "LC_ALL": "C", "HOME": "/other", "DISPLAY": ":0", "NEW": "1"}


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOZZY_TEST_MARK", "from outside")
    monkeypatch.setenv("FOZZY_TEST_OTHER", "from outside")


SHOW = Spawn(cmd="sh", args=["-c", 'echo "[$FOZZY_TEST_MARK][$FOZZY_TEST_OTHER]"'])


@pytest.mark.usefixtures("marked")
def test_a_host_process_sees_what_is_allowed(twice: Callable[..., Any], limits: Limits) -> None:
    """A process gets neither variable by itself, the allowed one by name, and any with a value of its own."""
    plain = twice(lambda choices, loop, root: HostProc(choices, loop, limits, root))
    named = twice(lambda choices, loop, root: HostProc(choices, loop, limits, root, frozenset({"FOZZY_TEST_MARK"})))
    assert plain.spawn(SHOW).stdout.text == "[][]\n"
    assert named.spawn(SHOW).stdout.text == "[from outside][]\n"
    given = msgspec.structs.replace(SHOW, env={"FOZZY_TEST_OTHER": "mine"})
    assert named.spawn(given).stdout.text == "[from outside][mine]\n"


@pytest.mark.usefixtures("marked")
def test_the_background_is_treated_alike(twice: Callable[..., Any], limits: Limits) -> None:
    """What is started in the background gets no more than what is run."""
    proc = twice(lambda choices, loop, root: HostProc(choices, loop, limits, root))
    proc.start(Start(name="svc", cmd="sh", args=SHOW.args))
    proc.await_ready(AwaitReady(name="svc", probe=Probe(stdout_matches="\n"), within_ms=4000))
    assert proc.stop(Stop(name="svc")).stdout.text == "[][]\n"


def test_python_still_works(twice: Callable[..., Any], limits: Limits) -> None:
    """An interpreter of a virtual environment finds itself by its path."""
    proc = twice(lambda choices, loop, root: HostProc(choices, loop, limits, root))
    ended = proc.spawn(Spawn(cmd=sys.executable, args=["-c", "import msgspec, sys; print(sys.prefix)"]))
    assert (ended.exit_code, ended.stdout.text.strip()) == (0, sys.prefix)


@pytest.mark.parametrize("way", ["proc_env", "env"])
def test_names_come_from_the_config_and_the_scenario(fz: Any, scenario: Any, monkeypatch: Any, way: str) -> None:
    """A name under `proc_env` in fozzy.toml, or under `env` of the scenario, is passed; the trace replays without."""
    monkeypatch.setenv("MY_MARK", "from outside")
    Path("fozzy.toml").write_text('proc_env = ["MY_MARK"]\n' if way == "proc_env" else "")
    spawn = {"type": "proc_spawn", "cmd": "sh", "args": ["-c", "echo $MY_MARK"], "expect_stdout": "from outside\n"}
    more: dict[str, Any] = {"env": ["MY_MARK"]} if way == "env" else {}
    scenario("a", [spawn], backends={"proc": "host"}, **more)
    assert fz("run", "a.fozzy.json", "--record", "t.fozzy").code == 0
    monkeypatch.delenv("MY_MARK")
    Path("fozzy.toml").unlink()
    assert fz("replay", "t.fozzy").code == 0
