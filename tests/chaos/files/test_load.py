"""Chaos files: the one in the specification loads as it stands; of a bad one every problem has its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from fozzy.chaos.files.load import load_plan
from fozzy.errors import InputError, Problem
from fozzy.faults.http.plan import (
    Bucket,
    Drop,
    Entry,
    Faults,
    Latency,
    Limits,
    Loss,
    Scenario,
    Status,
)

NORMATIVE = """\
seed = 7
mode = "cascade"                       # or "exclusive"
[latency]
uniform = ["100ms", "500ms"]           # or fixed, normal, exponential, list
jitter = 0.2
probability = 0.8
[faults]
status = { codes = [500, 503], probability = 0.2 }
timeout = { after = "5s", probability = 0.1 }
malformed = { how = "invalid-json", probability = 0.05 }
disconnect = { how = "rst", at = "before-response", probability = 0.02 }
[limits]
global = { rate = "50/s", burst = 10 }
client = { rate = "10/s", burst = 2 }
bandwidth = "100KB/s"
loss = { probability = 0.05, as = "reset" }
[[routes]]
method = "POST"
path = "/v1/chat/*"
upstream = "http://127.0.0.1:9000"     # or an answer of its own:
# answer = { status = 200, json = { ok = true } }   # or answers = [ … ] in sequence
faults.drop = { pattern = "F.F" }
[scenarios.lunch_rush]
limits.global = { rate = "5/s", burst = 1 }
for = "30s"
[[schedule]]
start = "lunch_rush"
at = "10s"                             # or after_requests = 100, every = "1m"
"""


def problems_of(path: Path) -> list[Problem]:
    """What is wrong with a file."""
    with pytest.raises(InputError) as caught:
        load_plan(path)
    return caught.value.problems


def written(folder: Path, text: str, name: str = "a.toml") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def marked(problem: Problem) -> str:
    """The text that the caret is under."""
    assert problem.where is not None
    return problem.text[problem.where.col - 1 :][: problem.length]


def test_the_normative_example_loads_as_it_stands(tmp_path: Path) -> None:
    """Each of its lines means what the specification says."""
    plan = load_plan(written(tmp_path, NORMATIVE)).plan
    assert (plan.seed, plan.mode) == (7, "cascade")
    assert plan.latency == Latency(uniform=("100ms", "500ms"), jitter=0.2, probability=0.8)
    assert plan.faults.status == Status(codes=[500, 503], probability=0.2)
    assert plan.limits == Limits(
        global_=Bucket(rate="50/s", burst=10),
        client=Bucket(rate="10/s", burst=2),
        bandwidth="100KB/s",
        loss=Loss(probability=0.05, as_="reset"),
    )
    assert plan.routes[0].faults == Faults(drop=Drop(pattern="F.F"))
    assert plan.scenarios["lunch_rush"] == Scenario(limits=Limits(global_=Bucket(rate="5/s")), for_="30s")
    assert plan.schedule == [Entry(start="lunch_rush", at="10s")]


def test_json_says_the_same(tmp_path: Path) -> None:
    """The same plan as JSON, with or without a name that says so, is the same plan."""
    plan = load_plan(written(tmp_path, NORMATIVE)).plan
    text = msgspec.json.encode(plan).decode()
    for name in ("a.json", "chaos"):
        assert load_plan(written(tmp_path, text, name)).plan == plan


def test_all_problems_at_once_each_with_its_place(tmp_path: Path) -> None:
    """Values out of range, unknown keys and wrong types: line, column, what stands there, what is allowed."""
    text = """\
