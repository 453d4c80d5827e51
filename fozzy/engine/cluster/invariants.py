"""What must hold of a cluster, and when it is looked at. `JUDGES` is the list.

To add an invariant: its type in fozzy/dsl/steps/cluster/invariants, a class here, a line in `JUDGES`. A test holds that
every invariant type is there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fozzy.core.duration import parse_ns, show_ns
from fozzy.core.outcome import StepFailed
from fozzy.dsl.steps import cluster as dsl
from fozzy.dsl.steps.base import told
from fozzy.engine.cluster.run import ClusterRun
from fozzy.sim import context
from fozzy.sim.findings import placed, refusal
from fozzy.sim.kernel import Pending
from fozzy.sim.settings import CHECKER, STEPS_CLIENT
from fozzy.sim.stacks import tasks_of
from fozzy.sim.views import View
from fozzy.world.code.child import Refused

NOTHING = object()


class Judge:
    """Judges one invariant. *Errors*: `StepFailed` from each of its methods, when it does not hold."""

    def __init__(self, invariant: Any, run: ClusterRun, at: str) -> None:
        self.invariant = invariant
        self.run = run
        self.cluster = run.cluster
        self.at = at

    def instant(self) -> None:
        """Time is about to move."""

    def quiet(self) -> None:
        """Nothing is on its way."""

    def end(self) -> None:
        """The execution is over; clients may still be asked."""

    def fail(self, message: str, **details: Any) -> StepFailed:
        """It does not hold."""
        title = str(self.invariant.__struct_config__.tag)
        failure = StepFailed(title, message, "checker", details=details or None)
        failure.at = self.at
        return failure


class _OfKv(Judge):
    """Looks at what nodes hold; a builtin store is looked into, any other asked, by a client and at the end only."""

    @property
    def is_builtin(self) -> bool:
        """Whether all nodes are builtin stores."""
        return all(each.kind == "builtin" for each in self.cluster.setting.nodes)

    def value(self, name: str) -> Any:
        """What a node holds; `NOTHING` when it holds nothing."""
        node, key = self.run.node(name), self.invariant.key
        if self.cluster.setting.nodes[node.number].kind == "builtin":
            data = node.storage.get("kv", {})
            return data[key][0] if key in data else NOTHING
        pending = self.cluster.clients.call(STEPS_CLIENT, node, "get", [key])
        self.cluster.wait(pending)
        if pending.error is not None:
            said = self.cluster.user.described(pending.error)
            raise self.fail(f"{name} cannot be asked for {key}: {said['name']}: {said['message']}", node=name)
        return NOTHING if pending.value is None else pending.value

    def values(self) -> dict[str, Any]:
        """What every node holds."""
        return {node.name: self.value(node.name) for node in self.cluster.nodes if node.is_up or self.is_builtin}

    def quiet(self) -> None:
        if self.is_builtin:
            self.look()

    def end(self) -> None:
        self.look()

    def look(self) -> None:
        """Judge what nodes hold now."""


class KvAllEqual(_OfKv):
    """Judged at the end."""

    def quiet(self) -> None:
        """Nodes may differ on the way."""

    def look(self) -> None:
        values = self.values()
        if len({told(_plain(value)) for value in values.values()}) > 1:
            shown = ", ".join(f"{name}={_shown(value)}" for name, value in values.items())
            raise self.fail(f"{self.invariant.key} differs: {shown}", values=_plains(values))


class KvPresentOnAll(_OfKv):
    """Judged when nothing is on its way, once somebody has the key."""

    def quiet(self) -> None:
        if self.is_builtin and any(value is not NOTHING for value in self.values().values()):
            self.look()

    def look(self) -> None:
        values = self.values()
        without = [name for name, value in values.items() if value is NOTHING]
        if without:
            raise self.fail(f"{self.invariant.key} is not on {', '.join(without)}", values=_plains(values))


class KvNodeEquals(_OfKv):
    """Judged when nothing is on its way, once the node has the key."""

    def quiet(self) -> None:
        if self.is_builtin and self.value(self.invariant.node) is not NOTHING:
            self.look()

    def look(self) -> None:
        value, wanted = self.value(self.invariant.node), self.invariant.equals
        if value is NOTHING or value != wanted:
            said = f"{self.invariant.key} on {self.invariant.node} is {_shown(value)}, wanted {told(wanted)}"
            raise self.fail(said, expected=wanted, actual=_plain(value))


class _OfYours(Judge):
    """A function of the user's, which is given the cluster. It runs outside of all nodes."""

    def __init__(self, invariant: Any, run: ClusterRun, at: str) -> None:
        super().__init__(invariant, run, at)
        self._view = View(run.cluster)
        self._function: Any = None

    def holds(self) -> bool:
        """Whether the function says so. *Errors*: `StepFailed` when it raises."""
        cluster = self.cluster
        machine = cluster.clients.machine(CHECKER)
        choices = cluster.kernel.choices
        before, span, context.current = context.current, choices.span, machine
        if machine.modules is not None:
            cluster.user.enter(machine.modules)
        cluster.kernel.current = machine
        choices.span = self.at
        try:
            if self._function is None:
                self._function = cluster.user.load(self.invariant.check_)
            held = self._function(self._view)
            if inspect.iscoroutine(held):
                held.close()
                raise TypeError("a check must be a plain function: what it returns is awaited by nobody")
            if not isinstance(held, bool):
                raise TypeError(f"a check returns True or False, this one returned {type(held).__name__}")
            return held
        except Refused as refused:
            raise placed(refusal(refused), self.at) from None
        except BaseException as error:
            if cluster.found:
                raise cluster.found[0] from None  # it did what cannot be simulated
            said = cluster.user.described(error)
            message = f"{self.invariant.check_} raised {said['name']}: {said['message']}".rstrip(": ")
            raise self.fail(message, exception=said["type"], at=said["at"], traceback=said["traceback"]) from None
        finally:
            context.current, choices.span = before, span


