"""The engine: order, findings, timeouts, crashes, leaks; a run is what its steps say and nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fozzy.core.events import Event, Found, Step
from fozzy.core.log import BLOCK_RECORDS, Log
from fozzy.core.sources import Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.prepare import Options, header_of, ready, start

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

MS = 10**6
Json = dict[str, Any]


def say(name: str) -> Json:
    return {"type": "trace_event", "name": name}


def fail(message: str) -> Json:
    return {"type": "fail", "message": message}


def sleep(duration: str) -> Json:
    return {"type": "sleep", "duration": duration}


def said(played: Any) -> list[str]:
    """The names of the events, in order."""
    return [record.name for record in played.records if isinstance(record, Event)]


def found(played: Any) -> list[tuple[str, str]]:
    """The findings with their paths, in order."""
    return [(each.message, each.location.path) for each in played.findings]


def test_setup_steps_and_teardown_run_in_order(play: Play) -> None:
    """Setup runs before the steps, teardown after them."""
    played = play([say("step")], setup=[say("setup")], teardown=[say("teardown")])
    assert said(played) == ["setup", "step", "teardown"]


@pytest.mark.parametrize("part", ["setup", "steps"])
def test_teardown_always_runs(play: Play, part: str) -> None:
    """After a failure nothing but teardown runs."""
    parts = {"setup": [say("a")], "steps": [say("b")]}
    parts[part] = [fail("x"), say("after")]
    played = play(parts["steps"], setup=parts["setup"], teardown=[say("teardown")])
    assert said(played) == (["teardown"] if part == "setup" else ["a", "teardown"])


def test_findings_of_teardown_come_second(play: Play) -> None:
    """The failure of the steps is the first finding, that of teardown the second; teardown ends at its own."""
    played = play([fail("first")], teardown=[fail("second"), say("after")])
    assert found(played) == [("first", "steps[0]"), ("second", "teardown[0]")]
    assert (played.status, said(played)) == ("fail", [])


def test_a_failing_teardown_fails_the_run(play: Play) -> None:
    """A run whose teardown alone fails has failed."""
    assert play([say("ok")], teardown=[fail("t")]).status == "fail"


def test_a_timeout_ends_the_run(play: Play) -> None:
    """When the clock reaches the timeout the run is a timeout at the step that was running; the clock stands there."""
    played = play([sleep("3ms"), sleep("3ms"), say("after")], timeout="5ms")
    assert (played.status, played.ended.now_ns, said(played)) == ("timeout", 5 * MS, [])
    finding = played.finding
    assert (finding.title, finding.kind) == ("timeout", "hang")
    assert finding.message == "the run took longer than its timeout of 5ms"
    assert finding.location is not None and finding.location.path == "steps[1]"


def test_reaching_the_timeout_exactly_is_in_time(play: Play) -> None:
    """A run that takes exactly its timeout passes."""
    assert play([sleep("5ms")], timeout="5ms").status == "pass"


def test_a_timeout_is_placed_inside_blocks(play: Play) -> None:
    """The place of a timeout is the innermost step that was running."""
    group = {"type": "group", "name": "g", "steps": [say("in"), {"type": "advance", "duration": "9ms"}]}
    assert found(play([group], timeout="5ms"))[0][1] == "steps[0].group.steps[1]"


def test_teardown_has_time_of_its_own(play: Play) -> None:
    """After a timeout teardown has the whole timeout again, and can time out itself."""
    played = play([sleep("9ms")], timeout="5ms", teardown=[sleep("4ms"), say("torn")])
    assert (said(played), len(played.findings)) == (["torn"], 1)
    played = play([sleep("9ms")], timeout="5ms", teardown=[sleep("6ms"), say("torn")])
    assert (said(played), [each.title for each in played.findings]) == ([], ["timeout", "timeout"])


def test_the_worst_status_wins(play: Play, tmp_path: Path) -> None:
    """A crash is worse than a timeout, a timeout worse than a failure, whatever came first."""
    kill = {"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", "import os; os.abort()"]}
    host = {"proc": "host"}
    assert play([fail("x")], teardown=[sleep("9ms")], timeout="5ms").status == "timeout"
    assert play([sleep("9ms")], teardown=[fail("x")], timeout="5ms").status == "timeout"
    options = Options(det=True, timeout_ns=20_000 * MS)
    played = play([kill], teardown=[sleep("9h")], backends=host, root=tmp_path, options=options)
    assert (played.status, [each.title for each in played.findings]) == ("crash", ["proc_signal", "timeout"])


def test_a_crashing_background_process_is_found(play: Play, tmp_path: Path) -> None:
    """A background process that a signal of its own ended is a crash at the end; one that fozzy ends is not."""
    code = "import os, sys; print('up', flush=True); sys.stdin.read() if len(sys.argv) > 1 else os.kill(os.getpid(), 9)"
    start = {"type": "proc_start", "name": "p", "cmd": sys.executable, "args": ["-c", code]}
    gone = {"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", "import time; time.sleep(0.5)"]}
    played = play([start, gone], backends={"proc": "host"}, root=tmp_path)
    assert (played.status, found(played)[0][1]) == ("crash", "end")
    sleeping = {**start, "args": ["-c", "import time; time.sleep(60)"]}
    assert play([sleeping], backends={"proc": "host"}, root=tmp_path).status == "pass"


def test_every_step_is_a_record(play: Play) -> None:
    """Each step that ends is one record with its time, how long it took and its note; a block ends after its steps."""
    group = {"type": "group", "name": "g", "steps": [sleep("2ms")]}
    played = play([sleep("1ms"), group, {"type": "rand_u64", "key": "r"}])
    steps = [record for record in played.records if isinstance(record, Step)]
    assert [(each.at, each.type, each.t, each.took) for each in steps] == [
        ("steps[0]", "sleep", 1 * MS, 1 * MS),
        ("steps[1].group.steps[0]", "sleep", 3 * MS, 2 * MS),
        ("steps[1]", "group", 3 * MS, 2 * MS),
        ("steps[2]", "rand_u64", 3 * MS, 0),
    ]
    assert [bool(each.note) for each in steps] == [False, False, False, True]
    assert all(len(each.hash) == 16 for each in steps)


def test_a_hash_is_of_the_step_as_written(play: Play) -> None:
    """Equal steps have equal hashes wherever they stand; another value is another hash."""
    played = play([say("a"), {"type": "group", "name": "g", "steps": [say("a")]}, say("b")])
    hashes = {record.at: record.hash for record in played.records if isinstance(record, Step)}
    assert hashes["steps[0]"] == hashes["steps[1].group.steps[0]"] != hashes["steps[2]"]


def test_a_finding_is_a_record_after_its_steps(play: Play) -> None:
    """The failing step and the blocks around it are recorded before the finding."""
    played = play([{"type": "group", "name": "g", "steps": [fail("x")]}])
    assert [type(record) for record in played.records] == [Step, Step, Found]


@pytest.mark.parametrize("count", [BLOCK_RECORDS - 1, BLOCK_RECORDS, 2 * BLOCK_RECORDS + 1])
def test_no_record_is_lost_between_blocks(play: Play, count: int) -> None:
    """A run of any length says everything once and in order."""
    played = play([{"type": "advance", "duration": "1ns"}] * count)
    assert [record.t for record in played.records] == list(range(1, count + 1))


@pytest.mark.parametrize(("budget", "status"), [(None, "pass"), (7, "fail"), (8, "pass")])
def test_a_leak_fails_only_over_its_budget(play: Play, budget: int | None, status: str) -> None:
    """A leak is a finding at the end that fails the run only over the budget; the heap's numbers are kept."""
    steps = [{"type": "memory_alloc", "bytes": 8}, {"type": "memory_alloc", "bytes": 8, "key": "k"}]
    played = play([*steps, {"type": "memory_free", "key": "k"}], options=Options(det=True, leak_bytes_max=budget))
    assert (played.status, found(played)[0][1]) == (status, "end")
    heap = played.ended.heap
    assert heap is not None and (heap.in_use_bytes, heap.peak_bytes, heap.allocations) == (8, 16, 1)


