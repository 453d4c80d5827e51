"""The quick parser and Typer understand the same words, or the quick one leaves them to Typer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fozzy.cli.app import understand
from fozzy.cli.command import Arg, Command, Opt, Word, members, words_of
from fozzy.cli.commands import COMMANDS, command_class
from fozzy.cli.commands.replay import Replay
from fozzy.cli.commands.run import Run
from fozzy.cli.commands.test import Test
from fozzy.cli.words import NotPlain, hoist, parse

PLAIN: dict[str, Command] = {
    "run a.fozzy.json": Run(scenario="a.fozzy.json"),
    "run a --seed 7 --det": Run(scenario="a", seed=7, det=True),
    "run --seed=7 --no-det a": Run(scenario="a", seed=7, det=False),
    "--seed 7 run a": Run(scenario="a", seed=7),
    "--seed=7 --json -vv run a": Run(scenario="a", seed=7, json=True, verbose=2),
    "run a -vv": Run(scenario="a", verbose=2),
    "run a -v -v -q": Run(scenario="a", verbose=2, quiet=True),
    "run a -qv": Run(scenario="a", verbose=1, quiet=True),
    "-vvv run a": Run(scenario="a", verbose=3),
    "run a --verbose --verbose": Run(scenario="a", verbose=2),
    "run a --seed -5": Run(scenario="a", seed=-5),
    "run a --seed=-5": Run(scenario="a", seed=-5),
    "run -- -a": Run(scenario="-a"),
    "run --seed 5 -- a": Run(scenario="a", seed=5),
    "run -": Run(scenario="-"),
    "run a --unsafe": Run(scenario="a", strict=False),
    "run a --unsafe --strict": Run(scenario="a", strict=True),
    "run a --seed 1 --seed 2": Run(scenario="a", seed=2),
    "run a --proc host --http-backend host --fs=virtual": Run(scenario="a", proc="host", http="host", fs="virtual"),
    "run a --reporter junit=x.xml --reporter json": Run(scenario="a", reporter=["junit=x.xml", "json"]),
    "run a --reporter=junit=x.xml": Run(scenario="a", reporter=["junit=x.xml"]),
    "run a --config null --record=": Run(scenario="a", config="null", record=""),
    "run a --leak-budget 0 --fail-on-leak": Run(scenario="a", leak_budget=0, fail_on_leak=True),
    "run a --color=always": Run(scenario="a", color="always"),
    "test": Test(),
    "test a b -k x --tag one --tag two -j 4 -x": Test(
        paths=["a", "b"], filter="x", tag=["one", "two"], jobs=4, fail_fast=True
    ),
    "test -k -x": Test(filter="-x"),
    "test -k --json": Test(filter="--json"),
    "test -- -a --json": Test(paths=["-a", "--json"]),
    "test a -- b -- c": Test(paths=["a", "b", "--", "c"]),
    "replay @latest --until 250ms --scenario s": Replay(trace="@latest", until="250ms", scenario="s"),
    "--cwd x --config y replay 7f3/2": Replay(trace="7f3/2", cwd="x", config="y"),
}

# What only Typer may say something about, be it that it is wrong.
NOT_PLAIN = [
    "",
    "tset",
    "run",
    "run a b",
    "run a --sede 7",
    "run a --seed",
    "run a --seed x",
    "run a --seed 1e3",
    "run a --seed 1.0",
    "run a --seed null",
    "run a --leak-budget null",
    "run a --proc null",
    "run a --proc nobody",
    "run a --json=1",
    "run a --color blue",
    "run a --help",
    "run a -h",
    "run -5",
    "test -j4",
    "test -k=x",
    "trace",
    "trace nope",
    "trace --json verify a",
    "-- run a",
    "--nope run a",
    "--seed",
    "run a --see 7",
]


@pytest.mark.parametrize("line", PLAIN)
def test_what_is_written_right_is_understood_by_both(line: str) -> None:
    """The quick parser and Typer make the same command of the same words."""
    argv = line.split(" ")
    assert parse(argv) == PLAIN[line]
    assert understand(hoist(argv)) == PLAIN[line]


@pytest.mark.parametrize("line", NOT_PLAIN)
def test_what_is_not_plain_is_left_to_typer(line: str) -> None:
    """The quick parser never guesses and never explains."""
    with pytest.raises(NotPlain):
        parse(line.split(" ") if line else [])


@pytest.mark.parametrize("value", ["+7", "007", " 3", "1_0", "٣", "", "1e3", "1.0", "null", "true", "0x10", "9" * 40])
@pytest.mark.parametrize("flag", ["--seed", "--leak-budget"])
def test_numbers_mean_the_same_or_are_left_to_typer(flag: str, value: str) -> None:
    """However a number is spelled, the quick parser takes it only when Typer makes the same of it."""
    argv = ["run", "a", flag, value]
    try:
        quick = parse(argv)
    except NotPlain:
        return
    assert quick == understand(argv)


@pytest.mark.parametrize("argv", [["run", "a b"], ["test", "-k", "two words"], ["schema", "--for", "trace verify"]])
def test_words_may_hold_spaces(argv: list[str]) -> None:
    """A word is what the shell says it is."""
    assert parse(argv) == understand(argv)


def test_every_command_is_found_by_its_name() -> None:
    """Every listed command has a struct of its name, with words that both parsers can read."""
    for name, (_, help_line) in COMMANDS.items():
        kind = command_class(name)
        assert kind.name == name
        assert help_line.endswith(".")
        assert kind.__doc__
        flags = [
            flag for word in words_of(kind) if isinstance(word.note, Opt) for flag in (*word.note.flags, word.note.off)
        ]
        assert len([flag for flag in flags if flag]) == len({flag for flag in flags if flag})


def test_common_options_are_moved_behind_the_command() -> None:
    """What stands before the command goes behind its name, values and clusters included; the rest keeps its place."""
    assert hoist(["--seed", "7", "-vq", "--json", "run", "a", "-x"]) == [
        "run",
        "--seed",
        "7",
        "-vq",
        "--json",
        "a",
        "-x",
    ]
    assert hoist(["--cwd=x", "trace", "verify", "t"]) == ["trace", "verify", "--cwd=x", "t"]
    assert hoist(["run", "--json", "a"]) == ["run", "--json", "a"]
    assert hoist(["--nope", "run"]) == ["--nope", "run"]
    assert hoist([]) == []


def values_of(word: Word) -> st.SearchStrategy[str]:
    """Values as somebody could write them for an option or argument."""
    kinds = members(word.kind)
    if int in kinds:
        return st.one_of(st.integers(-5, 2**60).map(str), st.sampled_from(["x", "1e3", "007", "null", ""]))
    choices = [get_args(kind) for kind in kinds if getattr(kind, "__origin__", None) is Literal]
    if choices:
        return st.sampled_from([*choices[0], "null", "nobody"])
    return st.one_of(st.text("ab-=/.*[]é ", max_size=6), st.sampled_from(["null", "--json", "-v", "a.fozzy.json"]))


@st.composite
def command_lines(draw: Callable[..., Any]) -> list[str]:
    """A command with options of its own in any spelling and order, some before it, some wrong."""
    name = draw(st.sampled_from(sorted(COMMANDS)))
    words = words_of(command_class(name))
    common = {word.field for word in words_of(Command)}
    before: list[str] = []
    after: list[str] = []
    for word in draw(st.lists(st.sampled_from([word for word in words if isinstance(word.note, Opt)]), max_size=5)):
        assert isinstance(word.note, Opt)
        said = draw(option(word, word.note))
        (before if word.field in common and draw(st.booleans()) else after).extend(said)
    places = [word for word in words if isinstance(word.note, Arg)]
    for word in places:
        for value in draw(st.lists(values_of(word), min_size=int(word.required), max_size=3 if word.is_many else 1)):
            after.insert(draw(st.integers(0, len(after))), value)
    if draw(st.booleans()):
        after.insert(draw(st.integers(0, len(after))), "--")
    return [*before, *name.split(), *after]


@st.composite
def option(draw: Callable[..., Any], word: Word, note: Opt) -> list[str]:
    """An option in one of its spellings."""
    flag = draw(st.sampled_from([*note.flags, *([note.off] if note.off else [])]))
    if word.is_count:
        return [draw(st.sampled_from([flag, "-v", "-vv", "-vq"]))]
    if word.is_flag:
        return [flag]
    value = draw(values_of(word))
    return [f"{flag}={value}"] if draw(st.booleans()) else [flag, value]


@settings(max_examples=150, deadline=None)
@given(command_lines())
@example(["completion", "null"])
def test_whatever_is_said_both_parsers_agree(argv: list[str]) -> None:
    """Whenever the quick parser accepts a command line, Typer understands exactly the same command."""
    try:
        quick = parse(argv)
    except NotPlain:
        return
    assert quick == understand(hoist(argv))
