"""The whole language at random: valid scenarios over every step type run, replay and are written in either notation;
damaged ones are told what is wrong, by every command the same."""

from __future__ import annotations

import copy
import json
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import tomli
import tomlkit
import yaml
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from fozzy.core.events import Record
from fozzy.core.log import Log
from fozzy.core.sources import Seeded
from fozzy.dsl.format_json import format_json
from fozzy.dsl.format_toml import format_toml
from fozzy.dsl.format_yaml import format_yaml
from fozzy.dsl.load import Loaded, document, parse
from fozzy.dsl.matrix import cases_of
from fozzy.dsl.steps import step_types
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.prepare import Options, Ready, header_of, ready, start
from fozzy.engine.run import Ended
from fozzy.engine.tape import ReplayLog, Tape
from fozzy.errors import InputError, Problem, Where

if TYPE_CHECKING:
    from tests.conftest import Fz

Json = dict[str, Any]
Random = Any  # Hypothesis' own: what it gives is drawn, so that a failing scenario is shrunk
DEPTH_MAX = 4
EXAMPLES = 60 if settings.default is None else settings.default.max_examples  # as tests/conftest.py says

ROOT = Path(__file__).parent.parent
PARTS = {
    "part.fozzy.json": {
        "version": 1,
        "name": "part",
        "vars": {"n": 1, "text": "t"},
        "steps": [
            {"type": "trace_event", "name": "part", "fields": {"n": "${n}"}},
            {"type": "if", "that": "${n}", "equals": 2, "then": [{"type": "set_kv", "key": "k0", "value": "${text}"}]},
            {"type": "include", "file": "deep/inner.fozzy.json", "with": {"n": "${n}"}},
        ],
    },
    "deep/inner.fozzy.json": {
        "version": 1,
        "name": "inner",
        "vars": {"n": 0},
        "steps": [
            {"type": "rand_int", "key": "k1", "min": 0, "max": 3},
            {"type": "assert", "that": "${n}", "not_equals": 3},
        ],
    },
}
NAMES = ["k0", "k1", "k2", "v0", "v1", "seed", "now_ms"]
RISKY = {"fail", "panic", "fs_read_assert", "fs_restore", "memory_free", "proc_start", "proc_stop", "get_kv_assert"}
RISKY |= {"call", "net_deliver_one", "net_recv_assert", "fault", "memory_limit_mb", "memory_fail_after_allocs"}
DURATIONS = ["0ms", "1ns", "1ms", "2ms", "3ms", "7ms", "1s"]
PATHS = ["/a", "/b", "/c?x=1"]
NODES = ["n0", "n1"]


