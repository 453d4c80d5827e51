"""Completion: what may stand at the end of a command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from fozzy.cli.command import Opt, words_of
from fozzy.cli.commands import COMMANDS, command_class
from fozzy.complete import reply

RUNS = ["0a1b2c3d", "7f3c0000", "7f3d0000"]


def found(*line: str) -> list[str]:
    """The candidates, without descriptions."""
    return reply(["bash", "--", *line]).splitlines()


@pytest.fixture
def store(project: Path) -> Path:
    """A store with three runs, one of them a suite's, and an alias."""
    for run in RUNS:
        Path(".fozzy/runs", run).mkdir(parents=True)
    for number in (1, 2, 10):
        Path(".fozzy/runs", RUNS[0], f"{number}.fozzy").touch()
    Path(".fozzy/runs/latest").write_text(RUNS[1])
    return project


def test_commands(project: Path) -> None:
    """The first words of all commands, each once; then the second words of a group."""
    assert found("") == list(dict.fromkeys(name.split()[0] for name in COMMANDS))
    assert found("re") == ["replay", "report"]
    assert found("trace", "") == ["verify", "recover", "show", "diff"]
    assert found("trace", "d") == ["diff"]
    assert found("nothing", "") == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_every_command(name: str, project: Path) -> None:
    """A dash offers exactly the options the command has."""
    notes = [word.note for word in words_of(command_class(name)) if isinstance(word.note, Opt)]
    assert sorted(found(*name.split(), "-")) == sorted(
        flag for note in notes for flag in (*note.flags, note.off) if flag
    )


def test_common_options_before_the_command(project: Path) -> None:
    """Options may come first, with their values, and the command is still found."""
    assert "--json" in found("--js")
    assert found("--seed", "7", "--json", "env", "--qu") == ["--quiet"]
    assert found("--color=never", "tra") == ["trace"]


def test_choices(project: Path) -> None:
    """The value of an option is offered behind a space and behind an equals sign; a flag has none."""
    assert found("run", "--http", "") == ["scripted", "host"]
    assert found("run", "--http", "h") == ["host"]
    assert found("test", "--color=a") == ["--color=auto", "--color=always"]
    assert "junit" in found("test", "--reporter", "")
    assert found("completion", "") == ["bash", "zsh", "fish"]
    assert found("explain", "scenario.unknown_s") == ["scenario.unknown_step"]
    assert "trace-verify" in found("schema", "--for", "tr")
    assert found("run", "--seed", "") == []
    assert found("run", "--det=", "") == []


def test_every_choice_is_one_the_command_takes(project: Path) -> None:
    """What is offered for a value of several words is what the type says."""
    for name in COMMANDS:
        for word in words_of(command_class(name)):
            literal = [value for kind in (word.kind, *get_args(word.kind)) for value in get_args(kind)]
            words = [value for value in literal if isinstance(value, str)]
            if isinstance(word.note, Opt) and words:
                assert found(*name.split(), word.note.flags[0], "") == words


def test_scenarios(project: Path) -> None:
    """Scenarios and folders, by what the command takes; hidden ones only when asked for."""
    Path("scenarios/sub").mkdir(parents=True)
    for name in ("a.fozzy.json", "b.fozzy.toml", "kept.fozzy", "notes.txt", ".hidden.fozzy.json"):
        Path("scenarios", name).touch()
    assert found("run", "") == ["scenarios/"]
    assert found("run", "scenarios/") == ["scenarios/a.fozzy.json", "scenarios/b.fozzy.toml", "scenarios/sub/"]
    assert "scenarios/kept.fozzy" in found("test", "scenarios/")
    assert found("test", "scenarios/a.fozzy.json", "scenarios/b") == ["scenarios/b.fozzy.toml"]
    assert found("run", "scenarios/.h") == ["scenarios/.hidden.fozzy.json"]
    assert found("run", "scenarios/a.fozzy.json", "scenarios/") == []
    assert found("run", "nowhere/") == []
    assert found("--cwd", "scenarios", "run", "a") == ["a.fozzy.json"]
    assert found("run", "--record", "scenarios/n") == ["scenarios/notes.txt"]
    assert found("replay", "x", "--scenario", "scenarios/b") == ["scenarios/b.fozzy.toml"]


def test_corpora_and_archives(project: Path) -> None:
    """A corpus is offered as folders, an input as any file, an archive by its ending, each below --cwd."""
    Path("seeds/deep").mkdir(parents=True)
    for name in ("a.zip", "b.txt"):
        Path("seeds", name).touch()
    assert found("corpus", "") == ["list", "add", "minimize", "export", "import"]
    assert found("corpus", "list", "") == ["seeds/"]
    assert found("corpus", "add", "--cwd", "seeds", "") == ["deep/"]
    assert found("corpus", "add", "seeds", "seeds/b") == found("corpus", "add", "x", "y", "seeds/b") == ["seeds/b.txt"]
    assert found("corpus", "import", "seeds", "seeds/") == ["seeds/a.zip", "seeds/deep/"]


