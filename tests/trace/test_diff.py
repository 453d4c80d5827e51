"""Where two traces part."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fozzy
from fozzy.core.events import Event, Record
from fozzy.errors import EvidenceError, StoreError
from fozzy.trace.diff import CONTEXT, diff
from fozzy.trace.format import Counts
from fozzy.trace.reader import open_trace

STEPS: list[dict[str, Any]] = [{"type": "trace_event", "name": "e", "fields": {"i": number}} for number in range(10)]
Seal = Callable[[bytes], bytes]


def record(path: Path, steps: list[dict[str, Any]], seed: int = 1, **more: Any) -> Path:
    """A trace of these steps, under this very name."""
    options = {key: more.pop(key) for key in ("timeout", "det") if key in more}
    scenario = {"version": 1, "name": "n", **more, "steps": steps}
    made = fozzy.run(scenario, seed=seed, record=path, record_collision="overwrite", **options)
    assert made.trace == path
    return path


@pytest.fixture
def a(tmp_path: Path) -> Path:
    """A trace of twenty records."""
    return record(tmp_path / "a.fozzy", STEPS)


def written(path: Path, like: Path, records: list[Record], resealed: Seal) -> Path:
    """A trace with the header and footer of another, and these records."""
    lines = like.read_bytes().split(b"\n")
    body = [b'{"n":%d,%b' % (n, msgspec.json.encode(each)[1:]) for n, each in enumerate(records)]
    path.write_bytes(resealed(b"\n".join([lines[0], *body, lines[-2], b""])))
    return path


def test_the_same_run_twice(a: Path, tmp_path: Path) -> None:
    """Two recordings of one scenario and seed are the same, though their footers are not."""
    found = diff(a, record(tmp_path / "b.fozzy", STEPS))
    assert found.same
    assert (found.header, found.scenario, found.times_from, found.parting) == ([], [], None, None)
    assert found.a.counts == found.b.counts == Counts(records=20, events=20)


def test_the_first_difference_and_what_is_around_it(a: Path, tmp_path: Path) -> None:
    """The first record that differs, what differs in it, and a few records on both sides."""
    steps = [*STEPS[:4], {**STEPS[4], "fields": {"i": 99}}, *STEPS[5:]]
    found = diff(a, record(tmp_path / "b.fozzy", steps))
    assert not found.same
    assert found.parting is not None
    assert found.parting.record == 8
    assert [(each.field, each.a, each.b) for each in found.parting.differences] == [("fields.i", 4, 99)]
    assert [each.n for each in found.parting.before] == [5, 6, 7]
    assert [each.n for each in found.parting.a] == [each.n for each in found.parting.b] == [8, 9, 10, 11]
    assert found.parting.a[0].record != found.parting.b[0].record


def test_headers(tmp_path: Path) -> None:
    """Everything a run depends on is compared, field by field."""
    a = record(tmp_path / "a.fozzy", STEPS, 1, limits={"call_ms_max": 5})
    b = record(tmp_path / "b.fozzy", STEPS, 2, timeout="1s", det=False)
    found = diff(a, b)
    fields = {each.field: (each.a, each.b) for each in found.header}
    assert fields["seed"] == (1, 2)
    assert fields["det"] == (True, False)
    assert fields["timeoutNs"] == (None, 10**9)
    assert fields["limits.call_ms_max"] == (5, 30_000)
    assert "scenario.text" not in fields
    assert found.parting is None and not found.same


def test_scenarios_as_a_unified_diff(a: Path, tmp_path: Path) -> None:
    """The embedded texts are compared line by line, with the line numbers of the files."""
    found = diff(a, record(tmp_path / "b.fozzy", [*STEPS[:9], {"type": "trace_event", "name": "other"}]))
    assert any(each.startswith("-") and '"e"' in each for each in found.scenario)
    assert any(each.startswith("+") and '"other"' in each for each in found.scenario)
    with open_trace(a) as trace:
        lines = trace.header().scenario.text.splitlines()
    start = int(found.scenario[0].split("-")[1].split(",")[0])
    assert found.scenario[1] == " " + lines[start - 1]


def test_a_separator_in_a_text_ends_no_line(tmp_path: Path) -> None:
    """The numbers of lines are those that an editor shows."""
    odd = {"type": "trace_event", "name": "\u2028\x85"}
    first, second = (record(tmp_path / f"{at}.fozzy", [odd, *STEPS[:at]]) for at in (8, 9))
    with open_trace(second) as trace:
        lines = trace.header().scenario.text.split("\n")
    found = diff(first, second)
    start = int(found.scenario[0].split("-")[1].split(",")[0])
    assert start > 5 and found.scenario[1] == " " + lines[start - 1]


def test_one_is_over_before_the_other(a: Path, tmp_path: Path) -> None:
    """Where one trace has no more records, that is where they part."""
    found = diff(a, record(tmp_path / "b.fozzy", STEPS[:6]))
    assert found.parting is not None
    assert found.parting.record == 12
    assert found.parting.b == [] and found.parting.a[0].n == 12
    assert found.parting.differences == []
    swapped = diff(tmp_path / "b.fozzy", a).parting
    assert swapped is not None and swapped.a == [] and len(swapped.b) == 1 + CONTEXT


def test_times_alone_are_no_other_record(a: Path, tmp_path: Path, resealed: Seal) -> None:
    """Records that differ in times only are passed by, and where that begins is said."""
    with open_trace(a) as trace:
        records = list(trace.records())
    later = [msgspec.structs.replace(each, t=each.t + (5 if number >= 7 else 0)) for number, each in enumerate(records)]
    found = diff(a, written(tmp_path / "b.fozzy", a, later, resealed))
    assert (found.times_from, found.parting, found.same) == (7, None, False)
    later[9] = Event(t=0, at="steps[0]", name="other")
    found = diff(a, written(tmp_path / "c.fozzy", a, later, resealed))
    assert found.times_from == 7
    assert found.parting is not None and found.parting.record == 9


def test_another_kind_of_record(a: Path, tmp_path: Path, resealed: Seal) -> None:
    """A record of another kind differs in its kind first of all."""
    with open_trace(a) as trace:
        records = list(trace.records())
    records[1] = records[0]
    found = diff(a, written(tmp_path / "b.fozzy", a, records, resealed)).parting
    assert found is not None and found.record == 1
    assert [each for each in found.differences if each.field == "kind"]


def test_a_trace_that_cannot_be_trusted(a: Path, tmp_path: Path) -> None:
    """A broken seal or none is an error, on either side, unless it is asked for."""
    data = a.read_bytes()
    broken, cut = tmp_path / "broken.fozzy", tmp_path / "cut.fozzy"
    broken.write_bytes(data.replace(b'"i":7', b'"i":8', 1))
    cut.write_bytes(data[: data.index(b'"i":7')])
    for bad in (broken, cut):
        for pair in ((a, bad), (bad, a)):
            with pytest.raises(EvidenceError):
                diff(*pair)
    found = diff(a, cut, unsafe=True)
    assert found.parting is not None and found.parting.record == 14
    assert found.b.end is None and found.b.counts.records == 14
    altered = diff(a, broken, unsafe=True).parting
    assert altered is not None and altered.record == 14
    with pytest.raises(StoreError):
        diff(a, tmp_path / "nowhere.fozzy")


def test_a_sealed_record_that_makes_no_sense(a: Path, tmp_path: Path, resealed: Seal) -> None:
    """A record that cannot be read is evidence that cannot be trusted, though its seal holds."""
    bad = tmp_path / "b.fozzy"
    bad.write_bytes(resealed(a.read_bytes().replace(b'"kind":"event"', b'"kind":"evemt"', 1)))
    with pytest.raises(EvidenceError, match="makes no sense"):
        diff(a, bad)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_it_finds_the_first_difference(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever the records are, the number found is that of a comparison of plain lists."""
    folder = tmp_path_factory.mktemp("d")
    events = st.lists(st.builds(lambda v: Event(t=0, at="", name=v), st.sampled_from("ab")), max_size=12)
    ours, theirs = data.draw(events), data.draw(events)

    from blake3 import blake3

    def seal(raw: bytes) -> bytes:
        quote = raw.rindex(b',"seal":"') + len(b',"seal":')
        return raw[:quote] + b'"' + blake3(raw[:quote]).hexdigest().encode() + b'"}\n'

    like = record(folder / "like.fozzy", STEPS[:1])
    found = diff(
        written(folder / "a.fozzy", like, list(ours), seal), written(folder / "b.fozzy", like, list(theirs), seal)
    )
    shared = next(
        (n for n, (x, y) in enumerate(zip(ours, theirs, strict=False)) if x != y), min(len(ours), len(theirs))
    )
    assert (found.parting.record if found.parting else None) == (None if ours == theirs else shared)


