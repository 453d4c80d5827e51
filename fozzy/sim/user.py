"""The user's code as a cluster sees it: his modules, one set for each machine, and where his lines stand."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from fozzy.world.code.child import Refused, named
from fozzy.world.code.places import Places, described

OURS = f"{os.path.dirname(os.path.dirname(os.path.dirname(__file__)))}{os.sep}"  # where fozzy is installed
FOZZY = f"{os.path.dirname(os.path.dirname(__file__))}{os.sep}"
KERNEL = os.path.join(os.path.dirname(__file__), "kernel.py")
RUNS = "_run"  # where the kernel lets a machine run


class UserCode:
    """*Errors*: `load` what an import raises, and `Refused` when there is no such name."""

    def __init__(
        self,
        places: Places,
        modules: Any,
        failed: dict[str, Any] | None = None,
        aside: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self._places = places
        self._modules = modules
        self.aside = aside  # in it user code runs that has no machine any more: what is left when a run is over
        self.led_here = ""  # the line that asked for what runs now, where its frame is not there any more
        self._failed = failed or {}  # modules whose import failed, with what to say

    def fresh(self) -> Any:
        """Modules of its own for a machine whose program starts; none where there is no code."""
        return self._modules.fresh() if self._modules is not None else None

    def enter(self, modules: Any) -> None:
        """Make a machine's modules those that are imported."""
        self._modules.enter(modules)

    def load(self, target: str) -> Any:
        """What `module:name` means on the machine that runs."""
        try:
            return named(target, self._places, self._failed, is_known=True)
        except Refused as refused:
            _advise(refused.answer.get("import_failed"), refused.__context__)
            raise

    def described(self, error: BaseException) -> dict[str, Any]:
        """An exception as a finding tells it."""
        told = described(error, self._places)
        _advise(told, error)
        return told

    def caller(self) -> str:
        """The innermost line of the user's own that led here; else of anybody's but ours and asyncio's."""
        frame, other = sys._getframe(1), ""
        while frame is not None:
            file = frame.f_code.co_filename
            if file == KERNEL and frame.f_code.co_name == RUNS:
                break  # whoever called the kernel is none of the run's
            shown = self._places.shown(file)
            if shown:
                return f"{shown}:{frame.f_lineno}"
            if not other and "site-packages" in file and not file.startswith(FOZZY):
                other = f"{file.rpartition('site-packages')[2][1:]}:{frame.f_lineno}"
            frame = frame.f_back  # type: ignore[assignment]
        return self.led_here or other

    def shown(self, file: str, line: int) -> str:
        """A line for people: the user's by its path below his folder, others by the name of their package."""
        return f"{self._places.shown(file) or packaged(file)}:{line}"

    def own(self, file: str, line: int) -> str:
        """A line of the user's; empty for all others."""
        shown = self._places.shown(file)
        return f"{shown}:{line}" if shown else ""

    def clean(self, text: str) -> str:
        """A text without what differs from run to run, and from one machine of ours to another: where Python and its
        packages are."""
        for folder in installed():
            text = text.replace(folder, "")
        return self._places.clean(text)


@cache
def installed() -> tuple[str, ...]:
    """The folders of installed packages and of Python's own modules, the longest first."""
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    folders = {os.path.join(each, "") for each in (*packages, os.path.dirname(os.__file__))}
    return tuple(sorted(folders, key=lambda folder: (-len(folder), folder)))


def _advise(told: dict[str, Any] | None, error: BaseException | None) -> None:
    """Say what may help when a module fails for the second machine that imports it."""
    if told is None or error is None or not getattr(error, "__notes__", None):
        return
    from fozzy.sim.isolation import hint  # most runs have no need of it

    note = hint(error)
    told["message"] += f" - {note}" if note else ""


def packaged(file: str) -> str:
    """A file of ours, of a package or of Python itself by its path below where these are installed."""
    if file.startswith(OURS):
        return file[len(OURS) :]
    _, found, path = file.rpartition("site-packages/")
    if found:
        return path
    _, found, path = file.rpartition("/python3.")
    return path.partition("/")[2] if found else file.rpartition("/")[2]


class NoCode(UserCode):
    """A cluster of builtin programs alone."""

    def __init__(self) -> None:
        super().__init__(Places((), "."), None)


NO_CODE = NoCode()
