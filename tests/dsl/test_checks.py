"""Rules of the file as a whole: names, empty blocks, nodes; they hold whatever else is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fozzy.dsl.checks import file_flaws

if TYPE_CHECKING:
    from tests.conftest import Problems

WHEN = {"type": "http_when", "method": "GET", "path": "/", "status": 200}
RUN = {"type": "proc_when", "cmd": "a", "exit_code": 0}
OK = {"type": "assert_ok", "value": True}
Json = dict[str, Any]


def group(*steps: Any) -> Json:
    return {"type": "group", "name": "g", "steps": list(steps)}


@pytest.mark.parametrize(
    ("document", "count"),
    [
        ({"steps": [WHEN, RUN]}, 1),
        ({"steps": [WHEN, OK]}, 0),
        ({"steps": [OK], "setup": [WHEN]}, 0),
        ({"steps": [WHEN], "setup": [OK]}, 1),
        ({"steps": [OK], "teardown": [RUN]}, 1),
        ({"steps": [OK, group(WHEN)]}, 1),
        ({"steps": [OK], "setup": [group(WHEN)]}, 1),
        ({"steps": [group(group(WHEN)), OK]}, 1),
        ({"steps": [group(WHEN, OK), WHEN]}, 0),
        ({"steps": [WHEN], "teardown": [group(RUN)]}, 2),
    ],
    ids=str,
)
def test_what_only_declares_executes_nothing(problems: Problems, document: Json, count: int) -> None:
    """A part or block of declarations alone is a problem at its list; setup may only declare."""
    found = problems({"version": 1, "name": "n", **document})
    assert [problem.code for problem in found] == ["scenario.only_declares"] * count


def test_names_with_a_meaning_cannot_be_variables(problems: Problems) -> None:
    """`seed` and `now_ms` as variables are problems at their keys, also beside other problems."""
    found = problems({"version": 1, "name": "n", "vars": {"seed": 1, "now_ms": 2}, "steps": [{"type": "slep"}]})
    assert [problem.code for problem in found] == ["scenario.bad_value"] * 2 + ["scenario.unknown_step"]
    assert [problem.text.strip().split(":")[0] for problem in found[:2]] == ['"seed"', '"now_ms"']


@pytest.mark.parametrize(
    "raw",
    [
        {"steps": 1, "setup": {}, "teardown": "x"},
        {"steps": [1, None, [], {"type": []}, {"type": "group"}, {"type": "group", "steps": 3}]},
        {"steps": [{"type": "set_kv", "key": 5, "value": "${x}"}], "vars": 3, "env": "A"},
        {"steps": [{"type": "set_kv", "key": "k"}], "env": [1, None]},
        {"distributed": 1},
        {"distributed": {"nodes": [1], "steps": [1, {"type": 1}, {"type": "crash", "node": 1}]}},
        {"distributed": {"node_count": True, "steps": 1, "invariants": {}}},
    ],
    ids=str,
)
def test_plain_data_of_any_shape_is_looked_at(raw: Json) -> None:
    """The rules of the file run over data whose types are all wrong without tripping."""
    assert all(flaw.message for flaw in file_flaws(raw, True))


def test_a_timeout_is_more_than_nothing(problems: Any) -> None:
    """A timeout of no time is refused, in a scenario as on the command line."""
    (problem,) = problems({"version": 1, "name": "n", "timeout": "0ms", "steps": [{"type": "unfreeze"}]})
    assert problem.message == '"timeout" must be more than nothing'
