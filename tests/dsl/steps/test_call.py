"""The step that calls user code: what it checks, what it keeps, what it says, and what it refuses before it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from fozzy.core.events import Event, Record
from fozzy.core.limits import Limits
from fozzy.core.log import Log
from fozzy.core.outcome import Finding
from fozzy.core.sources import Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.place import place
from fozzy.engine.prepare import Options, header_of, ready, start
from fozzy.world.code.base import Died, Hung, Raised, Reply
from fozzy.world.code.host import HostCode

if TYPE_CHECKING:
    from tests.conftest import Problems

Json = dict[str, Any]

MODULE = """
class Broken(LookupError): pass
state = []
def echo(x=None): return x
def keep(x):
    state.append(x)
    return state
def boom(text): raise Broken(text)
def both(): return {"a": 1.5, "b": [b"x", float("inf")]}
def die():
    import os
    os._exit(3)
def hang():
    import time
    time.sleep(600)
def later():
    async def work(): pass
    return work()
"""


class Ended(NamedTuple):
    """A scenario that was executed."""

    status: str
    findings: list[Finding]
    records: list[Record]

    @property
    def finding(self) -> Finding:
        return self.findings[0]

    @property
    def calls(self) -> list[Json]:
        """What the events of the calls hold."""
        return [record.fields for record in self.records if isinstance(record, Event) and record.name == "call"]

    @property
    def pointed_at(self) -> str:
        location = self.finding.location
        assert location is not None
        return location.text[location.col - 1 : location.col - 1 + location.length]


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Executes steps in a project that has the module `m`."""
    (tmp_path / "m.py").write_text(MODULE)

    def execute(*steps: Json, timeout_ns: int | None = None, **more: Any) -> Ended:
        text = json.dumps({"version": 1, "name": "n", **more, "steps": steps}, indent=1)
        loaded = parse(document(text.encode(), "n.fozzy.json", "n.fozzy.json", "json"))
        header, redactor = header_of(loaded, Options(det=True, timeout_ns=timeout_ns), 1, "run")
        made = with_code(ready(header, loaded, redactor, tmp_path), loaded, Allowance(True, tmp_path))
        records: list[Record] = []
        ended = start(made, Seeded(1), Log([records.extend]))
        return Ended(ended.status, place(ended.findings, loaded.document, text), records)

    return execute


def call(name: str = "echo", *args: Any, **fields: Any) -> Json:
    return {"type": "call", "function": f"m:{name}", "args": list(args), **fields}


def test_a_result_is_an_event_and_can_be_kept(run: Run) -> None:
    """The result stands in the trace with the function's name, under the key it is kept, and in the note."""
    ended = run(
        {"type": "set_kv", "key": "k", "value": {"a": [1]}},
        call("echo", "${k}", save_as="got", expect={"a": [1]}),
        call("both", save_as="both"),
        {"type": "call", "function": "m:echo", "args": {"x": "${both}"}, "expect": {"$any": True}},
    )
    both = {"a": 1.5, "b": [{"$bytes": "eA=="}, {"$float": "inf"}]}
    assert (ended.status, ended.findings) == ("pass", [])
    assert [each["result"] for each in ended.calls] == [{"a": [1]}, both, both]
    assert {each["function"] for each in ended.calls} == {"m:echo", "m:both"}


def test_arguments_may_come_whole_from_a_name(run: Run) -> None:
    """`args` itself may refer to a list or an object; text is refused where it is known."""
    args = {"type": "set_kv", "key": "k", "value": {"x": 3}}
    assert run(args, {**call(), "args": "${k}", "expect": 3}).status == "pass"
    args = {"type": "set_kv", "key": "k", "value": "text"}
    assert run(args, {**call(), "args": "${k}"}).finding.title == "bad_value"


