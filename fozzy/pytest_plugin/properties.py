"""What a test's report says besides, wherever reports go: as properties in JUnit, and to `fozzy chaos run`.

chaos.seed, chaos.time, chaos.decisions (a digest of the decision log), chaos.fault (each), chaos.breaker (each change, with
its cause), chaos.trace, chaos.replay
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from blake3 import blake3

from fozzy.pytest_plugin.keeping import decisions_of

if TYPE_CHECKING:
    from fozzy.insight.verdict.model import Change
    from fozzy.pytest_plugin.state import ChaosTest

OURS = "chaos."
DIGEST_BYTES = 16
Properties = list[tuple[str, object]]


def renewed(there: Properties, test: ChaosTest, trace: Path | None, replay: str) -> Properties:
    """Those of the latest run of a test, behind what others have said of it."""
    others = [each for each in there if not each[0].startswith(OURS) or each[0] == "chaos.limit"]
    return [*others, *_said(test, trace, replay)]


def _said(test: ChaosTest, trace: Path | None, replay: str) -> Properties:
    kind = "virtual" if test.wanted.is_virtual else "real"
    said: Properties = [("chaos.seed", str(test.seed)), ("chaos.time", f"{test.time.now:.3f} s {kind}")]
    decided = decisions_of(test.records)
    if decided:
        said.append(("chaos.decisions", blake3(b"".join(decided)).hexdigest(length=DIGEST_BYTES)))
    said += [("chaos.fault", each.said) for each in test.declared.all]
    said += [("chaos.breaker", change_said(each)) for each in test.changes]
    if trace is not None:
        said += [("chaos.trace", str(trace)), ("chaos.replay", replay)]
    return said


def change_said(change: Change) -> str:
    """A breaker's change in a line: `llm: closed -> open at 5.000 s, 5 failed: llm/http_status`."""
    why = ": ".join(each for each in (change.why, ", ".join(change.causes)) if each)
    said = f"{change.breaker}: {change.before} -> {change.state} at {change.t / 1e9:.3f} s"
    return f"{said}, {why}" if why else said
