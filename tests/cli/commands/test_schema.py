"""`fozzy schema`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fozzy.cli.commands import COMMANDS
from fozzy.cli.commands.schema import FOLDER
from fozzy.dsl.cluster.faults import Faults
from fozzy.dsl.steps import step_types
from fozzy.dsl.steps.cluster import ClusterSteps, Invariants, by_tag


def test_without_a_name_it_is_the_schema_of_scenarios(fz: Callable[..., Any]) -> None:
    """What editors need: a schema a scenario is held against."""
    schema = json.loads(fz("schema", "--color", "never").out)
    valid = Draft202012Validator(schema)
    assert schema["title"] == "a fozzy scenario"
    assert valid.is_valid({"version": 1, "name": "a", "steps": [{"type": "sleep", "duration": "1s"}]})
    assert not valid.is_valid({"version": 1, "name": "a", "steps": [{"type": "slep", "duration": "1s"}]})
    assert not valid.is_valid({"version": 1, "name": "a", "steps": []})


@pytest.mark.parametrize("name", ["scenario", "config", "trace", *COMMANDS])
def test_every_schema_is_a_schema(name: str, fz: Callable[..., Any]) -> None:
    """Every document, the configuration and the lines of a trace have one; a name with a space may be written so."""
    ran = fz("schema", "--for", name, "-q")
    assert ran.code == 0
    Draft202012Validator.check_schema(json.loads(ran.out))
    assert ran.out == (FOLDER / f"{name.replace(' ', '-')}.json").read_text(encoding="utf-8")


def test_the_steps_are_listed_one_a_line(fz: Callable[..., Any]) -> None:
    """`--steps` names every step type with what it does."""
    steps, *others = [part.splitlines() for part in fz("schema", "--steps").out.split("\n\n")]
    unions = {"steps": ClusterSteps, "invariants": Invariants, "faults": Faults}
    assert [line.split()[0] for line in steps] == list(step_types())
    assert [part[0] for part in others] == [f"In a distributed file, {name}:" for name in unions]
    for part, union in zip(others, unions.values(), strict=True):
        assert [line.split()[0] for line in part[1:]] == list(by_tag(union))
    assert all(line.endswith(".") for part in (steps, *(part[1:] for part in others)) for line in part)


@pytest.mark.parametrize("name", ["tset", "", "../run", "steps.txt"])
def test_what_has_no_schema(name: str, fz: Callable[..., Any]) -> None:
    """An unknown name is a mistake that lists what there is or suggests the near one; no name leads out of the folder."""
    ran = fz("schema", "--for", name)
    assert ran.code == 2
    assert ran.out == ""
    assert f'error[usage.unknown_schema]: there is no schema of "{name}"' in ran.err
    assert ('did you mean "test"?' if name == "tset" else "hint: ") in ran.err
