"""Binding: once into closures, executed any number of times."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.bind import HASH_BYTES, Plan, bind
from fozzy.engine.prepare import Options, header_of, ready, start
from fozzy.engine.run import perform

STEPS = [
    {"type": "set_kv", "key": "k", "value": [1]},
    {"type": "group", "name": "g", "steps": [{"type": "rand_u64", "key": "r"}]},
    {"type": "memory_alloc", "bytes": 5},
]


def loaded(**parts: Any) -> Any:
    whole = {"version": 1, "name": "n", "steps": STEPS, **parts}
    return parse(document(json.dumps(whole).encode(), "n", "n", "json"))


def plan_of(redactor: Redactor | None = None, **parts: Any) -> Plan:
    one = loaded(**parts)
    return bind(one, one.file, redactor or Redactor(), perform)


def test_paths_and_types_are_those_of_the_file() -> None:
    """Setup and steps are bound in order with their paths, teardown apart; only blocks walk."""
    plan = plan_of(setup=[{"type": "unfreeze"}], teardown=[{"type": "fail", "message": "m"}])
    assert [(bound.at, bound.type) for bound in plan.main] == [
        ("setup[0]", "unfreeze"),
        ("steps[0]", "set_kv"),
        ("steps[1]", "group"),
        ("steps[2]", "memory_alloc"),
    ]
    assert [(bound.at, bound.type) for bound in plan.teardown] == [("teardown[0]", "fail")]
    assert [bound.walk is not None for bound in plan.main] == [False, False, True, False]


def test_a_step_with_a_secret_has_no_hash() -> None:
    """What holds a secret, or is redacted already, has no hash, since a replay could not know it."""
    redactor = Redactor()
    header = {"type": "http_request", "method": "GET", "path": "/", "headers": {"authorization": "Bearer abcdefgh"}}
    echo = {"type": "fail", "message": "it is abcdefgh"}
    gone = {"type": "fail", "message": "<redacted>"}
    one = loaded(steps=[header, echo, gone, {"type": "unfreeze"}])
    redactor.learn(msgspec.to_builtins(one.file))
    hashes = [bound.hash for bound in bind(one, one.file, redactor, perform).main]
    assert hashes[:3] == ["", "", ""] and len(hashes[3]) == 2 * HASH_BYTES


def test_a_plan_runs_any_number_of_times() -> None:
    """Executions of one plan do not see each other: same seed, same records; another seed, other draws."""
    one = loaded()
    header, redactor = header_of(one, Options(det=True), 1, "run")
    run = ready(header, one, redactor)

    def execute(seed: int) -> list[Any]:
        records: list[Any] = []
        assert start(run, Seeded(seed), Log([records.extend])).status == "pass"
        return records

    first = execute(1)
    assert execute(1) == first and execute(2) != first and execute(1) == first


def test_the_base_url_may_refer_to_the_run() -> None:
    """The scenario's base URL comes before the config's; both may hold references."""
    for parts, url in (({}, "http://config"), ({"http_base_url": "http://own"}, "http://own")):
        one = loaded(**parts)
        plan = bind(one, one.file, Redactor(), perform, "http://config")
        assert plan.base_url(None) == url  # type: ignore[arg-type]
