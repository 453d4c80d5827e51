"""The schedule: scenarios that start by themselves."""

from __future__ import annotations

from msgspec.structs import replace

from fozzy.chaos.api.answers import Schedule, Scheduled
from fozzy.chaos.api.call import Rejected
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.numbers import numbered, numbers
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.faults.http.plan import Entry


def get(controls: Controls, asked: Asked) -> Schedule:
    """The schedule."""
    session = controls.session
    plan, due = controls.state.plan, session.engine.timetable.when()
    entries = [Scheduled(index=index, entry=entry, due_ns=due[index]) for index, entry in enumerate(plan.schedule)]
    return Schedule(schedule=entries, now_ns=session.now_ns(), requests=session.engine.requests)


def add(controls: Controls, asked: Asked) -> Schedule:
    """One more entry."""
    return _put(controls, [*controls.state.plan.schedule, asked.body], "schedule entry added")


def delete(controls: Controls, asked: Asked) -> Schedule:
    """One entry fewer."""
    schedule = controls.state.plan.schedule
    index = numbered(asked.words["index"], len(schedule))
    if index is None:
        said = f"the schedule has no entry {asked.words['index']}"
        raise Rejected(404, "chaos.unknown_entry", said, hint=numbers(len(schedule)))
    return _put(controls, [*schedule[:index], *schedule[index + 1 :]], "schedule entry removed")


def clear(controls: Controls, asked: Asked) -> Schedule:
    """No entry."""
    return _put(controls, [], "schedule emptied")


def _put(controls: Controls, schedule: list[Entry], what: str) -> Schedule:
    state = controls.state
    controls.change(replace(state, plan=replace(state.plan, schedule=schedule)), what)
    return get(controls, Asked({}, None, None))


OPERATIONS = [
    Operation(
        method="GET", path="/fozzy/schedule", name="get_schedule", does="Show the schedule.", run=get, gives=Schedule
    ),
    Operation(
        method="POST",
        path="/fozzy/schedule",
        name="add_to_schedule",
        does="Have a scenario start `at` a time, after so many requests, or every so often, all counted from now.",
        run=add,
        takes=Entry,
        gives=Schedule,
        example={"start": "slow_backend", "at": "30s"},
    ),
    Operation(
        method="DELETE",
        path="/fozzy/schedule",
        name="clear_schedule",
        does="Take every entry away; what has started goes on.",
        run=clear,
        gives=Schedule,
    ),
    Operation(
        method="DELETE",
        path="/fozzy/schedule/{index}",
        name="delete_from_schedule",
        does="Take one entry away; what it has started goes on.",
        run=delete,
        gives=Schedule,
        refuses=(404,),
    ),
]
