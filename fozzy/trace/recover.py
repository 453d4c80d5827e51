"""Recovers what a killed run left: every whole record of its `.partial`, sealed as incomplete."""

from __future__ import annotations

import os
import re
from pathlib import Path

from blake3 import blake3

from fozzy import wall
from fozzy.core.redact import Redactor
from fozzy.errors import UsageError
from fozzy.trace.finalize import Policy, check_target, finalize, shown_path
from fozzy.trace.format import Counts, Footer
from fozzy.trace.reader import open_trace
from fozzy.trace.writer import Recorder
from fozzy.version import VERSION

_PARTIAL = re.compile(r"(?P<target>.+)\.(?P<run>[0-9a-f]{8})\.partial")


def recover(path: Path, out: Path | None, policy: Policy) -> tuple[Path, Counts]:
    """Seal what is whole of a cut-off trace, under its target's name or `out`. Returns where it is and what it holds.

    *Errors*: `StoreError` when the header itself is not whole; `UsageError` when the trace is sealed already,
    `EvidenceError` when it was and then changed. Of a name that nothing has yet, the one `.partial` beside it is meant.
    """
    path = _meant(path)
    match = _PARTIAL.fullmatch(path.name)
    target = out or (path.with_name(match["target"]) if match else path.with_name(path.name + ".recovered.fozzy"))
    check_target(target, policy)
    with open_trace(path) as trace:
        if trace.is_sealed:
            trace.check_seal()  # an altered trace must not come out of this under a true seal
            raise UsageError("trace.sealed_already", f"{trace.shown} is whole; there is nothing to recover")
        run_id = match["run"] if match else blake3(trace.header_bytes).hexdigest(length=4)
        partial = target.with_name(f"{target.name}.{wall.fresh_run_id()}.partial")
        recorder = Recorder(trace.header(), partial, Redactor())
        try:
            for record in trace.whole_records():
                recorder((record,))
        except BaseException:
            recorder.discard()
            raise
    footer = Footer(
        end="incomplete",
        run_id=run_id,
        engine=VERSION,
        python=wall.python_version(),
        os=wall.system_name(),
        hash_seed="unknown",
        started_at="",
        finished_at=wall.now_iso(),
        counts=recorder.counts,
        blocks=recorder.blocks,
        summary=None,
    )
    return finalize(recorder, target, policy, lambda _path: footer), recorder.counts


def _meant(path: Path) -> Path:
    """The file that is named, or what is left of the run that would have written it. *Errors*: `UsageError`."""
    if os.path.lexists(path) or not path.parent.is_dir():
        return path
    matches = [(each, _PARTIAL.fullmatch(each)) for each in sorted(os.listdir(path.parent))]
    found = [each for each, match in matches if match and match["target"] == path.name]
    if len(found) > 1:
        listed = ", ".join(shown_path(path.with_name(each)) for each in found)
        message = f"there is no {shown_path(path)}, and several runs were cut off that would have written it"
        raise UsageError("trace.several_partials", message, hint=f"name one of {listed}")
    return path.with_name(found[0]) if found else path
