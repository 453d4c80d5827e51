"""What is found in a cluster, as a failure of its run: exceptions, programs that are not there, what cannot be simulated."""

from __future__ import annotations

from asyncio import format_helpers
from typing import TYPE_CHECKING, Any

from fozzy.core.outcome import StepFailed
from fozzy.world.code.child import Refused

if TYPE_CHECKING:
    from fozzy.sim.user import UserCode


class Fence(BaseException):
    """What is raised in a program that did what cannot be simulated; `except Exception` does not swallow it."""

    is_fence = True


def exception_failure(user: UserCode, error: BaseException, whose: str) -> StepFailed:
    """An exception that nobody handled; of a group the first tells."""
    error, others = _innermost(error)
    told = user.described(error)
    message = f"{whose} raised {told['name']}: {told['message']}".rstrip(": ")
    message += _where(told) + (f", and {others} more in its group" if others else "")
    return sim_failure("node_exception", message, details=_exception(told))


def refusal(refused: Refused) -> StepFailed:
    """There is no such program: its module cannot be imported, or has no such name."""
    answer = refused.answer
    failed = answer.get("import_failed")
    if failed is not None:
        where = f" ({failed['at']})" if failed["at"] else ""
        message = f"a program cannot be imported: {failed['name']}: {failed['message']}{where}"
        return sim_failure("node_import_failed", message, "input_invalid", details=_exception(failed))
    message = f"there is no such program: {answer.get('missing', 'it cannot be used')}"
    return sim_failure("node_not_found", message, "input_invalid")


def sim_failure(title: str, message: str, kind: Any = "checker", details: Any = None) -> StepFailed:
    """A failure of a run, under a stable title."""
    return StepFailed(title, message, kind, "fail", details=details)


def placed(failure: StepFailed, at: str) -> StepFailed:
    """A failure with its place."""
    failure.at = at
    return failure


def callback_of(handle: Any) -> str:
    """A callback and what it is given, as asyncio's own messages tell it."""
    told: str = _format(handle._callback, handle._args, {})
    return told


_format: Any = format_helpers._format_callback


def _innermost(error: BaseException) -> tuple[BaseException, int]:
    """The first exception of a group, and how many others are in it; any other is itself."""
    others = 0
    while isinstance(error, BaseExceptionGroup):
        others += len(error.exceptions) - 1
        error = error.exceptions[0]
    return error, others


def _where(told: dict[str, Any]) -> str:
    where = ", ".join(each for each in (told["function"], told["at"]) if each)
    return f" ({where})" if where else ""


def _exception(told: dict[str, Any]) -> dict[str, Any]:
    return {
        name: told[key]
        for name, key in (("exception", "type"), ("at", "at"), ("function", "function"), ("traceback", "traceback"))
    }