def test_memory_does_not_grow(a: Path, tmp_path: Path, resealed: Seal) -> None:
    """Two traces of a hundred thousand records each are compared in a few megabytes."""
    records: list[Record] = [Event(t=0, at="steps[0]", name="e")] * 100_000
    b = written(tmp_path / "b.fozzy", a, records, resealed)
    c = written(tmp_path / "c.fozzy", a, [*records[:-1], Event(t=0, at="", name="f")], resealed)
    tracemalloc.start()
    try:
        found = diff(b, c)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.parting is not None and found.parting.record == 99_999
    assert peak < 12 << 20


def test_large_scenarios_are_compared_quickly(tmp_path: Path) -> None:
    """A long text that differs in one line gives one hunk there, and one that differs everywhere a bounded answer."""
    many = [{"type": "trace_event", "name": f"e{number}"} for number in range(3000)]
    a = record(tmp_path / "a.fozzy", many)
    one = diff(a, record(tmp_path / "b.fozzy", [*many[:2000], {"type": "trace_event", "name": "x"}, *many[2001:]]))
    assert sum(each.startswith("@@") for each in one.scenario) == 1
    every = diff(a, record(tmp_path / "c.fozzy", [{**each, "name": "y" + each["name"]} for each in many]))
    assert 0 < len(every.scenario) <= 200