seed = -7
seeed = 3
[latency]
fixed = "1.5"
jitter = 1.5
[faults]
status = { codes = [99, 503], probability = 5 }
droop = 1
[limits]
global = { rate = "50", burst = 0 }
bandwidth = "much"
loss = 2
[[routes]]
answer = { status = 1000 }
"""
    found = problems_of(written(tmp_path, text))
    said = [(problem.where.line if problem.where else 0, marked(problem), problem.message) for problem in found]
    for line, mark, words in (
        (1, "-7", "at least 0"),
        (2, "seeed", "no field"),
        (4, '"1.5"', "whole number and a unit"),
        (5, "1.5", "from 0 to 1"),
        (7, "99", "from 200 to 599"),
        (7, "5", "from 0 to 1"),
        (8, "droop", "no field"),
        (10, '"50"', "50/s"),
        (10, "0", "at least 1"),
        (11, '"much"', "100KB/s"),
        (12, "2", "from 0 to 1"),
        (14, "1000", "from 200 to 599"),
    ):
        assert any((line, mark) == each[:2] and words in each[2] for each in said), (line, mark, said)
    assert len(found) == 12
    assert {problem.code for problem in found} == {"chaos.bad_value", "chaos.unknown_key"}
    assert [problem.hint for problem in found if problem.code == "chaos.unknown_key"] == [
        'did you mean "seed"?',
        'did you mean "drop"?',
    ]


def test_what_no_type_can_say_has_its_place_too(tmp_path: Path) -> None:
    """The engine names the field; here the caret stands under it."""
    text = '[faults]\ndrop = 0.6\nmalformed = 0.7\n[scenarios.a]\nlatency = { fixed = "1s" }\nmode = "exclusive"\n'
    text = text.replace("[scenarios.a]", "disconnect = 0.9\n[scenarios.a]\nfaults = { drop = 0.6, malformed = 0.7 }")
    assert load_plan(written(tmp_path, text.replace("0.7", "0.1"))).plan.mode is None
    (problem,) = problems_of(written(tmp_path, 'mode = "exclusive"\n' + text.partition("[scen")[0]))
    assert problem.code == "chaos.shares"
    assert problem.where is not None and (problem.where.line, marked(problem)) == (1, '"exclusive"')


@pytest.mark.parametrize(
    ("name", "text", "code", "line"),
    [
        ("a.toml", "seed = 1\nseed = 2\n", "chaos.duplicate_key", 2),
        ("a.json", '{"seed": 1,\n "seed": 2}', "chaos.duplicate_key", 2),
        ("a.toml", "seed = \n", "chaos.syntax", 1),
        ("a.json", '{"seed": 1,}', "chaos.syntax", 1),
        ("a.json", "[]", "chaos.bad_value", 1),
        ("a.yaml", "seed: 1\nseed: 2\n", "chaos.duplicate_key", 2),
        ("a.yml", "seed: [1\n", "chaos.syntax", 1),
        ("a.yaml", "- seed: 1\n", "chaos.bad_value", 1),
        ("a.toml", "[routes]\n", "chaos.bad_value", 1),
        ("a.toml", "[[schedule]]\nat = '1s'\n", "chaos.missing_field", 1),
    ],
)
def test_a_text_that_is_no_plan(name: str, text: str, code: str, line: int, tmp_path: Path) -> None:
    """Duplicate keys, bad syntax, other forms: each has its code and its line."""
    problem = problems_of(written(tmp_path, text, name))[0]
    assert problem.code == code
    assert problem.where is not None and problem.where.line == line


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """One that is missing, a folder, or not UTF-8 is told by its name."""
    assert problems_of(tmp_path / "none.toml")[0].code == "chaos.unreadable"
    assert problems_of(tmp_path)[0].code == "chaos.unreadable"
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xff")
    assert problems_of(path)[0].code == "chaos.not_utf8"


BLOCK: dict[str, Any] = {
    "enabled": True,
    "scenario": "network_degradation",
    "latency": {"enabled": True, "fixed_delay_ms": 500, "jitter_percent": 10.0, "probability": 0.8},
    "fault_injection": {"enabled": True, "http_errors": [500, 503], "http_error_probability": 0.1},
    "rate_limit": {"enabled": True, "requests_per_second": 100, "burst_size": 10},
    "traffic_shaping": {"enabled": True, "bandwidth_limit_bps": 1000000, "packet_loss_percent": 2.0},
}


def mockforge(**changes: Any) -> str:
    """A file of MockForge's, with what else such a file holds."""
    whole = {"http": {"port": 3000}, "observability": {"prometheus": {}, "chaos": {**BLOCK, **changes}}}
    return msgspec.json.format(msgspec.json.encode(whole), indent=1).decode()


def test_mockforges_block_is_read_by_its_names(tmp_path: Path) -> None:
    """The block of its own documentation does here what it says there; the rest of the file is not ours."""
    file = load_plan(written(tmp_path, mockforge(), "config.json"))
    assert file.scenario == "network_degradation"
    assert file.plan.latency == Latency(fixed="500ms", jitter=0.1, probability=0.8)
    assert file.plan.faults.status == Status(codes=[500, 503], probability=0.1)
    assert file.plan.limits == Limits(
        global_=Bucket(rate="100/s", burst=10), bandwidth="1000000B/s", loss=Loss(probability=0.02, as_="408")
    )
    assert load_plan(written(tmp_path, mockforge(enabled=False), "off.json")).plan.enabled is False


def test_a_mistake_in_mockforges_block_has_its_place(tmp_path: Path) -> None:
    """Its own unknown names and values, and what contradicts itself there."""
    bad = {"enabled": True, "fixed_delay": 5, "probability": 5}
    found = problems_of(written(tmp_path, mockforge(latency=bad), "a.json"))
    assert {marked(problem) for problem in found} == {'"fixed_delay"', "5"}
    both = {"fixed_delay_ms": 5, "random_delay_range_ms": [1, 2]}
    (problem,) = problems_of(written(tmp_path, mockforge(latency=both), "a.json"))
    assert problem.code == "chaos.mockforge"
    assert '"fixed_delay_ms": 5' in problem.text


@pytest.mark.parametrize(
    "text", ['{"observability": {"chaos": {}}, "faults": {}}', '{"observability": {}}', '{"observability": 1}']
)
def test_a_file_of_two_kinds_or_of_none_is_refused(text: str, tmp_path: Path) -> None:
    """A file says what goes wrong in our names or in MockForge's, and MockForge's block must be there."""
    assert problems_of(written(tmp_path, text, "a.json"))[0].code == "chaos.mockforge"


def test_yaml_says_the_same(tmp_path: Path) -> None:
    """A plan, and MockForge's own file, which it keeps in YAML, with places for what is wrong."""
    text = "# c\nseed: 7\nlatency: { fixed: 1s }\nfaults:\n  drop: 0.5\n"
    as_toml = 'seed = 7\nlatency = { fixed = "1s" }\n[faults]\ndrop = 0.5\n'
    assert load_plan(written(tmp_path, text, "a.yml")).plan == load_plan(written(tmp_path, as_toml)).plan
    whole = json.loads(mockforge())
    theirs = written(tmp_path, yaml.safe_dump(whole), "mockforge.yaml")
    assert load_plan(theirs).plan == load_plan(written(tmp_path, mockforge(), "a.json")).plan
    (problem,) = problems_of(written(tmp_path, text.replace("drop: 0.5", "drop: 5"), "a.yaml"))
    assert problem.where is not None and (problem.where.line, marked(problem)) == (5, "5")
