"""Each life of a node has its own copy of the user's modules: real machines share no memory, and a crash loses it.

Installed packages and Python's own modules are shared by all, as code that keeps no state is. `sys.modules` always has
the modules of the node that runs, so whatever looks there (pickle, dataclasses, late imports) finds that node's.
A file is read and compiled once. Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.machinery import ExtensionFileLoader, ModuleSpec, NamespaceLoader, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType
from typing import Any, NamedTuple, cast

from fozzy.sim import context
from fozzy.sim.patches.boot import importing
from fozzy.world.code.coverage import UserFiles

MAIN = "__main__"
_NOTE = "fozzy imports the user's modules anew for each node."
_HINT = _NOTE + ' If {name} keeps something in a place all nodes share, put share = ["{name}"] into [distributed].'

Stamp = tuple[int, int]


class Set:
    """The modules of one life of a node. `Modules.fresh` makes it."""

    __slots__ = ("loaded",)

    def __init__(self) -> None:
        self.loaded: dict[str, ModuleType] = {}


class _File(NamedTuple):
    """Where a module of the user's is."""

    path: str
    folders: list[str] | None  # of a package, where its modules are


class Modules:
    """Whose modules are in `sys.modules`. Those the user has there already are the set that nobody runs in.

    *Closes*: `close` brings that set back and gives imports back to Python.
    """

    def __init__(self, folders: Sequence[str], share: Iterable[str] = ()) -> None:
        self._files = UserFiles(folders)
        self._share = frozenset(share)
        self._shared: dict[str, ModuleType] = {}
        self._found: dict[tuple[str, tuple[str, ...]], _File] = {}
        self._code: dict[str, tuple[Stamp, CodeType]] = {}
        self._succeeded: set[str] = set()
        self._asks: set[str] = set()  # for these the other finders are being asked
        self._known: set[str] = set()  # modules of others
        self._children: dict[str, list[str]] = {}  # of the user's packages: modules of others in them
        self.base = self._current = Set()
        self._others = 0
        self._settle()
        for name, module in self.base.loaded.items():
            self._succeeded.add(name)
            if self.is_shared(name):
                self._shared[name] = module
        sys.meta_path.insert(0, self)

    def fresh(self) -> Set:
        """A set without modules: each is imported when the node asks for it."""
        return Set()

    def enter(self, modules: Set) -> None:
        """Have the modules of this set in `sys.modules`, and no other's of the user's."""
        current = self._current
        if modules is current:
            return
        present, old, new = sys.modules, current.loaded, modules.loaded
        if len(present) != self._others + len(old) or not old.items() <= present.items():
            self._settle()
        present.update(new)
        self._current = modules
        if len(present) != self._others + len(new):
            for name in old.keys() - new.keys():
                present.pop(name, None)

    def leave(self) -> None:
        """Have the modules in `sys.modules` that were there when no node ran."""
        self.enter(self.base)

    def close(self) -> None:
        """Give imports back to Python, and forget."""
        self.leave()
        sys.meta_path[:] = [each for each in sys.meta_path if each is not self]
        self._shared.clear()
        self._code.clear()
        self._found.clear()

    def is_shared(self, name: str) -> bool:
        """Whether all nodes have the same module of this name."""
        share = self._share
        return bool(share) and any(name == each or name.startswith(each + ".") for each in share)

    def _settle(self) -> None:
        """Somebody has put modules into `sys.modules`, or taken some out: see whose they are."""
        loaded, known = self._current.loaded, self._known
        present = dict(sys.modules)
        for name, module in present.items():
            if name in known or loaded.get(name) is module:
                continue
            if name in loaded or self._is_own(name, module):
                loaded[name] = module
            else:
                known.add(name)
                self._children.setdefault(name.rpartition(".")[0], []).append(name)
        for name in [name for name in loaded if name not in present]:
            del loaded[name]
        self._others = len(present) - len(loaded)

    def _is_own(self, name: str, module: Any) -> bool:
        if name == MAIN or isinstance(getattr(module, "__loader__", None), ExtensionFileLoader):
            return False  # machine code is there once
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            return self._files.holds(file)
        return isinstance(module, ModuleType) and self._holds_any(getattr(module, "__path__", ()))

    def _holds_any(self, folders: Iterable[str]) -> bool:
        return any(self._files.holds(os.path.join(each, "_")) for each in folders)

    # What follows is asked by Python's imports.

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """A module of the user's, found once; for all others the finders behind this one are asked."""
        if name in self._asks:
            return None
        if target is None and self._current is not self.base and self.is_shared(name):
            shared = self._shared.get(name) or self._load_shared(name)
            return ModuleSpec(name, cast(Any, _Same(self, shared)), is_package=hasattr(shared, "__path__"))
        key = name, tuple(sys.path if path is None else path)
        known = self._found.get(key)
        if known is not None and os.path.exists(known.path):
            return self._spec(name, known)
        found = self._search(name, path, target)
        if found is None:
            return None
        if type(found.loader) is SourceFileLoader and found.origin and self._files.holds(found.origin):
            folders = found.submodule_search_locations
            self._found[key] = known = _File(found.origin, None if folders is None else list(folders))
            return self._spec(name, known)
        if found.loader is None and self._holds_any(found.submodule_search_locations or ()):
            found.loader = _Nest(self, found)
        else:
            _let_nobody_run(found)
        return found

    def _search(self, name: str, path: Any, target: Any) -> ModuleSpec | None:
        self._asks.add(name)
        try:
            for finder in sys.meta_path:
                find = getattr(finder, "find_spec", None)
                spec: ModuleSpec | None = find(name, path, target) if find and finder is not self else None
                if spec is not None:
                    return spec
            return None
        finally:
            self._asks.discard(name)

    def _spec(self, name: str, file: _File) -> ModuleSpec | None:
        loader = _Loader(self, name, file.path)
        folders = None if file.folders is None else list(file.folders)
        return spec_from_file_location(name, file.path, loader=loader, submodule_search_locations=folders)

    def compile_all(self) -> None:
        """Compile what the user has imported already: whoever forks afterwards need not."""
        for name, module in self.base.loaded.items():
            loader = getattr(module, "__loader__", None)
            if type(loader) is SourceFileLoader:
                with suppress(OSError, SyntaxError, ValueError):  # whoever imports it is told
                    self.code(_Loader(self, name, loader.path))

    def code(self, loader: SourceFileLoader) -> CodeType:
        """The code of a file, compiled anew only when the file has changed."""
        path = loader.path
        status = os.stat(path)
        stamp = status.st_mtime_ns, status.st_size
        known = self._code.get(path)
        if known is None or known[0] != stamp:
            known = self._code[path] = stamp, loader.source_to_code(loader.get_data(path), path)
        return known[1]

    def _load_shared(self, name: str) -> ModuleType:
        """Import a module that all nodes share where no node runs, so that the first that wants it does not matter."""
        current = self._current
        self.enter(self.base)
        try:
            with importing():
                self._shared[name] = module = import_module(name)
            return module
        finally:
            self.enter(current)

    def run(self, loader: _Loader, module: ModuleType) -> None:
        """Run a module, which then belongs to the set that is in."""
        name, loaded = loader.name, self._current.loaded
        self.note(name, module)
        try:
            loader.run(module)
        except BaseException as error:
            loaded.pop(name, None)
            if name in self._succeeded and isinstance(error, Exception) and not hint(error):
                error.add_note(_HINT.format(name=name))
            raise
        loaded[name] = sys.modules.get(name, module)  # it may have put another in its place
        self._succeeded.add(name)

    def note(self, name: str, module: ModuleType) -> None:
        """A module of the user's is there. What others have in it was imported before, so Python does not bind it."""
        self._current.loaded[name] = module
        for child in self._children.get(name, ()):
            if child in sys.modules:
                setattr(module, child.rpartition(".")[2], sys.modules[child])


