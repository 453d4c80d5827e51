"""Calls of user code and what they can come to. A call is no question to the world: a replay makes it again."""

from typing import Any, NamedTuple

import msgspec

from fozzy.world.code.permission import Permission


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """Whose code may be called, and by which right. `folders` come first on its path; `modules` are all that the
    scenario names, in order; `root` is the working folder."""

    permission: Permission
    folders: tuple[str, ...]
    modules: tuple[str, ...]
    root: str
    env: frozenset[str] = frozenset()  # variables the interpreter gets besides the ordinary ones
    functions: tuple[str, ...] = ()  # all that the scenario calls, in order
    simulator: tuple[str, str] = ("", "")  # modules of ours that async functions need: before the user's, and after
    inside: str = ""  # a context manager of ours, `module:name`, in which the modules after its own are imported
    watch: tuple[str, ...] = ()  # what is watched of it: `lines`, `functions`, `memory`, `files`


class Raised(msgspec.Struct, frozen=True):
    """An exception of the user's, told without paths and addresses. `type` is `module.Name`, `kinds` the names of all
    its classes; `at` is the innermost line of the user's own files, empty when there is none."""

    type: str
    name: str
    kinds: list[str]
    message: str
    at: str = ""
    function: str = ""
    traceback: list[str] = []


class Reply(msgspec.Struct, frozen=True):
    """What a living interpreter says of a call; exactly one field is set, the time it took aside."""

    returned: Any | msgspec.UnsetType = msgspec.UNSET
    raised: Raised | None = None
    too_much: str = ""
    missing: str = ""
    near: tuple[str, list[str]] = ("", [])  # the name nobody has, and those there are
    import_failed: Raised | None = None
    is_async: bool = False
    found: dict[str, Any] | None = None  # the simulator ended it: title, message, kind, status, details
    took_ns: int = 0  # virtual time
    unclear: str = ""


class Seen(msgspec.Struct):
    """What was watched of the calls of one run: the lines that ran, the files that were read, and one entry for each
    call, in order."""

    lines: dict[str, set[int]] = {}
    files: set[str] = set()
    calls: list[dict[str, Any]] = []


class Hung(NamedTuple):
    """It did not end in time and was ended. `module` is the one whose import it was, if it was one."""

    budget_ns: int
    module: str = ""


class Died(NamedTuple):
    """Its interpreter ended. `how` says with what: `exit code 3`, `SIGSEGV`; empty when nobody knows."""

    how: str
    module: str = ""
    at: str = ""
    function: str = ""
    stderr: tuple[str, ...] = ()
    started: bool = True  # false when there was no interpreter to begin with


Outcome = Reply | Hung | Died
