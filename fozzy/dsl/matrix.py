"""A scenario's matrix: one execution for each combination of its values, in the order they are written."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from fozzy.dsl.scenario import File, StepsFile
from fozzy.dsl.values import as_text
from fozzy.errors import UsageError, suggestion

CASES_MAX = 1_000
CASES_SHOWN_MAX = 10


def cases_of(file: File) -> list[dict[str, Any]]:
    """The combinations; one empty one without a matrix."""
    matrix = file.matrix if isinstance(file, StepsFile) else {}
    return [dict(zip(matrix, values, strict=True)) for values in product(*matrix.values())]


def label_of(case: Mapping[str, Any]) -> str:
    """What a combination is called: `size=1 color=red`; empty without a matrix."""
    return " ".join(f"{name}={as_text(value)}" for name, value in case.items())


def chosen_case(file: File, shown: str, wanted: str | None) -> dict[str, Any]:
    """The combination of a name. *Errors*: `UsageError` when it is none of the file's, or none was named of many."""
    cases = {label_of(case): case for case in cases_of(file)}
    if wanted is None and len(cases) == 1:
        return next(iter(cases.values()))
    if wanted in cases:
        return cases[wanted]
    listed = ", ".join(f'"{label}"' for label in list(cases)[:CASES_SHOWN_MAX] if label) or "none"
    if wanted is None:
        message = f"{shown} has a matrix of {len(cases)} combinations; a run is one of them"
        raise UsageError("run.which_case", message, hint=f"--case with one of {listed}; fozzy test runs all")
    hint = suggestion(wanted, cases) or f"it has {listed}"
    raise UsageError("run.unknown_case", f'{shown} has no combination "{wanted}"', hint=hint)
