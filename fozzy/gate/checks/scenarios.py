"""Scenarios: every file is valid, and can run as this fozzy runs it."""

from __future__ import annotations

from collections.abc import Sequence

from fozzy.dsl.scenario import StepsFile, SuiteFile
from fozzy.engine.discover import Chosen, Found
from fozzy.errors import Exit
from fozzy.gate.checked import Checked, judged
from fozzy.report.text import count

NAME = "scenarios"


def scenarios(found: Found) -> Checked:
    """Every problem of every file that was found."""
    distributed = sum(is_distributed(each) for each in found.chosen)
    said = f"{count(found.files, 'file')}, {found.files - found.invalid} valid"
    return judged(
        NAME,
        f"{said}, {distributed} distributed" if distributed else said,
        found.problems,
        exit_status=Exit.USAGE,
    )


def is_distributed(chosen: Chosen) -> bool:
    """Whether a file describes a cluster."""
    return chosen.loaded is not None and not isinstance(chosen.loaded.file, StepsFile | SuiteFile)


def can_run(chosen: Sequence[Chosen]) -> list[Chosen]:
    """The scenarios among what was found: no kept traces."""
    return [each for each in chosen if each.loaded is not None]
