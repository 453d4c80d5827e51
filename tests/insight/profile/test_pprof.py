"""The file for pprof: decoded by a reader of its own, and by `go tool pprof` where Go is."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from fozzy.insight.profile.pprof import pprof
from fozzy.insight.profile.spans import build
from tests.insight.profile.test_spans import BLOCKS, timed
from tests.insight.profile.test_top import function


def varint(data: bytes, index: int) -> tuple[int, int]:
    """A number and where the next thing begins."""
    value = shift = 0
    while True:
        byte = data[index]
        index += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, index


def fields(data: bytes) -> dict[int, list[Any]]:
    """The fields of a message by their number: numbers and bytes."""
    found: dict[int, list[Any]] = defaultdict(list)
    index = 0
    while index < len(data):
        tag, index = varint(data, index)
        value, index = varint(data, index)
        if tag & 7 == 2:
            assert index + value <= len(data)
            found[tag >> 3].append(data[index : index + value])
            index += value
        else:
            assert tag & 7 == 0
            found[tag >> 3].append(value)
    return found


def numbers(data: bytes) -> list[int]:
    """A packed list of numbers."""
    found, index = [], 0
    while index < len(data):
        value, index = varint(data, index)
        found.append(value)
    return found


def tree() -> Any:
    """A run with functions."""
    root = build(BLOCKS, timed(*range(1000, 12_000, 1000), end_ns=4))
    root.inside.append(function("total", 9000, function("price", 400)))
    root.real_ns += 9000
    return root


def test_the_message_holds_together() -> None:
    """Samples point at places, places at functions, functions at texts; values add up to both times."""
    root = tree()
    profile = fields(gzip.decompress(pprof(root, True)))
    texts = [text.decode() for text in profile[6]]
    assert texts[0] == "" and len(set(texts)) == len(texts)
    assert [texts[fields(kind)[1][0]] for kind in profile[1]] == ["real_time", "virtual_time"]
    functions = {fields(each)[1][0]: fields(each) for each in profile[5]}
    places = {fields(each)[1][0]: fields(fields(each)[4][0]) for each in profile[4]}
    names = {number: texts[functions[place[1][0]][2][0]] for number, place in places.items()}
    samples = [(numbers(fields(each)[1][0]), numbers(fields(each)[2][0])) for each in profile[2]]
    stacks = [[names[number] for number in ids] for ids, _ in samples]
    assert ["price", "total", "run"] in stacks, "the innermost comes first"
    assert sum(values[0] for _, values in samples) == root.real_ns == profile[10][0]
    assert all(len(values) == 2 for _, values in samples) and sum(values[1] for _, values in samples) > 10**6
    price = next(each for each in functions.values() if texts[each[2][0]] == "price")
    assert (texts[price[4][0]], price[5][0]) == ("price.py", 1)
    assert texts[profile[14][0]] == "real_time"


def test_the_file_has_no_time_of_its_own() -> None:
    """The same run is the same bytes; a run that was not timed has virtual time alone."""
    data = pprof(tree(), True)
    assert data == pprof(tree(), True) and data[4:8] == bytes(4)
    assert len(fields(gzip.decompress(pprof(tree(), False)))[1]) == 1


def has_pprof() -> bool:
    """Whether Go has pprof at hand; newer ones build it on the first use, which takes a minute, so only when asked to."""
    if shutil.which("go") is None:
        return False
    folder = subprocess.run(["go", "env", "GOTOOLDIR"], capture_output=True, text=True).stdout.strip()
    return (Path(folder) / "pprof").exists() or os.environ.get("FOZZY_REQUIRE_ALL") == "1"


@pytest.mark.skipif(not has_pprof(), reason="needs Go with pprof")
def test_go_reads_it(tmp_path: Path) -> None:
    """`go tool pprof` takes the file for what it is, with its functions and its kinds of time."""
    (tmp_path / "p.pb.gz").write_bytes(pprof(tree(), True))
    env = {**os.environ, "PPROF_TMPDIR": str(tmp_path), "GOTOOLCHAIN": "local"}
    command = ["go", "tool", "pprof", "-top", "-sample_index=real_time", str(tmp_path / "p.pb.gz")]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert "total" in done.stdout and "price" in done.stdout and "Type: real_time" in done.stdout
