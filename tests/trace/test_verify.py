from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.trace.format import BLOCK
from fozzy.trace.verify import Verification, verify

Reseal = Callable[[bytes], bytes]


@pytest.fixture
def long(fz: Any, scenario: Any) -> list[bytes]:
    """The lines of a trace of 900 records."""
    scenario("long", [{"type": "rand_u64"}, {"type": "advance", "duration": "1ms"}] * 225)
    assert fz("run", "long.fozzy.json", "--det", "--seed", "1", "--record", "long.fozzy", "--quiet").code == 0
    lines = Path("long.fozzy").read_bytes().splitlines(keepends=True)
    assert len(lines) == 902
    return lines


def look(data: bytes) -> Verification:
    path = Path("m.fozzy")
    path.write_bytes(data)
    return verify(path)


def failed(found: Verification) -> dict[str, str]:
    return {check.name: check.message for check in found.checks if check.result == "fail"}


def test_a_whole_trace_is_trusted_in_every_part(fz: Any, long: list[bytes]) -> None:
    """Every check is made and holds, and the counts are those of the footer."""
    found = look(b"".join(long))
    assert found.trusted
    assert found.complete
    assert [check.name for check in found.checks] == ["header", "sequence", "clock", "scenario", "checksum", "end"]
    assert {check.result for check in found.checks} == {"ok"}
    assert {"records": found.records, "draws": found.draws, "asks": found.asks, "events": found.events} == {
        "asks": 0,
        **json.loads(long[-1])["counts"],
    }
    assert (found.damage, found.run_id) == (None, json.loads(long[-1])["runId"])
    shown = fz("trace", "verify", "m.fozzy")
    assert shown.code == 0
    assert shown.out.count("  ok  ") == 6


@pytest.mark.parametrize("record", [0, 1, 255, 256, 600, 767, 768, 899])
def test_the_block_of_a_changed_record_is_named(fz: Any, long: list[bytes], record: int) -> None:
    """A record that was changed into another sensible one is placed within its block of records."""
    line = long[1 + record]
    changed = line.replace(b'"steps[', b'"stepz[', 1)
    assert changed != line
    found = look(b"".join([*long[: 1 + record], changed, *long[2 + record :]]))
    first = record // BLOCK * BLOCK
    assert found.damage == f"the damage is in records #{first}..#{min(first + BLOCK, 900) - 1}"
    assert not found.trusted
    shown = fz("trace", "verify", "m.fozzy")
    assert shown.code == 6
    assert found.damage in shown.out
    assert "changed after it was sealed" in shown.out


def test_a_record_that_makes_no_sense_is_named(long: list[bytes]) -> None:
    """Damage that breaks a record is placed exactly."""
    found = look(b"".join([*long[:301], b'{"n":300,"kind\n', *long[302:]]))
    assert found.damage == "first damaged record: #300"
    assert failed(found)["sequence"] == "record #300 cannot be read"


@pytest.mark.parametrize("part", ["header", "footer"])
def test_damage_outside_the_records_is_said_to_be_there(long: list[bytes], part: str) -> None:
    """When every record is whole, the header or the footer is to blame."""
    lines = list(long)
    if part == "header":
        lines[0] = lines[0].replace(b'"seed":1,', b'"seed":2,')
    else:
        lines[-1] = lines[-1].replace(b'"status":"pass"', b'"status":"fail"')
    assert lines != long
    found = look(b"".join(lines))
    assert not found.trusted
    assert found.damage == "every record is whole: the header or the footer was changed"


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("gap", [0, 1, 255, 256, 500, 899])
def test_a_missing_record_is_found(long: list[bytes], resealed: Reseal, gap: int, sealed: bool) -> None:
    """A record taken out leaves a gap in the numbers, which no seal hides; the last one, a wrong count."""
    data = b"".join([*long[: 1 + gap], *long[2 + gap :]])
    found = look(resealed(data) if sealed else data)
    if gap == 899:
        assert (found.records, found.trusted) == (899, False)
        assert found.damage
        return
    assert not found.trusted
    assert failed(found)["sequence"] == f"record #{gap} is missing: #{gap + 1} stands in its place"
    assert str(gap) in str(found.damage)


