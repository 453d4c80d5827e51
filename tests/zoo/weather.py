"""Failures that need faults, and answers that are scripted."""

from __future__ import annotations

from typing import Any

from tests.zoo.animal import Animal, Json, Least, all_steps, block, grow, kv, never, noise, only, scenario

ASK: Json = {"type": "http_request", "method": "GET", "path": "/pay", "save": {"s": "status"}}
WHEN: Json = {"type": "http_when", "method": "GET", "path": "/pay", "status": 200}
LOG = grow("log", " ${s}")


def fault(on: str, kind: str, **more: Any) -> Json:
    """Arms a fault."""
    return {"type": "fault", "on": on, "kind": kind, **more}


def idle_weather() -> list[Json]:
    """Faults that strike where nothing is lost by it, and a request that they strike."""
    elsewhere = {"type": "http_request", "method": "GET", "path": "/other"}
    return [
        fault("http", "drop", name="other", match={"path": "/other"}, probability=0.5),
        fault("http", "latency", name="slow", match={"path": "/other"}, delay="2ms", every=2),
        {**WHEN, "path": "/other"},
        *[elsewhere for _ in range(4)],
    ]


def retry_of_two() -> Animal:
    """A retry whose first two attempts fail."""
    wanted = {"type": "http_request", "method": "GET", "path": "/pay", "expect_status": 200}
    end = never("log", ".*xxx")

    def steps(attempts: int, schedule: Json, more: list[Json], **given: Any) -> list[Json]:
        body = [*more, grow("log", "x"), wanted]
        return [
            kv("log", ""),
            WHEN,
            fault("http", "drop", **schedule),
            block("retry", body, attempts=attempts, **given),
        ]

    return Animal(
        name="retry-of-two-faults",
        why="A retry must fail twice and then succeed: one fault less or more is no failure, or another.",
        scenario=scenario(
            [*idle_weather(), *steps(8, {"pattern": "FF.F"}, noise(3), backoff="10ms"), *noise(5, "e"), end]
        ),
        least=Least(7, faults=1, holds=lambda raw: only(raw, "retry").get("attempts") == 3),
        smallest=scenario([*steps(3, {"first": 2}, []), end]),
        tempts=True,
    )


def third_match() -> Animal:
    """A fault strikes the third request and no earlier one."""
    end = never("log", ".* 200 200 500.*")

    def steps(times: int, schedule: Json, more: list[Json]) -> list[Json]:
        return [kv("log", ""), WHEN, fault("http", "drop", **schedule), block("repeat", [*more, ASK, LOG], times=times)]

    return Animal(
        name="third-match",
        why="A fault must strike the third request, after two that it leaves alone.",
        scenario=scenario([*noise(4), *steps(10, {"every": 3}, noise(2, "m")), *noise(4, "e"), end]),
        least=Least(7, faults=1, holds=lambda raw: only(raw, "repeat").get("times") == 3),
        smallest=scenario([*steps(3, {"after": 2}, []), end]),
        tempts=True,
    )


def two_faults() -> Animal:
    """A fault of HTTP and one of programs, together."""
    spawn: Json = {"type": "proc_spawn", "cmd": "pack", "save": {"e": "exit"}}
    when: Json = {"type": "proc_when", "cmd": "pack", "exit_code": 0}
    end: Json = {"type": "assert", "that": "${s}/${e}", "matches": "^(?!500/3$)"}
    half = {"probability": 0.5}
    loud = [fault("http", "drop", **half), fault("proc", "exit", code=3, **half), fault("fs", "torn_write", **half)]
    other: Json = {"type": "fs_write", "path": "a", "data": "b"}
    quiet = [fault("http", "drop"), fault("proc", "exit", code=3)]
    return Animal(
        name="two-faults",
        why="A request must be dropped and a program must end with 3 in the same run.",
        scenario=scenario(
            [*loud[:1], WHEN, {**when, "stdout": "packed"}, *loud[1:], *noise(5), other, other, ASK, spawn, end]
        ),
        seed=12,
        least=Least(6, faults=2),
        smallest=scenario([*quiet, when, ASK, spawn, end]),
        tempts=True,
    )


