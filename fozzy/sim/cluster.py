"""A cluster: its machines, what runs on them, what is done to them, and what was found.

Rule 1: everything a step, a fault or a checker does to a cluster it does through here.
Rule 2: a crash is a power cut. Nothing of the program runs any more, not even a `finally`; who talks to it learns
nothing. What a machine has in `storage` survives.
Rule 3: the first thing that is found ends the run, after the handle that found it.
"""

from __future__ import annotations

import asyncio
from asyncio import format_helpers
from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

from fozzy.core.choice import Choices
from fozzy.core.events import Net
from fozzy.core.outcome import StepFailed
from fozzy.sim.clients import Clients
from fozzy.sim.findings import exception_details, innermost, placed, refusal, sim_failure, where_in
from fozzy.sim.kernel import Kernel, Pending, Turned, Why
from fozzy.sim.loop import Handle, SimLoop, handle_of
from fozzy.sim.network import Network
from fozzy.sim.node import Node
from fozzy.sim.patches.own import forget
from fozzy.sim.programs import Program, program_of
from fozzy.sim.settings import ClusterSetting, LinkSetting, NodeSetting
from fozzy.sim.stacks import forgotten, stacks_of, stuck_at, unregister
from fozzy.sim.user import NO_CODE, UserCode
from fozzy.world.code.child import Refused


