"""`fozzy completion`: the scripts, in the shells they are for."""

from __future__ import annotations

import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SECONDS_MAX = 30


@pytest.fixture
def shop(project: Path, fz_env: dict[str, str]) -> dict[str, str]:
    """A project with a scenario and a run, and an environment in which `fozzy` is this one."""
    Path("scenarios/my shop").mkdir(parents=True)
    Path("scenarios/add_item.fozzy.json").touch()
    Path("scenarios/my shop/x.fozzy.json").touch()
    Path(".fozzy/runs/7f3c0000").mkdir(parents=True)
    Path(".fozzy/runs/latest").write_text("7f3c0000")
    Path("bin").mkdir()
    fozzy = Path("bin/fozzy")
    fozzy.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m fozzy "$@"\n')
    fozzy.chmod(0o755)
    return {
        **fz_env,
        "PATH": f"{project / 'bin'}:{os.environ['PATH']}",
        "HOME": str(project),
        "TERM": "dumb",
        "PS1": "ready> ",
    }


def shell(name: str) -> str:
    """A shell, or the reason to leave the test out."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def typed(command: list[str], env: dict[str, str], keys: list[str], until: str) -> str:
    """What an interactive shell shows after these keys were typed, one after the other, until a text appears."""
    terminal = [sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])", *command]
    shown = ""
    end = time.monotonic() + SECONDS_MAX
    with subprocess.Popen(terminal, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None and running.stdout is not None
        try:
            for index, key in enumerate(["", *keys]):
                running.stdin.write(key.encode())
                running.stdin.flush()
                wanted = until if index == len(keys) else "ready>"
                begun = len(shown)
                while wanted not in shown[begun:] and time.monotonic() < end:
                    if select.select([running.stdout], [], [], 0.2)[0]:
                        shown += os.read(running.stdout.fileno(), 65536).decode("utf-8", "replace")
        finally:
            running.kill()
    return shown


def last_line(shown: str) -> str:
    """What stands on the last line of a terminal, whose cursor went back and forth."""
    cells: list[str] = []
    column = 0
    for char in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x07", "", shown.rpartition("\n")[2]):
        if char in "\b\r":
            column = column - 1 if char == "\b" else 0
        else:
            cells[column : column + 1] = [char]
            column += 1
    return "".join(cells).rstrip()


def test_bash_knows_what_is_meant(shop: dict[str, str]) -> None:
    """In a real bash a tab completes commands, options behind =, runs behind @, and names with spaces."""
    bash = shell("bash")
    lines = {
        "fozzy repl": "fozzy replay ",
        "fozzy run --color=al": "fozzy run --color=always ",
        "fozzy replay @la": "fozzy replay @latest ",
        "fozzy replay 7": "fozzy replay 7f3c0000 ",
        "fozzy trace ver": "fozzy trace verify ",
        "fozzy run scenarios/ad": "fozzy run scenarios/add_item.fozzy.json ",
        "fozzy run scenarios/my\\ shop/": "fozzy run scenarios/my\\ shop/x.fozzy.json ",
        "fozzy run scen": "fozzy run scenarios/",
    }
    for given, wanted in lines.items():
        keys = ["source <(fozzy completion bash)\n", f"{given}\t<END"]
        shown = typed([bash, "--norc", "--noprofile", "-i"], shop, keys, "<END")
        assert last_line(shown) == f"ready> {wanted}<END"


def test_zsh_knows_what_is_meant(shop: dict[str, str]) -> None:
    """In a real zsh the same."""
    zsh = shell("zsh")
    lines = {
        "fozzy repl": "fozzy replay ",
        "fozzy replay @la": "fozzy replay @latest ",
        "fozzy run --color=al": "fozzy run --color=always ",
        "fozzy run scenarios/ad": "fozzy run scenarios/add_item.fozzy.json ",
        "fozzy run scenarios/my\\ shop/": "fozzy run scenarios/my\\ shop/x.fozzy.json ",
        "fozzy run scen": "fozzy run scenarios/",
    }
    for given, wanted in lines.items():
        start = "autoload -Uz compinit; compinit -u -D; source <(fozzy completion zsh)\n"
        shown = typed([zsh, "-f", "-i"], shop, [start, f"{given}\t<END"], "<END")
        assert last_line(shown) == f"ready> {wanted}<END"


def test_fish_knows_what_is_meant(shop: dict[str, str]) -> None:
    """Asked for completions, fish gives ours, with their descriptions, and no files of its own."""
    fish = shell("fish")
    lines = {
        "fozzy repl": "replay\tRun a recorded trace again without the outside world.",
        "fozzy run --color=al": "--color=always",
        "fozzy replay @": "@latest",
        "fozzy trace di": "diff\tShow where two traces part.",
        "fozzy run scenarios/ad": "scenarios/add_item.fozzy.json",
        "fozzy run scenarios/my\\ shop/": "scenarios/my shop/x.fozzy.json",
    }
    for given, wanted in lines.items():
        code = f"fozzy completion fish | source; complete -C {shlex.quote(given)}"
        said = subprocess.run(
            [fish, "--no-config", "-c", code], env=shop, capture_output=True, text=True, timeout=SECONDS_MAX, check=True
        )
        assert said.stdout.splitlines() == [wanted], given


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_scripts_are_sound(name: str, shop: dict[str, str], fz: Any) -> None:
    """Each shell reads its script without a word; the document holds the same script."""
    script = fz("completion", name)
    assert script.code == 0
    assert fz("completion", name, "--json").document()["script"] == script.out
    Path("script").write_text(script.out)
    said = subprocess.run([shell(name), "-n", "script"], capture_output=True, text=True, timeout=SECONDS_MAX)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_another_shell_is_an_error(fz: Any) -> None:
    """A shell there is no script for is an error that names those there are."""
    said = fz("completion", "tcsh")
    assert said.code == 2
    assert "'bash', 'zsh', 'fish'" in said.err


@pytest.fixture
def home(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR", "SHELL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(project))
    return project


PLACES = {
    "bash": ".local/share/bash-completion/completions/fozzy",
    "fish": ".config/fish/completions/fozzy.fish",
    "zsh": ".zfunc/_fozzy",
}


@pytest.mark.parametrize("name", PLACES)
def test_it_is_installed_where_the_shell_looks(name: str, home: Path, fz: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By either spelling, for the shell that is named or one's own, again without harm; the document says where."""
    script = fz("completion", name).out
    assert fz("completion", name, "--install").code == 0
    assert (home / PLACES[name]).read_text() == script
    monkeypatch.setenv("SHELL", f"/usr/bin/{name}")
    ran = fz("--install-completion")
    assert ran.code == 0 and PLACES[name] in ran.out
    assert ("fpath=" in ran.out) == (name == "zsh")
    assert (f"    source {home / PLACES[name]}\n" in ran.out) == (name == "bash")
    document = fz("--install-completion", name, "--json").document()
    assert document["written"] == (home / PLACES[name]).as_posix()
    assert fz("completion").out == script


