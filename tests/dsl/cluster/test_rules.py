"""Rules of a cluster as a whole: declared nodes, programs, steps that are there, clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fozzy.dsl.cluster.rules import cluster_flaws, declared_nodes

if TYPE_CHECKING:
    from tests.conftest import Problems

Json = dict[str, Any]
TICK = {"type": "tick", "duration": "1ms"}
PUT = {"type": "client_put", "node": "n0", "key": "k", "value": 1}
GET = {"op": "get", "args": {"key": "k"}}
SET = {"op": "put", "args": {"key": "k", "value": {"unique": True}}}
CALL = {"type": "client", "node": "n0", "op": "transfer"}
ANY = {"any": ["n0", "n1"]}


def crash(**more: Any) -> Json:
    return {"kind": "crash", "node": "n0", "at": "1s", **more}


def work(*operations: Json, **more: Any) -> Json:
    return {"type": "workload", "operations": list(operations), **more}


def whole(given: Json) -> Json:
    return {"version": 1, "name": "n", "distributed": given}


VALID: list[Json] = [
    {"node_count": 2, "steps": [PUT]},
    {"node_count": 2, "builtin": "kv", "args": {"merge": "newest"}, "steps": [PUT], "faults": [crash()]},
    {"node_count": 2, "program": "shop:main"},
    {"nodes": ["n0"], "asgi": "shop:app", "client": "shop:Client", "steps": [CALL]},
    {"nodes": {"n0": {"program": "shop:main"}, "n1": {"builtin": "kv"}}},
    {"nodes": {"n0": {"program": "shop:main"}, "n1": {"builtin": "kv"}}, "steps": [{**PUT, "node": "n1"}]},
    {"nodes": {"n0": {}, "n1": {"port": 81}}, "program": "shop:main", "port": 8080},
    {"nodes": {"n0": {}, "n1": {"args": {"merge": "newest"}}}, "builtin": "kv", "steps": [TICK]},
    {"node_count": 2, "steps": [work(SET, GET)]},
    {"node_count": 1, "steps": [work({"op": "get", "args": {"key": {"any": ["a", 1]}}})]},
    {"node_count": 1, "steps": [{**CALL, "op": "put", "args": ["k", {"any": [[]]}]}]},
    {"node_count": 2, "program": "shop:main", "client": "shop:Client", "steps": [work({"op": "buy", "node": ANY})]},
    {"node_count": 2, "steps": [TICK, TICK], "faults": [crash(at={"step": 1}), crash(at={"step": [0, 1]}, node=ANY)]},
    {"nodes": ["client", "checker", "workload.0"], "program": "shop:main"},
    {"nodes": ["load.x", "load", "n0.1"], "steps": [work(GET, name="load"), {**PUT, "node": "load"}]},
    {"node_count": 2, "steps": [PUT, {"type": "expect_converged", "key": "k", "within": "5s"}]},
    {
        "node_count": 3,
        "program": "shop:main",
        "client": "shop:Client",
        "network": {"latency": "5ms", "links": [{"from": "n0", "to": "n2", "loss": 0.5}]},
        "faults": [{"kind": "partition", "between": [["n0"], ["n1", "n2"]], "at": {"within": ["0s", "5s"]}, "for": "1s"}],
        "invariants": [{"type": "kv_all_equal", "key": "k"}, {"type": "always", "check": "shop:holds"}],
        "duration": "5m",
        "seeds": 200,
        "share": ["shop.constants"],
    },
]  # fmt: skip


@pytest.mark.parametrize("given", VALID, ids=str)
def test_what_can_happen_is_valid(problems: Problems, given: Json) -> None:
    """Each of these clusters is accepted."""
    assert problems(whole(given)) == []


# A cluster, and what is wrong with it: the code, the text the caret stands at, and words of the message or hint.
INVALID: list[tuple[Json, str, str, str]] = [
    ({"node_count": 1, "nodes": ["a"], "steps": [TICK]}, "exclusive", "{", "exactly one of"),
    ({"steps": [TICK]}, "missing_field", "{", "exactly one of"),
    ({"nodes": ["a", "a"], "steps": [TICK]}, "bad_value", '"a"', "declared twice"),
    ({"nodes": {}, "steps": [TICK]}, "empty", "{}", "must not be empty"),
    ({"nodes": {"": {"program": "x:y"}}}, "bad_value", '""', 'a name in "nodes" must be text that is not empty'),
    ({"nodes": {"a": {}}}, "missing_field", "{}", 'node "a" needs "program"'),
    ({"nodes": {"a": {"program": "x:y", "builtin": "kv"}}}, "exclusive", '"kv"', "exclude each other"),
    ({"nodes": {"a": {"program": "x:y"}}, "asgi": "x:y"}, "exclusive", '"x:y"', "says already"),
    ({"node_count": 1, "program": "x:y", "asgi": "x:y"}, "exclusive", '"x:y"', "exclude each other"),
    ({"node_count": 1, "program": "x"}, "bad_value", '"x"', "package.module:name"),
    ({"node_count": 1, "builtin": "kb", "steps": [TICK]}, "bad_value", '"kb"', 'must be "kv"'),
    ({"node_count": 1, "args": {"merge": "x"}, "steps": [TICK]}, "bad_value", '"x"', '"merge" must be'),
    ({"node_count": 1, "builtin": "kv", "args": 1, "steps": [TICK]}, "bad_value", "1", "must be an object"),
    ({"nodes": {"a": {"args": {"m": 1}}}, "builtin": "kv", "steps": [TICK]}, "unknown_field", "1", "takes no"),
    ({"nodes": {"a": {"builtin": "kv"}}, "args": [], "steps": [TICK]}, "bad_value", "[]", "must be an object"),
    ({"node_count": 1, "program": "x:y", "port": 0}, "bad_value", "0", "from 1 to 65535"),
    ({"node_count": 1, "program": "x:y", "client": "x.Client"}, "bad_value", '"x.Client"', "is not a class"),
    ({"node_count": 1, "program": "x:y", "share": ["a", "b:c"]}, "bad_value", '"b:c"', "name of a module"),
    ({"node_count": 1, "program": "x:y", "seeds": 0}, "bad_value", "0", "from 1 to 1000000"),
    ({"node_count": 1, "program": "x:y", "duration": "0s"}, "bad_value", '"0s"', "more than nothing"),
    ({"node_count": 1}, "missing_field", "{", "add steps"),
    ({"node_count": 1, "faults": [crash()], "invariants": []}, "missing_field", "{", 'needs "steps"'),
    ({"node_count": 1, "program": "x:y", "steps": []}, "empty", "[]", "must not be empty"),
    ({"node_count": 1, "program": "x:y", "faults": [crash(at={"step": 0})]}, "bad_value", "0", "no steps before"),
    ({"node_count": 1, "steps": [TICK], "faults": [crash(at={"step": 1})]}, "bad_value", "1", "no step 1"),
    ({"node_count": 1, "steps": [TICK], "faults": [crash(at={"step": [0, 7]})]}, "bad_value", "7", "0 to 0"),
    ({"node_count": 1, "steps": [TICK], "faults": [crash(at={"step": -1})]}, "bad_value", "-1", "at least 0"),
    ({"node_count": 1, "steps": [TICK], "faults": [crash(at={"within": ["1s"]})]}, "bad_value", "[", "exactly 2"),
    ({"node_count": 1, "steps": [TICK], "faults": [crash(at={})]}, "missing_field", "{", "must be given"),
    ({"node_count": 1, "steps": [TICK], "faults": [crash(at={"whitin": 1, "step": 0})]}, "unknown_field", '"whitin"', "within"),
    ({"node_count": 1, "steps": [TICK], "faults": [crash(kind="crahs")]}, "unknown_fault", '"crahs"', 'mean "crash"'),
    ({"node_count": 1, "steps": [TICK], "faults": [{"at": "1s"}]}, "missing_field", "{", 'a fault needs "kind"'),
    ({"node_count": 1, "steps": [TICK], "faults": [crash(name="a"), crash(name="a")]}, "bad_value", '"a"', "two faults"),
    ({"node_count": 1, "steps": [TICK], "faults": [crash(node="n1")]}, "unknown_node", '"n1"', "declared are n0"),
    ({"node_count": 1, "steps": [TICK], "faults": [crash(node=ANY)]}, "unknown_node", '"n1"', "declared are n0"),
    (
        {"node_count": 2, "steps": [TICK], "faults": [{"kind": "partition", "between": [["n0"], ["n1", "n2"]], "at": "1s"}]},
        "unknown_node", '"n2"', "declared are n0, n1",
    ),
    (
        {"node_count": 1, "steps": [TICK], "faults": [{"kind": "loss", "rate": 1, "to": "n5", "at": "1s"}]},
        "unknown_node", '"n5"', "declared",
    ),
    (
        {"node_count": 1, "steps": [TICK], "network": {"links": [{"from": "n0", "to": "n1"}]}},
        "unknown_node", '"n1"', "declared",
    ),
    ({"node_count": 1, "steps": [TICK], "network": {"loss": 2}}, "bad_value", "2", "from 0 to 1"),
    (
        {"node_count": 1, "steps": [TICK], "network": {"latency": {"uniform": ["2ms", "1ms"]}}},
        "bad_value", '"1ms"', "lower end first",
    ),
    ({"node_count": 1, "steps": [TICK], "network": {"latencyy": "1ms"}}, "unknown_field", '"latencyy"', '"latency"'),
    ({"node_count": 1, "steps": [work(SET, {**GET, "node": "n1"})]}, "unknown_node", '"n1"', "declared"),
    ({"node_count": 1, "steps": [work({**SET, "node": {"any": ["n9"]}})]}, "unknown_node", '"n9"', "declared"),
    ({"node_count": 1, "steps": [work({"op": "del"})]}, "bad_value", '"del"', "has no operation"),
    ({"node_count": 1, "steps": [work(GET, name="a"), work(GET, name="a")]}, "bad_value", '"a"', "two work"),
    ({"node_count": 1, "steps": [CALL]}, "bad_value", '"transfer"', "put and get"),
    ({"node_count": 1, "steps": [work({"op": "get"})]}, "bad_value", "{", '"get" of builtin "kv" takes "key"'),
    ({"node_count": 1, "steps": [work({**SET, "args": {"key": "k", "v": 1}})]}, "bad_value", "{", 'takes "key" and "value"'),
    ({"node_count": 1, "steps": [{**CALL, "op": "put", "args": ["k"]}]}, "bad_value", "[", 'takes "key" and "value"'),
    ({"node_count": 1, "steps": [{**CALL, "op": "get", "args": [["k"]]}]}, "bad_value", "[", "a key is a text"),
    ({"node_count": 1, "steps": [work({"op": "get", "args": {"key": {"any": [[]]}}})]}, "bad_value", "{", "a key is a text"),
    (
        {"nodes": {"n0": {"builtin": "kv"}, "n1": {"asgi": "x:y"}}, "client": "x:C", "steps": [work({"op": "buy"})]},
        "bad_value", '"buy"', "has no operation",
    ),
    ({"node_count": 1, "program": "x:y", "steps": [CALL]}, "missing_field", "{", 'there is no "client"'),
    ({"node_count": 1, "program": "x:y", "steps": [PUT]}, "missing_field", "{", "module:Class"),
    ({"node_count": 1, "program": "x:y", "steps": [work({"op": "get"})]}, "missing_field", "{", 'no "client"'),
    (
        {"nodes": {"n0": {"builtin": "kv"}, "n1": {"asgi": "x:y"}}, "steps": [work({"op": "get", "node": ANY})]},
        "missing_field", "{", 'calls "n1"',
    ),
    (
        {"node_count": 1, "program": "x:y", "steps": [{"type": "expect_converged", "key": "k", "within": "1s"}]},
        "missing_field", "{", 'no "client"',
    ),
    ({"node_count": 1, "program": "x:y", "invariants": [{"type": "kv_all_equal", "key": "k"}]}, "missing_field", "{", "client"),
    ({"nodes": ["client", "n0"], "steps": [PUT]}, "bad_value", '"client"', "one of the clients"),
    ({"nodes": {"n0": {}, "client": {}}, "builtin": "kv", "steps": [PUT]}, "bad_value", '"client"', "one of the clients"),
    (
        {"nodes": ["checker"], "steps": [TICK], "invariants": [{"type": "always", "check": "a:b"}]},
        "bad_value", '"checker"', "one of the clients",
    ),
    ({"nodes": ["n0", "load.7"], "steps": [work(GET, name="load")]}, "bad_value", '"load.7"', "one of the clients"),
    ({"nodes": ["workload2.0"], "steps": [work(GET), work(GET)]}, "bad_value", '"workload2.0"', "one of the clients"),
    ({"node_count": 1, "steps": [TICK], "invariants": [{"type": "alwyas", "check": "a:b"}]}, "unknown_step", '"alwyas"', "always"),
    ({"node_count": 1, "steps": [TICK], "invariants": [{"check": "a:b"}]}, "missing_field", "{", "an invariant needs"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "code", "at", "said"), INVALID, ids=lambda value: str(value)[:90])
def test_what_cannot_happen_is_told_at_its_place(
    problems: Problems, given: Json, code: str, at: str, said: str
) -> None:
    """Each of these has one problem, with its code, a caret under what is wrong, and words that help."""
    (problem,) = problems(whole(given))
    assert problem.code == f"scenario.{code}"
    assert problem.where is not None and problem.text[problem.where.col - 1 :].startswith(at)
    assert said in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize("form", ["json", "toml"])
def test_every_problem_is_told_at_once(problems: Problems, form: Any) -> None:
    """Problems of nodes, network, faults, steps and invariants stand beside each other, in the order of the file."""
    text = """