class Writer:
    """Writes scenarios at random: `luck` is how likely a step is one that holds."""

    def __init__(self, random: Random, luck: float, nulls: bool) -> None:
        self.random = random
        self.luck = luck
        self.nulls = nulls

    def pick(self, items: Any) -> Any:
        return self.random.choice(list(items))

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def lucky(self, good: Any, bad: Any) -> Any:
        return good if self.chance(self.luck) else bad

    def some(self, **optional: Any) -> Json:
        """Some of the optional fields."""
        return {name: value for name, value in optional.items() if self.chance(0.4)}

    def key(self) -> str:
        return str(self.pick(["k0", "k1", "k2"]))

    def text(self) -> str:
        return str(
            self.pick(["", "a", 'ü\n\t"\\', "${k0}", "a ${v0}b${seed}", "$${x}", "x" * 30, "é 日本 🦊", "'", "#", "1"])
        )

    def duration(self) -> str:
        return str(self.pick([*DURATIONS, "${v2}ms"]))

    def value(self, depth: int = 0) -> Any:
        plain = [0, 1, -5, 2**40, 1.5, 1e-9, True, False, "", *([None] if self.nulls else [])]
        kind = self.random.randrange(4 if depth < 2 else 2)
        if kind == 0:
            return self.pick(plain)
        if kind == 1:
            return self.text()
        if kind == 2:
            return [self.value(depth + 1) for _ in range(self.random.randrange(3))]
        return {
            self.pick(["a", "b", "c d", "é", "${v0}"]): self.value(depth + 1) for _ in range(self.random.randrange(3))
        }

    def comparison(self) -> Json:
        """A comparison of a value that holds, more often than not."""
        return dict(
            self.pick(
                [
                    {"exists": True},
                    {"not_equals": "never"},
                    {"equals": self.value()},
                    {"less": 5},
                    {"greater": -(10**6)},
                    {"contains": "a"},
                    {"matches": "^[a-z${v2}]*$"},
                    {"in": [self.value(), 1, "a"]},
                    {"of_type": self.pick(["string", "number", "array"])},
                    {"length": 1},
                ]
            )
            if self.chance(1 - self.luck)
            else {"exists": True, "not_equals": "never"}
        )

    def matcher(self) -> Json:
        return dict(
            self.pick(
                [{"$any": True}, {"$type": "integer"}, {"$approx": 41.99999}, {"$approx": {"value": 40, "within": 3}}]
            )
        )

    def steps(self, depth: int, most: int = 3) -> list[Json]:
        made = [self.step(depth) for _ in range(1 + self.random.randrange(most))]
        if all(step_types()[step["type"]].declares for step in made):
            made.append({"type": "trace_event", "name": "e"})
        return made

    def step(self, depth: int) -> Json:
        names = LEAVES if depth >= DEPTH_MAX or self.chance(0.6) else BLOCKS
        name = self.pick(sorted(names.keys() - RISKY if self.chance(self.luck) else names))
        return {"type": name, **names[name](self, depth)}

    def file(self) -> Json:
        made: Json = {"version": 1, "name": "n", **self.some(description="d", tags=["a"], seed=7, timeout="20s")}
        plain = self.pick(["a", 5, [1, {"b": [2]}], {"c": 1.5}, "$${x}", ""])
        made["vars"] = {"k0": 1, "k1": "a", "k2": [1], "v0": plain, "v1": "${v2} and ${seed}", "v2": 3}
        if self.chance(0.3):
            made["matrix"] = {"m": [1, "two", [3]][: 1 + self.random.randrange(3)]}
        if self.chance(0.5):
            made["setup"] = self.steps(2)
        made["steps"] = [*self.world(), *self.steps(0, 5)]
        if self.chance(0.4):
            made["teardown"] = self.steps(3)
        return made

    def world(self) -> list[Json]:
        """Declarations that many of the later steps find an answer in."""
        body = {"id": 42, "tags": ["a", "b"], "deep": {"x": [1.5]}}
        rules = [{"type": "http_when", "method": "GET", "path": path, "status": 200, "json": body} for path in PATHS]
        moved = {"type": "http_when", "method": "POST", "path": "/m", "status": 303, "headers": {"Location": "/a"}}
        said = {"type": "proc_when", "cmd": "p", "exit_code": 0, "stdout": '{"n": [1, 2]}'}
        state = [
            {"type": "fs_write", "path": "f", "data": "a"},
            {"type": "fs_snapshot", "name": "s"},
            {"type": "memory_alloc", "bytes": 8, "key": "k2"},
            *({"type": "net_send", "from": "n0", "to": "n1", "payload": ""} for _ in range(3)),
            {"type": "net_deliver_one"},
        ]
        return [*rules, moved, said, *(state if self.chance(0.6) else [])]


def _http(w: Writer, depth: int) -> Json:
    del depth
    if w.chance(0.2):
        return {"method": "POST", "path": "/m", "form": {"a": w.text()}, "follow_redirects": True, "expect_status": 200}
    good: Json = w.some(
        expect_status=200,
        headers={"X-A": "b"},
        timeout="1s",
        expect_headers={"CONTENT-type": "application/json"},
        expect_json={"id": w.matcher(), "tags": ["a", {"$regex": "."}], "deep": {"$any": True}},
        expect=[{"at": "$.tags[*]", "length": 2}, {"at": "status", "in": [200]}, {"at": "headers.x", "exists": False}],
        save_body_as="k0",
        save={"k1": "$.id", "k2": "$..x"},
    )
    return {
        "method": "GET",
        "path": w.lucky(w.pick(PATHS), "/gone"),
        **good,
        **({} if w.chance(w.luck) else {"expect_status": 418}),
    }


def _proc(w: Writer, depth: int) -> Json:
    del depth
    good = w.some(
        args=["x", w.text()],
        env={"A": w.text()},
        cwd="sub",
        stdin=w.text(),
        timeout="1s",
        expect_exit=0,
        expect_stdout_matches="n",
        expect=[{"at": "exit", "equals": 0}, {"at": "$.n[1]", "equals": 2}, {"at": "stderr", "equals": ""}],
        save_stdout_as="k0",
        save={"k1": "$.n"},
    )
    return {"cmd": w.lucky("p", "gone"), **good}