def twice_in_fifty() -> Animal:
    """A fault with a probability hits two of fifty requests."""
    end = never("log", ".* 500.* 500.*")

    def steps(times: int, more: list[Json], **schedule: Any) -> list[Json]:
        armed = [kv("log", ""), *more, fault("http", "drop", **schedule)]
        return [*armed, block("repeat", [ASK, LOG], times=times), end]

    return Animal(
        name="twice-in-fifty",
        why="A fault must hit two of fifty requests; one that always hits needs two requests and no luck.",
        scenario=scenario([*noise(4), *steps(50, [WHEN, *noise(4, "m")], probability=0.06)]),
        seed=1,
        least=Least(6, faults=1, holds=lambda raw: only(raw, "repeat").get("times") == 2),
        smallest=scenario(steps(2, [])),
        tempts=True,
    )


def crash() -> Animal:
    """A fault ends a program by a signal."""
    when: Json = {"type": "proc_when", "cmd": "serve", "exit_code": 0}
    spawns: list[Json] = [{"type": "proc_spawn", "cmd": "serve", "args": [f"{index}"]} for index in range(3)]
    armed = fault("proc", "signal", signal=11, match={"cmd": "serve", "args": ["2"]})
    steps = [armed, {**when, "stdout": "ready"}, *noise(4), spawns[0], *noise(4, "m"), *spawns[1:], *noise(3, "e")]
    return Animal(
        name="crash-by-fault",
        why="A fault ends the third run of a program by a signal, which is a crash; unscripted it is a mere failure.",
        scenario=scenario([*idle_weather(), *steps]),
        least=Least(3, faults=1),
        smallest=scenario([fault("proc", "signal"), when, spawns[2]]),
        tempts=True,
    )


def idle_fault() -> Animal:
    """A fault that nothing ever comes for."""
    armed = fault("http", "drop", name="idle", match={"path": "/nowhere"})
    steps = [*noise(5), WHEN, armed, *noise(5, "m"), {**ASK, "expect_status": 200}, *noise(5, "e")]
    return Animal(
        name="idle-fault",
        why="The failure is that a fault was never rolled; it stands with the fault and needs one step that does something.",
        scenario=scenario(steps),
        least=Least(2, faults=1),
        smallest=scenario([armed, {"type": "unfreeze"}]),
    )


def one_answer_of_twelve() -> Animal:
    """One of twelve scripted answers is wrong."""
    asks = [{**ASK, "path": f"/p{index}", "expect_status": 200} for index in range(12)]
    whens = [_answer(index) for index in range(12)]
    smallest = {**WHEN, "path": "/p7", "status": 100}
    return Animal(
        name="one-answer-of-twelve",
        why="One of twelve scripted answers is wrong; without it the request is unscripted, which is another failure.",
        scenario=scenario([*whens[:6], *noise(5), *whens[6:], *asks[:7], *noise(5, "m"), *asks[7:]]),
        least=Least(2, holds=lambda raw: set(only(raw, "http_when")) == set(WHEN)),
        smallest=scenario([smallest, asks[7]]),
        tempts=True,
    )


def _answer(index: int) -> Json:
    body = {"json": {"index": index, "items": [index] * 3}, "headers": {"x-index": f"{index}"}, "times": 2}
    return {**WHEN, "path": f"/p{index}", "status": 503 if index == 7 else 200, **body}


def times() -> Animal:
    """The answer changes after two uses."""
    end = never("log", ".* 200 200 503.*")

    def steps(times: int, more: list[Json]) -> list[Json]:
        whens = [{**WHEN, "times": 2}, *more, {**WHEN, "status": 503}]
        return [kv("log", ""), *whens, block("repeat", [ASK, LOG], times=times), end]

    return Animal(
        name="answers-with-times",
        why="An answer must be good twice and bad the third time.",
        scenario=scenario([*noise(4), *steps(7, [*noise(3, "m"), {**WHEN, "path": "/else"}])]),
        least=Least(7, holds=lambda raw: [s.get("times") for s in all_steps(raw) if "times" in s] == [2, 3]),
        smallest=scenario(steps(3, [])),
        tempts=True,
    )


WEATHER = [
    retry_of_two(),
    third_match(),
    two_faults(),
    twice_in_fifty(),
    crash(),
    idle_fault(),
    one_answer_of_twelve(),
    times(),
]
