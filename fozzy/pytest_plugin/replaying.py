"""What a replay of a test came to, in the words every replay has.

SAME: it failed the same way, and all was decided as recorded. FIXED: it passes. CHANGED: it fails in another way.
DRIFT: it failed the same way, but something was decided otherwise, so it was not the same run.
Of two runs that took too long the one that came further decided more: what both came to must be the same.
"""

from __future__ import annotations

from fozzy.core.outcome import Verdict
from fozzy.pytest_plugin.keeping import Kept
from fozzy.pytest_plugin.repeated import difference
from fozzy.pytest_plugin.state import Failure


def verdict_of(recorded: Kept, failure: Failure | None, decisions: list[bytes]) -> str:
    """The verdict, and what tells it."""
    verdict = _verdict(recorded, failure, decisions)
    if verdict == "CHANGED" and failure is not None:
        was = "nothing" if recorded.failure is None else _shown(recorded.failure)
        return f"CHANGED: it failed with {was}, now with {_shown(failure)}"
    if verdict == "DRIFT":
        return f"DRIFT: it failed the same way, but not all was decided as recorded\n{difference(recorded.decisions, decisions)}"
    if verdict == "FIXED":
        return "FIXED: it passes"
    return f"SAME: {_shown(failure)}" if failure is not None else "SAME"


def _verdict(recorded: Kept, failure: Failure | None, decisions: list[bytes]) -> Verdict:
    if failure is None:
        return "FIXED"
    if recorded.failure is None or not failure.is_like(recorded.failure):
        return "CHANGED"
    both = min(len(decisions), len(recorded.decisions)) if failure.took_too_long else None
    return "SAME" if decisions[:both] == recorded.decisions[:both] else "DRIFT"


def _shown(failure: Failure) -> str:
    line = failure.message.partition("\n")[0]
    return f"{failure.title} at {failure.file}:{failure.line}: {line}" if failure.file else f"{failure.title}: {line}"
