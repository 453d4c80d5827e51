"""A scenario's matrix: one execution for each combination of its values, in the order they are written."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from fozzy.dsl.scenario import File, StepsFile
from fozzy.dsl.values import as_text

CASES_MAX = 1_000


def cases_of(file: File) -> list[dict[str, Any]]:
    """The combinations; one empty one without a matrix."""
    matrix = file.matrix if isinstance(file, StepsFile) else {}
    return [dict(zip(matrix, values, strict=True)) for values in product(*matrix.values())]


def label_of(case: Mapping[str, Any]) -> str:
    """What a combination is called: `size=1 color=red`; empty without a matrix."""
    return " ".join(f"{name}={as_text(value)}" for name, value in case.items())
