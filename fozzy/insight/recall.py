"""Finds a recorded run again, whatever words name it: the one way of every command that looks at runs.

A word is a run id or a prefix that no other run has, `latest`, `last-pass`, `last-fail` (also with an `@`), a member of
a suite as `7f3/2`, or a trace file. `find` says which run that is; `recall` also reads it, `recall_traced` insists on a
trace. A trace file whose run the store holds, whole and with the same records, is that run: so all these words come to
the same `Named` but for `word` and `by`, and side files beside the trace in the store are found from any of them.

A stored run has a `summary.json`. A trace has the same summary in its footer; one that was recovered from a killed run
has none, and what its records say stands for it. Nothing of a trace is believed before its seal was compared.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from fozzy.core.events import Found, Record, Step
from fozzy.core.outcome import Finding
from fozzy.core.summary import SCHEMA_VERSION, Identity, Member, Summary, listed
from fozzy.dsl.document import Document
from fozzy.engine.place import Tally, place, step_number
from fozzy.errors import EvidenceError, FozzyError, StoreError, Where
from fozzy.insight.artifacts import PARTIAL
from fozzy.report.cases import cases
from fozzy.report.pretty import CLUSTER, is_numbered
from fozzy.trace.finalize import display_name, shown_path
from fozzy.trace.format import SUFFIX, Footer, Header
from fozzy.trace.reader import Trace, open_trace
from fozzy.trace.store import ALIASES, MIN_NAME, SUMMARY_NAME, TRACE_NAME, Store

CUT_OFF = "the run was cut off: this is what it said until then"

By = Literal["alias", "id", "prefix", "path"]


class Named(NamedTuple):
    """Which run a word names, and how.

    `run_id` is empty only for a trace that does not say whose it is. `folder` is the run's in the store, none when the
    store does not hold the run. `member` is the number of a suite's scenario, 0 for the run itself. `trace` is none for
    a suite as a whole, and for a run whose trace is lost.
    """

    word: str
    by: By
    run_id: str
    folder: Path | None = None
    member: int = 0
    trace: Path | None = None

    @property
    def shown(self) -> str:
        """The run as words name it: `7f3c2a1d`, `7f3c2a1d/2`; a trace the store does not hold by its path."""
        if self.folder is None and self.trace is not None:
            return shown_path(self.trace)
        return f"{self.run_id}/{self.member}" if self.member else self.run_id

    @property
    def told(self) -> str:
        """Which run it is, as a screen says it: `run 7f3c2a1d, trace .fozzy/…, by "@latest"`."""
        run = f"run {self.run_id or 'unknown'}{f'/{self.member}' if self.member else ''}"
        trace = f", trace {shown_path(self.trace)}" if self.trace else ""
        how = "named by its trace" if self.by == "path" else f'named by "{self.word}"'
        return f"{run}{trace}, {how}"

    def beside(self, kind: str) -> Path | None:
        """The side file of that kind beside the trace, as `profile` for `trace.profile.json`; it need not exist."""
        if self.trace is None:
            return None
        return self.trace.with_name(f"{self.trace.name.removesuffix(SUFFIX)}.{kind}.json")


class Recalled(NamedTuple):
    """A recorded run. A suite has no header; a run of one scenario has one and, unless it was lost, a trace."""

    summary: Summary
    named: Named
    header: Header | None = None

    @property
    def trace(self) -> Path | None:
        """Where its trace is."""
        return self.named.trace

    @property
    def told(self) -> Summary:
        """The summary as reports that list scenarios want it."""
        if self.header is None:
            return self.summary
        case = cases(self.summary)[0]
        path = self.header.scenario.path
        name, file = display_name(path), path if case.path.endswith(SUFFIX) else case.path
        member: Member = msgspec.structs.replace(case, name=name, path=file)
        return listed(self.summary, member)


def find(store: Store, word: str, *, unsafe: bool = False) -> Named:
    """Which run a word names. Of a suite that is the suite: `7f3/2` names one of its traces.

    `unsafe` also takes a trace file without a seal. *Errors*: `StoreError` with the candidates or a suggestion;
    `EvidenceError` for a trace file that cannot be trusted.
    """
    if _is_path(word):
        return _of_path(store, store.trace_of(word), word, unsafe)
    first, _, number = word.partition("/")
    run_id = store.run_of(first)
    by: By = "alias" if first.removeprefix("@") in ALIASES else "id" if first == run_id else "prefix"
    folder = store.folder(run_id)
    if number or "/" in word:
        trace = store.trace_of(word)
        return Named(word, by, run_id, folder, int(number), trace)
    single = next((path for path in (folder / TRACE_NAME, folder / MIN_NAME) if path.is_file()), None)
    if single is None and not (folder / SUMMARY_NAME).exists():
        single = _left_by_killed(folder)
    return Named(word, by, run_id, folder, 0, single)


def recall(store: Store, word: str, *, unsafe: bool = False) -> Recalled:
    """The run a word names, read: its summary and, where it has one, the header of its trace.

    `unsafe` also takes a trace without a seal. *Errors*: as `find`; `EvidenceError` for what cannot be trusted.
    """
    return _read(store, find(store, word, unsafe=unsafe), unsafe)


def recall_traced(store: Store, word: str, *, unsafe: bool = False) -> Recalled:
    """As `recall`, for what needs a trace: the result has one. A suite stands for its only trace.

    *Errors*: as `recall`; `StoreError` for a suite without or with several traces, which lists them.
    """
    named = find(store, word, unsafe=unsafe)
    if named.trace is None:
        trace = store.trace_of(named.run_id)
        named = named._replace(trace=trace, member=_number(trace))
    return _read(store, named, unsafe)


def _read(store: Store, named: Named, unsafe: bool) -> Recalled:
    is_whole = named.by != "path" and not named.member and named.folder is not None
    summary = _stored(named.folder / SUMMARY_NAME) if is_whole and named.folder is not None else None
    if summary is None:
        trace = named.trace or store.trace_of(named.run_id)
        named = named._replace(trace=trace, member=named.member or _number(trace))
        return _of_trace(named, trace, unsafe)
    if named.trace is None:
        return Recalled(summary, named)
    return _of_trace(named, named.trace, unsafe)._replace(summary=summary)


def _is_path(word: str) -> bool:
    return os.path.isfile(word) or (word.endswith((SUFFIX, PARTIAL)) and word.removeprefix("@") not in ALIASES)


def _of_path(store: Store, path: Path, word: str, unsafe: bool) -> Named:
    """A trace file, or the run in the store that it is of."""
    with open_trace(path) as trace:
        if not trace.is_sealed:
            if not unsafe:
                trace.check_seal()
            return Named(word, "path", _home(store, path), None, 0, path)
        trace.check_seal()
        footer = trace.footer()
        run_id = footer.run_id if footer else ""
        kept = _kept(store, run_id, trace)
    if kept is None:
        number = _recorded(store, run_id, path)
        return Named(word, "path", run_id, store.folder(run_id) if number else None, number, path)
    return Named(word, "path", run_id, kept.parent, _number(kept), kept)


def _kept(store: Store, run_id: str, trace: Trace) -> Path | None:
    """The store's own copy of a trace: of the same run, with the same header and records, and whole."""
    if run_id not in store.ids():
        return None
    return next((path for path in _traces(store.folder(run_id)) if _is_same(path, trace)), None)


