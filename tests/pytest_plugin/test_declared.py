"""What a test declared: names that hold still, whatever is left out."""

from __future__ import annotations

from fozzy.faults.tcp.armed import Armed
from fozzy.faults.tcp.plan import Toxic
from fozzy.pytest_plugin.declared import Cut, Declarations

SLOW = Toxic(type="latency", attributes={"latency": 100})


def declared(cut: Cut, *toxics: Toxic) -> Declarations:
    """These on one proxy, one after the other."""
    found = Declarations(cut)
    for toxic in toxics:
        left = found.cut("redis", toxic)
        if left is None:
            found.left_out("redis", toxic)
        else:
            found.put("redis", toxic, Armed("redis", left, 0), stays=False)
    return found


def test_the_second_of_a_name_has_a_number() -> None:
    """Also when the first is left out, so a name means the same declaration in every run."""
    both = declared({}, SLOW, SLOW)
    assert [each.place for each in both.all] == ["redis/latency_downstream", "redis/latency_downstream#2"]
    second = declared({"redis/latency_downstream": None}, SLOW, SLOW)
    assert [each.place for each in second.all] == ["redis/latency_downstream#2"]


def test_a_cut_changes_fields() -> None:
    """Fields of a cut stand in place of the toxic's own."""
    found = declared({"redis/latency_downstream": {"times": 1}}, SLOW)
    assert (found.all[0].armed.toxic.times, found.all[0].armed.toxic.attributes) == (1, {"latency": 100})


def test_what_is_left_out_can_be_taken_away() -> None:
    """A block whose toxic was left out ends as it always does."""
    found = Declarations({"redis/latency_downstream": None})
    assert found.cut("redis", SLOW) is None
    name = found.left_out("redis", SLOW)
    assert (found.is_left_out("redis", name), found.is_left_out("redis", "latency_downstream")) == (True, False)
    assert found.undo("redis", name)
    assert not found.undo("redis", "latency_downstream")
    assert (found.behind(), found.never_came()) == ([], [])


def test_what_stays_is_not_left_behind() -> None:
    """A toxic of a proxy's own is there as long as it; one that was added must be removed."""
    found = Declarations({})
    found.put("redis", SLOW, Armed("redis", SLOW, 0), stays=True)
    found.put("web", SLOW, Armed("web", SLOW, 0), stays=False)
    assert [each.place for each in found.behind()] == ["web/latency_downstream"]
    assert not found.undo("web", "latency_downstream")
    assert found.behind() == []
    assert len(found.never_came()) == 2
