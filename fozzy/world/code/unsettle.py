"""Unsettles the interpreter of user code: what must not matter to a call is made different on purpose.

`fozzy doctor` asks for it, through one variable of the environment that user code does not see. Another hash seed, files
listed in another order and of another age, objects at other addresses, threads that change places often; and an
informant that writes down where the user's code asks for the time, for chance, for files, for its surroundings. An
ordinary run knows nothing of this.
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
AGE_S = 86_400  # by how much files seem older
SMALL_BYTES = 512  # Python allots what is not larger from pools, one for each multiple of 16
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
    ("_thread", "get_ident"): "address",
    ("posix", "stat"): "file_time",
    ("posix", "lstat"): "file_time",
    ("posix", "fstat"): "file_time",
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
_SYSTEM = ("/proc/", "/sys/", "/dev/")


def asked(ours: Mapping[str, str]) -> dict[str, str]:
    """What the environment of an interpreter gets from ours for this: its hash seed, and the request itself."""
    text = ours.get(VARIABLE, "")
    if not text:
        return {"PYTHONHASHSEED": HASH_SEED}
    return {"PYTHONHASHSEED": str(json.loads(text).get("hash_seed", HASH_SEED)), VARIABLE: text}


def scatters(env: Mapping[str, str]) -> bool:
    """Whether an interpreter with this environment is to have its memory elsewhere."""
    return "memory" in json.loads(env.get(VARIABLE) or "{}")


def begin(places: Places) -> None:
    """Do what was asked for, before anything of the user's is imported."""
    given: dict[str, Any] = json.loads(os.environ.pop(VARIABLE, "{}"))
    if given.get("order"):
        sys.setswitchinterval(SWITCH_S)
        _turn_listings()
    if given.get("times"):
        _age_files()
    if given.get("memory"):
        _shift_memory(given["memory"])
    if given.get("informant"):
        inform = _Informant(given["informant"], places)
        threading.setprofile(inform)
        sys.setprofile(inform)
        sys.addaudithook(inform.heard)


def _age_files() -> None:
    """Let files seem older than they are."""

    def aged(ask: Any) -> Any:
        def asked(*args: Any, **more: Any) -> Any:
            found = ask(*args, **more)
            names = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
            for name in ("st_atime", "st_mtime", "st_ctime"):
                names[name] -= AGE_S
                names[f"{name}_ns"] -= AGE_S * 10**9
            return os.stat_result([*found[:7], *(int(names[f"st_{each}time"]) for each in "amc")], names)

        return asked

    for name in ("stat", "lstat", "fstat"):
        true = getattr(os, name)
        made = aged(true)
        for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            able.update([made] if true in able else [])
        setattr(os, name, made)


_held: list[bytes] = []


def _shift_memory(number: int) -> None:
    """Have what is made later lie elsewhere: some of every size is taken before."""
    empty = sys.getsizeof(b"")
    for index, size in enumerate(range(48, SMALL_BYTES + 1, 16)):
        _held.extend(bytes(size - empty) for _ in range(1 + (number * 7 + index * 3) % 13))


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
            if name == "get_ident" and not self._places.shown(frame.f_code.co_filename):
                return  # every lock of Python's asks that
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

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        """What Python's own audit tells: machine code that is looked up, files that the system makes."""
        if event in ("ctypes.dlsym", "ctypes.dlsym/handle"):
            self._tell("native", str(args[-1]), sys._getframe(1))
        elif event == "open" and isinstance(args[0], str) and args[0].startswith(_SYSTEM):
            self._tell("system_file", args[0], sys._getframe(1))

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
