"""The step that calls user code."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, NoReturn

from msgspec import UNSET, Meta, UnsetType

from fozzy.core.choice import CHANCES
from fozzy.core.duration import show_ns
from fozzy.core.outcome import StepFailed
from fozzy.dsl.steps.base import REFERENCE, Issue, Name, Step, check_at_most_one, fail, told
from fozzy.dsl.steps.matchers import agrees, check_matchers
from fozzy.errors import suggestion
from fozzy.world.code.base import Died, Hung, Outcome, Raised, Reply
from fozzy.world.world import World

EVENT = "call"
_FUNCTION_WORDS = "As package.module:name. An async function runs in the simulator: virtual time, a simulated network, drawn randomness."
_DOTTED = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
_FUNCTION = re.compile(rf"{_DOTTED}:{_DOTTED}")
_REFERENCE = re.compile(REFERENCE)
_EXCEPTION = re.compile(_DOTTED)


def is_function(text: str) -> bool:
    """Whether this is `package.module:name`."""
    return _FUNCTION.fullmatch(text) is not None


class Call(Step, frozen=True, kw_only=True, tag="call"):
    """Calls a Python function of yours, `args` by place or by name, and compares what it returns or raises."""

    stores: ClassVar[tuple[str, ...]] = ("save_as",)
    function: Annotated[Name, Meta(description=_FUNCTION_WORDS)]
    args: list[Any] | dict[str, Any] | str = []  # text only to refer to one of both: see _check_args
    save_as: Name | None = None
    expect: Any | UnsetType = UNSET
    expect_raises: Name | None = None

    @property
    def module(self) -> str:
        """The module the function stands in."""
        return self.function.partition(":")[0]

    def run(self, world: World) -> str:
        world.log.flush()  # a killed run keeps everything up to the call it died in
        seed = 0
        if world.code.is_async(self.function):
            seed = world.choices.draw(f"call.{self.function}", 0, CHANCES - 1)
        outcome = world.code.call(self.function, self.args, world.choices.budget_ns(), seed)
        if isinstance(outcome, Reply) and outcome.took_ns:
            world.clock.spend(outcome.took_ns)
        world.say(EVENT, {"function": self.function, **_said(outcome)})
        if isinstance(outcome, Hung):
            return self._hung(outcome)
        if isinstance(outcome, Died):
            return self._died(outcome)
        if outcome.raised is not None:
            return self._raised(outcome.raised)
        if outcome.returned is UNSET:
            return self._refused(outcome, world)
        return self._returned(outcome.returned, world)

    def _returned(self, value: Any, world: World) -> str:
        if self.expect_raises is not None:
            message = f"{self.function} returned {told(value)}, wanted it to raise {self.expect_raises}"
            fail(message, field="expect_raises", label="nothing was raised")
        if self.expect is not UNSET and not agrees(value, self.expect):
            fail(
                f"{self.function} returned {told(value)}, wanted {told(self.expect)}",
                field="expect",
                label=f"is {told(value)}",
                details={"expected": self.expect, "actual": value},
            )
        if self.save_as is not None:
            world.kv[self.save_as] = value
        return f"{self.function} = {told(value)}"

    def _raised(self, raised: Raised) -> str:
        if self.expect_raises is not None and self.expect_raises in raised.kinds:
            return f"{self.function} raised {raised.name}"
        return self._unexpected(raised)

    def _unexpected(self, raised: Raised) -> NoReturn:
        wanted = f", wanted {self.expect_raises}" if self.expect_raises is not None else ""
        field = "function" if self.expect_raises is None else "expect_raises"
        label = "raised an exception" if self.expect_raises is None else f"raised {raised.type}"
        fail(f"{_in_words(raised)}{wanted}", title="call_raised", field=field, label=label, details=_details(raised))

    def _hung(self, hung: Hung) -> NoReturn:
        what = f"importing {hung.module}" if hung.module else self.function
        message = f"{what} did not end within {show_ns(hung.budget_ns)}"
        raise StepFailed("call_hang", message, "hang", "timeout", field="function", label="did not end")

    def _died(self, died: Died) -> NoReturn:
        what = f"importing {died.module}" if died.module else self.function
        at = f" ({died.function}, {died.at})" if died.at else ""
        message = f"{what} ended its interpreter{f' with {died.how}' if died.how else ''}{at}"
        if not died.started:
            message = f"no interpreter could be started for {self.function}"
        told_more = {"at": died.at, "function": died.function, "stderr": list(died.stderr)}
        details = {"exception": died.how, **{name: value for name, value in told_more.items() if value}}
        raise StepFailed(
            "call_died", message, "panic", "crash", field="function", label="its interpreter ended", details=details
        )

    def _refused(self, reply: Reply, world: World) -> NoReturn:
        """The call was never made, or its result cannot be told."""
        if reply.too_much:
            bytes_max = world.setting.limits.body_bytes_max
            how = "raise it with limits.body_bytes_max" if reply.too_much == "larger" else "return less of it"
            limit = (
                f"larger than body_bytes_max, {bytes_max} bytes" if reply.too_much == "larger" else "nested too deep"
            )
            fail(f"what {self.function} returned is {limit}; {how}", title="call_result_limit", kind="limit")
        if reply.import_failed is not None:
            message = f"{self.module} cannot be imported: {_in_words(reply.import_failed)}"
            details = _details(reply.import_failed)
            fail(message, title="call_import_failed", kind="input_invalid", field="function", details=details)
        if reply.unclear:
            fail(reply.unclear, title="bad_value", kind="input_invalid", field="args")
        if reply.found is not None:
            self._found(reply.found)
        if reply.is_async:
            message = f"{self.function} returns a coroutine but is no async function"
            hint = "write it as async def, so that it runs in the simulator"
            fail(f"{message}: {hint}", title="call_async", kind="input_invalid", field="function", label="not async")
        word, names = reply.near
        hint = suggestion(word, names) if word else ""
        message = f"{reply.missing}; {hint}" if hint else reply.missing
        fail(message, title="call_not_found", kind="input_invalid", field="function", label="not found")

    def _found(self, found: dict[str, Any]) -> NoReturn:
        """The simulator ended the call."""
        message = f"{self.function}: {found['message']}"
        raise StepFailed(
            found["title"], message, found["kind"], found["status"], field="function", details=found.get("details")
        )

    def check(self) -> Iterator[Issue]:
        yield from check_at_most_one(self, "expect", "expect_raises")
        if not is_function(self.function):
            yield Issue(("function",), f'"{self.function}" is not a function', "write it as package.module:name")
        yield from _check_args(self.args)
        named = self.expect_raises
        if named is not None and "${" not in named and not _EXCEPTION.fullmatch(named):
            yield Issue(("expect_raises",), f'"{named}" is not the name of an exception')
        if self.expect is not UNSET:
            yield from check_matchers(self.expect, ("expect",))


def _check_args(args: Any) -> Iterator[Issue]:
    """Text must be a reference. The type does not say so: msgspec 0.22 ends the process when it frees a union of a
    list or an object with a text that has a pattern."""
    if isinstance(args, str) and not _REFERENCE.fullmatch(args):
        yield Issue(("args",), '"args" must be a list or an object', "by place: [1, 2]; by name: {…}")


def _said(outcome: Outcome) -> dict[str, Any]:
    """What came of a call, as the trace keeps it and a replay compares it."""
    if isinstance(outcome, Hung):
        return {"hung": True}
    if isinstance(outcome, Died):
        return {"died": outcome.how}
    if outcome.returned is not UNSET:
        return {"result": outcome.returned}
    raised = outcome.raised or outcome.import_failed
    if raised is not None:
        return {"raised": {"type": raised.type, "message": raised.message}}
    if outcome.found is not None:
        return {"found": outcome.found["title"]}
    return {"refused": outcome.missing or outcome.unclear or outcome.too_much or "async"}


def _in_words(raised: Raised) -> str:
    """`ValueError: text (parse, shop/orders.py:12)`."""
    where = ", ".join(each for each in (raised.function, raised.at) if each)
    said = f"{raised.name}: {raised.message}" if raised.message else raised.name
    return f"{said} ({where})" if where else said


def _details(raised: Raised) -> dict[str, Any]:
    return {
        "exception": raised.type,
        "at": raised.at,
        "function": raised.function,
        "traceback": raised.traceback,
    }
