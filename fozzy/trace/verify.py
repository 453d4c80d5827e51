"""Looks at every part of a trace in turn and says what holds. Nothing is interpreted before the seal was compared."""

from __future__ import annotations

from operator import gt
from pathlib import Path
from typing import Literal

import msgspec
from blake3 import blake3

from fozzy.core.outcome import Camel
from fozzy.core.redact import REDACTED
from fozzy.errors import EvidenceError
from fozzy.trace.format import BLOCK, Footer, Header, Numbered
from fozzy.trace.reader import Trace, open_trace
from fozzy.trace.writer import BLOCK_DIGEST_BYTES

_numbered = msgspec.json.Decoder(Numbered)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
REWINDS = ("assert_throws", "assert_rejects")  # the only steps after which the clock may be back where it was


class Check(Camel, frozen=True, kw_only=True):
    """One thing looked at."""

    name: Literal["header", "sequence", "clock", "scenario", "checksum", "end"]
    result: Literal["ok", "fail", "skip"]
    message: str


class Verification(Camel, frozen=True, kw_only=True):
    """What holds of a trace. `complete` is false for a run that was cut off."""

    path: str
    size_bytes: int
    trusted: bool
    complete: bool
    records: int
    draws: int
    asks: int
    events: int
    checks: list[Check]
    engine: str | None = None
    format_version: int = 1
    damage: str | None = None
    run_id: str | None = None


class _Count:
    """What a walk over the records found."""

    def __init__(self) -> None:
        self.records = self.draws = self.asks = 0
        self.sequence: str | None = None
        self.clock: str | None = None
        self.blocks: list[str] = []
        self.digest = blake3()
        self.now = 0

    def close_block(self) -> None:
        """A block of records is over."""
        self.blocks.append(self.digest.hexdigest(length=BLOCK_DIGEST_BYTES))
        self.digest = blake3()


def verify(path: Path) -> Verification:
    """Look at everything. *Errors*: `StoreError` when there is no trace at all, `EvidenceError` for its format."""
    with open_trace(path) as trace:
        return _verify(trace)


def _verify(trace: Trace) -> Verification:
    checks: list[Check] = []
    sealed_ok = _check_seal(trace, checks)
    header = _check_header(trace, checks)
    footer = _check_footer(trace, checks) if sealed_ok is not False else None
    count = _walk(trace, with_digests=sealed_ok is False)
    if footer is not None and count.sequence is None and count.records != footer.counts.records:
        count.sequence = f"{count.records} records are here, {footer.counts.records} were sealed"
    _add(
        checks,
        "sequence",
        count.sequence,
        f"records 0..{count.records - 1}, no gaps" if count.records else "no records",
    )
    _add(checks, "clock", count.clock, "time never goes back")
    _check_scenario(header, checks)
    trusted = all(check.result == "ok" for check in checks) and sealed_ok is True
    return Verification(
        path=trace.shown,
        size_bytes=trace.size_bytes,
        trusted=trusted,
        complete=footer is not None and footer.end == "sealed",
        records=count.records,
        draws=count.draws,
        asks=count.asks,
        events=count.records - count.draws - count.asks,
        checks=sorted(checks, key=lambda check: _ORDER.index(check.name)),
        engine=footer.engine if footer else None,
        format_version=trace.version,
        damage=_damage(trace, count) if sealed_ok is False else count.sequence,
        run_id=footer.run_id if footer else None,
    )


_ORDER = ("header", "sequence", "clock", "scenario", "checksum", "end")


def _add(checks: list[Check], name: str, problem: str | None, fine: str) -> None:
    checks.append(Check(name=name, result="fail" if problem else "ok", message=problem or fine))  # type: ignore[arg-type]


def _check_seal(trace: Trace, checks: list[Check]) -> bool | None:
    if not trace.is_sealed:
        _add(checks, "checksum", "truncated: no footer, so nothing seals what is here", "")
        return None
    written, actual = trace.seal()
    problem = None if written == actual else f"footer says {_short(written)}, content is {_short(actual)}"
    _add(checks, "checksum", problem, f"blake3 {_short(actual)}")
    return problem is None