def test_a_run_without_a_heap_has_none(play: Play) -> None:
    """A run that never allocated says nothing about memory."""
    assert play([say("a")]).ended.heap is None


def test_waits_are_spent_where_they_are_asked_for(play: Play) -> None:
    """Without det every sleep, poll and scripted delay is waited for once, by its own duration and in order."""
    waited: list[int] = []
    poll = {"type": "assert_never_kv", "key": "k", "equals": 1, "within": "4ms", "poll": "2ms"}
    when = {"type": "http_when", "method": "GET", "path": "/", "status": 200, "delay": "7ms"}
    ask = {"type": "http_request", "method": "GET", "path": "/"}
    group = {"type": "group", "name": "g", "steps": [sleep("3ms")]}
    played = play([sleep("1ms"), poll, when, ask, group], options=Options(det=False), wait=waited.append)
    assert waited == [each * MS for each in (1, 2, 2, 7, 3)]
    assert (played.status, played.ended.now_ns) == ("pass", sum(waited))


def test_det_and_real_time_say_the_same(play: Play) -> None:
    """The same scenario with and without det makes the same records."""
    steps = [sleep("5ms"), {"type": "rand_u64", "key": "k"}, {"type": "group", "name": "g", "steps": [sleep("1s")]}]
    virtual = play(steps)
    assert play(steps, options=Options(det=False), wait=lambda _: None).records == virtual.records


