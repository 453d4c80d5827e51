"""A bundle: what somebody needs who is to look into a failing run, in one archive.

It holds the trace and the files beside it, what `trace verify` says of it, what a replay comes to, the surroundings,
the text of the scenario, the commands to see it again, and a page that says what is what. The same run in the same
surroundings makes the same bytes. What can be wrong with the run is part of the answer: a replay that is refused is
told, and the bundle is made all the same.

Secrets: trace and scenario have lost theirs when they were written; everything made here goes through redaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fozzy.config import Config
from fozzy.core.outcome import Camel, Finding, Verdict
from fozzy.core.redact import Redactor
from fozzy.core.summary import Divergence, code_flag
from fozzy.dsl.matrix import label_of
from fozzy.engine.code import Allowance
from fozzy.engine.replay import replay_file
from fozzy.errors import FozzyError
from fozzy.gate.surroundings import surroundings
from fozzy.insight.artifacts import chunks, files_of, renamed
from fozzy.insight.export import Exported, check_bounds, write_archive
from fozzy.insight.recall import Recalled
from fozzy.report.pretty import run_failure
from fozzy.report.text import plain, quoted
from fozzy.trace.format import SUFFIX, EmbeddedScenario, Header
from fozzy.trace.reader import is_of_proxy
from fozzy.trace.store import TRACE_NAME
from fozzy.trace.verify import Verification, verify

README = "README.txt"
TOLD = {
    README: "this page",
    "commands.txt": "what to type to see it again",
    "environment.json": "versions, system, and every setting that was in force",
    "replay.json": "what a replay of the trace comes to",
    "verification.json": "what of the trace can be trusted",
    "summary.json": "how the run went",
}


class Refused(Camel, frozen=True, kw_only=True):
    """Why a replay was not possible."""

    code: str
    message: str
    hint: str


class Replay(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What a replay came to. `verdict` is null when there was none, and `error` says why."""

    verdict: Verdict | None
    exit_status: int
    replay: Divergence | None
    findings: list[Finding]
    error: Refused | None


class Bundled(NamedTuple):
    """A bundle that was written, and what it says."""

    made: Exported
    verification: Verification
    replay: Replay


def bundle(recalled: Recalled, config: Config, out: Path, *, overwrite: bool, allow_code: bool) -> Bundled:
    """Write a bundle of a run that has a trace. User code is called only when it may be.

    *Errors*: `StoreError`; `EvidenceError` for a trace that cannot be read at all.
    """
    trace, header = recalled.trace, recalled.header
    assert trace is not None and header is not None
    redactor = Redactor(config.settings.redact)
    verification = msgspec.structs.replace(verify(trace), path=TRACE_NAME)
    replay = _replay(trace, config, allow_code)
    said = {
        "commands.txt": _commands(header, allow_code),
        "environment.json": _json(surroundings(config, redactor)),
        "replay.json": _json(replay, redactor),
        "verification.json": _json(verification, redactor),
        **dict(_scenarios(header.scenario)),
    }
    files = renamed(files_of(recalled.named), trace, TRACE_NAME.removesuffix(SUFFIX))
    check_bounds(files, out)
    said[README] = redactor.text(
        _readme(recalled, header, verification, replay, sorted({*said, *(file.name for file in files)}))
    )

    def contents() -> Iterator[tuple[str, bytes]]:
        yield README, said.pop(README).encode()
        yield from ((name, said[name].encode()) for name in sorted(said))
        for file in files:
            yield file.name, b"".join(chunks(file.path))

    return Bundled(write_archive(contents(), out, overwrite=overwrite), verification, replay)


def _replay(trace: Path, config: Config, allow_code: bool) -> Replay:
    """Replay it as it is, also without a seal, and tell what prevents it."""
    allowance = Allowance(allow_code, config.root, config.settings.proc_env)
    try:
        if is_of_proxy(trace):
            from fozzy.chaos.replaying import replay_proxy  # only a proxy's trace needs the engine of faults

            done = replay_proxy(trace, unsafe=True)
        else:
            done = replay_file(trace, unsafe=True, names=config.settings.redact, allowance=allowance)
    except FozzyError as error:
        refused = Refused(code=error.code, message=error.message, hint=error.problems[0].hint)
        return Replay(verdict=None, exit_status=int(error.exit_status), replay=None, findings=[], error=refused)
    verdict = done.divergence.verdict
    status = int(done.exit_status(unsafe=False))
    return Replay(verdict=verdict, exit_status=status, replay=done.divergence, findings=done.findings, error=None)


def _json(value: Any, redactor: Redactor | None = None) -> str:
    plain_value = msgspec.to_builtins(value)
    cleaned = redactor.clean(plain_value) if redactor else plain_value
    return msgspec.json.format(msgspec.json.encode(cleaned), indent=2).decode() + "\n"


def _scenarios(scenario: EmbeddedScenario, number: int = 0) -> Iterator[tuple[str, str]]:
    """The text of the scenario and of the files it includes, as the trace carries them."""
    stem = f"included-{number}" if number else "scenario"
    yield f"{stem}.fozzy.{scenario.form}", scenario.text
    for each in scenario.included:
        for name, text in _scenarios(each, number + 1):
            number += 1
            yield name, text


def _commands(header: Header, allow_code: bool) -> str:
    if header.mode == "proxy":
        from fozzy.chaos.cassette.header import wire_of

        if wire_of(header) != "http":
            return f"# every connection and message decided again, offline\nfozzy replay {TRACE_NAME}\n"
        serve = f"fozzy proxy http --replay {TRACE_NAME}"
        return f"# every request decided again, offline\nfozzy replay {TRACE_NAME}\n\n# its answers, served\n{serve}\n"
    code = code_flag(allow_code)
    case = f" --case {quoted(label_of(header.case))}" if header.case else ""
    run = f"fozzy run {quoted(header.scenario.path)} --seed {header.seed}{header.run_flags}{case}{code}"
    return f"# exact, offline, from this folder\nfozzy replay {TRACE_NAME}{code}\n\n# again, in the project\n{run}\n"


def _readme(recalled: Recalled, header: Header, verification: Verification, replay: Replay, names: list[str]) -> str:
    summary = recalled.summary
    trusted = "can be trusted" if verification.trusted else "CANNOT BE TRUSTED, see verification.json"
    came = replay.verdict or f"not possible: {replay.error.message if replay.error else ''}"
    lines = [
        "A run of fozzy, for a bug report.",
        "",
        f"  scenario  {header.scenario.path}",
        f"  run       {summary.identity.run_id or 'unknown'}, {summary.status}, seed {header.seed}, {summary.started_at}",
        f"  trace     {verification.records} records, {trusted}",
        f"  replay    {came}",
        "",
        *(plain(each).rstrip() for each in run_failure(summary.findings)),
        *([""] if summary.findings else []),
        "What is here",
        "",
        *(f"  {name:<24}  {_told(name)}" for name in names),
        "",
        "See it again",
        "",
        *(f"  {each}" if each else "" for each in _commands(header, False).rstrip().split("\n")),
    ]
    return "\n".join(lines) + "\n"


def _told(name: str) -> str:
    """What a file of the bundle is."""
    if name == TRACE_NAME:
        return "the run, record by record"
    if name.startswith(("scenario.", "included-")):
        return "what was run" if name.startswith("scenario.") else "a file that it includes"
    ends = {".profile.json": "where its time went", ".coverage.json": "which lines it ran"}
    return TOLD.get(name) or next((said for end, said in ends.items() if name.endswith(end)), "kept with the run")