def test_runs(store: Path) -> None:
    """Aliases that exist, run ids, the traces of one run, and trace files."""
    Path("t.fozzy").touch()
    Path("t.fozzy.0a1b2c3d.partial").touch()
    assert found("replay", "") == ["@latest", *RUNS, "t.fozzy", "t.fozzy.0a1b2c3d.partial"]
    assert found("trace", "show", "7f") == RUNS[1:]
    assert found("report", "show", "@") == ["@latest"]
    assert found("trace", "diff", "a.fozzy", "0a") == ["0a1b2c3d"]
    assert found("replay", "0a1b/") == ["0a1b/1", "0a1b/2", "0a1b/10"]
    assert found("replay", "7f3/") == []
    assert found("trace", "recover", "t") == ["t.fozzy", "t.fozzy.0a1b2c3d.partial"]


def test_where_runs_are_kept(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """base_dir is read from the nearest fozzy.toml, from --config, FOZZY_CONFIG, FOZZY_BASE_DIR, and below --cwd."""
    other = Path("kept/runs/12345678")
    other.mkdir(parents=True)
    Path("deep/er").mkdir(parents=True)
    Path("fozzy.toml").write_text('scenarios = "s/"\nbase_dir = "kept" # here\n[limits]\nbase_dir = "not this"\n')
    assert found("replay", "1") == ["12345678"]
    assert found("--cwd", "deep/er", "replay", "1") == ["12345678"]
    Path("other.toml").write_text("# base_dir = 'kept'\n")
    assert found("--config", "other.toml", "replay", "7") == RUNS[1:]
    monkeypatch.setenv("FOZZY_CONFIG", "other.toml")
    assert found("replay", "7") == RUNS[1:]
    monkeypatch.setenv("FOZZY_BASE_DIR", "kept")
    assert found("replay", "1") == ["12345678"]


@pytest.mark.parametrize("name", ["fozzy.yaml", "fozzy.yml"])
def test_where_a_configuration_in_yaml_says_runs_are_kept(name: str, store: Path) -> None:
    """base_dir is read from it too, not from what is indented, and its name is completed."""
    Path("kept/runs/12345678").mkdir(parents=True)
    Path(name).write_text("limits:\n  base_dir: not-this\nbase_dir: 'kept' # here\n")
    assert found("replay", "1") == ["12345678"]
    assert found("--config", "foz") == [name]


def test_behind_two_dashes_are_only_places(project: Path) -> None:
    """After -- a word that begins with a dash is a file."""
    Path("-x.fozzy.json").touch()
    assert found("run", "--", "-x") == ["-x.fozzy.json"]


def test_descriptions_where_they_are_shown(project: Path) -> None:
    """zsh and fish get what a command or option is behind a tab, bash does not."""
    assert (
        reply(["fish", "--", "replay", "--st"])
        == "--step\tWait for Enter after each step.\n--strict\tWarnings are failures (the default).\n"
    )
    assert "\t" not in reply(["bash", "--", ""])


@pytest.mark.parametrize("words", [[], ["bash"], ["bash", "--"], ["bash", "--", "run", "\0"], ["x", "y", "é"]])
def test_nothing_is_ever_said_but_candidates(words: list[str], project: Path) -> None:
    """A call that makes no sense, or a path that cannot be, gives candidates or nothing."""
    assert "Traceback" not in reply(words)


def test_names_that_would_break_the_answer_are_left_out(project: Path) -> None:
    """A file with a line break in its name is no candidate, and one with a space is."""
    Path("two words.fozzy.json").touch()
    Path("two\nlines.fozzy.json").touch()
    assert found("run", "two") == ["two words.fozzy.json"]


def test_it_needs_almost_nothing(store: Path, fz_env: dict[str, str]) -> None:
    """The answer comes without the libraries that make a start slow, and without our own code."""
    code = (
        "import sys; sys.argv[1:] = ['__complete', 'bash', '--', 'replay', '']; before = set(sys.modules)\n"
        "from fozzy.__main__ import main; main()\n"
        "print(*sorted(name for name in set(sys.modules) - before if not name.startswith('encodings')))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], env=fz_env, capture_output=True, text=True, check=True, timeout=60
    )
    *candidates, modules = said.stdout.splitlines()
    assert candidates == ["@latest", *RUNS]
    assert set(modules.split()) <= {"__future__", "fozzy", "fozzy.__main__", "fozzy.complete", "fozzy.version"}
