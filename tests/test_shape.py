"""The code stays readable in one go: bounds on modules, functions and parameters. The largest of each are printed."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_GOOD = 40
FUNCTION_MEDIAN_MAX = 8
PARAMETERS_MAX = 5

Sized = tuple[int, str]


def functions() -> list[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function with its file."""
    found = []
    for path in sorted((ROOT / "fozzy").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.append((path, node))
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
    sized = [
        ((node.end_lineno or 0) - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.name}")
        for path, node in functions()
    ]
    assert largest(sized)[0][0] <= FUNCTION_LINES_MAX
    assert sum(size > FUNCTION_LINES_GOOD for size, _ in sized) <= len(sized) // 100
    assert statistics.median(size for size, _ in sized) <= FUNCTION_MEDIAN_MAX


def test_functions_take_few_parameters() -> None:
    """A function takes at most five parameters by place; what takes more by name does so rarely."""
    sized = []
    for path, node in functions():
        names = [argument.arg for argument in node.args.args if argument.arg not in ("self", "cls")]
        sized.append((len(names), f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"))
    top = largest(sized)
    assert top[0][0] <= PARAMETERS_MAX, top