def _poll(w: Writer, depth: int) -> Json:
    del depth
    key = w.key()
    return {
        "key": key,
        "equals": w.lucky(f"${{{key}}}", "never"),
        "within": w.pick(["0ms", "3ms", "4ms"]),
        "poll": w.pick(["1ms", "2ms"]),
    }


def _never(w: Writer, depth: int) -> Json:
    return {**_poll(w, depth), "equals": "never"}


# What a step of each type is made of, besides its type.
LEAVES: dict[str, Any] = {
    "trace_event": lambda w, _: {"name": w.text() or "e", **w.some(fields={"a": w.value()})},
    "rand_u64": lambda w, _: w.some(key=w.key()),
    "rand_int": lambda w, _: {"key": w.key(), "min": w.pick([-3, 0, "${v2}"]), "max": w.pick([3, 10**9, "${v2}"])},
    "rand_choice": lambda w, _: {"key": w.key(), "of": [w.value(), 1]},
    "rand_bytes": lambda w, _: {"key": w.key(), "length": w.random.randrange(9)},
    "rand_bool": lambda w, _: {"key": w.key(), **w.some(probability=w.pick([0, 0.25, 1]))},
    "shuffle": lambda w, _: {"key": w.key(), "of": [1, w.value(), "c"]},
    "assert": lambda w, _: {"that": w.pick(["${k0}", w.value()]), **w.comparison(), **w.some(msg="m")},
    "assert_ok": lambda w, _: {"value": w.lucky(True, False)},
    "assert_eq_int": lambda w, _: {"a": 3, "b": w.lucky("${v2}", 4)},
    "assert_ne_int": lambda w, _: {"a": w.lucky(2, 3), "b": 3},
    "assert_eq_str": lambda w, _: {"a": w.lucky("x", "y"), "b": "x"},
    "assert_ne_str": lambda w, _: {"a": w.lucky("${k0}!", "x"), "b": "x"},
    "sleep": lambda w, _: {"duration": w.duration()},
    "advance": lambda w, _: {"duration": w.duration()},
    "freeze": lambda w, _: w.some(at_ms=w.lucky(10**9, 0)),
    "unfreeze": lambda w, _: {},
    "set_kv": lambda w, _: {"key": w.key(), "value": w.value()},
    "get_kv_assert": lambda w, _: {"key": w.key(), **w.lucky({"is_null": True}, {"equals": w.value()})},
    "call": lambda w, _: {
        "function": w.lucky(
            w.pick(["operator:pos", "operator:itemgetter"]), w.pick(["operator:concat", "operator:no"])
        ),
        "args": [w.pick([1, 1.5, "${v2}", {"$float": "inf"}, w.value()])],
        **w.some(save_as=w.key(), **w.pick([{"expect": {"$any": True}}, {"expect_raises": "TypeError"}])),
    },
    "fs_write": lambda w, _: {"path": w.pick(["f", "d/f"]), "data": w.text()},
    "fs_read_assert": lambda w, _: {"path": w.lucky("f", "gone"), "equals": w.lucky("a", "b")},
    "fs_snapshot": lambda w, _: {"name": "s"},
    "fs_restore": lambda w, _: {"name": w.lucky("s", "gone")},
    "http_when": lambda w, _: {
        "method": "GET",
        "path": w.pick(PATHS),
        "status": 503,
        **w.some(delay="2ms", times=1, body=w.text()),
    },
    "http_request": _http,
    "http_burst": lambda w, _: {
        "count": 4,
        "concurrency": 2,
        "request": {"method": "GET", "path": w.lucky("/a", "/gone")},
        **w.some(save={"k0": "statuses"}),
    },
    "proc_when": lambda w, _: {"cmd": "q", "args": [w.text()], "exit_code": 3, **w.some(stderr="e", times=2)},
    "proc_spawn": _proc,
    "proc_start": lambda w, _: {
        "name": w.pick(["s0", "s1"]),
        "cmd": w.lucky("p", "gone"),
        **w.some(ready={"stdout_matches": "n"}),
    },
    "proc_stop": lambda w, _: {"name": w.pick(["s0", "s1"]), **w.some(signal="INT", expect_exit=0)},
    "free_port": lambda w, _: {"key": w.key()},
    "net_partition": lambda w, _: {"a": "n0", "b": "n1"},
    "net_heal": lambda w, _: {"a": "n0", "b": "n1"},
    "net_set_drop_rate": lambda w, _: {"rate": w.pick([0, 0.5, 1])},
    "net_set_reorder": lambda w, _: {"enabled": w.pick([True, False])},
    "net_send": lambda w, _: {"from": w.pick(NODES), "to": w.pick(NODES), "payload": w.text()},
    "net_deliver_one": lambda w, _: w.some(strategy=w.pick(["fifo", "random"])),
    "net_recv_assert": lambda w, _: {"node": w.pick(NODES), "payload": w.text()},
    "memory_alloc": lambda w, _: {"bytes": w.pick([1, 10**6]), **w.some(key="k2", tag="t")},
    "memory_free": lambda w, _: w.pick([{"key": "k2"}, {"alloc_id": 1}]),
    "memory_limit_mb": lambda w, _: {"mb": w.pick([0, 1, 100])},
    "memory_fail_after_allocs": lambda w, _: {"count": w.random.randrange(4)},
    "memory_fragmentation": lambda w, _: {"seed": 7},
    "memory_pressure_wave": lambda w, _: {"pattern": "1,2,4"},
    "memory_checkpoint": lambda w, _: {"name": "c"},
    "memory_assert_in_use_bytes": lambda w, _: {"equals": w.lucky(0, 5)},
    "assert_eventually_kv": _poll,
    "assert_never_kv": _never,
    "fault": lambda w, _: w.pick(
        [
            {"on": "http", "kind": "status", "codes": [503], "probability": 0.5},
            {"on": "http", "kind": "latency", "delay": "2ms", "every": 2, "name": "slow"},
            {"on": "proc", "kind": "exit", "code": 3, "times": 1},
            {"on": "net", "kind": "duplicate", "first": 2},
            {"on": "fs", "kind": "enospc", "pattern": ".F"},
        ]
    ),
    "fault_clear": lambda w, _: w.lucky({}, {"name": "slow"}),
    "fail": lambda w, _: {"message": w.text()},
    "panic": lambda w, _: {"message": w.text()},
    "include": lambda w, _: {"file": w.pick(sorted(PARTS)), **w.some(**{"with": {"n": w.lucky("${v2}0", 3)}})},
}
BLOCKS: dict[str, Any] = {
    "group": lambda w, depth: {"name": "g", "steps": w.steps(depth + 1)},
    "repeat": lambda w, depth: {"times": w.random.randrange(4), **w.some(**{"as": "k0"}), "steps": w.steps(depth + 1)},
    "retry": lambda w, depth: {
        "attempts": 1 + w.random.randrange(3),
        **w.some(backoff=w.pick(["1ms", {"first": "1ms", "factor": 3, "max": "5ms"}, {"first": "${v2}ms"}])),
        "steps": w.steps(depth + 1),
    },
    "within": lambda w, depth: {"timeout": w.lucky("1h", "2ms"), "steps": w.steps(depth + 1)},
    "if": lambda w, depth: {
        "that": "${k1}",
        **w.comparison(),
        "then": w.steps(depth + 1),
        **({"else": w.steps(depth + 1)} if w.chance(0.5) else {}),
    },
    "parallel": lambda w, depth: {
        **w.some(name="p"),
        "branches": {name: w.steps(depth + 1) for name in ["a", "b-1", "c_2"][: 1 + w.random.randrange(3)]},
    },
    "assert_throws": lambda w, depth: {"steps": [*w.steps(depth + 1), {"type": "fail", "message": "f"}]},
    "assert_rejects": lambda w, depth: {"steps": [*w.steps(depth + 1), {"type": "panic", "message": "f"}]},
    "assert_eventually": lambda w, depth: {
        "within": "3ms",
        "poll": w.pick(["1ms", "2ms"]),
        "steps": w.steps(depth + 1),
    },
}