def test_a_wait_is_cut_at_the_timeout(play: Play) -> None:
    """Without det a sleep beyond the timeout is waited for only until then."""
    waited: list[int] = []
    played = play([sleep("9h")], timeout="5ms", options=Options(det=False), wait=waited.append)
    assert (played.status, waited) == ("timeout", [5 * MS])


VALUES = st.sampled_from(
    [0, 1, -1, 2**70, True, None, 1.5, "", "x", "${k}", "<${v}>", "$${k}", [], ["${v}"], {"a": "${k}"}]
)
LEAVES = st.one_of(
    st.builds(lambda v: {"type": "set_kv", "key": "k", "value": v}, VALUES),
    st.builds(lambda v: {"type": "get_kv_assert", "key": "k", "equals": v}, VALUES),
    st.sampled_from(["${k}", 1, -5]).map(lambda v: {"type": "assert_eq_int", "a": v, "b": 1}),
    st.sampled_from(["${k}", "x"]).map(lambda v: {"type": "assert_eq_str", "a": v, "b": "x"}),
    st.sampled_from(["${k}", True]).map(lambda v: {"type": "assert_ok", "value": v}),
    st.sampled_from(["${k}", 10, 0]).map(lambda v: {"type": "memory_alloc", "bytes": v, "key": "m"}),
    st.sampled_from(["${k}", 1]).map(lambda v: {"type": "memory_free", "alloc_id": v}),
    st.sampled_from(["${k}ms", "1ms", "999999999999999h"]).map(lambda v: {"type": "sleep", "duration": v}),
    st.sampled_from(["${k}", 5]).map(lambda v: {"type": "freeze", "at_ms": v}),
    st.sampled_from(["${k}", 0.5]).map(lambda v: {"type": "net_set_drop_rate", "rate": v}),
    st.sampled_from(["${k}", "f"]).map(lambda v: {"type": "fs_write", "path": v, "data": "${k}"}),
    st.sampled_from(["${k}", "1,2"]).map(lambda v: {"type": "memory_pressure_wave", "pattern": v}),
    st.sampled_from(["/${k}", "${k}"]).map(
        lambda v: {"type": "http_request", "method": "GET", "path": v, "expect_status": "${k}", "save_body_as": "k"}
    ),
    st.sampled_from(["/1", "/${k}"]).map(
        lambda v: {"type": "http_when", "method": "GET", "path": v, "status": 200, "body": "${k}", "delay": "${k}ms"}
    ),
    st.sampled_from(["${k}", "c"]).map(lambda v: {"type": "proc_spawn", "cmd": v, "args": ["${k}"], "save_stdout_as": "k"}),
    st.sampled_from(["${k}", 3]).map(lambda v: {"type": "proc_when", "cmd": "c", "exit_code": v, "stdout": "${k}"}),
    st.just({"type": "net_send", "from": "${k}", "to": "b", "payload": "${k}"}),
    st.just({"type": "net_deliver_one", "strategy": "random"}),
    st.just({"type": "rand_u64", "key": "k"}),
    st.just({"type": "assert_never_kv", "key": "k", "equals": "${v}", "within": "3ms", "poll": "${k}ms"}),
    st.just({"type": "trace_event", "name": "${k}", "fields": {"${k}": "${v}"}}),
    st.just({"type": "unfreeze"}),
)  # fmt: skip
STEPS = st.lists(
    st.recursive(
        LEAVES,
        lambda inner: st.builds(
            lambda kind, steps: (
                {"type": kind, "steps": [*steps, {"type": "unfreeze"}]} | ({"name": "g"} if kind == "group" else {})
            ),
            st.sampled_from(["group", "assert_throws", "assert_rejects"]),
            st.lists(inner, min_size=1, max_size=4),
        ),
        max_leaves=6,
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, value=VALUES)
def test_what_is_valid_runs(play: Play, problems: Problems, steps: list[Json], value: Any) -> None:
    """A valid scenario ends with a status and findings that have places, never with an exception, the same each time."""
    keep = {"type": "set_kv", "key": "k", "value": 1}
    document = {"version": 1, "name": "n", "vars": {"v": value if value != "${k}" else 1}, "steps": [keep, *steps]}
    if "${" in str(document["vars"]):
        document["vars"] = {"v": 1}
    if problems(document):
        return
    played = play(document)
    assert played.status in ("pass", "fail")
    assert (played.status == "pass") == all(each.title == "memory_leak" for each in played.findings)
    for each in played.findings:
        assert each.location is not None and each.location.line >= 1 and each.location.path
    assert play(document).records == played.records


def test_blocks_that_only_wait_hand_on_their_records(play: Play) -> None:
    """The log is bounded whatever the steps are: a loop of sleeps keeps no more than a block of records."""
    sizes: list[int] = []
    steps = [{"type": "repeat", "times": 3 * BLOCK_RECORDS, "steps": [sleep("1ms")]}]
    whole = {"version": 1, "name": "n", "steps": steps}
    loaded = parse(document(json.dumps(whole).encode(), "n", "n.fozzy.json", "json"))
    header, redactor = header_of(loaded, Options(det=True), 1, "run")
    start(ready(header, loaded, redactor), Seeded(1), Log([lambda records: sizes.append(len(records))]))
    assert sum(sizes) == 3 * BLOCK_RECORDS + 1
    assert max(sizes) <= BLOCK_RECORDS


def test_what_fails_a_run_is_found_before_what_only_warns(play: Play) -> None:
    """The first finding is the failure: `expect`, the failed step and a replay go by it."""
    steps = [
        {"type": "http_when", "method": "GET", "path": "/", "status": 200},
        {"type": "fault", "on": "http", "kind": "drop", "probability": 1e-9},
        {"type": "http_request", "method": "GET", "path": "/"},
        {"type": "memory_alloc", "bytes": 10},
    ]
    played = play(steps, options=Options(det=True, leak_bytes_max=0))
    assert [each.title for each in played.findings] == ["memory_leak", "fault_never_hit"]
