"""The promise everything else rests on: the same scenario and seed give the same records, in any process, for ever."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from blake3 import blake3
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fozzy
from fozzy.core.choice import CHANCES, Choices
from fozzy.core.clock import Clock
from fozzy.core.events import Draw, Record
from fozzy.core.forms import ENDINGS
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded, member_seed
from fozzy.dsl.scenario import StepsFile, SuiteFile
from fozzy.engine.prepare import Options, header_of, ready, start

ROOT = Path(__file__).parent.parent
TRACES = "tests/fixtures/traces"
HASH_SEEDS = ("0", "12345")
SECONDS_MAX = 120
SEEDS = st.integers(0, (1 << 53) - 1)


# Two processes


def projects(folder: Path) -> list[Path]:
    """Two copies of the project, in folders of different depth."""
    made = [folder / "a", folder / "deeper" / "and" / "longer" / "b"]
    for each in made:
        shutil.copytree(ROOT / "scenarios", each / "scenarios", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "fozzy.toml", each)
    return made


def python(folder: Path, env: dict[str, str], hash_seed: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Python with these words, in a folder, with a hash seed."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**env, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        timeout=SECONDS_MAX,
    )


def recorded(folder: Path, env: dict[str, str], hash_seed: str, *words: str) -> dict[str, Path]:
    """Run the scenarios that the words choose, each recorded; the traces by the scenarios' paths."""
    line = ["-m", "fozzy", "test", "--det", "--strict", "--seed", "7", "--record", "out/t.fozzy", "--json", *words]
    (folder / "out").mkdir()
    done = python(folder, env, hash_seed, *line)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return {member["path"]: folder / member["tracePath"] for member in json.loads(done.stdout)["scenarios"]}


def before_footer(trace: Path) -> bytes:
    """The header and the records: everything before the last line."""
    data = trace.read_bytes()
    return data[: data.rindex(b"\n", 0, -1) + 1]


def names(*, on_host: bool) -> list[str]:
    """The scenarios of the project that ask real processes, files or services, or those that do not."""
    found = []
    for path in (ROOT / "scenarios").rglob("*"):
        file = fozzy.load(path).file if path.name.endswith(tuple(ENDINGS)) else None
        if file is not None and not isinstance(file, SuiteFile):
            backends = (file.backends.proc, file.backends.fs, file.backends.http) if isinstance(file, StepsFile) else ()
            asks_host = "host" in backends
            found += [path.relative_to(ROOT).as_posix()] if asks_host == on_host else []
    return sorted(found)


def test_two_processes_record_the_same_bytes(tmp_path: Path, fz_env: dict[str, str]) -> None:
    """Every virtual scenario, same seed, other hash seed, other folder, other workers: equal header and records."""
    one, two = projects(tmp_path)
    left = recorded(one, fz_env, HASH_SEEDS[0], "--not-tag", "host", "--jobs", "1")
    right = recorded(two, fz_env, HASH_SEEDS[1], "--not-tag", "host", "--jobs", "2")
    assert sorted(left) == sorted(right) == names(on_host=False)
    assert [name for name in left if before_footer(left[name]) != before_footer(right[name])] == []


REPLAY_ALL = """
import sys
from fozzy.cli.main import main
for trace in sys.argv[1:]:
    print(trace, flush=True)
    main(["replay", trace, "--dump-events"])
    main(["replay", trace, "--quiet"])
"""


def test_two_processes_replay_the_same_records(tmp_path: Path, fz_env: dict[str, str]) -> None:
    """Every scenario that asked the host, recorded once: two processes with other hash seeds replay it alike, SAME."""
    one, two = projects(tmp_path)
    traces = recorded(one, fz_env, HASH_SEEDS[0], "--tag", "host")
    assert sorted(traces) == names(on_host=True)
    shutil.copytree(one / "out", two / "out")
    for folder in (one, two):  # nothing is left that could be asked again
        shutil.rmtree(folder / "scenarios")
    words = [f"out/{trace.name}" for trace in traces.values()]
    said = [
        python(folder, fz_env, hash_seed, "-c", REPLAY_ALL, *words)
        for folder, hash_seed in zip((one, two), HASH_SEEDS, strict=True)
    ]
    assert said[0].stdout == said[1].stdout
    lines = said[0].stdout.decode().splitlines()
    assert [line for line in words if f"SAME  {line}" not in lines] == [], said[0].stderr.decode()
    records = [line for line in lines if line.startswith("{")]
    written = [line for trace in traces.values() for line in before_footer(trace).decode().splitlines()[1:]]
    assert records == written