@st.composite
def scenarios(draw: st.DrawFn, nulls: bool = True) -> Json:
    """A valid scenario, lucky or not."""
    luck = draw(st.sampled_from([1.0, 0.95, 0.7]))
    return Writer(draw(st.randoms(use_true_random=False)), luck, nulls).file()


def fetch_below(folder: str) -> Any:
    def fetch(word: str) -> Loaded:
        path = posixpath.normpath(posixpath.join(folder, word))
        if path not in PARTS:
            raise InputError("scenario.unreadable", f"cannot read {path}", where=Where(path))
        text = json.dumps(PARTS[path], indent=1)
        return parse(document(text.encode(), path, path, "json"), fetch_below(posixpath.dirname(path)))

    return fetch


def load(text: str, form: Any = "json") -> Loaded:
    shown = f"s.fozzy.{form}"
    return parse(document(text.encode(), shown, shown, form), fetch_below(""))


def in_json(scenario: Json) -> str:
    return json.dumps(scenario, indent=1, ensure_ascii=False)


def executed(loaded: Loaded, seed: int) -> list[tuple[Ready, Ended, list[Record]]]:
    """Every combination of the scenario's matrix, run once."""
    made = []
    for case in cases_of(loaded.file):
        header, redactor = header_of(loaded, Options(det=True), seed, "run", case)
        run = ready(header, loaded, redactor, Path("/nonexistent"), case)
        run = with_code(run, loaded, Allowance(True, ROOT))
        records: list[Record] = []
        ended = start(run, Seeded(seed), Log([records.extend]))
        made.append((run, ended, records))
    return made


