"""The list of passes: every module of the folder is in it, and each works on something."""

from __future__ import annotations

from pathlib import Path

from fozzy.search.shrink import passes
from fozzy.search.shrink.gate import AIMS


def test_every_pass_is_listed_and_has_an_aim() -> None:
    """Nothing in the folder is forgotten, and no name stands twice."""
    modules = {path.stem for path in Path(passes.__file__).parent.glob("*.py")} - {"__init__"}
    assert {each.run.__module__.rpartition(".")[2] for each in passes.PASSES} == modules
    assert len({each.name for each in passes.PASSES}) == len(passes.PASSES)
    assert all(each.aims and set(each.aims) <= set(AIMS) for each in passes.PASSES)


def test_each_aim_has_passes() -> None:
    """--minimize of any kind does something."""
    assert set(AIMS) == {aim for each in passes.PASSES for aim in each.aims}
