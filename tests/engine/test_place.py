"""Findings with their places: from the path of a step to a line, a column and what stood before it."""

from __future__ import annotations

import pytest

from fozzy.core.events import Ask, Draw, Found, Step
from fozzy.dsl.load import document, parse
from fozzy.engine.place import TEXT_CHARS_MAX, Tally, nodes_count, place, step_number, steps_path

TEXT = """{
  "version": 1, "name": "n",
  "steps": [
    { "type": "group", "name": "g", "steps": [
      { "type": "fail", "message": "here" } ] }
  ]
}"""


@pytest.mark.parametrize(
    ("at", "path"),
    [
        ("steps[3]", ("steps", 3)),
        ("steps[3].group.steps[0]", ("steps", 3, "steps", 0)),
        ("setup[0].assert_throws.steps[2].group.steps[10]", ("setup", 0, "steps", 2, "steps", 10)),
        ("end", ("end",)),
        ("expect", ("expect",)),
        ("", ()),
    ],
)
def test_a_path_for_people_is_a_path_in_the_file(at: str, path: tuple[str | int, ...]) -> None:
    """The type after an index is said for people only; everything else leads through the file."""
    assert steps_path(at) == path


@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_a_finding_gets_its_place(suffix: str) -> None:
    """A finding points at its field, in the text that stands there."""
    toml = 'version = 1\nname = "n"\n[[steps]]\ntype = "group"\nname = "g"\n[[steps.steps]]\ntype = "fail"\nmessage = "here"\n'
    text = TEXT if suffix == "json" else toml
    doc = document(text.encode(), "n", "shown", "json" if suffix == "json" else "toml")
    found = Found(0, "steps[0].group.steps[0]", "assertion", "fail", "here", field="message")
    (made,) = place([found], doc, text, ["set_kv k"])
    location = made.location
    assert location is not None and (location.file, location.path) == ("shown", "steps[0].group.steps[0]")
    assert location.text[location.col - 1 :][: location.length] == '"here"'
    assert location.line == (5 if suffix == "json" else 8) and made.before == "set_kv k"


def test_an_unknown_place_is_the_nearest_known() -> None:
    """A path or field that is not in the file is the nearest thing around it that is."""
    doc = document(TEXT.encode(), "n", "n", "json")
    for at, line in (("steps[0].group.steps[7]", 4), ("end", 1), ("steps[0].group.steps[0]", 5)):
        (made,) = place([Found(0, at, "assertion", "t", "m", field="nope")], doc, TEXT)
        assert made.location is not None and made.location.line == line


def test_a_long_line_is_bounded() -> None:
    """The text beside a finding is bounded."""
    text = TEXT.replace("here", "x" * 10**5)
    (made,) = place(
        [Found(0, "steps[0].group.steps[0]", "panic", "t", "m")], document(text.encode(), "n", "n", "json"), text
    )
    assert made.location is not None and len(made.location.text) == TEXT_CHARS_MAX


@pytest.mark.parametrize(
    ("at", "number"),
    [
        ("setup[0]", 1),
        ("setup[1].group.steps[3]", 2),
        ("steps[0]", 3),
        ("steps[4].group.steps[0]", 7),
        ("teardown[0]", 0),
        ("end", 0),
        ("", 0),
    ],
)
def test_steps_are_counted_with_setup(at: str, number: int) -> None:
    """A top-level step has a number from 1, setup first; other parts have none."""
    assert step_number(at, 2) == number


def test_the_tally_remembers_what_stood_before() -> None:
    """Records are counted by kind; before a finding stands the last step that held and had something to say."""
    tally = Tally()
    step = Step(0, "steps[0]", "http_request", "", note="GET / 200")
    tally([Draw(0, "", "l", 0, 1, 0), step, Ask(0, "", "l", {}, {}, 0)])
    tally([Step(0, "steps[1]", "fail", "", failed="f"), Found(0, "steps[1]", "assertion", "fail", "m")])
    assert (tally.steps, tally.draws, tally.asks, tally.before) == (2, 1, 1, ["http_request GET / 200"])


CLUSTER = """version = 1
name = "a"
[distributed]
client = "m:Client"
program = "m:main"
%s
"""


@pytest.mark.parametrize(
    ("nodes", "at", "line"),
    [
        ("node_count = 2", "distributed.nodes.n1", 5),
        ('nodes = ["n0", "n1"]', "distributed.nodes.n1", 5),
        ("[distributed.nodes]\nn0 = {}\nn1 = {}", "distributed.nodes.n1", 8),
        ("node_count = 2", "distributed.clients.w.0", 4),
        ("node_count = 2", "distributed", 3),
    ],
)
def test_a_node_is_where_the_file_says_what_runs_on_it(nodes: str, at: str, line: int) -> None:
    """A node with an entry of its own is that, one that is counted or listed is its program, a client its class."""
    text = CLUSTER % nodes
    found = place([Found(0, at, "checker", "always", "m")], document(text.encode(), "a", "a.fozzy.toml", "toml"), text)
    assert found[0].location is not None and found[0].location.line == line


def test_the_nodes_of_a_cluster_are_counted() -> None:
    """However the file names them; a scenario of steps has none."""
    for nodes in ("node_count = 2", 'nodes = ["n0", "n1"]', "[distributed.nodes]\nn0 = {}\nn1 = {}"):
        file = parse(document((CLUSTER % nodes).encode(), "a", "a.fozzy.toml", "toml")).file
        assert nodes_count(file) == 2  # type: ignore[arg-type]
    steps = parse(
        document(b'{"version": 1, "name": "a", "steps": [{"type": "assert_ok", "value": true}]}', "a", "a", "json")
    ).file
    assert nodes_count(steps) == 0  # type: ignore[arg-type]