def replay(run: Ready, ended: Ended, records: list[Record]) -> None:
    """Replay the records as a trace would hold them. *Errors*: `Drift`."""
    read = msgspec.json.decode(msgspec.json.encode(records), type=list[Record])
    failing = ended.findings[0].at if ended.findings else None
    tape = Tape(iter(read), run.header.seed + 1, failing=failing, complete=True)
    again = start(run, tape, ReplayLog(tape))
    tape.finish()
    assert not tape.free, "it left the recording inside the failing step"
    assert (again.status, again.findings) == (ended.status, ended.findings)


def test_every_step_type_is_written() -> None:
    """The generator knows every step type there is."""
    assert LEAVES.keys() | BLOCKS.keys() == step_types().keys()


@settings(max_examples=3 * EXAMPLES)
@given(scenario=scenarios(), seed=st.integers(0, 2**53 - 1))
def test_a_valid_scenario_runs_and_replays(scenario: Json, seed: int) -> None:
    """Whatever is valid runs to an end, the same each time, and its recording replays as SAME."""
    loaded = load(in_json(scenario))
    first, second = executed(loaded, seed), executed(loaded, seed)
    for (run, ended, records), (_, _, again) in zip(first, second, strict=True):
        assert ended.status in ("pass", "fail", "timeout", "crash")
        assert (ended.status == "pass") == all(found.status == "pass" for found in ended.findings)
        assert records == again
        replay(run, ended, records)


@given(scenario=scenarios(nulls=False), seed=st.integers(0, 99))
def test_all_notations_mean_the_same(scenario: Json, seed: int) -> None:
    """As JSON, TOML or YAML, and formatted in each, it is the same types and the same run; formatting twice changes nothing."""
    toml = tomlkit.dumps(scenario)
    scenario = tomli.loads(toml)  # TOML writes what is no table first, and the order of members can be seen
    loaded = load(in_json(scenario))
    texts = [("json", format_json(in_json(scenario))), ("toml", toml), ("toml", format_toml(toml))]
    in_yaml = yaml.safe_dump(scenario, sort_keys=False, width=60)
    texts += [("yaml", in_yaml), ("yaml", format_yaml(in_yaml))]
    for form, text in texts:
        assert load(text, form).file == loaded.file
    assert format_json(texts[0][1]) == texts[0][1] and format_toml(texts[2][1]) == texts[2][1]
    assert format_yaml(texts[4][1]) == texts[4][1]
    records = [records for _, _, records in executed(loaded, seed)]
    for form, text in texts:
        assert [again for _, _, again in executed(load(text, form), seed)] == records


def test_the_generator_reaches_every_ending() -> None:
    """Among the scenarios are ones that pass, fail, time out, and ones with every block inside another."""
    for status in ("pass", "fail", "timeout"):
        found = find(
            scenarios(),
            lambda scenario, status=status: any(
                ended.status == status for _, ended, _ in executed(load(in_json(scenario)), 1)
            ),  # type: ignore[misc]
            settings=settings(max_examples=2000, database=None, deadline=None, phases=[Phase.generate]),
        )
        assert found["steps"]


# damage