def _recorded(store: Store, run_id: str, path: Path) -> int:
    """The number of the stored suite's scenario whose trace was recorded here, 0 when it is of none."""
    with suppress(FozzyError):
        summary = _stored(store.folder(run_id) / SUMMARY_NAME) if run_id in store.ids() else None
        for member in summary.scenarios if summary else ():
            if member.trace_path == shown_path(path) and not member.replay:
                return member.number
    return 0


def _traces(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
        yield from (folder / name for name in names)


def _is_same(path: Path, trace: Trace) -> bool:
    """Whether another file is the same recording; what their footers say of where they lie may differ."""
    with suppress(FozzyError, OSError), open_trace(path) as other:
        if os.path.samefile(path, trace.path):
            return True
        if other.header_bytes != trace.header_bytes or not other.is_sealed:
            return False
        other.check_seal()
        return all(mine == its for mine, its in zip_longest(trace.blocks(), other.blocks()))
    return False


def _home(store: Store, path: Path) -> str:
    """The run in whose folder a file lies."""
    return next((run_id for run_id in store.ids() if store.folder(run_id).resolve() == path.resolve().parent), "")


def _number(trace: Path) -> int:
    """The number of the suite's scenario a trace in the store is of; 0 when it is the run's own."""
    stem = trace.name.removesuffix(SUFFIX)
    return int(stem) if stem.isascii() and stem.isdecimal() else 0


def _stored(path: Path) -> Summary | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Summary)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError("store.unreadable", f"cannot read {shown_path(path)}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        shown = shown_path(path)
        message = f"{shown} makes no sense: {error}"
        hint = "it was altered, or written by a newer fozzy; the run's traces still hold what they sealed"
        raise EvidenceError("store.damaged_summary", message, hint=hint, where=Where(shown)) from error


def _left_by_killed(folder: Path) -> Path | None:
    """What a killed run was writing."""
    return next(iter(sorted(folder.glob(f"*{SUFFIX}.*.partial"))), None)


def _of_trace(named: Named, path: Path, unsafe: bool) -> Recalled:
    with open_trace(path) as trace:
        if trace.is_sealed or not unsafe:
            trace.check_seal()
        header, footer = trace.header(), trace.footer()
        known = footer.summary if footer else None
        summary = known or _told_by_records(trace, header, footer)
    shown = named.word if named.by == "path" else str(path)
    identity = msgspec.structs.replace(summary.identity, trace_path=shown_path(Path(shown)))
    return Recalled(msgspec.structs.replace(summary, identity=identity), named, header)


def _told_by_records(trace: Trace, header: Header, footer: Footer | None) -> Summary:
    """What the records of a cut-off run say."""
    gathered = _Gathered()
    for record in trace.whole_records():
        gathered.take(record)
    found = gathered.findings(header)
    failing = next((each.at for each in gathered.found if each.status != "pass"), "")
    return Summary(
        schema_version=SCHEMA_VERSION,
        command=header.mode,
        status="error",
        mode=header.mode,
        identity=Identity(run_id=footer.run_id if footer else "", seed=header.seed),
        started_at=footer.started_at if footer else "",
        finished_at=footer.finished_at if footer else "",
        duration_ms=0,
        duration_ns=gathered.now_ns,
        det=header.det,
        steps=gathered.setup + gathered.steps,
        failed_step=step_number(failing, gathered.setup) if failing else 0,
        findings=found,
        warnings=[CUT_OFF],
    )


class _Gathered:
    """What is kept of records while they pass."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.found: list[Found] = []
        self.setup = self.steps = self.now_ns = 0

    def take(self, record: Record) -> None:
        """Look at one record."""
        self.tally((record,))
        self.now_ns = record.t
        if type(record) is Found:
            self.found.append(record)
        elif type(record) is Step and is_numbered(record):
            self.setup += record.at.startswith("setup")
            self.steps += record.at.removeprefix(CLUSTER).startswith("steps")

    def findings(self, header: Header) -> list[Finding]:
        """The findings with their places in the scenario the trace carries."""
        scenario = header.scenario
        document = Document(scenario.path, scenario.path, scenario.text, scenario.form, scenario.digest)
        return place(self.found, document, scenario.text, self.tally.before)
