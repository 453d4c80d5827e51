"""A plan that is written as TOML is read back as the same plan."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import tomli

from fozzy.chaos.files.load import load_plan
from fozzy.chaos.files.written import as_toml
from fozzy.faults.http.plan import Plan, Scenario
from fozzy.faults.http.predefined import PREDEFINED


@pytest.mark.parametrize("name", PREDEFINED)
def test_every_scenario_that_comes_with_us_can_be_written_and_read(name: str, tmp_path: Path) -> None:
    """What is shown of a scenario can be put into a file, and means the same there."""
    path = tmp_path / "a.toml"
    path.write_text(as_toml(PREDEFINED[name], ("scenarios", name)), encoding="utf-8")
    assert load_plan(path).plan == Plan(scenarios={name: PREDEFINED[name]})


def test_names_and_texts_of_any_kind() -> None:
    """Keys and texts that need quotes get them."""
    scenario = Scenario(about='a "quoted" text\n with \x7f and é and \\ ', for_="1s")
    text = as_toml(scenario, ("scenarios", "a name.é"))
    read = tomli.loads(text)["scenarios"]["a name.é"]
    assert msgspec.convert(read, Scenario) == scenario
