"""Faults in a file of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from fozzy.dsl.cluster.fault_file import load_faults
from fozzy.dsl.cluster.faults import CrashFault, PartitionFault
from fozzy.dsl.cluster.file import Cluster
from fozzy.dsl.cluster.moments import When
from fozzy.dsl.steps.cluster import Tick
from fozzy.errors import InputError, Problem

CLUSTER = Cluster(node_count=2, steps=[Tick(duration="1s")])
TOML = """
version = 1
description = "what happened in May"

[[faults]]
kind = "crash"
node = "n0"
at = { step = 0 }

[[faults]]
kind = "partition"
between = [["n0"], ["n1"]]
at = "5s"
for = "1s"
"""


def problems(tmp_path: Path, text: str, name: str = "f.toml") -> list[Problem]:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_faults(tmp_path / name, CLUSTER, name)
    return caught.value.problems


@pytest.mark.parametrize("form", ["toml", "json", "yaml", "yml"])
def test_all_notations_hold_the_same_faults(tmp_path: Path, form: str) -> None:
    """A file of faults is read from TOML, JSON and YAML alike."""
    import tomli

    path = tmp_path / f"f.{form}"
    data = tomli.loads(TOML)
    path.write_text({"toml": TOML, "json": json.dumps(data)}.get(form, yaml.safe_dump(data)), encoding="utf-8")
    assert load_faults(path, CLUSTER) == [
        CrashFault(node="n0", at=When(step=0)),
        PartitionFault(between=[["n0"], ["n1"]], at="5s", for_="1s"),
    ]


def test_faults_are_held_against_the_cluster(tmp_path: Path) -> None:
    """Nodes and steps the cluster does not have, and kinds nobody has, are told at once, each under its caret."""
    text = TOML.replace('node = "n0"', 'node = "n7"').replace("step = 0", "step = 3").replace('["n1"]', '["n0"]')
    found = problems(tmp_path, text + '[[faults]]\nkind = "fire"\nat = "1s"\n')
    assert [(each.code, each.text[each.where.col - 1 :][:6]) for each in found if each.where] == [
        ("scenario.unknown_node", '"n7"'),
        ("scenario.bad_value", "3 }"),
        ("scenario.bad_value", '"n0"]]'),
        ("scenario.unknown_fault", '"fire"'),
    ]
    assert {each.where.file for each in found if each.where} == {"f.toml"}


@pytest.mark.parametrize(
    ("text", "name", "code", "said"),
    [
        ("version = 1\n", "f.toml", "missing_field", 'a fault file needs "faults"'),
        ("version = 1\nfaults = []\n", "f.toml", "empty", '"faults" must not be empty'),
        ("version = 2\n" + TOML.replace("version = 1", ""), "f.toml", "bad_value", '"version" must be 1'),
        (TOML + "[[fault]]\n", "f.toml", "unknown_field", 'a fault file has no field "fault"'),
        ("version = ", "f.toml", "syntax", ""),
        ("[]", "f.json", "bad_value", "a fault file is an object"),
        ('{"version": 1, "version": 1, "faults": [{"kind": "crash", "node": "n0", "at": "1s"}]}', "f.json",
         "duplicate_key", "given twice"),
    ],
)  # fmt: skip
def test_what_is_no_fault_file(tmp_path: Path, text: str, name: str, code: str, said: str) -> None:
    """A file of another form is refused with the rules and words of scenarios."""
    found = problems(tmp_path, text, name)
    assert [each.code for each in found] == [f"scenario.{code}"]
    assert said in found[0].message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A file that cannot be read is an error with its name."""
    with pytest.raises(InputError, match=r"cannot read .*nope\.toml"):
        load_faults(tmp_path / "nope.toml", CLUSTER)


def test_names_of_faults_are_unique(tmp_path: Path) -> None:
    """Two faults of one name are told at the second."""
    fault: dict[str, Any] = {"kind": "crash", "node": "n0", "at": "1s", "name": "boom"}
    (problem,) = problems(tmp_path, msgspec.json.encode({"version": 1, "faults": [fault, fault]}).decode(), "f.json")
    assert problem.message == 'two faults are called "boom"'
