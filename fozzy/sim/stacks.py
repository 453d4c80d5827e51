"""Where every task of a cluster waits, as a deadlock or a livelock tells it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fozzy.sim.cluster import Cluster
    from fozzy.sim.node import Node

FRAMES_MAX = 12
TASKS_MAX = 50


def stacks_of(cluster: Cluster) -> list[dict[str, Any]]:
    """Every task that is not done: its machine, its name, its frames, outermost first. *Limits*: `TASKS_MAX`."""
    told: list[dict[str, Any]] = []
    for node in cluster.kernel.nodes:
        for task in tasks_of(node):
            told.append(
                {"node": node.name, "task": cluster.user.clean(task.get_name()), "stack": _stack(cluster, task)}
            )
    return told[:TASKS_MAX]


def stuck_at(cluster: Cluster) -> str:
    """The lines of the user's where those wait who hold the run, each once: clients, and programs that do not serve.
    A deadlock at other lines is another one."""
    lines: dict[str, None] = {}
    for node in cluster.kernel.nodes:
        program = cluster.programs.get(node)
        if node.is_client or (program is not None and program.is_running and not program.serves):
            for task in tasks_of(node):
                own = [cluster.user.own(frame.f_code.co_filename, line) for frame, line in frames_of(task)]
                lines.update(dict.fromkeys([next((each for each in own[::-1] if each), "")]))
    return ", ".join(sorted(each for each in lines if each))


def tasks_of(node: Node) -> list[Any]:
    """The tasks of a machine's program, in the order they were made."""
    if node.loop is None:
        return []
    return sorted(asyncio.all_tasks(node.loop), key=_number)


def forgotten(node: Node) -> list[Any]:
    """Tasks of a machine's program that failed and that nobody asked for their result, in the order they were made."""
    if node.loop is None:
        return []
    found = [task for some in _REGISTERS for task in _tasks_in(some) if _is_forgotten(task, node.loop)]
    return sorted(found, key=_number)


def unregister(loops: Collection[Any]) -> list[Any]:
    """Have asyncio forget the tasks of loops that are no more: tasks of many runs have the same hashes. Their end is
    told to nobody; who gets the list lets them go."""
    gone: list[Any] = [] if _REGISTERS else [task for loop in loops for task in asyncio.all_tasks(loop)]
    for register in _REGISTERS:
        here = [task for task in _tasks_in(register) if task.get_loop() in loops]
        for task in here:
            register.discard(task)
        gone += here
    for task in gone:
        task._log_destroy_pending = False
    return sorted(gone, key=_number)


def _number(task: Any) -> int:
    number: int = getattr(task, "number", 0)
    return number


def _tasks_in(register: Any) -> list[Any]:
    """The tasks of a register. What a weak set holds is looked at directly: its own way of going over it takes longer
    than most runs have tasks."""
    references = getattr(register, "data", None)
    if references is None:
        return list(register)
    return [task for each in list(references) if (task := each()) is not None]


# Where asyncio knows all tasks from; nowhere where it keeps them out of sight (from Python 3.14 on).
_REGISTERS: tuple[Any, ...] = tuple(
    getattr(asyncio.tasks, name)
    for name in ("_all_tasks", "_scheduled_tasks", "_eager_tasks")
    if hasattr(asyncio.tasks, name) and sys.version_info < (3, 14)
)


def _is_forgotten(task: Any, loop: Any) -> bool:
    return task.get_loop() is loop and task.done() and getattr(task, "_log_traceback", False)


def _stack(cluster: Cluster, task: Any) -> list[str]:
    shown = cluster.user.shown
    return [f"{frame.f_code.co_qualname} ({shown(frame.f_code.co_filename, line)})" for frame, line in frames_of(task)][
        -FRAMES_MAX:
    ]


def frames_of(task: Any) -> list[tuple[Any, int]]:
    """The frames of what a task awaits, through coroutines that await others; `Task.get_stack` knows only the first."""
    frames: list[tuple[Any, int]] = []
    awaited: Any = task.get_coro()
    while awaited is not None and len(frames) < 50:
        frame = _first(awaited, "cr_frame", "gi_frame", "ag_frame")
        if frame is not None:
            frames.append((frame, frame.f_lineno))
        awaited = _first(awaited, "cr_await", "gi_yieldfrom", "ag_await")
    return frames


def _first(thing: Any, *names: str) -> Any:
    for name in names:
        found = getattr(thing, name, None)
        if found is not None:
            return found
    return None
