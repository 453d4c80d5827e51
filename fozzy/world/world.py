"""World: everything one run of a scenario may touch, made when first touched.

Rule 1: steps reach randomness, time and the outside through here and through nothing else.
Rule 2: which backend answers is decided here, once, from `Backends`; steps never know.
To add a capability: a folder with its base and its backends, one lazy member below, and a line in `PARTS` if its
state must be put back by `assert_throws`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

import msgspec

from fozzy.core.backends import Backends
from fozzy.core.choice import Answer, Choices, Request
from fozzy.core.events import Event
from fozzy.core.limits import Limits
from fozzy.world.code.base import Project
from fozzy.world.fs.base import Fs
from fozzy.world.http.base import Http
from fozzy.world.http.scripted import HttpRule, ScriptedHttp
from fozzy.world.kv.virtual import VirtualKv
from fozzy.world.memory.virtual import VirtualHeap
from fozzy.world.net.virtual import VirtualNet
from fozzy.world.proc.base import Proc
from fozzy.world.proc.scripted import ProcRule, ScriptedProc
from fozzy.world.rules import Rules

if TYPE_CHECKING:
    from fozzy.faults.engine import Faults
    from fozzy.faults.rule import Rule
    from fozzy.world.code.host import HostCode

P = TypeVar("P")

PARTS = (
    "kv",
    "fs",
    "net",
    "heap",
    "http_rules",
    "proc_rules",
    "faults",
)  # what a block that must leave no mark puts back


class lazy(Generic[P]):
    """A member made when first read; then it is an ordinary attribute."""

    def __init__(self, make: Callable[[World], P]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[P]: ...
    @overload
    def __get__(self, instance: World, owner: type) -> P: ...
    def __get__(self, instance: World | None, owner: type) -> P | lazy[P]:
        if instance is None:
            return self
        made = instance.__dict__[self._name] = self._make(instance)
        return made


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What is fixed before a run begins and is the same for every execution of it."""

    seed: int = 0
    det: bool = True
    backends: Backends = Backends()
    limits: Limits = Limits()
    root: Path = Path()
    leak_bytes_max: int | None = None  # a leak above it fails the run
    strict: bool = True  # a fault that was never rolled fails the run
    variables: dict[str, Any] = {}
    env_names: frozenset[str] = frozenset()
    project: Project | None = None  # whose functions may be called, when the run may
    proc_env: frozenset[str] = frozenset()  # variables that host processes get besides the ordinary ones


class EnvValue(Answer, frozen=True, kw_only=True):
    """The value of an environment variable, none when it is not set."""

    name: str
    value: str | None = None


class EnvRead(Request, frozen=True, kw_only=True):
    """What is this environment variable?"""

    answer: ClassVar[type[Answer]] = EnvValue
    name: str


def _no_base_url(_world: World) -> str:
    return ""


