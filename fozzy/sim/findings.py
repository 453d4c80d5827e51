"""What is found in a cluster, as findings: their titles are explained in fozzy/cli/explanations/simulation.md."""

from __future__ import annotations

from typing import Any

from fozzy.core.outcome import StepFailed
from fozzy.errors import suggestion
from fozzy.world.code.child import Refused


def refusal(refused: Refused) -> StepFailed:
    """There is no such program, client or check: its module cannot be imported, or has no such name."""
    answer = refused.answer
    failed = answer.get("import_failed")
    if failed is not None:
        where = f" ({failed['at']})" if failed["at"] else ""
        message = f"your code cannot be imported: {failed['name']}: {failed['message']}{where}"
        return sim_failure("node_import_failed", message, "input_invalid", details=exception_details(failed))
    word, names = answer.get("near", ("", []))
    hint = suggestion(word, names) if word else ""
    message = "; ".join(filter(None, (answer.get("missing", "it cannot be used"), hint)))
    return sim_failure("node_not_found", message, "input_invalid")


def sim_failure(title: str, message: str, kind: Any = "checker", details: Any = None) -> StepFailed:
    """What was found in a cluster; it has no place yet."""
    return StepFailed(title, message, kind, "fail", details=details)


def placed(failure: StepFailed, at: str) -> StepFailed:
    """The same with its place."""
    failure.at = at
    return failure


def innermost(error: BaseException) -> tuple[BaseException, int]:
    """The first exception of a group, and how many others are in it; any other is itself."""
    others = 0
    while isinstance(error, BaseExceptionGroup):
        others += len(error.exceptions) - 1
        error = error.exceptions[0]
    return error, others


def where_in(told: dict[str, Any]) -> str:
    """` (function, file:line)` of a described exception, empty where neither is known."""
    where = ", ".join(each for each in (told["function"], told["at"]) if each)
    return f" ({where})" if where else ""


def exception_details(told: dict[str, Any]) -> dict[str, Any]:
    """What a finding keeps of a described exception."""
    return {
        name: told[key]
        for name, key in (("exception", "type"), ("at", "at"), ("function", "function"), ("traceback", "traceback"))
    }
