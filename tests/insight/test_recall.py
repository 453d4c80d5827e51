"""A recorded run, found again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.core.summary import Summary
from fozzy.errors import EvidenceError, StoreError
from fozzy.insight.recall import Named, find, recall, recall_traced
from fozzy.trace.store import Store

STEPS = [{"type": "trace_event", "name": "x"}, {"type": "assert_eq_int", "a": 1, "b": 2}]
STORE = Store(Path(".fozzy"))


def test_the_store_and_the_trace_say_the_same(fz: Any, scenario: Any) -> None:
    """The summary of a stored run and the one its trace carries are equal, but for where the trace is."""
    fz("run", scenario("a", STEPS), "--record", "t.fozzy")
    stored, carried = recall(STORE, "@latest"), recall(STORE, "t.fozzy")
    assert stored.summary == carried.summary
    assert stored.header == carried.header and carried.trace == stored.trace


def test_a_suite_has_no_trace_of_its_own(fz: Any, scenario: Any) -> None:
    """A suite is recalled from its summary alone, a member of it from its trace."""
    scenario("s/a", STEPS)
    fz("test", "s", "--seed", "1")
    suite, member = recall(STORE, "@latest"), recall(STORE, "@latest/1")
    assert suite.header is None and suite.told is suite.summary and len(suite.summary.scenarios) == 1
    assert member.header is not None and member.summary.tests is None
    assert member.summary.findings == suite.summary.scenarios[0].findings


def test_a_single_run_is_told_with_its_name(fz: Any, scenario: Any) -> None:
    """Also a run that passed, whose summary has no place, is told under the name of its scenario."""
    fz("run", scenario("scenarios/area/a", STEPS[:1]))
    (member,) = recall(STORE, "@latest").told.scenarios
    assert (member.name, member.path, member.passed) == ("area/a", "scenarios/area/a.fozzy.json", True)


def test_an_interrupted_suite_has_nothing_to_show(fz: Any, project: Path) -> None:
    """A run without a summary and without a trace is a clear error."""
    STORE.folder("0badcafe").mkdir(parents=True)
    with pytest.raises(StoreError) as caught:
        recall(STORE, "0bad")
    assert caught.value.code == "store.no_trace"


def test_a_resealed_footer_that_makes_no_sense(fz: Any, scenario: Any, resealed: Any) -> None:
    """A true seal over nonsense is still no evidence."""
    fz("run", scenario("a", STEPS), "--record", "t.fozzy")
    path = Path("t.fozzy")
    path.write_bytes(resealed(path.read_bytes().replace(b'"startedAt"', b'"begunAt"')))
    with pytest.raises(EvidenceError):
        recall(STORE, "t.fozzy")


def test_fields_of_later_versions_are_passed_over(fz: Any, scenario: Any) -> None:
    """Fields are only ever added: a summary with one more is still read."""
    fz("run", scenario("a", STEPS))
    path = next(Path(".fozzy/runs").glob("*/summary.json"))
    data = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode({**data, "later": 1}))
    assert recall(STORE, "@latest").summary == msgspec.convert(data, Summary)


def only(named: Named) -> tuple[Any, ...]:
    """What a run is, without how it was named."""
    return named[2:]


def test_every_word_finds_the_same_run(fz: Any, scenario: Any) -> None:
    """A trace path, a run id, a prefix and the aliases come to one run, and each says how it was named."""
    fz("run", scenario("a", STEPS), "--record", "t.fozzy")
    run_id = STORE.run_of("latest")
    inside = f".fozzy/runs/{run_id}/trace.fozzy"
    Path("moved.fozzy").write_bytes(Path("t.fozzy").read_bytes())
    words = {"latest": "alias", "@latest": "alias", "@last-fail": "alias", run_id: "id", run_id[:5]: "prefix"}
    words |= {"t.fozzy": "path", inside: "path", os.path.abspath(inside): "path", "moved.fozzy": "path"}
    found = {word: find(STORE, word) for word in words}
    assert {word: named.by for word, named in found.items()} == words
    assert {only(named) for named in found.values()} == {(run_id, STORE.folder(run_id), 0, Path(inside))}
    assert all(named.shown == run_id and run_id in named.told and inside in named.told for named in found.values())
    assert all(named.beside("profile") == Path(inside).with_name("trace.profile.json") for named in found.values())


def test_members_and_their_traces_are_the_same(fz: Any, scenario: Any) -> None:
    """A suite's scenario is found by its number and by its trace; the bare id is the suite, or its only trace."""
    for name in ("s/a", "s/b"):
        scenario(name, STEPS)
    fz("test", "s", "--seed", "1")
    run_id = STORE.run_of("latest")
    by_number, by_trace = find(STORE, f"{run_id[:6]}/2"), find(STORE, f".fozzy/runs/{run_id}/2.fozzy")
    assert only(by_number) == only(by_trace) == (run_id, STORE.folder(run_id), 2, STORE.folder(run_id) / "2.fozzy")
    assert by_number.shown == f"{run_id}/2"
    assert find(STORE, run_id).trace is None
    with pytest.raises(StoreError) as caught:
        recall_traced(STORE, run_id)
    assert caught.value.code == "store.ambiguous_trace"
    Path(f".fozzy/runs/{run_id}/1.fozzy").unlink()
    assert only(recall_traced(STORE, run_id).named) == only(by_number)