@pytest.mark.parametrize("change", ["doubled", "swapped", "renumbered"])
def test_records_out_of_order_are_found(long: list[bytes], resealed: Reseal, change: str) -> None:
    """A record twice, two in the wrong order, one with another's number: none passes for a sequence."""
    lines = list(long)
    if change == "doubled":
        lines.insert(10, lines[10])
    elif change == "swapped":
        lines[10], lines[11] = lines[11], lines[10]
    else:
        lines[10] = lines[10].replace(b'{"n":9,', b'{"n":8,')
    assert lines != long
    found = look(resealed(b"".join(lines)))
    assert not found.trusted
    assert "sequence" in failed(found)


def test_a_clock_that_goes_back_is_found(fz: Any, long: list[bytes], resealed: Reseal) -> None:
    """Time that runs backwards is named with its record, whatever the seal says."""
    lines = list(long)
    at = next(index for index, line in enumerate(lines) if b'"t":100000000,' in line)
    lines[at] = lines[at].replace(b'"t":100000000,', b'"t":7,')
    found = look(resealed(b"".join(lines)))
    assert not found.trusted
    assert failed(found) == {"clock": f"time goes back at record #{at - 1}"}
    assert fz("trace", "verify", "m.fozzy").code == 6


def test_the_clock_may_be_put_back_by_assert_throws_alone(fz: Any, scenario: Any) -> None:
    """After `assert_throws` the clock is where it was; that is no damage, and no other step may do so."""
    inner = [{"type": "advance", "duration": "5s"}, {"type": "fail", "message": "x"}]
    scenario("a", [{"type": "assert_throws", "steps": inner}, {"type": "rand_u64"}])
    assert fz("run", "a.fozzy.json", "--det", "--record", "a.fozzy", "--quiet").code == 0
    times = [json.loads(line)["t"] for line in Path("a.fozzy").read_bytes().splitlines()[1:-1]]
    assert times != sorted(times)
    assert verify(Path("a.fozzy")).trusted


def test_another_scenario_than_its_digest_says_is_found(fz: Any, long: list[bytes], resealed: Reseal) -> None:
    """The embedded text must be the one whose blake3 stands beside it, also under a true seal."""
    data = b"".join(long).replace(b'\\"name\\": \\"long\\"', b'\\"name\\": \\"gone\\"', 1)
    assert data != b"".join(long)
    found = look(resealed(data))
    assert failed(found) == {"scenario": "embedded, but its blake3 is another"}
    assert fz("trace", "verify", "m.fozzy").code == 6


def test_a_trace_without_its_footer_reads_truncated(fz: Any, long: list[bytes]) -> None:
    """A run that was cut off is told from one that was altered, and what to do is said."""
    found = look(b"".join(long[:-1]))
    assert (found.trusted, found.complete, found.records) == (False, False, 900)
    shown = fz("trace", "verify", "m.fozzy")
    assert shown.code == 6
    assert "truncated: no footer; 450 of ? choices readable" in shown.out
    assert "fozzy trace recover m.fozzy" in shown.out
    assert fz("trace", "verify", "m.fozzy", "--unsafe").code == 0


def test_the_document_says_what_the_screen_says(fz: Any, long: list[bytes]) -> None:
    """`--json` gives one document with every check, and a status that fits the exit status."""
    Path("m.fozzy").write_bytes(b"".join(long))
    good = fz("trace", "verify", "m.fozzy", "--json")
    assert (good.code, good.document()["status"]) == (0, "pass")
    Path("m.fozzy").write_bytes(b"".join(long).replace(b'"value":', b'"value":1', 1))
    bad = fz("trace", "verify", "m.fozzy", "--json")
    assert (bad.code, bad.document()["status"]) == (6, "fail")
    assert bad.document()["verification"]["damage"] == "the damage is in records #0..#255"
    shown = fz("trace", "show", "m.fozzy", "--json")
    assert (shown.code, shown.document()["status"]) == (6, "fail")


def test_an_old_footer_without_its_blocks_is_no_traceback(long: list[bytes], resealed: Reseal) -> None:
    """Fewer or more blocks than records is said in words."""
    footer = json.loads(long[-1])
    for blocks in ([], footer["blocks"][:1], [*footer["blocks"], "00"]):
        line = json.dumps({**footer, "blocks": blocks}, separators=(",", ":")).encode() + b"\n"
        found = look(b"".join([*long[:-1], line]))
        assert not found.trusted
        assert found.damage == "900 records are here, 900 were sealed"
