"""The code stays readable in one go: bounds on modules, functions and parameters. The largest of each are printed."""

from __future__ import annotations

import ast
import statistics
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_GOOD = 40
FUNCTION_MEDIAN_MAX = 8
PARAMETERS_MAX = 5

Sized = tuple[int, str]


class Function(NamedTuple):
    """Where it is, how many lines it has, and how many parameters by place."""

    path: str
    line: int
    name: str
    lines: int
    places: int


@cache
def functions() -> list[Function]:
    """Every function of ours."""
    found = []
    for path in sorted((ROOT / "fozzy").rglob("*.py")):
        here = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                places = [argument for argument in node.args.args if argument.arg not in ("self", "cls")]
                found.append(Function(here, node.lineno, node.name, lines, len(places)))
    return found


def largest(sized: list[Sized]) -> list[Sized]:
    """The five largest, printed."""
    top = sorted(sized, reverse=True)[:5]
    print("\n".join(f"{size:>5}  {name}" for size, name in top))
    return top


def test_modules_are_short() -> None:
    """No module is longer than 400 lines."""
    sized = [
        (path.read_text(encoding="utf-8").count("\n"), str(path.relative_to(ROOT)))
        for path in (ROOT / "fozzy").rglob("*.py")
    ]
    assert largest(sized)[0][0] <= MODULE_LINES_MAX


def test_functions_are_short() -> None:
    """No function is longer than 70 lines, few than 40, and the median is small."""
    sized = [(each.lines, f"{each.path}:{each.name}") for each in functions()]
    assert largest(sized)[0][0] <= FUNCTION_LINES_MAX
    assert sum(size > FUNCTION_LINES_GOOD for size, _ in sized) <= len(sized) // 100
    assert statistics.median(size for size, _ in sized) <= FUNCTION_MEDIAN_MAX


def test_functions_take_few_parameters() -> None:
    """A function takes at most five parameters by place; what takes more by name does so rarely."""
    sized = [(each.places, f"{each.path}:{each.line} {each.name}") for each in functions()]
    top = largest(sized)
    assert top[0][0] <= PARAMETERS_MAX, top