class Cluster:
    """*Limits*: `setting.duration_ns` of virtual time. *Closes*: `close` lets go of every program."""

    def __init__(
        self,
        setting: ClusterSetting,
        choices: Choices,
        user: UserCode = NO_CODE,
        turned: Turned | None = None,
    ) -> None:
        self.setting = setting
        self.user = user
        self.kernel = Kernel(choices, commuting=commutes(setting), intra=setting.schedule_intra, turned=turned)
        self.network = Network(self.kernel, self._link_setting)
        self.nodes = [self._node(each, index) for index, each in enumerate(setting.nodes)]
        self.by_name = {node.name: node for node in self.nodes}
        self.programs: dict[Node, Program] = {}
        self.clients = Clients(self)
        self.workloads: list[Pending] = []
        self.found: list[StepFailed] = []
        self.left: list[Any] = []  # coroutines of programs that lost power: they must never run again
        self.is_over = False
        self.drives = False  # steps or workloads drive the run, so programs that only serve do not hold it

    def _node(self, setting: NodeSetting, index: int) -> Node:
        node = Node(setting.name, index, self)
        self.kernel.nodes.append(node)
        self.network.add(node)
        return node

    def _link_setting(self, source: str, target: str) -> LinkSetting:
        return self.setting.links.get((source, target), self.setting.link)

    # Machines

    def start(self) -> None:
        """Start every program, in order."""
        for node in self.nodes:
            self.boot(node)

    def boot(self, node: Node) -> None:
        """Start a machine's program, as new as it was at first; only what was stored is left."""
        node.is_up, node.is_paused = True, False
        node.is_queued, node.is_blocked, node.lag_ns = False, False, 0
        node.incarnation += 1
        node.state = {}
        node.pid += 100 if node.incarnation > 1 else 0
        node.modules = self.user.fresh()
        if self.kernel.current is node:
            self.kernel.current = None  # it is entered anew, with its new modules
        setting = self.setting.nodes[node.number]
        self.programs[node] = program = program_of(setting, self, node)
        self.kernel.event("node.start", node=node.name, incarnation=node.incarnation)
        program.start()

    def crash(self, node: Node) -> None:
        """Cut the power of a machine."""
        if not node.is_up:
            return
        self.kernel.event("node.crash", node=node.name)
        self._lose(node)

    def restart(self, node: Node) -> None:
        """Start a machine's program again; one that runs loses power first."""
        if node.is_up:
            self._lose(node)
        self.kernel.event("node.restart", node=node.name)
        self.boot(node)

    def _lose(self, node: Node) -> None:
        loop = node.loop
        node.hold()
        node.is_up = False
        self.left += [*node.ready, *node.overdue]
        node.ready.clear()
        node.overdue.clear()
        node.last = None
        node.listeners.clear()
        node.datagrams.clear()
        node.handlers.clear()
        node.loop = None
        if isinstance(loop, SimLoop):
            self.left += [loop, *asyncio.all_tasks(loop)]  # dropped, they would run their `finally`
            loop.close()
        program = self.programs.pop(node, None)
        if program is not None:
            self.left.append(program)
            program.lose()

    def pause(self, node: Node) -> None:
        """Stop a machine from running, as SIGSTOP does; what arrives waits."""
        if node.is_up and not node.is_paused:
            node.is_paused = True
            node.hold()
            self.kernel.event("node.pause", node=node.name)

    def resume(self, node: Node) -> None:
        """Let a machine run again."""
        if node.is_up and node.is_paused:
            node.is_paused = False
            self.kernel.event("node.resume", node=node.name)
            node.release()

    def ended(self, node: Node, error: BaseException | None) -> None:
        """A machine's program came to its end; what it wrote without ending the line is said."""
        forget(node)
        if error is None:
            self.kernel.event("node.exit", node=node.name)
            self.kernel.stirred = True
            node.hang_up()
            return
        self.raised(node, error, "its program")

    # The network

    def cut(self, one: Sequence[Node], other: Sequence[Node], *, oneway: bool = False) -> Callable[[], None]:
        """Cut two groups of machines apart; what comes back mends exactly that."""
        pairs = [(a, b) for a in one for b in other if a is not b]
        pairs += [] if oneway else [(b, a) for a, b in pairs]
        links = [self.network.link(a, b) for a, b in pairs]
        for link in links:
            link.cut()

        def mend() -> None:
            for link in links:
                link.heal()

        return mend

    def heal(self, one: Node, other: Node) -> None:
        """Mend what is cut between two machines, both ways."""
        self.network.link(one, other).heal(wholly=True)
        self.network.link(other, one).heal(wholly=True)

    def heal_all(self) -> None:
        """Mend every link."""
        for link in self.network.links():
            link.heal(wholly=True)

    def send_datagram(self, node: Node, source: tuple[str, int], target: tuple[str, int], data: bytes) -> None:
        """Send a datagram; nobody is told when it is lost."""
        found = self.network.host(target[0], node)
        if found is None:
            return
        link = self.network.link(node, found)

        def arrive(given: bytes) -> None:
            receiver = found.datagrams.get(int(target[1]))
            if receiver is not None and found.is_up and isinstance(found.loop, SimLoop):
                kernel = self.kernel
                kernel.log.append(Net(kernel.clock.now, found.span, "datagram", link.name, len(given), crc32(given)))
                found.loop.arrived(receiver.arrived, (given, source), receiver.context)

        link.send(arrive, data, len(data))

    # Time

    def wait(self, pending: Pending) -> Why:
        """Run until something is done. *Errors*: `StepFailed` when something was found, or when it never will be."""
        why = self.kernel.run(self.setting.duration_ns, pending)
        self.raise_found()
        if pending.done:
            return "done"
        if why == "idle":
            raise self.deadlock("nothing can happen any more, and the step still waits")
        if why == "time":
            raise self.too_long()
        return why

    def tick(self, duration_ns: int) -> None:
        """Let time pass. *Errors*: as `wait`."""
        until = self.kernel.clock.now + duration_ns
        self.kernel.run(min(until, self.setting.duration_ns))
        self.raise_found()
        if until > self.setting.duration_ns:
            raise self.too_long()
        self.kernel.clock.now = max(self.kernel.clock.now, until)

    def settle(self) -> None:
        """Run until workloads and programs are done and nothing is on the wire, or until `duration`. *Errors*: `StepFailed`."""
        done = Pending(self.kernel)

        def watch() -> None:
            if not self.kernel.in_flight and not self.is_held:
                done.set()

        self.kernel.watchers.append(watch)
        try:
            why = self.kernel.run(self.setting.duration_ns, done)
        finally:
            self.kernel.watchers.remove(watch)
        self.raise_found()
        if why == "idle" and self.is_held and not self.only_serves:
            raise self.deadlock("nothing can happen any more, and programs still wait")

    @property
    def is_held(self) -> bool:
        """Whether a program or a workload is still to end."""
        if any(not each.done for each in self.workloads):
            return True
        running = [program for program in self.programs.values() if program.is_running]
        if any(not program.serves for program in running):
            return True
        return bool(running) and not self.drives and not any(program.is_finite for program in self.programs.values())

    @property
    def only_serves(self) -> bool:
        """Whether all that still runs only serves."""
        if any(not each.done for each in self.workloads):
            return False
        return all(program.serves for program in self.programs.values() if program.is_running)

    # What is found

    def find(self, failure: StepFailed, at: str = "") -> None:
        """Something was found: the run ends."""
        if failure in self.found:
            return
        failure.at = failure.at or at or self.kernel.choices.span
        self.found.append(failure)
        self.kernel.halt(lambda: None)

    def raise_found(self) -> None:
        """*Errors*: `StepFailed`, the first that was found."""
        if self.kernel.halted is not None:
            self.kernel.halted()
        if self.found:
            raise self.found[0]

    def raised(self, node: Node, error: BaseException, whose: str) -> None:
        """User code raised what nobody handled."""
        if isinstance(error, Fence):
            return  # it is found already
        if isinstance(error, SystemExit) and not error.code:
            program = self.programs.get(node)
            if program is not None:
                program.leave()
            return
        if isinstance(error, Refused):
            self.find(refusal(error), node.span)
            return
        error, others = innermost(error)
        told = self.user.described(error)
        message = f"{whose} on {node.name} raised {told['name']}: {told['message']}".rstrip(": ")
        message += where_in(told) + (f", and {others} more in its group" if others else "")
        self.find(sim_failure("node_exception", message, details=exception_details(told)), node.span)

    def callback_failed(self, node: Node, handle: Any, error: BaseException) -> None:
        """A callback raised: a matter of the program's own handler, unless the program is to end."""
        if handle._loop is None or isinstance(error, SystemExit | KeyboardInterrupt | Fence):
            self.raised(node, error, "its program")
            return
        message = f"Exception in callback {_format_callback(handle._callback, handle._args, {})}"
        try:
            handle._loop.call_exception_handler({"message": message, "exception": error, "handle": handle})
        except BaseException as worse:  # the handler wants the program to end
            self.raised(node, worse, "its program")

    def unhandled(self, node: Node, context: dict[str, Any]) -> None:
        """asyncio was told of an exception that nobody handled."""
        error = context.get("exception")
        if error is None or isinstance(error, asyncio.CancelledError):  # the callback of a stream's task, in 3.11
            self.said(node, str(context.get("message", "")))
        else:
            words = {"future": "a task", "task": "a task", "handle": "a callback"}
            self.raised(node, error, next((word for key, word in words.items() if key in context), "a protocol"))

    def look_for_forgotten(self) -> None:
        """Tasks that failed and that nobody asked for their result. *Errors*: `StepFailed`."""
        for node in self.kernel.nodes:
            for task in forgotten(node):
                task._log_traceback = False
                self.raised(node, task.exception(), "a task nobody awaits")
        self.raise_found()

    def fenced(self, node: Node, call: str, why: str) -> BaseException:
        """The program does what cannot be simulated; what to raise."""
        at = self.user.caller()
        message = f"{at or 'the program'} on {node.name} calls {call}: {why}"
        self.find(sim_failure("sim_fenced", message, "input_invalid", details={"at": at, "call": call}), node.span)
        return Fence(message)

    def hung(self, node: Node, hang_ns: int) -> BaseException:
        """A program runs and runs without giving control back; what to raise."""
        at = self.user.caller()
        message = (
            f"{at or 'the program'} on {node.name} does not give control back within {hang_ns / 10**9:g}s of host time"
        )
        failure = StepFailed("sim_hang", message, "hang", "timeout", details={"at": at})
        self.find(failure, node.span)
        return Fence(message)

    def livelocked(self, node: Node) -> None:
        """Steps go on and on while time stands still."""
        stacks = stacks_of(self)
        message = f"{node.name} runs and runs at one instant, and time stands still"
        self.found.append(placed(sim_failure("livelock", message, "hang", details={"stacks": stacks}), node.span))

    def too_many_steps(self) -> None:
        """The bound of steps was reached."""
        message = f"the execution took more than {self.kernel.steps_max} steps"
        self.found.append(placed(sim_failure("steps_limit", message, "limit"), "distributed"))

    def deadlock(self, what: str) -> StepFailed:
        """Nothing can happen any more and something is still waited for."""
        stacks = stacks_of(self)
        held = [link.name for link in self.network.links() if link.cuts and (link.held or link.stalled)]
        more = f"; the cut links {', '.join(held)} hold messages" if held else ""
        return sim_failure("deadlock", f"{what}{more}", "hang", details={"stacks": stacks, "cause": stuck_at(self)})

    def too_long(self) -> StepFailed:
        """The virtual time is over and something is still waited for."""
        message = f"it is not done within the duration of {self.setting.duration_ns / 10**9:g}s"
        return StepFailed("duration", message, "hang", "timeout", details={"stacks": stacks_of(self)})

    def said(self, node: Node, text: str) -> None:
        """A program wrote a line."""
        if not self.is_over:
            self.kernel.tell("node.said", node=node.name, text=self.user.clean(text))

    def soon(self, node: Node, call: Callable[..., Any], *args: Any) -> None:
        """Have something run on a machine, at its turn."""
        node.ready.append(handle_of(Handle(), call, args, node.loop, None))
        if not node.is_queued:
            node.wake()

    def close(self) -> None:
        """Let go of everything, so that nothing of it waits for garbage to be collected. What is left of programs is
        dropped without being told to anybody."""
        self.is_over = True
        kernel, nodes = self.kernel, self.kernel.nodes
        tasks = unregister({node.loop for node in nodes if node.loop is not None})
        with self.user.aside():
            del tasks
            kernel.close()
            for node in nodes:
                node.close()
            self.programs.clear()
            self.by_name.clear()
            self.network.close()
            self.clients.close()
            self.left.clear()
            self.workloads.clear()


class Fence(BaseException):
    """What is raised in a program that did what cannot be simulated; `except Exception` does not swallow it."""

    is_fence = True


_format_callback: Any = format_helpers._format_callback


def commutes(setting: ClusterSetting) -> bool:
    """Whether steps of two machines at one instant cannot see each other: every link takes its time and no objects
    are shared."""
    slow = all(each.latency.low_ns > 0 for each in (setting.link, *setting.links.values()))
    return slow and not setting.share
