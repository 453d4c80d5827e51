"""`fozzy trace diff`: the screen, the document and the exit status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

STEPS: list[dict[str, Any]] = [
    {"type": "trace_event", "name": "first", "fields": {"i": 1}},
    {"type": "rand_u64", "key": "k"},
    {"type": "set_kv", "key": "v", "value": 1},
]


@pytest.fixture
def traces(fz: Any, scenario: Any) -> Any:
    """a and b are of the same run, c of another seed, d of another scenario."""
    Path("fozzy.toml").write_text("det = true\n")
    scenario("s", STEPS)
    scenario("t", [{"type": "trace_event", "name": "first", "fields": {"i": 2}}, *STEPS[1:]])
    for name, source, seed in (("a", "s", "1"), ("b", "s", "1"), ("c", "s", "2"), ("d", "t", "1")):
        assert fz("run", f"{source}.fozzy.json", "--seed", seed, "--record", f"{name}.fozzy").code == 0
    return fz


def test_the_same(traces: Any) -> None:
    """Equal headers and records end with 0."""
    said = traces("trace", "diff", "a.fozzy", "b.fozzy")
    assert said.code == 0
    assert "SAME  6 records" in said.out
    document = traces("trace", "diff", "a.fozzy", "b.fozzy", "--json").document()
    assert (document["status"], document["diff"]["same"]) == ("pass", True)


def test_another_seed(traces: Any) -> None:
    """The seeds, the first record, what differs in it, and what to look at next; the end is 1."""
    said = traces("trace", "diff", "a.fozzy", "c.fozzy")
    assert said.code == 1
    for part in (
        "seed              a  1",
        "b  2",
        "the first record that differs is #2",
        "value",
        "they part at record #2",
    ):
        assert part in said.out
    command = next(each for each in said.out.splitlines() if "fozzy trace show a.fozzy" in each)
    words = command.replace("next", "").split()[1:]
    assert traces(*words).code == 0
    assert traces("trace", "diff", "a.fozzy", "c.fozzy", "-q").out == "  DIFFERENT  they part at record #2\n"


def test_another_scenario(traces: Any) -> None:
    """The changed line of the scenario is shown, the digests are not."""
    said = traces("trace", "diff", "a.fozzy", "d.fozzy")
    assert said.code == 1
    lines = [each.replace(" ", "") for each in said.out.splitlines()]
    assert '-"i":1' in lines and '+"i":2' in lines
    assert "scenario.path" in said.out and "digest" not in said.out
    assert "fields.i" in said.out
    document = traces("trace", "diff", "a.fozzy", "d.fozzy", "--json").document()
    assert document["diff"]["parting"]["record"] == 0
    assert {"field": "fields.i", "a": 1, "b": 2} in document["diff"]["parting"]["differences"]


def test_only_what_they_depend_on(traces: Any) -> None:
    """Equal records under another header are still a difference, and the screen ends with a command."""
    traces("run", "s.fozzy.json", "--seed", "1", "--timeout", "9s", "--record", "e.fozzy")
    said = traces("trace", "diff", "a.fozzy", "e.fozzy")
    assert said.code == 1
    assert "timeoutNs" in said.out and "the 6 records are the same" in said.out
    assert "fozzy trace show a.fozzy\n" in said.out


def test_what_cannot_be_trusted(traces: Any) -> None:
    """A trace that was cut off ends with 6; --unsafe goes as far as it goes."""
    data = Path("a.fozzy").read_bytes()
    Path("cut.fozzy").write_bytes(data[: data.index(b'"n":4')])
    assert traces("trace", "diff", "a.fozzy", "cut.fozzy").code == 6
    assert traces("trace", "diff", "a.fozzy", "cut.fozzy", "--json").document()["error"]["code"] == "trace.unsealed"
    said = traces("trace", "diff", "a.fozzy", "cut.fozzy", "--unsafe")
    assert said.code == 1
    assert "not sealed" in said.out and "it is over" in said.out
    assert traces("trace", "diff", "a.fozzy", "nowhere.fozzy").code == 2


def test_runs_of_the_store(traces: Any) -> None:
    """Both words may be what `replay` understands."""
    assert traces("trace", "diff", "@latest", "d.fozzy").code == 0
    assert traces("trace", "diff", "@latest", "a.fozzy", "-q").code == 1