def test_the_calls_of_a_run_share_their_module_and_runs_do_not(run: Run) -> None:
    """Blocks and teardown see the same module; the next run begins anew."""
    for _ in range(2):
        ended = run(
            call("keep", 1, expect=[1]),
            {"type": "repeat", "times": 2, "steps": [call("keep", 2)]},
            teardown=[call("keep", 3, expect=[1, 2, 2, 3])],
        )
        assert (ended.status, ended.findings) == ("pass", [])


def test_an_unexpected_result_shows_both(run: Run) -> None:
    """The finding points at what was expected."""
    ended = run(call("echo", 2, expect=3))
    assert (ended.finding.title, ended.finding.kind, ended.pointed_at) == ("call", "assertion", "3")
    assert ended.finding.message == "m:echo returned 2, wanted 3"
    assert ended.finding.location and ended.finding.location.details == {"expected": 3, "actual": 2}


def test_an_exception_is_a_finding_with_a_stable_identity(run: Run, tmp_path: Path) -> None:
    """Its class, its line in the user's own file and its function stand in the details, without this machine."""
    ended = run(call("boom", "a text"))
    assert (ended.status, ended.finding.title, ended.finding.kind) == ("fail", "call_raised", "assertion")
    assert ended.finding.message == "Broken: a text (boom, m.py:8)"
    assert ended.finding.location and ended.finding.location.details == {
        "exception": "m.Broken",
        "at": "m.py:8",
        "function": "boom",
        "traceback": ["m.py:8 in boom"],
    }
    assert ended.calls == [{"function": "m:boom", "raised": {"type": "m.Broken", "message": "a text"}}]


@pytest.mark.parametrize("name", ["Broken", "m.Broken", "LookupError", "Exception", "BaseException"])
def test_an_expected_exception_holds_by_any_of_its_classes(run: Run, name: str) -> None:
    """By name alone or with the module, the class itself or one above it."""
    assert run(call("boom", "x", expect_raises=name)).status == "pass"


def test_another_exception_and_none_are_findings(run: Run) -> None:
    """What was wanted is said in both."""
    other = run(call("boom", "x", expect_raises="ValueError"))
    assert (other.finding.title, other.pointed_at) == ("call_raised", '"ValueError"')
    assert other.finding.message == "Broken: x (boom, m.py:8), wanted ValueError"
    none = run(call("echo", 1, expect_raises="ValueError"))
    assert (none.finding.title, none.finding.message) == ("call", "m:echo returned 1, wanted it to raise ValueError")


