"""The schedule: scenarios that start by themselves."""

from __future__ import annotations

from msgspec.structs import replace

from fozzy.chaos.api.answers import Schedule, Scheduled
from fozzy.chaos.api.call import Rejected
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.numbers import numbered
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.core.duration import parse_ns, show_ns
from fozzy.faults.http.plan import Entry


def get(controls: Controls, asked: Asked) -> Schedule:
    """The schedule."""
    state, session = controls.state, controls.session
    entries = [Scheduled(index=index, entry=entry) for index, entry in enumerate(state.plan.schedule)]
    requests = session.engine.requests
    return Schedule(schedule=entries, now_ns=session.now_ns(), since_ns=state.since_ns, requests=requests)


def add(controls: Controls, asked: Asked) -> Schedule:
    """One more entry."""
    entry: Entry = asked.body
    _not_over(controls, entry)
    return _put(controls, [*controls.state.plan.schedule, entry], "schedule entry added")


def delete(controls: Controls, asked: Asked) -> Schedule:
    """One entry fewer."""
    schedule = controls.state.plan.schedule
    index = numbered(asked.words["index"], len(schedule), "chaos.unknown_entry", "the schedule has no entry")
    return _put(controls, [*schedule[:index], *schedule[index + 1 :]], "schedule entry removed")


def clear(controls: Controls, asked: Asked) -> Schedule:
    """No entry."""
    return _put(controls, [], "schedule emptied")


def _not_over(controls: Controls, entry: Entry) -> None:
    """*Errors*: `Rejected` for a time or a count of requests that is over, so that it would start at once."""
    session, state = controls.session, controls.state
    passed_ns = session.now_ns() - state.since_ns
    if entry.at is not None and parse_ns(entry.at) <= passed_ns:
        said = f'at is "{entry.at}": that is over, it is {show_ns(passed_ns)} now'
        raise Rejected(400, "chaos.bad_value", said, field="at")
    if entry.after_requests is not None and entry.after_requests <= session.engine.requests:
        said = f"after_requests is {entry.after_requests}: there were {session.engine.requests} already"
        raise Rejected(400, "chaos.bad_value", said, field="after_requests")


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
        does="Have a scenario start at a time since the plan came into force, after so many requests of the run, or every so often.",
        run=add,
        takes=Entry,
        gives=Schedule,
        example={"start": "slow_backend", "after_requests": 100000},
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