# Any scenario

NODES = st.sampled_from(["a", "b", "c"])
KEYS = st.sampled_from(["k1", "k2", "k3"])
TEXTS = st.text(st.characters(exclude_characters="$", exclude_categories=["Cs"]), max_size=4)  # no ${ by accident
NEW_LABEL = "rand.added"


def step(type: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A step of this type with these fields."""
    return st.fixed_dictionaries({"type": st.just(type), **fields})


def block(steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "group", "name": "g", "steps": steps}


def contained(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """A block whose last step fails, as it must."""
    return {"type": "assert_throws", "steps": [*steps, {"type": "fail", "message": "as it must"}]}


SEND = step("net_send", **{"from": NODES, "to": NODES, "payload": TEXTS})
DELIVER = step("net_deliver_one", strategy=st.sampled_from(["fifo", "random", None]))
LEAVES = st.one_of(
    step("set_kv", key=KEYS, value=st.one_of(st.integers(-9, 9), TEXTS, st.none())),
    step("rand_u64", key=KEYS),
    step("rand_u64"),
    step("sleep", duration=st.integers(0, 5000).map("{}ms".format)),
    step("net_set_drop_rate", rate=st.sampled_from([0.0, 0.3, 0.9, 1.0])),
    step("net_set_reorder", enabled=st.booleans()),
    step("memory_fragmentation", seed=st.integers(0, 99)),
    step("memory_alloc", bytes=st.integers(0, 10_000), key=KEYS),
    st.tuples(SEND, SEND, DELIVER).map(lambda steps: block(list(steps))),
    DELIVER,  # may fail for want of messages, which ends the run
)


def bodies(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    steps = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(steps.map(block), steps.map(contained))


STEPS = st.lists(st.recursive(LEAVES, bodies, max_leaves=6), min_size=1, max_size=10)


def records_of(steps: list[dict[str, Any]], seed: int) -> list[Record]:
    """Everything a run of these steps says."""
    loaded = fozzy.load({"version": 1, "name": "made up", "steps": steps})
    header, redactor = header_of(loaded, Options(det=True), seed, "run")
    said: list[Record] = []
    start(ready(header, loaded, redactor), Seeded(seed), Log([said.extend]))
    return said


def draws_of(said: list[Record]) -> dict[str, list[tuple[int, int, int]]]:
    """The draws under each label, in order."""
    draws: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for record in said:
        if isinstance(record, Draw):
            draws[record.label].append((record.low, record.high, record.value))
    return draws


def lists_of(steps: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """A list of steps and all lists inside it."""
    yield steps
    for each in steps:
        yield from lists_of(each.get("steps", []))


@settings(max_examples=60, deadline=None)
@given(STEPS, SEEDS)
def test_a_seed_decides_everything(steps: list[dict[str, Any]], seed: int) -> None:
    """The same scenario and seed make the same records, to the byte."""
    encode = msgspec.json.encode
    assert encode(records_of(steps, seed)) == encode(records_of(steps, seed))


@settings(max_examples=60, deadline=None)
@given(STEPS, SEEDS, st.integers(0, 1000), st.integers(0, 1000))
@example([block([{"type": "rand_u64", "key": "k1"}]), {"type": "rand_u64", "key": "k1"}], 7, 1, 0)
def test_a_new_draw_moves_no_other(steps: list[dict[str, Any]], seed: int, which: int, where: int) -> None:
    """A step that draws under a new label, put in anywhere, changes no draw under any other label."""
    more = copy.deepcopy(steps)
    lists = list(lists_of(more))
    body = lists[which % len(lists)]
    body.insert(where % (len(body) + 1), {"type": "rand_u64", "key": NEW_LABEL.removeprefix("rand.")})
    draws = draws_of(records_of(more, seed))
    draws.pop(NEW_LABEL, None)
    assert draws == draws_of(records_of(steps, seed))


def test_the_made_up_scenarios_draw() -> None:
    """The property above is not empty: an added step does draw, and another label draws beside it."""
    draws = draws_of(records_of([{"type": "rand_u64", "key": "added"}, {"type": "rand_u64", "key": "k1"}], 7))
    assert {label: len(values) for label, values in draws.items()} == {NEW_LABEL: 2, "rand.k1": 2}


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_another_seed_is_another_run(seed: int) -> None:
    """Two seeds do not draw the same 64 bits."""
    steps = [{"type": "rand_u64", "key": "k"}]
    assert draws_of(records_of(steps, seed)) != draws_of(records_of(steps, seed ^ 1))


# The generator, written a second time from its description

M64 = (1 << 64) - 1


def splitmix64(state: int) -> int:
    """The output function of SplitMix64 (Steele, Lea, Flood 2014, figure 16; constants of Stafford's variant 13)."""
    z = state & M64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & M64
    return z ^ z >> 31


def key_of(tag: bytes, seed: int, text: str) -> int:
    digest = blake3(tag + seed.to_bytes(8, "little") + text.encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "little")


def expected_draw(seed: int, label: str, n: int, low: int, high: int) -> int:
    """The n-th value (n from 0) of a label, by the description alone."""
    state = key_of(b"fozzy-draw-1", seed, label) + (n + 1) * 0x9E3779B97F4A7C15
    size = high - low + 1
    while (word := splitmix64(state)) >= 2**64 - 2**64 % size:  # would make low values likelier: take another
        state += 0xD1B54A32D192ED03
    return low + word % size


# seed, label, low, high, the first four values
KNOWN: list[tuple[int, str, int, int, list[int]]] = [
    (0, "rand", 0, 4294967295, [2950850500, 1392699460, 1757751374, 434267311]),
    (7, "rand.order_id", 0, 4294967295, [1530815474, 3990851777, 815475695, 2239898949]),
    (7, "net.drop.a>b", 0, 9007199254740991, [6748746921470497, 2587308742416214, 7617362674247376, 2664030271214381]),
    (9007199254740991, "net.pick", 0, 2, [2, 1, 1, 1]),
    (42, "grüße", -100, 100, [-13, -18, 99, -66]),
    (7, "", 0, 9, [7, 8, 3, 9]),
    (1337, "one", 5, 5, [5, 5, 5, 5]),
    (
        7,
        "rejects",
        0,
        9223372036854775808,
        [6588491716243755432, 617136728045029634, 7771969764275977278, 6559507055771802077],
    ),
]


def test_splitmix64_is_the_published_one() -> None:
    """The second writing gives the first outputs of SplitMix64 from state 1234567, as they are published."""
    outputs = [splitmix64(1234567 + n * 0x9E3779B97F4A7C15) for n in range(1, 4)]
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize(("seed", "label", "low", "high", "values"), KNOWN)
def test_known_draws(seed: int, label: str, low: int, high: int, values: list[int]) -> None:
    """The generator is pinned bit for bit: these values hold in every version and on every machine."""
    source = Seeded(seed)
    assert [source.draw(label, low, high) for _ in values] == values
    assert [expected_draw(seed, label, n, low, high) for n in range(len(values))] == values


def test_known_member_seeds() -> None:
    """The seed of a suite's member is 53 bits of a digest, the same for ever."""
    path = "scenarios/checkout/pay.fozzy.json"
    assert [member_seed(seed, path) for seed in (0, 7)] == [8709066854362140, 5963683632852092]
    assert member_seed(7, path) == key_of(b"fozzy-suite-1", 7, path) >> 11


BOUNDS = st.tuples(st.integers(-(1 << 63), 1 << 63), st.integers(0, (1 << 53) - 1))


@settings(max_examples=200, deadline=None)
@given(SEEDS, st.text(max_size=20), st.integers(0, 20), BOUNDS)
def test_draws_are_as_described_and_within_bounds(seed: int, label: str, n: int, bounds: tuple[int, int]) -> None:
    """Any draw lies within its bounds and is a function of seed, label and count alone."""
    low, high = bounds[0], bounds[0] + bounds[1]
    source = Seeded(seed)
    for _ in range(n):
        source.draw(label, 0, 1)
        source.draw(label + "'", 0, 1)  # another label in between does not matter
    value = source.draw(label, low, high)
    assert low <= value <= high
    assert value == expected_draw(seed, label, n, low, high)


def test_rejected_words_are_drawn_again() -> None:
    """Where half of all words are rejected, values still are as described and within bounds."""
    source, high = Seeded(7), 1 << 63  # 2^63 + 1 values: words from there on are rejected
    values = [source.draw("rejects", 0, high) for _ in range(64)]
    assert values == [expected_draw(7, "rejects", n, 0, high) for n in range(64)]
    first_words = [splitmix64(key_of(b"fozzy-draw-1", 7, "rejects") + (n + 1) * 0x9E3779B97F4A7C15) for n in range(64)]
    assert 0 < sum(word > high for word in first_words) < 64


class Fixed:
    """A source whose every draw is at one end of its bounds."""

    def __init__(self, *, highest: bool) -> None:
        self.highest = highest

    def draw(self, label: str, low: int, high: int) -> int:
        return high if self.highest else low

    def ask(self, label: str, request: Any, live: Any, answer: Any) -> Any:
        raise AssertionError("nothing is asked")


def choices(source: Any) -> Choices:
    return Choices(source, Clock(), Log(), Redactor(), 10**9)


@pytest.mark.parametrize("highest", [False, True])
def test_no_chance_and_certainty(highest: bool) -> None:
    """A chance of 0 never hits and a chance of 1 always does, whatever is drawn, the extremes included."""
    made = choices(Fixed(highest=highest))
    assert (made.chance("c", 0.0), made.chance("c", 1.0)) == (False, True)
    assert made.chance("c", 0.5) is highest, "zero is the boring choice: a miss"


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.floats(0, 1))
def test_a_chance_is_the_draw_beside_it(seed: int, probability: float) -> None:
    """A chance hits when its draw of 53 bits lies in the top share; 0 never hits and 1 always."""
    made = choices(Seeded(seed))
    never, always, maybe = (made.chance("c", each) for each in (0.0, 1.0, probability))
    assert (never, always) == (False, True)
    assert maybe == (expected_draw(seed, "c", 2, 0, CHANCES - 1) >= CHANCES - int(probability * CHANCES))


# Kept traces


@pytest.mark.parametrize(("end", "status"), [("pass", "pass"), ("fail", "fail")])
def test_a_kept_trace_replays_the_same(end: str, status: str) -> None:
    """A trace of format 1 that was kept verifies and replays SAME."""
    trace = ROOT / TRACES / f"v1.{end}.fozzy"
    verified = fozzy.verify(trace)
    assert (verified.trusted, verified.complete, verified.format_version) == (True, True, 1), verified.checks
    replayed = fozzy.replay(trace)
    assert (replayed.verdict, replayed.status) == ("SAME", status), replayed.replay


@pytest.mark.parametrize("end", ["pass", "fail"])
def test_a_kept_scenario_still_makes_the_kept_records(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run again with its seed, a kept scenario gives the kept header and records byte for byte."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("GOLDEN_WORD", "hello")
    again = fozzy.run(f"{TRACES}/v1.{end}.fozzy.json", seed=7, record=tmp_path / "again.fozzy")
    assert again.trace is not None
    assert before_footer(again.trace).splitlines() == before_footer(ROOT / TRACES / f"v1.{end}.fozzy").splitlines()


def test_the_kept_traces_hold_every_kind_of_record() -> None:
    """Together the kept traces have each kind of record, so that none can change its meaning unnoticed."""
    lines = [
        line for end in ("pass", "fail") for line in before_footer(ROOT / TRACES / f"v1.{end}.fozzy").splitlines()[1:]
    ]
    assert {json.loads(line)["kind"] for line in lines} == {"draw", "ask", "step", "event", "finding"}
