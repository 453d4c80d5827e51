"""The Typer application: help, and what it understands, come from the same structs as everything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.cli.app import help_of, understand
from fozzy.cli.command import Arg, Command, Opt, words_of
from fozzy.cli.commands import COMMANDS, command_class
from fozzy.cli.commands.run import Run

HELP = Path(__file__).parents[2] / "fozzy" / "cli" / "help"
GROUPS = sorted({name.split()[0] for name in COMMANDS if " " in name})


@pytest.mark.parametrize("name", COMMANDS)
def test_help_lists_every_word_of_a_command(name: str) -> None:
    """Each option with all its spellings, each argument and each help text stands in the help, at most 80 columns wide."""
    text = help_of(name)
    flat = re.sub(r"\s+", " ", text)
    for word in words_of(command_class(name)):
        if isinstance(word.note, Opt):
            assert all(flag in flat for flag in (*word.note.flags, word.note.off) if flag)
        assert isinstance(word.note, Opt | Arg)
        assert word.note.help in flat
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.startswith(f"Usage: fozzy {name} ")


@pytest.mark.parametrize("name", ["", *GROUPS, *COMMANDS])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_the_generated_file(name: str, flag: str, fz: Callable[..., Any]) -> None:
    """What Typer prints as help is what lies in the package, line breaks aside, on stdout, with status 0."""
    kept = (HELP / f"{'-'.join(['fozzy', *name.split()])}.txt").read_text(encoding="utf-8")
    ran = fz(*name.split(), flag)
    assert (ran.code, ran.err) == (0, "")
    if name in COMMANDS:
        assert re.sub(r"\s+", " ", ran.out) == re.sub(r"\s+", " ", kept)
        assert help_of(name) == kept
    else:  # the lines of commands are cut to two columns less than in the file
        assert re.findall(r"^ *(\S+)", ran.out, re.MULTILINE) == re.findall(r"^ *(\S+)", kept, re.MULTILINE)


def test_the_program_lists_its_commands_in_order() -> None:
    """Commands stand in the help in the order of the list, groups once, each with its first line."""
    text = help_of("")
    tops = list(dict.fromkeys(name.split()[0] for name in COMMANDS))
    found = re.findall(r"^  ([a-z]+) ", text.partition("Commands:")[2], re.MULTILINE)
    assert found == tops


def test_understanding_gives_the_struct() -> None:
    """What Typer understood is the command itself, lists as lists."""
    found = understand(["run", "a", "--reporter", "json", "--no-det", "-v"])
    assert found == Run(scenario="a", reporter=["json"], det=False, verbose=1)
    assert isinstance(found, Command) and type(found.reporter) is list  # type: ignore[attr-defined]


def test_help_ends_the_program() -> None:
    """Help is printed by Typer and then nothing is left to do."""
    with pytest.raises(SystemExit) as end:
        understand(["run", "--help"])
    assert end.value.code == 0