class Always(_OfYours):
    """Judged before time moves, and at the end."""

    def instant(self) -> None:
        if not self.holds():
            raise self.fail(f"{self.invariant.check_} does not hold")

    def end(self) -> None:
        self.instant()


class Eventually(_OfYours):
    """Judged before time moves, until it holds once."""

    _held = False

    def instant(self) -> None:
        if self._held or self.cluster.kernel.clock.now > parse_ns(self.invariant.within):
            return
        self._held = self.holds()

    def end(self) -> None:
        """Time goes on until it holds or its time is over."""
        until, kernel = parse_ns(self.invariant.within), self.cluster.kernel
        held = Pending(kernel)

        def watch() -> None:
            self.instant()
            if self._held:
                held.set()

        if not self._held and kernel.clock.now < until:
            kernel.watchers.append(watch)
            kernel.run(until, held)
            kernel.watchers.remove(watch)
            self.cluster.raise_found()
            self.instant()
        if not self._held:
            raise self.fail(f"{self.invariant.check_} never holds within {show_ns(until)}")


class NoException(Judge):
    """Exceptions that nobody handles end the run by themselves; at the end those of forgotten tasks are looked for."""


class NoDeadlock(Judge):
    """Judged at the end: with nothing left to happen, no program may wait, not even one that listens."""

    def end(self) -> None:
        kernel = self.cluster.kernel
        if not kernel.is_idle():
            return
        waiting = [node.name for node in self.cluster.nodes for task in tasks_of(node) if not _serving(task)]
        if waiting:
            stuck = ", ".join(dict.fromkeys(waiting))
            raise self.fail(
                f"nothing can happen any more, and tasks of {stuck} wait", nodes=list(dict.fromkeys(waiting))
            )


def _serving(task: Any) -> bool:
    """Whether a task waits in `serve_forever`, or for the end of it."""
    from fozzy.sim.stacks import frames_of

    return any(frame.f_code.co_name in ("serve_forever", "serve", "main_loop") for frame, _ in frames_of(task))


def _plain(value: Any) -> Any:
    return None if value is NOTHING else value


def _plains(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _shown(value: Any) -> str:
    return "nothing" if value is NOTHING else told(value)


JUDGES: dict[type[Any], Callable[[Any, ClusterRun, str], Judge]] = {
    dsl.KvAllEqual: KvAllEqual,
    dsl.KvPresentOnAll: KvPresentOnAll,
    dsl.KvNodeEquals: KvNodeEquals,
    dsl.Always: Always,
    dsl.Eventually: Eventually,
    dsl.NoException: NoException,
    dsl.NoDeadlock: NoDeadlock,
}

__all__ = ["JUDGES", "Judge"]
