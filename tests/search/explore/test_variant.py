"""A cluster with something changed for one exploration is a scenario of its own, and valid or refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.dsl.document import Loaded
from fozzy.dsl.load import document, parse
from fozzy.errors import FozzyError, UsageError
from fozzy.search.explore.variant import CHECKERS, FORMS, Variant, invariant_of, varied

TEXT = """
version = 1
name = "n"
[distributed]
node_count = 3
[[distributed.faults]]
kind = "crash"
name = "partition"
node = "n2"
at = "1s"
[[distributed.steps]]
type = "client_put"
node = "n0"
key = "x"
value = 1
"""


def loaded(text: str = TEXT) -> Loaded:
    return parse(document(text.encode(), "a/n.fozzy.toml", "a/n.fozzy.toml", "toml"))


def cluster(variant: Variant, text: str = TEXT) -> Any:
    made: Any = varied(loaded(text), variant).file
    return made.distributed


def test_nothing_changed_is_the_scenario_itself() -> None:
    """Then its own text is what traces carry."""
    scenario = loaded()
    assert varied(scenario, Variant()) is scenario


def test_faults_are_added_to_its_own() -> None:
    """By a preset, under names that are not taken; the scenario is named after the first, and lies beside it."""
    made = varied(loaded(), Variant(faults="partition-first-two"))
    assert made.document.name == "a/n.explored.fozzy.json"
    assert [fault.__struct_config__.tag for fault in cluster(Variant(faults="partition-first-two")).faults] == [
        "crash",
        "partition",
    ]
    assert len(cluster(Variant(faults="none")).faults) == 1


def test_faults_come_from_a_file(tmp_path: Path) -> None:
    """It is held against this cluster."""
    path = tmp_path / "f.toml"
    path.write_text('version = 1\n[[faults]]\nkind = "pause"\nnode = "n1"\nat = "2s"\nfor = "1s"\n')
    assert len(cluster(Variant(faults=str(path))).faults) == 2
    path.write_text('version = 1\n[[faults]]\nkind = "pause"\nnode = "n9"\nat = "2s"\n')
    with pytest.raises(FozzyError, match="n9"):
        cluster(Variant(faults=str(path)))


def test_nodes_and_checkers() -> None:
    """More nodes where they are counted; more that must hold."""
    made = cluster(Variant(nodes=5, checkers=["kv_all_equal=x", "no_deadlock"]))
    assert made.node_count == 5
    assert [each.__struct_config__.tag for each in made.invariants] == ["kv_all_equal", "no_deadlock"]


@pytest.mark.parametrize(
    ("word", "made"),
    [
        ("kv_all_equal=x", {"type": "kv_all_equal", "key": "x"}),
        ("kv_present_on_all=x=y", {"type": "kv_present_on_all", "key": "x=y"}),
        ("kv_node_equals=n0,x,a,b", {"type": "kv_node_equals", "node": "n0", "key": "x", "equals": "a,b"}),
        ("kv_node_equals=n0,x,1", {"type": "kv_node_equals", "node": "n0", "key": "x", "equals": 1}),
        ("always=m.n:f", {"type": "always", "check": "m.n:f"}),
        ("m.n:f", {"type": "always", "check": "m.n:f"}),
        ("eventually=m:f@10s", {"type": "eventually", "check": "m:f", "within": "10s"}),
        ("no_exception", {"type": "no_exception"}),
    ],
)
def test_a_checker_is_a_word(word: str, made: dict[str, Any]) -> None:
    """What it stands for is an invariant of the scenario language."""
    assert invariant_of(word) == made


@pytest.mark.parametrize(
    "word", ["kv_al=x", "kv_all_equal", "kv_node_equals=n0,x", "eventually=m:f", "no_deadlock=x", ""]
)
def test_what_is_no_checker_is_refused(word: str) -> None:
    """With all forms there are."""
    with pytest.raises(UsageError, match="none of kv_all_equal=KEY") as caught:
        invariant_of(word)
    assert caught.value.code == "explore.bad_checker"


def test_every_form_is_told() -> None:
    """The message names each checker there is."""
    assert [form.partition("=")[0] for form in FORMS] == list(CHECKERS)


def test_what_does_nothing_is_refused() -> None:
    """Nodes that are named, and scenarios of steps."""
    steps = '{"version": 1, "name": "n", "steps": [{"type": "sleep", "duration": "1s"}]}'
    with pytest.raises(UsageError, match="has steps and no cluster"):
        varied(parse(document(steps.encode(), "n", "n", "json")), Variant(nodes=2))
    with pytest.raises(UsageError, match="names its nodes"):
        cluster(Variant(nodes=2), TEXT.replace("node_count = 3", 'nodes = ["n0", "n1", "n2"]'))