def test_bash_finds_it_by_the_line_that_is_told(shop: dict[str, str], home: Path, fz: Any) -> None:
    """Where bash-completion is not there to load it, the last line that is printed does."""
    told = fz("completion", "bash", "--install").out.splitlines()[-1].strip()
    shown = typed([shell("bash"), "--norc", "--noprofile", "-i"], shop, [f"{told}\n", "fozzy repl\t<END"], "<END")
    assert last_line(shown) == "ready> fozzy replay <END"


def test_fish_finds_it_without_a_word(shop: dict[str, str], home: Path, fz: Any) -> None:
    """fish loads it by itself when fozzy is typed."""
    fz("completion", "fish", "--install")
    env = {**shop, "HOME": str(home)}
    said = subprocess.run(
        [shell("fish"), "-c", "complete -C 'fozzy repl'"], env=env, capture_output=True, text=True, timeout=SECONDS_MAX
    )
    assert said.stdout.startswith("replay\t")


def test_what_is_not_ours_is_kept(home: Path, fz: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's own file stays; so does a place that cannot be written; a shell without a script is named."""
    path = home / PLACES["fish"]
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    ran = fz("completion", "fish", "--install")
    assert ran.code == 2 and "error[usage.completion]" in ran.err and path.read_text() == "mine"
    (home / ".zfunc").write_text("mine")
    assert "error[usage.completion]: cannot write" in fz("completion", "zsh", "--install").err
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert "there is no completion for tcsh" in fz("--install-completion").err
    monkeypatch.delenv("SHELL")
    ran = fz("completion")
    assert ran.code == 2 and "which shell" in ran.err
