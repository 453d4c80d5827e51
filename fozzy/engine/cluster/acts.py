"""What each step of a distributed scenario does to a cluster. `ACTS` is the list.

To add a step: its type in fozzy/dsl/steps/cluster, a function here that returns a note or raises `StepFailed`, a line in
`ACTS`. A test holds that every step type is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from msgspec import UNSET

from fozzy.core.duration import parse_ns, show_ns
from fozzy.core.outcome import StepFailed
from fozzy.dsl.cluster.moments import moment_of
from fozzy.dsl.cluster.spread import spread_of
from fozzy.dsl.steps import cluster as dsl
from fozzy.dsl.steps.base import told
from fozzy.dsl.steps.matchers import agrees
from fozzy.engine.cluster.run import ClusterRun
from fozzy.sim.network import TICK_NS
from fozzy.sim.node import Node
from fozzy.sim.settings import STEPS_CLIENT
from fozzy.sim.workload import Kind, Workload

Act = Callable[[Any, ClusterRun], str]


def _put(step: dsl.ClientPut, run: ClusterRun) -> str:
    _ask(run, step.node, "put", [step.key, step.value])
    return f"{step.node} {step.key} = {told(step.value)}"


def _get(step: dsl.ClientGetAssert, run: ClusterRun) -> str:
    value = _ask(run, step.node, "get", [step.key])
    seen = f"{step.node} {step.key} is {told(value)}"
    if step.equals is not UNSET and not agrees(value, step.equals):
        _differs(f"{seen}, wanted {told(step.equals)}", "equals", value, step.equals)
    if step.is_null and value is not None:
        _differs(f"{seen}, wanted nothing", "is_null", value, None)
    if step.equals is UNSET and not step.is_null and value is None:
        _differs(f"{step.node} has no {step.key}", "key", value, "a value")
    return seen


def _client(step: dsl.Client, run: ClusterRun) -> str:
    pending = run.cluster.clients.call(STEPS_CLIENT, run.node(step.node), step.op, step.args)
    run.cluster.wait(pending)
    called = f"{step.node}.{step.op}"
    return _compared(step, called, (pending.value, pending.error), "expect_error", run)


def _call(step: dsl.NodeCall, run: ClusterRun) -> str:
    pending = run.call(run.node(step.node), step.function, step.args)
    run.cluster.wait(pending)
    return _compared(step, step.function, (pending.value, pending.error), "expect_raises", run)


def _compared(step: Any, called: str, outcome: tuple[Any, BaseException | None], field: str, run: ClusterRun) -> str:
    """What came of a call; `field` of the step names the exception it is to raise. *Errors*: `StepFailed`."""
    value, error = outcome
    wanted = getattr(step, field)
    if error is not None:
        said = run.cluster.user.described(error)
        if wanted is not None and wanted in said["kinds"]:
            return f"{called} raised {said['name']}"
        details = {"exception": said["type"], "at": said["at"], "traceback": said["traceback"]}
        message = f"{called} raised {said['name']}: {said['message']}".rstrip(": ")
        raise StepFailed("", message, field=field if wanted else "", details=details)
    if wanted is not None:
        raise StepFailed("", f"{called} = {told(value)}, wanted it to raise {wanted}", field=field)
    if step.expect is not UNSET and not agrees(value, step.expect):
        _differs(f"{called} = {told(value)}, wanted {told(step.expect)}", "expect", value, step.expect)
    return f"{called} = {told(value)}"


def _ask(run: ClusterRun, node: str, op: str, args: list[Any]) -> Any:
    """What a client is told. *Errors*: `StepFailed`."""
    pending = run.cluster.clients.call(STEPS_CLIENT, run.node(node), op, args)
    run.cluster.wait(pending)
    if pending.error is not None:
        said = run.cluster.user.described(pending.error)
        details = {"exception": said["type"], "at": said["at"]}
        raise StepFailed("", f"{op} at {node} failed: {said['name']}: {said['message']}".rstrip(": "), details=details)
    return pending.value


def _differs(message: str, field: str, value: Any, wanted: Any) -> NoReturn:
    details = {"expected": wanted, "actual": value, "comparison": _comparison(value, wanted)}
    raise StepFailed("", message, field=field, label=f"is {told(value)}", details=details)


def _comparison(value: Any, wanted: Any) -> str:
    """How a value misses what is wanted: a shrinker must not take too little for too much."""
    if value is None:
        return "nothing"
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return "less" if value < wanted else "greater"
    return "other"


def _converged(step: dsl.ExpectConverged, run: ClusterRun) -> str:
    kernel, until = run.cluster.kernel, run.cluster.kernel.clock.now + parse_ns(step.within)
    while True:
        values = {node.name: _ask(run, node.name, "get", [step.key]) for node in run.cluster.nodes if node.is_up}
        if values and all(value == next(iter(values.values())) for value in values.values()):
            return f"{step.key} is {told(next(iter(values.values()), None))} on {len(values)} nodes"
        if kernel.clock.now >= until:
            shown = ", ".join(f"{name}={told(value)}" for name, value in values.items()) or "no node is up"
            message = f"{step.key} still differs after {show_ns(parse_ns(step.within))}: {shown}"
            raise StepFailed("", message, field="within", details={"values": values})
        run.cluster.tick(parse_ns(step.poll))


def _workload(step: dsl.Workload, run: ClusterRun) -> str:
    everywhere = run.cluster.nodes
    kinds = []
    for each in step.operations:
        names = [] if each.node is None else [each.node] if isinstance(each.node, str) else each.node.any
        kinds.append(Kind(each.op, [run.node(name) for name in names] or everywhere, each.args, each.weight))
    pause = None if step.pause is None else spread_of(step.pause)
    done = Workload(run.cluster, run.workload_name(), kinds, pause).start(step.clients, step.count)
    if step.wait:
        run.cluster.wait(done)
    return f"{step.clients} clients, {step.count} operations each"


def _partition(step: dsl.Partition, run: ClusterRun) -> str:
    a, b = run.node(step.a), run.node(step.b)

    def cut() -> None:
        run.cluster.cut([a], [b])

    return _at(step, run, cut, f"{step.a} | {step.b}")


def _heal(step: dsl.Heal, run: ClusterRun) -> str:
    a, b = run.node(step.a), run.node(step.b)
    return _at(step, run, lambda: run.cluster.heal(a, b), f"{step.a} - {step.b}")


def _heal_all(step: dsl.HealAll, run: ClusterRun) -> str:
    run.cluster.heal_all()
    return ""


def _machine(what: Callable[[ClusterRun, Node], None]) -> Act:
    def act(step: Any, run: ClusterRun) -> str:
        node = run.node(step.node)
        return _at(step, run, lambda: what(run, node), step.node)

    return act


def _tick(step: dsl.Tick, run: ClusterRun) -> str:
    run.cluster.tick(parse_ns(step.duration))
    return step.duration


def _at(step: Any, run: ClusterRun, do: Callable[[], None], note: str) -> str:
    """At once, or planned for later."""
    if step.at is None:
        do()
        return note
    moment, kernel, span = moment_of(step.at), run.cluster.kernel, run.cluster.kernel.choices.span
    high = (moment.high - moment.low) // TICK_NS
    drawn = kernel.choices.draw(f"step.{step.__struct_config__.tag}.at", 0, high) * TICK_NS if high else 0

    def later(_arg: Any) -> None:
        kernel.choices.span = span
        do()

    kernel.later(moment.low + drawn, later)
    return f"{note} in {show_ns(moment.low + drawn)}"


ACTS: dict[type[Any], Act] = {
    dsl.ClientPut: _put,
    dsl.ClientGetAssert: _get,
    dsl.Client: _client,
    dsl.Workload: _workload,
    dsl.ExpectConverged: _converged,
    dsl.NodeCall: _call,
    dsl.Partition: _partition,
    dsl.Heal: _heal,
    dsl.HealAll: _heal_all,
    dsl.Crash: _machine(lambda run, node: run.cluster.crash(node)),
    dsl.Restart: _machine(lambda run, node: run.cluster.restart(node)),
    dsl.Pause: _machine(lambda run, node: run.cluster.pause(node)),
    dsl.Resume: _machine(lambda run, node: run.cluster.resume(node)),
    dsl.Tick: _tick,
}
