"""The reference of the language ends each step with an example: a step of a scenario that really runs and passes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import fozzy
from fozzy.dsl.scenario import StepsFile
from fozzy.dsl.steps import Step, step_types
from fozzy.dsl.steps.base import bodies_of
from fozzy.engine.discover import is_scenario

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "reference" / "scenario.md").read_text(encoding="utf-8")
TYPES = sorted(step_types())
EXAMPLE = re.compile(r"From `(?P<file>[^`]+)`:\n\n```json\n(?P<step>.*?)\n```\n\Z", re.DOTALL)


def section_of(kind: str) -> str:
    """What the page says of one step type."""
    _, found, rest = PAGE.partition(f"\n### `{kind}`\n")
    assert found, f"the page has no section on {kind}"
    return re.split(r"\n##+ ", rest)[0].rstrip("\n") + "\n"


def steps_of(steps: list[Any]) -> Iterator[Any]:
    """Steps and all steps inside them."""
    for step in steps:
        yield step
        for body in bodies_of(step).values():
            yield from steps_of(body)


@pytest.mark.parametrize("kind", TYPES)
def test_every_step_ends_with_an_example(kind: str) -> None:
    """The section of each step type ends with a step of that type as it stands in the file that is named."""
    example = EXAMPLE.search(section_of(kind))
    assert example, f"the section on {kind} does not end with an example"
    shown = json.loads(example["step"])
    assert shown["type"] == kind
    file = fozzy.load(ROOT / example["file"]).file
    assert isinstance(file, StepsFile)
    step = msgspec.convert(shown, Step)
    assert step in list(steps_of([*(file.setup or []), *file.steps, *(file.teardown or [])]))


@pytest.mark.parametrize("kind", TYPES)
def test_examples_are_run_by_the_suite(kind: str) -> None:
    """The file an example is from is a passing scenario in the folder that `fozzy test` runs as a whole."""
    example = EXAMPLE.search(section_of(kind))
    assert example
    path = Path(example["file"])
    assert path.parts[0] == "scenarios" and is_scenario(path.name) and ".pass." in path.name
    file = fozzy.load(ROOT / path).file
    assert isinstance(file, StepsFile) and file.expect is None


def test_the_page_has_no_step_that_is_gone() -> None:
    """Every section of the page about a step is about one that exists, and there is one for each."""
    _, _, steps = PAGE.partition("\n# Steps\n")
    assert sorted(re.findall(r"\n### `(\w+)`\n", steps)) == TYPES
