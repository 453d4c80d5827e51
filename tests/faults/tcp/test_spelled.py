"""A schedule may stand in the attributes, where published clients can put it; it is moved to where it belongs."""

from __future__ import annotations

import msgspec
import pytest

from fozzy.errors import InputError
from fozzy.faults.tcp.check import checked
from fozzy.faults.tcp.plan import Toxic
from fozzy.faults.tcp.spelled import spelled
from tests.faults.tcp.wiring import plan


def test_it_is_moved() -> None:
    """Both spellings are one toxic."""
    inside = {"type": "latency", "attributes": {"latency": 5, "first": 2, "on": "message", "window": ["0ms", "9ms"]}}
    beside = {"type": "latency", "attributes": {"latency": 5}, "first": 2, "on": "message", "window": ["0ms", "9ms"]}
    assert checked(plan(inside)) == plan(beside) == checked(plan(beside))


def test_own_attributes_stay() -> None:
    """The rate of bandwidth is its own."""
    toxic = Toxic(type="bandwidth", attributes={"rate": 5})
    assert spelled(toxic) is toxic
    assert spelled(Toxic(type="bandwidth", attributes={"rate": 5, "every": 2})).attributes == {"rate": 5}


@pytest.mark.parametrize(
    ("said", "code", "start"),
    [
        ({"first": 2, "attributes": {"first": 3}}, "chaos.conflict", "proxies[0].toxics[0].first is said twice"),
        ({"attributes": {"first": 0}}, "chaos.bad_value", "proxies[0].toxics[0].first is 0"),
        ({"attributes": {"pattern": "x"}}, "chaos.bad_value", "proxies[0].toxics[0].pattern is"),
    ],
)
def test_what_cannot_be(said: dict[str, object], code: str, start: str) -> None:
    """Said twice neither wins; and what is moved has the limits that it has beside toxicity."""
    with pytest.raises(InputError) as error:
        checked(plan({"type": "latency", **msgspec.to_builtins(said)}))
    assert error.value.problems[0].code == code and error.value.problems[0].message.startswith(start)
