"""The interpreter that runs user code: it imports the user's modules once and forks one child for each run.

It is started by the first call of a fozzy process and ends when the socket to it closes, however fozzy ended. It holds
nothing of a run: what a run changes lives in its child, and ends with it.
Runs in the interpreter of the user's code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING, Any, NoReturn

from fozzy.world.code import containment, unsettle
from fozzy.world.code.child import Answer, Refused, is_async, live, load
from fozzy.world.code.places import Places
from fozzy.world.code.wire import Message, pack, receive

if TYPE_CHECKING:
    from fozzy.world.code.watching import Watch

OURS = "fozzy"


class Server:
    """Answers what fozzy asks of the interpreter, one question after the other."""

    def __init__(self, line: socket.socket, places: Places, bytes_max: int, watch: Watch | None = None) -> None:
        self._line = line
        self._watch = watch
        self._places = places
        self._bytes_max = bytes_max
        self._failed: dict[str, Answer] = {}
        self._seen: dict[str, tuple[int, int]] = {}
        self._held = containment.Held()
        self._held.add(line)

    def serve(self) -> NoReturn:
        """Answer until fozzy has gone."""
        own = os.getpid()
        while (message := receive(self._line)) is not None:
            answer = getattr(self, f"do_{message['do']}")(message)
            if os.getpid() != own:  # a module forked while it was imported
                os._exit(0)
            self._line.sendall(pack(answer))
        if hasattr(os, "fork"):
            containment.sweep()
        os._exit(0)

    def do_hello(self, message: Message) -> Answer:
        """Say that it has started."""
        return {}

    def do_import(self, message: Message) -> Answer:
        """Import a module. Its failure is told by the calls that want it."""
        try:
            with _inside(message.get("inside", "")):
                load(message["module"], self._places)
        except Refused as refused:
            if message["module"].partition(".")[0] == OURS:
                raise  # without it nothing that follows means anything
            self._failed[message["module"]] = refused.answer
        threading = sys.modules.get("threading")
        threads = threading is not None and threading.active_count() > 1
        self._seen = {file: _stamp(file) for file in self._files()}
        return {"failed": message["module"] in self._failed, "alone": threads or bool(containment.children())}

    def do_kinds(self, message: Message) -> Answer:
        """Say which of these functions are async."""
        return {"async": [each for each in message["functions"] if is_async(each, self._places, self._failed)]}

    def do_begin(self, message: Message) -> Answer:
        """Fork the child of a run, which gets its own line to fozzy."""
        if any(_stamp(file) != stamp for file, stamp in self._seen.items()):
            return {"stale": True}
        _, descriptors, _, _ = socket.recv_fds(self._line, 1, 1)
        gc.freeze()  # what is shared with the child stays shared
        pid = os.fork()
        if pid == 0:
            self._become_child(socket.socket(fileno=descriptors[0]), message.get("program", ""))
        os.close(descriptors[0])
        return {"pid": pid}

    def do_live(self, message: Message) -> Answer:
        """Without a fork this interpreter itself is the run's."""
        containment.bound_memory(self._bytes_max, True)
        live(self._line, self._places, self._failed, self._watch)

    def do_end(self, message: Message) -> Answer:
        """End the child of a run and all that descends from it; a grace lets it end by itself."""
        pid = message["pid"]
        status = containment.status_by(pid, message["grace_ms"] * 10**6)
        for kill in (os.killpg, os.kill):  # it may not have come to lead its group yet
            with suppress(OSError):
                kill(pid, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(pid, 0)
        return {"status": status, "clean": containment.sweep()}

    def _become_child(self, line: socket.socket, program: str) -> NoReturn:
        """Answer calls, or do what a program of ours does that was imported before."""
        try:
            os.setsid()
            containment.end_with_parent()
            line = containment.high(line)
            self._held.add(line)
            containment.bound_memory(self._bytes_max, True)
            module, _, name = program.partition(":")
            if module:
                watch = () if self._watch is None else (self._watch,)
                getattr(sys.modules[module], name)(line, self._places, self._failed, *watch)
            live(line, self._places, self._failed, self._watch)
        finally:
            os._exit(1)

    def _files(self) -> list[str]:
        """The files of the user's modules, and what they read when they were imported, where that is watched."""
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        modules = [file for file in files if isinstance(file, str) and self._places.shown(file)]
        return modules if self._watch is None else [*modules, *self._watch.files()]


def _inside(word: str) -> AbstractContextManager[Any]:
    """The context manager of this name, once its module is imported."""
    module, _, name = word.partition(":")
    owner = sys.modules.get(module)
    manager: AbstractContextManager[Any] = nullcontext() if owner is None else getattr(owner, name)()
    return manager


def _stamp(file: str) -> tuple[int, int]:
    """When a file was changed, and how large it is."""
    try:
        status = os.stat(file)
    except OSError:
        return -1, -1
    return status.st_mtime_ns, status.st_size


def main() -> NoReturn:
    """Serve. The one word on the command line says how, as JSON."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    line = containment.high(_line(given))
    containment.quiet()
    _report_faults()
    sys.argv = [""]
    sys.path[:0] = given["folders"]
    places = Places(given["folders"], given["root"])
    _compile_anew(places)
    if hasattr(os, "fork"):
        containment.adopt_orphans()
    containment.bound_memory(given["memory_bytes_max"], False)
    wanted, watch = given.get("watch", []), None
    if wanted:
        from fozzy.world.code.watching import Watch  # most runs are not watched

        watch = Watch(wanted, places, [given["root"], *given["folders"]])
    unsettle.begin(places)
    Server(line, places, given["memory_bytes_max"], watch).serve()


def _compile_anew(places: Places) -> None:
    """Trust no compiled file of the user's modules: it is taken for fresh when only size and second are the same."""
    stats_of = SourceFileLoader.path_stats

    def path_stats(loader: SourceFileLoader, path: str) -> Mapping[str, Any]:
        if places.shown(path):
            raise OSError(path)  # the loader then reads and writes no compiled file
        return stats_of(loader, path)

    SourceFileLoader.path_stats = path_stats  # type: ignore[method-assign, assignment]


def _line(given: dict[str, Any]) -> socket.socket:
    if "descriptor" in given:
        return socket.socket(fileno=given["descriptor"])
    shared = sys.stdin.buffer.read()  # on Windows a socket is handed over as bytes
    return socket.fromshare(shared)  # type: ignore[attr-defined, unused-ignore, no-any-return]


def _report_faults() -> None:
    """Have a dying interpreter say where it was."""
    with suppress(Exception):  # there may be no stderr
        import faulthandler

        faulthandler.enable()
