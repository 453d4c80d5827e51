"""`fozzy trace`: verify what can be trusted, recover what was cut off, show what is there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.documents import DiffDocument, RecoverDocument, ShowDocument, VerifyDocument
from fozzy.cli.options import Recording, config_of
from fozzy.cli.proxy_detail import below
from fozzy.cli.trace_diff import diff_lines, verdict_lines
from fozzy.cli.wire_detail import wire_below
from fozzy.core.events import Record
from fozzy.core.exchange import Exchange
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.core.wires import Connected, Spoken
from fozzy.errors import Exit, UsageError
from fozzy.report.pretty import record_line
from fozzy.report.story import LINES_MAX, story_of
from fozzy.report.text import Line, Role, Span, count, line, one_line, packed, size
from fozzy.trace.diff import diff
from fozzy.trace.finalize import shown_path
from fozzy.trace.reader import Trace, open_trace
from fozzy.trace.recover import recover
from fozzy.trace.store import Store
from fozzy.trace.verify import Check, Verification, verify

_ROLES: dict[str, Role] = {"ok": "pass", "fail": "fail", "skip": "dim"}
SHOWN_RECORDS_MAX = 1_000_000  # of one JSON document; --from and --to choose


class _OneTrace(Command, frozen=True, kw_only=True):
    """A command about one trace."""

    trace: Annotated[str, Arg("A trace file, a run id, a run's member as 7f3/2, or @latest.", "TRACE")]

    def path(self) -> Path:
        """The file that is meant. *Errors*: `StoreError`."""
        return Store(config_of(self).base_dir()).trace_of(self.trace)


class Verify(_OneTrace, frozen=True, kw_only=True):
    """Say what of a trace can be trusted.

    The seal is compared before anything is interpreted. Ends with 6 when something does not hold.
    """

    name: ClassVar[str] = "trace verify"

    def call(self, console: Console) -> Exit:
        found = verify(self.path())
        good = found.trusted or (not self.strict and _only_unsealed(found))
        if console.json:
            document = VerifyDocument(
                schema_version=SCHEMA_VERSION,
                command="trace verify",
                status="pass" if good else "fail",
                verification=found,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer(_verify_lines(found, console.quiet))
        return Exit.PASS if good else Exit.EVIDENCE


class Recover(Recording, frozen=True, kw_only=True):
    """Seal what a killed run left as an incomplete trace.

    Every whole record of the .partial file is kept, under the trace's own name or --out.
    """

    name: ClassVar[str] = "trace recover"
    partial: Annotated[str, Arg("The .partial file, or a trace that was cut off.", "FILE")]
    out: Annotated[str | None, Opt(("--out",), "Where to write it.", "FILE")] = None

    def call(self, console: Console) -> Exit:
        path, counts = recover(Path(self.partial), Path(self.out) if self.out else None, self.policy)
        shown = shown_path(path)
        if console.json:
            document = RecoverDocument(
                schema_version=SCHEMA_VERSION,
                command="trace recover",
                status="pass",
                trace_path=shown,
                records=counts.records,
                draws=counts.draws,
                asks=counts.asks,
                events=counts.events,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer(
            [
                line(f"  recovered {count(counts.records, 'record')} into {shown}, sealed as incomplete"),
                line(
                    "  next  ", Span(f"fozzy replay {shlex.quote(shown)} --unsafe", "code"), "   goes as far as it goes"
                ),
            ]
        )
        return Exit.PASS


class Show(_OneTrace, frozen=True, kw_only=True):
    """Print the records of a trace.

    Also of one whose seal does not hold: it is shown as it stands, with a warning. Of a proxy's recording -v shows every
    roll below its request or message, -vv headers and the beginnings of bodies, too.
    """

    name: ClassVar[str] = "trace show"
    first: Annotated[int, Opt(("--from",), "The first record to show.", "N")] = 0
    last: Annotated[int | None, Opt(("--to",), "The last record to show.", "N")] = None
    story: Annotated[bool, Opt(("--story",), "Tell how a cluster's run went instead; -v tells all of it.")] = False
    decisions: Annotated[
        bool, Opt(("--decisions",), "Print what a proxy decided instead, in an order that is the same each time.")
    ] = False

    def call(self, console: Console) -> Exit:
        with open_trace(self.path()) as trace:
            sound = trace.is_sealed and len(set(trace.seal())) == 1
            if not sound and not console.json:
                said = "its seal does not hold" if trace.is_sealed else "it has no footer: the run was cut off"
                console.talk([line(Span("warning", "warn"), f": {trace.shown}: {said}")])
            if self.decisions:
                self._print_decisions(console, trace)
            elif console.json:
                console.raw(msgspec.json.encode(self._document(trace, sound)).decode() + "\n")
            else:
                self._print(console, trace)
        return Exit.PASS if sound or not self.strict else Exit.EVIDENCE

    def _print_decisions(self, console: Console, trace: Trace) -> None:
        from fozzy.chaos.cassette.header import wire_of
        from fozzy.chaos.decisions import decision_lines
        from fozzy.chaos.tcp.decisions import decision_lines as tcp_decision_lines

        if console.json:
            message = "--json and --decisions both want stdout: the log is lines of JSON already"
            raise UsageError("usage.two_reports", message, hint="drop --json")
        if trace.header().mode != "proxy":
            message = f"{trace.shown} was not recorded by a proxy: there are no decisions in it"
            raise UsageError("chaos.not_a_cassette", message, hint=f"fozzy trace show {shlex.quote(trace.shown)}")
        log = tcp_decision_lines if wire_of(trace.header()) == "tcp" else decision_lines
        for each in log(self._records(trace)):
            console.raw(each.decode())

    def _takes(self, number: int) -> bool:
        return self.first <= number and (self.last is None or number <= self.last)

    def _records(self, trace: Trace) -> Iterator[Record]:
        return (record for number, record in enumerate(trace.whole_records()) if self._takes(number))

    def _print(self, console: Console, trace: Trace) -> None:
        header = trace.header()
        backends = " ".join(f"{name}={value}" for name, value in msgspec.structs.asdict(header.backends).items())
        det = "det" if header.det else "real time"
        surroundings = [header.mode] if header.mode == "proxy" else [header.mode, det, backends]
        head = [one_line(header.scenario.path), f"seed {header.seed}", *surroundings]
        block: list[Line] = [*packed(head), []]
        if self.story:
            told = story_of(self._records(trace), None if console.verbose else LINES_MAX)
            console.answer([*block, *(told.lines() or [line("  there is no cluster in it, so there is no story")])])
            return
        for number, record in enumerate(trace.whole_records()):
            if self._takes(number):
                block.append(record_line(number, record))
                if console.verbose and isinstance(record, Exchange):
                    block += below(record, console.verbose)
                elif console.verbose and isinstance(record, Connected | Spoken):
                    block += wire_below(record, console.verbose)
            if len(block) > 1000:
                console.answer(block)
                block = []
        console.answer(block)

    def _document(self, trace: Trace, sound: bool) -> ShowDocument:
        footer = trace.footer()
        records = (
            []
            if self.story
            else [
                {"n": number, **msgspec.to_builtins(record)}
                for number, record in enumerate(trace.whole_records())
                if self._takes(number) and number - self.first < SHOWN_RECORDS_MAX
            ]
        )
        return ShowDocument(
            schema_version=SCHEMA_VERSION,
            command="trace show",
            status="pass" if sound or not self.strict else "fail",
            trace_path=trace.shown,
            header=msgspec.to_builtins(trace.header()),
            records=records,
            story=story_of(self._records(trace)).beats() if self.story else [],
            footer=msgspec.to_builtins(footer) if footer else None,
        )


class Diff(Command, frozen=True, kw_only=True):
    """Show where two traces part.

    First what they depend on: seed, scenario, backends, limits. Then the first record that differs, with a few records
    around it on both sides. Ends with 0 when both are the same, 1 when they differ, 6 when one cannot be trusted.
    """

    name: ClassVar[str] = "trace diff"
    a: Annotated[str, Arg("A trace file, a run id, a run's member as 7f3/2, or @latest.", "A")]
    b: Annotated[str, Arg("The other one.", "B")]

    def call(self, console: Console) -> Exit:
        store = Store(config_of(self).base_dir())
        found = diff(store.trace_of(self.a), store.trace_of(self.b), unsafe=not self.strict)
        if console.json:
            document = DiffDocument(
                schema_version=SCHEMA_VERSION,
                command="trace diff",
                status="pass" if found.same else "fail",
                diff=found,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer(verdict_lines(found) if console.quiet else diff_lines(found, self.place_flags))
        return Exit.PASS if found.same else Exit.FAIL


def _only_unsealed(found: Verification) -> bool:
    """Whether all that is wrong is that the run was cut off; a seal that does not hold is more than that."""
    return _is_truncated(found) and all(check.result == "ok" for check in found.checks if check.name != "checksum")


def _is_truncated(found: Verification) -> bool:
    return any(check.name == "checksum" and check.message.startswith("truncated") for check in found.checks)


def _verify_lines(found: Verification, quiet: bool) -> list[Line]:
    word: Span = Span("trusted", "pass") if found.trusted else Span("NOT TRUSTED", "fail")
    if quiet:
        return [line(f"{found.path}  ", word)]
    choices = count(found.draws + found.asks, "choice")
    made = [f"format {found.format_version}", *([f"fozzy {found.engine}"] if found.engine else [])]
    head = [one_line(found.path), *made, size(found.size_bytes), choices, count(found.events, "event")]
    lines: list[Line] = [*packed(head, "   "), []]
    for check in found.checks:
        lines.append(_check_line(check))
    if not found.trusted:
        lines += [[], *_damage_lines(found)]
    elif not found.complete:
        lines += [[], line("  incomplete: the run was cut off before its end")]
    return lines


def _check_line(check: Check) -> Line:
    word = "FAIL" if check.result == "fail" else check.result
    return line("  ", Span(f"{word:<6}", _ROLES[check.result]), f"  {check.name:<12}  {one_line(check.message)}")


def _damage_lines(found: Verification) -> list[Line]:
    if _is_truncated(found):
        return [
            line(f"  truncated: no footer; {found.draws + found.asks} of ? choices readable"),
            [],
            line(Span("hint", "strong"), ": what is whole can be sealed as incomplete:"),
            line("        ", Span(f"fozzy trace recover {shlex.quote(found.path)}", "code")),
        ]
    lines = [line(f"  {one_line(found.damage or 'something in it does not hold')}")]
    lines.append(line("  The file was changed after it was sealed."))
    lines += [[], line(Span("hint", "strong"), ": what it says now, which is not what was recorded:")]
    return [*lines, line("        ", Span(f"fozzy trace show {shlex.quote(found.path)} --unsafe", "code"))]
