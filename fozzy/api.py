"""The public functions: the same work as the commands, without a screen or a store."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from fozzy import wall
from fozzy.core.duration import parse_positive_ns
from fozzy.core.outcome import Finding, Status
from fozzy.core.summary import Divergence, Summary
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import document, parse
from fozzy.dsl.load import load as load_file
from fozzy.dsl.matrix import chosen_case, label_of
from fozzy.dsl.scenario import SEED_MAX, StepsFile
from fozzy.engine.code import Allowance
from fozzy.engine.prepare import Options, run_seed, runnable_file
from fozzy.engine.record import Keeping, run_once, summary_of
from fozzy.engine.replay import replay_file
from fozzy.errors import UsageError
from fozzy.trace.finalize import Policy, shown_path
from fozzy.trace.reader import is_of_proxy
from fozzy.trace.store import Store
from fozzy.trace.verify import Verification
from fozzy.trace.verify import verify as verify_file


class Result(NamedTuple):
    """How a run ended. `trace` is where its trace is, none when none was asked for."""

    status: Status
    findings: list[Finding]
    summary: Summary
    trace: Path | None


class Replayed(NamedTuple):
    """What a replay came to."""

    verdict: str
    status: Status
    findings: list[Finding]
    replay: Divergence


def load(source: str | Path | dict[str, Any]) -> Loaded:
    """Load a scenario from a file or a dictionary. Nothing is cached: an edited file is read again.

    *Errors*: `InputError` with every problem and its place.
    """
    if isinstance(source, dict):
        return parse(document(msgspec.json.format(msgspec.json.encode(source)), "<dict>", "<dict>", "json"))
    return load_file(Path(source))


def run(
    scenario: Loaded | str | Path | dict[str, Any],
    *,
    seed: int | None = None,
    case: Mapping[str, Any] | None = None,
    det: bool = True,
    timeout: str | None = None,
    record: str | Path | None = None,
    record_collision: Policy = "append",
    proc: Literal["scripted", "host"] | None = None,
    fs: Literal["virtual", "host"] | None = None,
    http: Literal["scripted", "host"] | None = None,
    allow_code: bool = False,
) -> Result:
    """Run a scenario once in this process; a trace is written only to `record`.

    `case` are the values this run has of the scenario's matrix. *Units*: `timeout` is a duration such as "500ms".
    `allow_code` lets `call` steps run user code. *Errors*: `InputError`, `NotAllowedError`, `StoreError`, `UsageError`.
    *Closes*: every process and connection the run opened.
    """
    loaded = scenario if isinstance(scenario, Loaded) else load(scenario)
    file = runnable_file(loaded)
    if seed is not None and not 0 <= seed <= SEED_MAX:
        raise UsageError("usage.bad_value", f"seed must be from 0 to {SEED_MAX}, got {seed}")
    timeout_ns = _timeout_ns(timeout)
    options = Options(det=det, proc=proc, fs=fs, http=http, timeout_ns=timeout_ns, allow_code=allow_code)
    with tempfile.TemporaryDirectory(prefix="fozzy-") as folder:
        target = Path(record) if record is not None else Path(folder, "run.fozzy")
        store = Store(Path(folder))
        keep = Keeping(wall.fresh_run_id(), store, target, record_collision, record is not None, record is not None)
        matrix = file.matrix if isinstance(file, StepsFile) else {}
        label = None if case is None else label_of(_in_order(case, matrix))
        values = chosen_case(file, loaded.document.shown, label)
        done = run_once(loaded, options, run_seed(file, seed), "run", keep=keep, case=values)
        trace = done.trace if record is not None else None
        summary = summary_of(done, keep, shown_path(trace) if trace else None, "run")
    return Result(done.ended.status, done.findings, summary, trace)


def _in_order(case: Mapping[str, Any], matrix: Mapping[str, Any]) -> dict[str, Any]:
    """The values in the order of the matrix, by which a combination is called."""
    return {name: case[name] for name in dict.fromkeys([*matrix, *case]) if name in case}


def _timeout_ns(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_positive_ns(text)
    except ValueError as error:
        raise UsageError("usage.bad_value", f"timeout {error}") from error


def replay(
    trace: str | Path,
    *,
    scenario: Loaded | str | Path | dict[str, Any] | None = None,
    unsafe: bool = False,
    allow_code: bool = False,
) -> Replayed:
    """Replay a trace, without touching the outside world. Its `call` steps call again, when `allow_code` says so.
    Of a proxy's trace all that went through is decided again.

    *Errors*: `StoreError`, `EvidenceError`, `InputError`, `NotAllowedError`.
    """
    if scenario is None and is_of_proxy(Path(trace)):
        from fozzy.chaos.replaying import replay_proxy  # only a proxy's trace needs the engine of faults

        done = replay_proxy(Path(trace), unsafe=unsafe)
        return Replayed(done.divergence.verdict, done.status, done.findings, done.divergence)
    against = scenario if scenario is None or isinstance(scenario, Loaded) else load(scenario)
    done = replay_file(Path(trace), scenario=against, unsafe=unsafe, allowance=Allowance(allow_code))
    return Replayed(done.divergence.verdict, done.status, done.findings, done.divergence)


def verify(trace: str | Path) -> Verification:
    """Say what of a trace can be trusted. *Errors*: `StoreError`, `EvidenceError` when it is no trace at all."""
    return verify_file(Path(trace))