class World:
    """*Closes*: `close` ends host calls and background processes; it is called once, by the engine."""

    def __init__(self, setting: Setting, choices: Choices) -> None:
        self.setting = setting
        self.choices = choices
        self.clock = choices.clock
        self.log = choices.log
        self.base_url: Callable[[World], str] = _no_base_url
        self._faulty: set[str] = set()

    kv = lazy(lambda world: VirtualKv())
    net = lazy(lambda world: VirtualNet(world.choices))
    heap = lazy(lambda world: VirtualHeap())
    http_rules = lazy(lambda world: Rules[HttpRule]())
    proc_rules = lazy(lambda world: Rules[ProcRule]())
    snapshots = lazy(lambda world: dict[str, Any]())

    @lazy
    def faults(self) -> Faults:
        """The armed faults of the run."""
        from fozzy.faults.engine import Faults

        return Faults(self.choices)

    background = lazy(lambda world: list[str]())  # names of running background processes, in order of starting

    @lazy
    def loop(self) -> Any:
        """The rim: one trio loop on its own thread, started by the first host call."""
        from fozzy.world.host_loop import HostLoop

        return HostLoop()

    @lazy
    def fs(self) -> Fs:
        """Files."""
        if self.setting.backends.fs == "host":
            from fozzy.world.fs.host import HostFs

            return HostFs(self.choices, self.setting.limits, self.setting.root)
        from fozzy.world.fs.virtual import VirtualFs

        return VirtualFs(self.setting.limits)

    @lazy
    def http(self) -> Http:
        """HTTP."""
        if self.setting.backends.http == "host":
            from fozzy.world.http.host import HostHttp

            return HostHttp(self.choices, self.loop, self.setting.limits)
        return ScriptedHttp(self.http_rules, self.clock.delay)

    @lazy
    def proc(self) -> Proc:
        """Processes."""
        if self.setting.backends.proc == "host":
            from fozzy.world.proc.host import HostProc

            setting = self.setting
            allowed = setting.proc_env | setting.env_names
            return HostProc(self.choices, self.loop, setting.limits, setting.root, allowed)
        return ScriptedProc(self.proc_rules)

    @lazy
    def code(self) -> HostCode:
        """User code, in an interpreter of its own."""
        from fozzy.world.code.host import HostCode

        assert self.setting.project is not None, "a scenario that calls is not begun without permission"
        return HostCode(self.setting.project, self.setting.limits)

    def arm(self, rule: Rule) -> None:
        """Arm a fault. The backend it concerns is rolled for from now on; the others stay as quick as they were."""
        self.faults.arm(rule)
        if rule.on == "net":
            self.net.faults = self.faults
        elif rule.on not in self._faulty:
            self._faulty.add(rule.on)
            self.__dict__[rule.on] = self._with_faults(rule.on)

    def _with_faults(self, target: str) -> Http | Proc | Fs:
        from fozzy.world.fs.faulty import FaultyFs
        from fozzy.world.http.faulty import FaultyHttp
        from fozzy.world.proc.faulty import FaultyProc

        if target == "http":
            return FaultyHttp(self.http, self.faults, self.clock.delay)
        if target == "proc":
            return FaultyProc(self.proc, self.faults, self.clock.delay)
        return FaultyFs(self.fs, self.faults)

    def http_base_url(self) -> str:
        """What completes a path to a URL; it may refer to the run."""
        return self.base_url(self)

    def say(self, name: str, fields: dict[str, Any]) -> None:
        """Write an event of the scenario into the log."""
        clean = self.choices.redactor.clean(fields) if fields else fields
        self.log.append(Event(self.clock.now, self.choices.span, self.choices.redactor.text(name), clean))

    def environment(self, name: str) -> str | None:
        """A variable of the environment; asked each time, so that the answer is in the trace."""

        def live(_budget_ns: int) -> tuple[EnvValue, int]:
            from fozzy import wall

            value = wall.environment(name)
            if value is not None:  # bytes that are not UTF-8 come as halves of characters, which no trace can hold
                value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            return EnvValue(name=name, value=value), 0

        return self.choices.ask("env.read", EnvRead(name=name), live, EnvValue).value

    def snapshot(self) -> dict[str, Any]:
        """The state of every part, and of the clock."""
        kept = {part: getattr(self, part).snapshot() for part in PARTS}
        kept["clock"] = (self.clock.now, self.clock.frozen)
        kept["snapshots"] = dict(self.snapshots)
        return kept

    def restore(self, kept: dict[str, Any]) -> None:
        """Put every part back. The time that passed since still counts towards the run's timeout."""
        for part in PARTS:
            getattr(self, part).restore(kept[part])
        self.snapshots = kept["snapshots"]
        then, frozen = kept["clock"]
        self.clock.aside_ns += self.clock.now - then
        self.clock.now, self.clock.frozen = then, frozen

    def close(self) -> None:
        """End everything that still runs outside."""
        code = self.__dict__.get("code")
        if code is not None:
            code.close()
        loop = self.__dict__.get("loop")
        if loop is not None:
            loop.close()