version = 1
name = "n"
timeout = "5s"
[distributed]
nodes = ["n0", "n1"]
program = "shop"
duration = "5s"
[distributed.network]
loss = 1.5
[[distributed.faults]]
kind = "pause"
node = "n2"
at = { step = 4 }
[[distributed.steps]]
type = "crash"
node = "n3"
[[distributed.steps]]
type = "client"
node = "n0"
op = "_hidden"
[[distributed.invariants]]
type = "eventually"
check = "shop"
within = "0s"
"""
    if form == "json":
        import json

        import tomli

        text = json.dumps(tomli.loads(text), indent=1)
    assert [problem.code.removeprefix("scenario.") for problem in problems(text, form)] == [
        "exclusive",
        "bad_value",
        "bad_value",
        "unknown_node",
        "bad_value",
        "unknown_node",
        "missing_field",
        "bad_value",
        "bad_value",
        "bad_value",
    ]


JUNK: list[Any] = [None, True, 1, "x", [], {}, [1], [None, {}], {"any": 1}, {"any": [1, "x"]}, [["x"], 1], {"n0": 1}]


@pytest.mark.parametrize("junk", JUNK, ids=str)
@pytest.mark.parametrize(
    "part", ["nodes", "node_count", "program", "args", "network", "faults", "steps", "invariants", "client"]
)
def test_plain_data_of_any_shape_is_looked_at(part: str, junk: Any) -> None:
    """The rules run over data whose types are all wrong without tripping."""
    assert all(flaw.message for flaw in cluster_flaws({"node_count": 2, "steps": [TICK], part: junk}, ()))


@pytest.mark.parametrize("junk", JUNK, ids=str)
@pytest.mark.parametrize(
    "field", ["type", "kind", "node", "between", "at", "operations", "op", "name", "from", "links"]
)
def test_items_of_any_shape_are_looked_at(field: str, junk: Any) -> None:
    """Steps, faults, invariants and links whose fields are all wrong are looked at without tripping."""
    items = [{**item, field: junk} for item in (crash(), PUT, work({"op": "get", field: junk}), {"kind": "partition"})]
    cluster = {"node_count": 2, "steps": items, "faults": items, "invariants": items, "network": {"links": items}}
    assert all(flaw.message for flaw in cluster_flaws(cluster, ()))


@pytest.mark.parametrize(
    ("cluster", "declared"),
    [
        ({"node_count": 2}, {"n0": "builtin", "n1": "builtin"}),
        ({"nodes": ["b", "a"], "asgi": "x:y"}, {"b": "asgi", "a": "asgi"}),
        ({"nodes": {"b": {"program": "x:y"}, "a": {}}}, {"b": "program", "a": "builtin"}),
        ({"nodes": "n0"}, None),
        ({"nodes": [1]}, None),
        ({"node_count": 0}, None),
        ({"node_count": True}, None),
    ],
    ids=str,
)
def test_which_nodes_there_are(cluster: Json, declared: Any) -> None:
    """Nodes are known in the order of the file with what runs there, or not at all."""
    assert declared_nodes(cluster) == declared
    assert list(declared_nodes(cluster) or ()) == list(declared or ())