@pytest.mark.parametrize(
    ("step", "title", "kind", "status", "said"),
    [
        (call("die"), "call_died", "panic", "crash", "m:die ended its interpreter with exit code 3"),
        (call("hang"), "call_hang", "hang", "timeout", "m:hang did not end within 2.00s"),
        (call("ecko"), "call_not_found", "input_invalid", "fail", 'm has no "ecko"; did you mean "echo"?'),
        (call("later"), "call_async", "input_invalid", "fail", "m:later returns a coroutine but is no async function"),
        (call("echo", {"$int": "x"}), "bad_value", "input_invalid", "fail", "$int"),
        (call("echo", "x" * 3000), "call_result_limit", "limit", "fail", "larger than body_bytes_max, 2000 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_goes_wrong_has_its_title(run: Run, step: Json, title: str, kind: str, status: str, said: str) -> None:
    """Each with its kind, what it makes of the run, and words; teardown still runs."""
    limits = {"call_ms_max": 2000, "body_bytes_max": 2000}
    ended = run(step, limits=limits, teardown=[call("echo", 1, expect=1)])
    assert (ended.finding.title, ended.finding.kind, ended.status) == (title, kind, status)
    assert said in ended.finding.message
    assert len(ended.findings) == 1
    assert len(ended.calls) == 2


def test_a_module_that_cannot_be_imported_is_a_finding(run: Run, tmp_path: Path) -> None:
    """With the line of the user's that raised."""
    (tmp_path / "bad.py").write_text("x = 1\nraise ValueError('no')\n")
    ended = run({"type": "call", "function": "bad:f"})
    assert (ended.finding.title, ended.finding.kind) == ("call_import_failed", "input_invalid")
    assert ended.finding.message == "bad cannot be imported: ValueError: no (<module>, bad.py:2)"


def test_the_runs_timeout_bounds_a_call_and_nothing_counts_it(run: Run) -> None:
    """What is left of the timeout is what a call has; the clock does not move while it runs."""
    ended = run(call("echo", 1), {"type": "sleep", "duration": "800ms"}, call("hang"), timeout_ns=2 * 10**9)
    assert (ended.finding.title, ended.finding.message) == ("call_hang", "m:hang did not end within 1.20s")
    assert {record.t for record in ended.records if isinstance(record, Event)} == {0, 800 * 10**6}


def test_a_secret_does_not_reach_the_trace(run: Run) -> None:
    """What goes in and comes out under a secret's name is redacted in the event, and true for the user's code."""
    ended = run(
        call("echo", {"password": "hunter22"}, save_as="x"), call("echo", "${x}", expect={"password": "hunter22"})
    )
    assert ended.status == "pass"
    assert "hunter22" not in str(ended.records)


def test_a_failing_call_inside_a_block_that_wants_failure_is_swallowed(run: Run) -> None:
    """`assert_throws` and `retry` treat a call as any step."""
    assert run({"type": "assert_throws", "steps": [call("boom", "x")]}).status == "pass"
    assert run({"type": "assert_throws", "steps": [call("die")]}, call("echo", 1, expect=1)).status == "pass"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"function": "m.echo"}, '"m.echo" is not a function'),
        ({"function": "m:"}, '"m:" is not a function'),
        ({"function": "m:a b"}, '"m:a b" is not a function'),
        ({"function": "${m}:f"}, "is not a function"),
        ({"function": "../m:f"}, "is not a function"),
        ({"function": "1m:f"}, "is not a function"),
        ({"args": "text"}, '"args" must be a list or an object'),
        ({"args": 3}, '"args" must be a list or an object'),
        ({"expect": 1, "expect_raises": "E"}, "exclude each other"),
        ({"expect_raises": "not a name"}, "is not the name of an exception"),
        ({"expect": {"$type": "wrong"}}, '"$type" must be one of'),
        ({"save_as": ""}, '"save_as"'),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_before_it_runs(problems: Problems, fields: Json, said: str) -> None:
    """Each with its place, at any depth."""
    step = {"type": "call", "function": "m:f", **fields}
    for steps in ([step], [{"type": "group", "name": "g", "steps": [step]}]):
        found = problems({"version": 1, "name": "n", "vars": {"m": "m"}, "steps": steps})
        assert [each.message for each in found if said in each.message], found
        assert all(each.where for each in found)


@pytest.mark.parametrize("fields", [{}, {"function": "a.b_c:D.e"}, {"function": "ä:ö"}, {"expect": None}])
def test_what_can_be_is_accepted(problems: Problems, fields: Json) -> None:
    """Dotted names, letters of any script, null as an expectation."""
    assert problems({"version": 1, "name": "n", "steps": [{"type": "call", "function": "m:f", **fields}]}) == []


def test_every_outcome_is_told(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Whatever an interpreter may say, a step says something of it."""
    outcomes = [
        Hung(10**9, "m"),
        Died("", "m"),
        Died("", started=False),
        Died("SIGSEGV", "", "m.py:3", "f", ("last words",)),
        Reply(import_failed=Raised("E", "E", [], "")),
        Reply(missing="there is no module m", near=("m", [])),
    ]
    said = []
    for outcome in outcomes:
        monkeypatch.setattr(HostCode, "call", lambda *_, outcome=outcome: outcome)
        said.append(run(call()).finding.message)
    assert said == [
        "importing m did not end within 1.00s",
        "importing m ended its interpreter",
        "no interpreter could be started for m:echo",
        "m:echo ended its interpreter with SIGSEGV (f, m.py:3)",
        "m cannot be imported: E",
        "there is no module m",
    ]
    assert Limits().code_bytes_max > 0
