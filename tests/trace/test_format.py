from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from fozzy.trace.format import BLOCK, Counts, Footer, encode_footer

STEPS: list[dict[str, Any]] = [
    {"type": "rand_u64", "key": "r"},
    {"type": "trace_event", "name": "seen", "fields": {"r": "${r}"}},
    {"type": "sleep", "duration": "250ms"},
    {"type": "http_when", "method": "GET", "path": "/", "status": 200, "body": "ok", "delay": "5ms"},
    {"type": "http_request", "method": "GET", "path": "/", "save_body_as": "body"},
    {"type": "assert_eq_str", "a": "${body}", "b": "not ok"},
]


def lines_of(path: str | Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """The header, the records and the footer of a trace, read as anybody could."""
    data = Path(path).read_text(encoding="utf-8")
    assert data.endswith("\n")
    header, *records, footer = [json.loads(line) for line in data.split("\n")[:-1]]
    return header, records, footer


@pytest.fixture
def recorded(fz: Any, scenario: Any) -> Path:
    """A trace of a failing run."""
    scenario("a", STEPS)
    assert fz("run", "a.fozzy.json", "--det", "--seed", "7", "--record", "t.fozzy").code == 1
    return Path("t.fozzy")


def test_a_trace_is_a_header_numbered_records_and_one_footer(recorded: Path) -> None:
    """Every line is a JSON object; records count from 0 without gaps, their time never goes back."""
    header, records, footer = lines_of(recorded)
    assert list(header)[:2] == ["format", "version"]
    assert (header["format"], header["version"], header["seed"], header["det"]) == ("fozzy-trace", 1, 7, True)
    assert [record["n"] for record in records] == list(range(len(records)))
    assert [record["t"] for record in records] == sorted(record["t"] for record in records)
    assert {record["kind"] for record in records} == {"draw", "step", "event", "finding"}
    assert footer["end"] == "sealed"
    assert footer["counts"]["records"] == len(records)
    assert footer["summary"]["status"] == "fail"


def test_the_scenario_is_embedded_whole_with_the_digest_of_its_bytes(fz: Any, project: Path) -> None:
    """The header holds the text as read, its relative path and the blake3 of the file, whatever its line ends."""
    data = b'{"version": 1,\r\n "name": "\xc3\xa4",\r\n\t"steps": [{"type": "rand_u64"}]}\r\n'
    folder = project / "some" / "where"
    folder.mkdir(parents=True)
    (folder / "b.fozzy.json").write_bytes(data)
    assert fz("run", str(folder / "b.fozzy.json"), "--det", "--record", "t.fozzy").code == 0
    embedded = lines_of("t.fozzy")[0]["scenario"]
    assert embedded["text"].encode() == data
    assert embedded["digest"] == blake3(data).hexdigest()
    assert embedded["path"] == "some/where/b.fozzy.json"


def test_the_seal_is_the_last_member_and_covers_everything_before_its_quote(recorded: Path) -> None:
    """Anybody can check it: blake3 of every byte before the opening quote of the seal's value."""
    data = recorded.read_bytes()
    seal = data[-67:-3].decode()
    assert data[-68:-67] == b'"'
    assert data[-3:] == b'"}\n'
    assert data[:-68].endswith(b',"seal":')
    assert seal == blake3(data[:-68]).hexdigest()
    footer = json.loads(data.split(b"\n")[-2])
    assert list(footer)[-1] == "seal"
    assert footer["seal"] == seal


def test_blocks_are_digests_of_their_records(fz: Any, scenario: Any) -> None:
    """Each block of records has its own digest in the footer, the last one of what is left."""
    scenario("many", [{"type": "rand_u64"}] * 200)
    assert fz("run", "many.fozzy.json", "--det", "--record", "t.fozzy").code == 0
    lines = Path("t.fozzy").read_bytes().split(b"\n")
    records = [line + b"\n" for line in lines[1:-2]]
    assert len(records) == 600
    wanted = [blake3(b"".join(records[start : start + BLOCK])).hexdigest(length=8) for start in range(0, 600, BLOCK)]
    assert json.loads(lines[-2])["blocks"] == wanted


def test_nothing_before_the_footer_differs_between_two_runs(fz: Any, scenario: Any, project: Path) -> None:
    """The same inputs give the same bytes, whatever the trace is called, wherever it goes, and whoever reports."""
    scenario("a", STEPS)
    asked = [
        ["--record", "t.fozzy"],
        ["--record", "deep/er/u.fozzy", "--json"],
        ["--record", "t.fozzy", "--record-collision", "overwrite", "--quiet"],
        ["--record", "t.fozzy", "--events"],
    ]
    bodies, footers = [], []
    for words in asked:
        fz("run", "a.fozzy.json", "--det", "--seed", "7", *words)
        path = "deep/er/u.fozzy" if "--json" in words else "t.1.fozzy" if "--events" in words else "t.fozzy"
        *body, footer, _ = Path(path).read_bytes().split(b"\n")
        bodies.append(body)
        footers.append(footer)
    assert all(body == bodies[0] for body in bodies)
    assert len(set(footers)) == len(footers)


def test_a_footer_is_one_line_up_to_the_value_of_its_seal() -> None:
    """Whatever stands in it, the footer has no line end and ends where the seal begins."""
    footer = Footer(
        end="incomplete",
        run_id="a\nb",
        engine="",
        python="",
        os="",
        hash_seed="",
        started_at="",
        finished_at="",
        counts=Counts(),
        blocks=[],
        summary=None,
    )
    line = encode_footer(footer)
    assert line.startswith(b'{"end":"incomplete"')
    assert line.endswith(b',"seal":"')
    assert b"\n" not in line