def _short(digest: str) -> str:
    return f"{digest[:4]}…{digest[-2:]}"


def _check_header(trace: Trace, checks: list[Check]) -> Header | None:
    try:
        header = trace.header()
    except EvidenceError as error:
        _add(checks, "header", error.message, "")
        return None
    _add(checks, "header", None, "known format, known fields")
    return header


def _check_footer(trace: Trace, checks: list[Check]) -> Footer | None:
    try:
        footer = trace.footer()
    except EvidenceError as error:
        _add(checks, "end", error.message, "")
        return None
    if footer is not None:
        fine = "the run ended" if footer.end == "sealed" else "the run was cut off; recovered, incomplete"
        _add(checks, "end", None, fine)
    return footer


def _check_scenario(header: Header | None, checks: list[Check]) -> None:
    if header is None:
        checks.append(Check(name="scenario", result="skip", message="not tried: the header cannot be read"))
        return
    scenario = header.scenario
    if scenario.redacted or REDACTED in scenario.text:
        _add(checks, "scenario", None, "embedded, secrets removed")
        return
    same = blake3(scenario.text.encode()).hexdigest() == scenario.digest
    _add(checks, "scenario", None if same else "embedded, but its blake3 is another", "embedded, blake3 matches")


def _walk(trace: Trace, with_digests: bool) -> _Count:
    """Look at every record. Digests are made only where they are needed to place a damage: they cost half the time."""
    count = _Count()
    try:
        for block in trace.blocks():
            if with_digests or not _look_quickly(block, count):
                _look_slowly(block, count)
            if count.sequence:
                return count
    except EvidenceError as error:
        count.sequence = error.message
    if count.records % BLOCK:
        count.close_block()
    return count


def _look_quickly(block: bytes, count: _Count) -> bool:
    """Look at a block as a whole; false when something in it needs a closer look, and nothing was counted then."""
    try:
        records = _numbered.decode_lines(block)
    except _UNREADABLE:
        return False
    times = [count.now, *(record.t for record in records)]
    numbers = [record.n for record in records]
    if numbers != list(range(count.records, count.records + len(records))) or any(map(gt, times, times[1:])):
        return False
    kinds = [record.kind for record in records]
    count.records += len(records)
    count.draws += kinds.count("draw")
    count.asks += kinds.count("ask")
    count.now = times[-1]
    return True


def _look_slowly(block: bytes, count: _Count) -> None:
    for line in block.split(b"\n"):
        if line:
            count.digest.update(line + b"\n")
            _look(line, count)
            if count.sequence:
                return
            if count.records % BLOCK == 0:
                count.close_block()


def _look(line: bytes, count: _Count) -> None:
    try:
        record = _numbered.decode(line)
    except _UNREADABLE:
        count.sequence = f"record #{count.records} cannot be read"
        return
    if record.n != count.records:
        count.sequence = f"record #{count.records} is missing: #{record.n} stands in its place"
        return
    if record.t < count.now and record.type not in REWINDS and count.clock is None:
        count.clock = f"time goes back at record #{record.n}"
    count.records += 1
    count.draws += record.kind == "draw"
    count.asks += record.kind == "ask"
    count.now = record.t


def _damage(trace: Trace, count: _Count) -> str:
    """Where the first damage is, as exactly as the footer still tells."""
    if count.sequence:
        return f"first damaged record: #{count.records}"
    try:
        footer = trace.footer()
    except EvidenceError:
        return "the footer is damaged"
    wanted = footer.blocks if footer else []
    for index, (now, then) in enumerate(zip(count.blocks, wanted, strict=False)):
        if now != then:
            last = min((index + 1) * BLOCK, count.records) - 1
            return f"the damage is in records #{index * BLOCK}..#{last}"
    if len(count.blocks) != len(wanted):
        return f"{count.records} records are here, {footer.counts.records if footer else '?'} were sealed"
    return "every record is whole: the header or the footer was changed"
