"""Answers the calls of one run: finds the user's function, calls it, and says what came of it.

Runs in the interpreter of the user's code, so it imports nothing but the standard library. `find` is the one function
that imports user code.
"""

from __future__ import annotations

import importlib
import inspect
import os
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from fozzy.world.code.places import Places, described
from fozzy.world.code.values import Encoder, TooMuch, Unclear, decoded
from fozzy.world.code.wire import Message, packed, receive

if TYPE_CHECKING:
    from fozzy.world.code.watching import Watch

BROKEN = 70  # how an interpreter ends whose own part of the work failed

Answer = dict[str, Any]


class Refused(Exception):
    """There is nothing to call; `answer` says why."""

    def __init__(self, **answer: Any) -> None:
        super().__init__(answer)
        self.answer = answer


def live(line: socket.socket, places: Places, failed: dict[str, Answer], watch: Watch | None = None) -> NoReturn:
    """Answer until the other side has gone; `failed` are the modules whose import failed already."""
    own, send = os.getpid(), line.sendall
    try:
        while (message := receive(line)) is not None:
            if "watched" in message:
                send(_frame(watch.take() if watch is not None else {}))
                continue
            body = answer(message, places, failed, watch)
            if os.getpid() != own:  # the user's function forked, and both sides came back
                os._exit(0)
            send(body)
    except BaseException:  # a handler of the user's that strikes between two calls
        os._exit(BROKEN)
    os._exit(0)


def answer(message: Message, places: Places, failed: dict[str, Answer], watch: Watch | None = None) -> bytes:
    """What a call came to, as a frame."""
    encoder = Encoder(message["bytes_max"])
    spent = [0]
    try:
        value = _answered(message, (places, failed), watch, spent)
        return packed(b'{"took_ns":%d,"returned":' % spent[0] + encoder.encode(value) + b"}")
    except Refused as refused:
        return _frame({"took_ns": spent[0], **refused.answer})
    except TooMuch as much:
        return _frame({"too_much": str(much)})
    except BaseException as error:  # also SystemExit and what else user code may raise
        return _frame({"took_ns": spent[0], "raised": described(error, places)})


def _answered(message: Message, known: tuple[Places, dict[str, Answer]], watch: Watch | None, spent: list[int]) -> Any:
    """What the function returns; one that is async runs in the simulator, and `spent` is told its virtual time."""
    simulator = sys.modules.get(message.get("simulator", ""))
    if simulator is None:
        return _called(find(message["function"], *known), message, watch)
    return simulator.call(named(message["function"], *known), _args(message), message["seed"], (known[0], spent))


def _frame(told: Answer) -> bytes:
    import json

    return packed(json.dumps(told).encode())


def _called(function: Callable[..., Any], message: Message, watch: Watch | None) -> Any:
    args = _args(message)
    if watch is not None:
        value = watch.call(function, args)
    else:
        value = function(**args) if isinstance(args, dict) else function(*args)
    if inspect.iscoroutine(value):
        value.close()
        raise Refused(is_async=True)
    if inspect.isasyncgen(value):
        raise Refused(is_async=True)
    return value


def _args(message: Message) -> Any:
    try:
        return decoded(message["args"])
    except Unclear as unclear:
        raise Refused(unclear=str(unclear)) from None


def is_async(function: str, places: Places, failed: dict[str, Answer]) -> bool:
    """Whether a function makes a coroutine, as far as one can see without calling it."""
    try:
        return inspect.iscoroutinefunction(named(function, places, failed))
    except Exception:  # a call of it will tell
        return False


def find(function: str, places: Places, failed: dict[str, Answer]) -> Callable[..., Any]:
    """The function `module:name` that can be called here and now. *Errors*: `Refused`."""
    found = named(function, places, failed)
    if inspect.iscoroutinefunction(found) or inspect.isasyncgenfunction(found):
        raise Refused(is_async=True)
    return found


def named(function: str, places: Places, failed: dict[str, Answer], *, is_known: bool = False) -> Callable[..., Any]:
    """What `module:name` stands for, its module imported if it is not yet. One that `is_known` was imported before, so
    its folders need no second look. *Errors*: `Refused`."""
    name, _, path = function.partition(":")
    if name in failed:
        raise Refused(**failed[name])
    found: Any = load(name, places, is_known=is_known)
    for index, part in enumerate(path.split(".")):
        try:
            found = getattr(found, part)
        except AttributeError:
            said = f"{name}:{'.'.join(path.split('.')[:index])}" if index else name
            raise Refused(missing=f'{said} has no "{part}"', near=[part, _names(found)]) from None
    if not callable(found):
        raise Refused(missing=f"{function} is {type(found).__name__}, nothing that can be called", near=["", []])
    return found  # type: ignore[no-any-return]


def load(name: str, places: Places, *, is_known: bool = False) -> Any:
    """The user's module of this name. *Errors*: `Refused` with what its import raised."""
    if name in sys.modules:
        return sys.modules[name]
    if not is_known:
        importlib.invalidate_caches()  # a file may be newer than the look at its folder
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise Refused(missing=f"there is no module {error.name}", near=_near_module(error.name)) from None
        raise Refused(import_failed=described(error, places)) from None
    except BaseException as error:  # a module may also exit
        raise Refused(import_failed=described(error, places)) from None


def _near_module(name: str) -> list[Any]:
    """The name that was not found, and those that stand beside it."""
    import pkgutil

    parent, _, last = name.rpartition(".")
    folders = list(getattr(sys.modules.get(parent), "__path__", [])) if parent else sys.path[:2]
    return [last, sorted({each.name for each in pkgutil.iter_modules(folders)})]


def _names(found: Any) -> list[str]:
    try:
        return sorted(name for name in vars(found) if not name.startswith("_"))
    except TypeError:
        return []
