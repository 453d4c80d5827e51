"""Unsettles the interpreter of user code: what must not matter to a call is made different on purpose.

`fozzy doctor` asks for it, through one variable of the environment that user code does not see. Another hash seed, files
listed in another order, threads that change places often; and an informant that writes down where the user's code asks
for the time, for chance, for files, for its surroundings. An ordinary run knows nothing of this.
Runs in the interpreter of the user's code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Any

from fozzy.world.code.places import Places

VARIABLE = "FOZZY_UNSETTLE"
HASH_SEED = "0"  # of every interpreter for user code, unless this asks for another
SWITCH_S = 1e-5  # how often threads change places when they are to race
TOLD_MAX = 100
FRAMES_MAX = 12  # from a question up to the line of the user's that asked it

# What answers differently each time, by the module and the name of the function that is called.
_C_CALLS = {
    **{("time", name): "clock" for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter")},
    **{("time", name): "clock" for name in ("perf_counter_ns", "localtime", "gmtime", "process_time")},
    **{("datetime", name): "clock" for name in ("now", "utcnow", "today")},
    **{("posix", name): "random" for name in ("urandom", "getrandom")},
    **{("Random", name): "random" for name in ("random", "getrandbits", "seed")},
    **{("posix", name): "file_order" for name in ("listdir", "scandir")},
    **{("posix", name): "process_id" for name in ("getpid", "getppid")},
    ("posix", "getcwd"): "folder",
    ("builtins", "id"): "address",
    ("_thread", "start_new_thread"): "threads",
    ("_thread", "start_joinable_thread"): "threads",
}
_PYTHON_CALLS = {
    ("os", "getenv"): "environment",
    ("os", "__getitem__"): "environment",
    ("threading", "start"): "threads",
    ("locale", "getlocale"): "locale",
    ("locale", "getpreferredencoding"): "locale",
}


def asked(ours: Mapping[str, str]) -> dict[str, str]:
    """What the environment of an interpreter gets from ours for this: its hash seed, and the request itself."""
    text = ours.get(VARIABLE, "")
    if not text:
        return {"PYTHONHASHSEED": HASH_SEED}
    return {"PYTHONHASHSEED": str(json.loads(text).get("hash_seed", HASH_SEED)), VARIABLE: text}


def begin(places: Places) -> None:
    """Do what was asked for, before anything of the user's is imported."""
    given: dict[str, Any] = json.loads(os.environ.pop(VARIABLE, "{}"))
    if given.get("order"):
        sys.setswitchinterval(SWITCH_S)
        _turn_listings()
    if given.get("informant"):
        inform = _Informant(given["informant"], places)
        threading.setprofile(inform)
        sys.setprofile(inform)


def _turn_listings() -> None:
    """List files in another order than the system does."""
    listdir, scandir = os.listdir, os.scandir

    class Turned:
        """Entries of a folder, turned round."""

        def __init__(self, entries: Any) -> None:
            with entries:
                self._left = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))

        def __iter__(self) -> Any:
            return self._left

        def __next__(self) -> Any:
            return next(self._left)

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

        def close(self) -> None:
            self._left = iter(())

    def turned(path: Any = ".") -> Any:
        return sorted(listdir(path), reverse=True)

    def turned_entries(path: Any = ".") -> Any:
        return Turned(scandir(path))

    os.listdir, os.scandir = turned, turned_entries


class _Informant:
    """Writes down what the user's code asks: a line with the kind, what was called, and where."""

    def __init__(self, path: str, places: Places) -> None:
        self._path = path
        self._places = places
        self._told: set[tuple[str, str]] = set()
        self._open = open

    def __call__(self, frame: FrameType, event: str, what: Any) -> None:
        if event == "c_call":
            name = getattr(what, "__name__", "")
            kind = _C_CALLS.get((_owner(what), name))
            asking: FrameType | None = frame
        elif event == "call":
            code = frame.f_code
            name = code.co_name
            kind = _PYTHON_CALLS.get((frame.f_globals.get("__name__", ""), name))
            asking = frame.f_back
        else:
            return
        if kind is not None and len(self._told) < TOLD_MAX:
            self._tell(kind, name, asking)

    def _tell(self, kind: str, name: str, frame: FrameType | None) -> None:
        for _ in range(FRAMES_MAX):
            if frame is None or frame.f_code.co_filename.startswith("<frozen importlib"):
                return  # an import asks on its own account
            shown = self._places.shown(frame.f_code.co_filename)
            if shown:
                break
            frame = frame.f_back
        else:
            return
        at = f"{shown}:{frame.f_lineno}"
        if (kind, at) not in self._told:
            self._told.add((kind, at))
            with self._open(self._path, "a", encoding="utf-8") as out:
                out.write(json.dumps([kind, name, at]) + "\n")


def _owner(what: Any) -> str:
    """The module of a function written in C, or the type of the object it belongs to."""
    owner = getattr(what, "__self__", None)
    if isinstance(owner, type):
        return owner.__module__
    name = getattr(owner, "__name__", None)
    if isinstance(name, str):
        return "posix" if name in ("nt", "posix") else name
    return next((kind.__name__ for kind in type(owner).__mro__ if kind.__name__ == "Random"), type(owner).__module__)
