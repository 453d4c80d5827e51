"""The guide to distributed scenarios: each of its examples is valid, and those that need no code of yours run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import tomli

from fozzy.dsl.cluster.fault_file import parse_faults
from fozzy.dsl.cluster.faults import Faults
from fozzy.dsl.cluster.file import Cluster, DistributedFile
from fozzy.dsl.load import document, parse
from fozzy.dsl.steps.cluster import ClusterSteps, Invariants, Tick, by_tag

if TYPE_CHECKING:
    from tests.conftest import Fz

GUIDE = (Path(__file__).parent.parent / "docs" / "reference" / "distributed.md").read_text(encoding="utf-8")
BLOCKS = [
    (match[1], match[2]) for match in re.finditer(r"^```(toml|json)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
]
WHOLE = [(form, text) for form, text in BLOCKS if "version" in text and "distributed" in text]
FAULT_FILES = [text for _, text in BLOCKS if "version" in text and "distributed" not in text]
PARTS = [text for _, text in BLOCKS if "version" not in text]


def whole_of(part: str) -> DistributedFile:
    """A part of a file, with around it what it needs to be whole."""
    given = tomli.loads(part)["distributed"]
    around: dict[str, Any] = {} if "nodes" in given or "node_count" in given else {"node_count": 3}
    if not {"program", "asgi", "nodes"} & set(given):
        around |= {"program": "shop.orders:main", "client": "shop.client:Client"}
    text = msgspec.json.encode({"version": 1, "name": "n", "distributed": {**around, **given}})
    file = parse(document(text, "n", "n", "json")).file
    assert isinstance(file, DistributedFile)
    return file


def test_there_are_examples_of_each_kind() -> None:
    """The guide has whole files, in both notations, parts of files, and a file of faults."""
    assert {form for form, _ in WHOLE} == {"toml", "json"}
    assert len(PARTS) >= 8 and len(FAULT_FILES) == 1


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_valid_in_a_whole_file(part: str) -> None:
    """Each part of a file is accepted with a cluster around it."""
    assert whole_of(part).distributed


@pytest.mark.parametrize(("form", "text"), WHOLE)
def test_a_whole_file_runs(fz: Fz, form: str, text: str) -> None:
    """Each whole file runs as it says, under several seeds."""
    Path(f"a.fozzy.{form}").write_text(text, encoding="utf-8")
    expected = tomli.loads(text).get("expect", {}).get("title") if form == "toml" else None
    for seed in range(5):
        ran = fz("run", f"a.fozzy.{form}", "--seed", str(seed), "--json").document()
        assert [each["title"] for each in ran.get("findings", [])] == ([expected] if expected else []), ran


def test_a_file_of_faults_is_valid() -> None:
    """The faults in a file of their own are accepted for a cluster of three."""
    doc = document(FAULT_FILES[0].encode(), "f.toml", "f.toml", "toml")
    assert parse_faults(doc, Cluster(node_count=3, steps=[Tick(duration="1s")]))


def test_everything_there_is_has_an_example() -> None:
    """Each step, invariant and kind of fault stands in some example or is named in the text."""
    shown = "".join(text for _, text in BLOCKS)
    for union in (ClusterSteps, Invariants, Faults):
        for name in by_tag(union):
            assert f'"{name}"' in shown or f"`{name}`" in GUIDE, name
