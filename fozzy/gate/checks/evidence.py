"""Evidence: what a trace says can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fozzy.errors import Exit, Problem, Where
from fozzy.gate.checked import Checked, judged
from fozzy.report.text import count, quoted
from fozzy.trace.verify import Verification, verify

NAME = "verify"


def evidence(path: Path, *, strict: bool = True) -> Checked:
    """Look at every part of a trace. *Errors*: `StoreError` for what is no trace, `EvidenceError` for its format.

    Without `strict` a trace may be one that was cut off.
    """
    found = verify(path)
    cut_off = any(check.name == "checksum" and check.message.startswith("truncated") for check in found.checks)
    problems = [] if cut_off and not strict else list(_problems(found, cut_off))
    ran = f"{found.path}: {count(found.records, 'record')}, {len(found.checks)} parts of it"
    left_out = [f"{check.name}: {check.message}" for check in found.checks if check.result == "skip"]
    return judged(NAME, ran, problems, left_out=left_out, exit_status=Exit.EVIDENCE)


def _problems(found: Verification, cut_off: bool) -> Iterator[Problem]:
    for check in sorted(found.checks, key=lambda check: check.name != "checksum"):  # it explains all others
        if check.result != "fail":
            continue
        where = Where(found.path)
        message = f"{check.name}: {check.message}"
        if cut_off:
            hint = f"fozzy trace recover {quoted(found.path)}"
            yield Problem(code="trace.unsealed", message=message, hint=hint, where=where)
        elif check.name == "checksum":
            message = f"{message}; {found.damage}" if found.damage else message
            yield Problem(code="trace.seal_broken", message=message, hint="take the original", where=where)
        else:
            hint = f"fozzy trace verify {quoted(found.path)}"
            yield Problem(code="trace.damaged", message=message, hint=hint, where=where)