Path_ = tuple[str | int, ...]


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The path of everything in a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def damaged(scenario: Json, random: Random) -> str:
    """The text of a scenario with something wrong in it, perhaps."""
    kind = random.choice(["drop", "misspell", "retype", "duplicate", "negate", "truncate", "flip"])
    text = in_json(scenario)
    if kind == "truncate":
        return text[: random.randrange(len(text))]
    if kind == "flip":
        at = random.randrange(len(text))
        return text[:at] + random.choice('{}[]",:0-x\\\n ') + text[at + 1 :]
    broken = copy.deepcopy(scenario)
    path = random.choice([path for path in places(broken) if path])
    holder: Any = broken
    for part in path[:-1]:
        holder = holder[part]
    value = holder[path[-1]]
    if kind == "drop":
        del holder[path[-1]]
    elif kind == "misspell" and isinstance(path[-1], str):
        holder[path[-1] + random.choice("sx")] = holder.pop(path[-1])
    elif kind == "negate" and isinstance(value, int | float):
        holder[path[-1]] = -value - 1
    elif kind == "duplicate" and isinstance(path[-1], str):
        marked = json.dumps(path[-1], ensure_ascii=False)
        return text.replace(marked + ":", f"{marked}: 1, {marked}:", 1)
    else:
        holder[path[-1]] = random.choice([None, True, -1, 1.5, "soon", "${nobody}", "${", [], {}, [[]], {"type": "x"}])
    return in_json(broken)


@st.composite
def damaged_texts(draw: st.DrawFn) -> str:
    """The text of a scenario that something happened to."""
    return damaged(draw(scenarios()), draw(st.randoms(use_true_random=False)))


def problems_of(text: str) -> list[Problem]:
    try:
        load(text)
    except InputError as error:
        return error.problems
    return []


@settings(max_examples=6 * EXAMPLES)
@given(text=damaged_texts())
def test_damage_is_told(text: str) -> None:
    """A damaged scenario is still valid, or every problem has words, a code and a place that exists in the text."""
    lines = text.split("\n")
    for problem in problems_of(text):
        assert problem.message and problem.code.startswith("scenario.")
        where = problem.where
        assert where is not None and 1 <= where.line <= len(lines)
        assert 1 <= where.col <= len(lines[where.line - 1]) + 1
        assert problem.text == lines[where.line - 1] and problem.length >= 1


@pytest.fixture
def parts(project: Path) -> None:
    """The included files, on disk."""
    for path, scenario in PARTS.items():
        target = project / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(in_json(scenario), encoding="utf-8")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=3 * EXAMPLES)
@given(text=damaged_texts())
def test_every_command_tells_the_same(fz: Fz, parts: None, text: str) -> None:
    """What is wrong is told by `validate`, `run` and `test` in the same words, with exit 2, and nothing runs."""
    del parts
    if not problems_of(text):
        return
    Path("s.fozzy.json").write_text(text, encoding="utf-8")
    ended = [fz(command, "s.fozzy.json", "--json") for command in ("validate", "run", "test")]
    assert [ran.code for ran in ended] == [2, 2, 2]
    told = [ran.document()["problems"] for ran in ended]
    assert told[0] == told[1] == told[2] and told[0]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=max(12, settings.default.max_examples // 5),
)  # type: ignore[union-attr]
@given(scenario=scenarios(), seed=st.integers(0, 2**53 - 1))
def test_a_trace_on_disk_replays(fz: Fz, parts: None, scenario: Json, seed: int) -> None:
    """Through the command line: validated, run, recorded, and replayed SAME with nothing of the scenario left."""
    del parts
    path = Path("s.fozzy.json")
    path.write_text(in_json({**scenario, "matrix": {}}), encoding="utf-8")
    assert fz("validate", "s.fozzy.json").code == 0
    ran = fz(
        "run",
        "s.fozzy.json",
        "--det",
        "--seed",
        str(seed),
        "--record",
        "t.fozzy",
        "--record-collision",
        "overwrite",
        "--allow-code",
        "--json",
    )
    assert ran.code in (0, 1, 3, 4), ran.said
    path.unlink()
    again = fz("replay", "t.fozzy", "--allow-code", "--json")
    assert again.document()["replay"]["verdict"] == "SAME", again.said
    assert again.code == ran.code
    assert again.document().get("findings") == ran.document().get("findings")
