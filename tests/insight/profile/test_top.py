"""The tables of a profile: sorted, summed, and never counting a moment twice."""

from __future__ import annotations

from fozzy.insight.profile.spans import Span, build
from fozzy.insight.profile.top import top
from tests.insight.profile.test_spans import BLOCKS, MS, timed


def function(name: str, real_ns: int, *inside: Span) -> Span:
    """A function in a tree."""
    span = Span("function", name, f"{name}.py:1")
    span.real_ns, span.inside = real_ns, list(inside)
    return span


def test_a_repeated_step_is_one_line() -> None:
    """Rounds of a step are one line with their number and their sum; the most comes first."""
    tables = top(build(BLOCKS, None), "virtual")
    assert [(row.at, row.times, row.virtual_ns // MS) for row in tables.steps[:3]] == [
        ("steps[2]", 1, 5),
        ("steps[0].repeat.steps[0]", 2, 4),
        ("steps[1].parallel.branches.a[0]", 1, 2),
    ]


def test_a_step_has_its_questions_time() -> None:
    """What a step asked of the world is the step's own in the table of steps, and the capability's in the other."""
    tables = top(build(BLOCKS, None), "virtual")
    assert next(row for row in tables.steps if row.at == "steps[2]").own_virtual_ns == 5 * MS
    assert {row.name: row.own_virtual_ns // MS for row in tables.capabilities} == {
        "time": 8,
        "http": 5,
        "proc": 1,
        "engine": 0,
    }


def test_real_times_of_steps_and_capabilities_add_up() -> None:
    """Each table holds the whole real time of steps once."""
    root = build(BLOCKS, timed(*range(1, 12)))
    tables = top(root, "real")
    in_steps = sum(row.own_real_ns for row in tables.steps)
    assert in_steps == sum(range(1, 11)), "all but the question at the end, which no step asked"
    assert sum(row.own_real_ns for row in tables.capabilities) == sum(range(1, 12))
    assert [row.own_real_ns for row in tables.steps] == sorted((row.own_real_ns for row in tables.steps), reverse=True)


def test_a_function_inside_itself_is_counted_once() -> None:
    """Recursion adds to calls and to own time; the whole time is that of the outermost."""
    root = Span("run", "run")
    root.inside = [function("deep", 10, function("deep", 8, function("leaf", 5))), function("leaf", 1)]
    rows = {row.name: row for row in top(root, "real").functions}
    assert (rows["deep"].times, rows["deep"].real_ns, rows["deep"].own_real_ns) == (2, 10, 5)
    assert (rows["leaf"].times, rows["leaf"].real_ns) == (2, 6)
