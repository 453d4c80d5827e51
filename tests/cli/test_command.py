"""A command's words as data."""

from __future__ import annotations

import shlex

import pytest

from fozzy.cli.command import Arg, Command, Opt, members, words_of
from fozzy.cli.commands.run import Run
from fozzy.cli.commands.test import Test
from fozzy.cli.console import Console
from fozzy.cli.words import parse


def test_arguments_come_first_and_options_in_the_order_of_the_struct() -> None:
    """The words of a command: its places, then what all commands share, then its own."""
    words = words_of(Run)
    assert isinstance(words[0].note, Arg) and words[0].field == "scenario" and words[0].required
    fields = [word.field for word in words[1:]]
    assert fields[:9] == [word.field for word in words_of(Command)]
    assert all(isinstance(word.note, Opt) for word in words[1:])


def test_kinds_of_words() -> None:
    """A truth value takes no value, -v is counted, a list may be given again."""
    by_field = {word.field: word for word in words_of(Test)}
    assert by_field["json"].is_flag and not by_field["json"].is_count
    assert by_field["det"].is_flag and by_field["verbose"].is_flag and by_field["verbose"].is_count
    assert by_field["tag"].is_many and by_field["paths"].is_many and not by_field["filter"].is_many
    assert not by_field["seed"].is_flag and by_field["tag"].default == []


def test_members_of_types() -> None:
    """An optional type has its alternatives, any other is alone."""
    assert members(int | None) == (int, type(None))
    assert members(str) == (str,)


@pytest.mark.parametrize("cwd", [None, "a folder"])
@pytest.mark.parametrize("config", [None, "it's.toml"])
def test_place_flags_can_be_pasted(cwd: str | None, config: str | None) -> None:
    """Behind a command they mean the same folder and configuration, however these are called."""
    flags = Run(scenario="a", cwd=cwd, config=config).place_flags
    again = parse(["run", "a", *shlex.split(flags)])
    assert (again.cwd, again.config) == (cwd, config)
    assert flags == "" or flags.startswith(" --")


def test_a_command_without_behaviour_is_a_mistake_of_ours() -> None:
    """The base does nothing on purpose."""
    with pytest.raises(AssertionError, match="does nothing"):
        Command().call(Console())