def test_a_shrunk_run_and_its_copy_are_the_same(fz: Any, scenario: Any) -> None:
    """What shrinking wrote is found by its id and by its trace, and so is the copy that lies elsewhere."""
    fz("run", scenario("a", STEPS), "--record", "t.fozzy")
    fz("shrink", "t.fozzy", "--out", "small.fozzy")
    run_id = STORE.run_of("latest")
    inside = STORE.folder(run_id) / "min.fozzy"
    for word in (run_id, "@latest", "small.fozzy", str(inside)):
        recalled = recall(STORE, word)
        assert only(recalled.named) == (run_id, STORE.folder(run_id), 0, inside)
        assert recalled.summary.mode == "shrink" and recalled.header is not None
    assert Path("small.fozzy").read_bytes() != inside.read_bytes()


def test_another_recording_is_not_taken_for_the_one_in_the_store(fz: Any, scenario: Any, resealed: Any) -> None:
    """A trace that says it is of a stored run and holds other records stays itself; a damaged one is refused."""
    fz("run", scenario("a", STEPS), "--record", "t.fozzy")
    whole = Path("t.fozzy").read_bytes()
    Path("other.fozzy").write_bytes(resealed(whole.replace(b'"name":"x"', b'"name":"y"')))
    named = find(STORE, "other.fozzy")
    assert (named.folder, named.trace, named.run_id) == (None, Path("other.fozzy"), STORE.run_of("latest"))
    assert named.shown == "other.fozzy"
    Path("other.fozzy").write_bytes(whole.replace(b'"name":"x"', b'"name":"y"'))
    with pytest.raises(EvidenceError):
        find(STORE, "other.fozzy")


def test_a_trace_of_a_run_that_is_gone(fz: Any, scenario: Any) -> None:
    """A trace whose run the store no longer holds is its own run."""
    fz("run", scenario("a", STEPS), "--record", "t.fozzy")
    run_id = STORE.run_of("latest")
    STORE.folder(run_id).rename("elsewhere")
    recalled = recall(STORE, "t.fozzy")
    assert (recalled.named.folder, recalled.named.run_id, recalled.trace) == (None, run_id, Path("t.fozzy"))


def test_a_cut_off_trace_is_taken_only_when_asked(fz: Any, scenario: Any) -> None:
    """Without a seal a trace is refused, and with `unsafe` it is itself."""
    fz("run", scenario("a", STEPS), "--record", "t.fozzy")
    Path("cut.fozzy").write_bytes(b"".join(Path("t.fozzy").read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(EvidenceError):
        find(STORE, "cut.fozzy")
    named = find(STORE, "cut.fozzy", unsafe=True)
    assert (named.folder, named.trace) == (None, Path("cut.fozzy"))


def test_a_run_without_a_trace_says_so(fz: Any, scenario: Any) -> None:
    """A passing suite has a summary and no trace: it is recalled, and not where a trace is needed."""
    scenario("s/a", STEPS[:1])
    fz("test", "s")
    assert recall(STORE, "@latest").summary.status == "pass"
    with pytest.raises(StoreError) as caught:
        recall_traced(STORE, "@latest")
    assert caught.value.code == "store.no_trace"


def test_a_suite_that_was_recorded_elsewhere(fz: Any, scenario: Any) -> None:
    """A scenario whose trace went where it was asked to is found by its number and by that trace, while it is there."""
    for name, steps in (("s/a", STEPS[:1]), ("s/b", STEPS)):
        scenario(name, steps)
    fz("test", "s", "--seed", "1", "-j1", "--record", "t.fozzy")
    run_id = STORE.run_of("latest")
    for number in (1, 2):
        by_number, by_trace = find(STORE, f"{run_id}/{number}"), find(STORE, f"t.{number}.fozzy")
        assert only(by_number) == only(by_trace)
        assert by_number[2:] == (run_id, STORE.folder(run_id), number, Path(f"t.{number}.fozzy"))
        assert recall(STORE, f"{run_id}/{number}").summary.status == ("pass", "fail")[number - 1]
    assert fz("replay", f"{run_id}/2").code == 1
    fz("run", "s/b.fozzy.json", "--record", "t.2.fozzy", "--record-collision", "overwrite")
    with pytest.raises(StoreError) as caught:
        find(STORE, f"{run_id}/2")
    assert caught.value.code == "store.unknown_member"
    assert find(STORE, "t.2.fozzy").run_id == STORE.run_of("latest") != run_id