class _Loader(SourceFileLoader):
    """Loads a module of the user's."""

    def __init__(self, modules: Modules, name: str, path: str) -> None:
        super().__init__(name, path)
        self._modules = modules

    def get_code(self, fullname: str) -> CodeType:
        return self._modules.code(self)

    def exec_module(self, module: ModuleType) -> None:
        self._modules.run(self, module)

    def run(self, module: ModuleType) -> None:
        """What Python's loader does."""
        super().exec_module(module)


class _Nest(NamespaceLoader):
    """Loads a namespace package of the user's: a folder without code."""

    def __init__(self, modules: Modules, spec: ModuleSpec) -> None:
        self._path: Any = spec.submodule_search_locations  # it follows `sys.path`
        self._modules = modules

    def exec_module(self, module: ModuleType) -> None:
        self._modules.note(module.__name__, module)


class _Same:
    """Gives a node the module that all nodes share."""

    def __init__(self, modules: Modules, module: ModuleType) -> None:
        self._modules = modules
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec
        self._modules.note(self._module.__name__, module)


def _let_nobody_run(spec: ModuleSpec) -> None:
    """A module of others runs once for all nodes: what it reads then is the same whichever node is the first."""
    loader: Any = spec.loader
    run = getattr(loader, "exec_module", None)
    if context.current is None or run is None or isinstance(loader, type):
        return

    def exec_module(module: ModuleType) -> None:
        with suppress(AttributeError):
            del loader.exec_module
        with importing():
            run(module)

    with suppress(AttributeError, TypeError):
        loader.exec_module = exec_module


def hint(error: BaseException) -> str:
    """What may help when a module fails for the second node that imports it; empty if it is something else."""
    return next((note for note in getattr(error, "__notes__", []) if note.startswith(_NOTE)), "")
