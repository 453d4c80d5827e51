"""From a valid distributed file to what the simulator reads."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.choice import CHANCES
from fozzy.dsl.cluster.file import Cluster, DistributedFile
from fozzy.dsl.cluster.settings import node_names, settings_of, workload_names
from fozzy.dsl.format_json import format_json
from fozzy.dsl.format_toml import format_toml
from fozzy.dsl.load import document, parse
from fozzy.sim.settings import (
    LATENCY,
    ClusterSetting,
    FaultSetting,
    LinkSetting,
    Moment,
    NodeSetting,
    Spread,
)

Json = dict[str, Any]
MS, S = 10**6, 10**9
TICK = {"type": "tick", "duration": "1ms"}


def read(whole: Json, form: str = "json") -> DistributedFile:
    text = json.dumps(whole) if form == "json" else toml(whole)
    file = parse(document(text.encode(), "c", "c", "json" if form == "json" else "toml")).file
    assert isinstance(file, DistributedFile)
    return file


def toml(whole: Json) -> str:
    return str(tomlkit.dumps(whole))


def made(**given: Any) -> ClusterSetting:
    return settings_of(read({"version": 1, "name": "n", "distributed": given}))


def test_what_is_left_out_is_the_usual() -> None:
    """A count of nodes is builtin kv behind usual links for a minute, without faults or a client."""
    nodes = (NodeSetting(name="n0", kind="builtin", target="kv", port=80, args={}), NodeSetting(name="n1"))
    assert made(node_count=2, steps=[TICK]) == ClusterSetting(nodes=nodes, link=LinkSetting(latency=LATENCY))


def test_a_whole_cluster() -> None:
    """Every part of a file comes out in nanoseconds, with what it leaves out filled in."""
    setting = made(
        nodes={
            "a": {"program": "shop:main", "args": {"x": 1}},
            "b": {"asgi": "shop:app", "port": 8080},
            "c": {"builtin": "kv"},
        },
        client="shop:Client",
        port=7000,
        args=None,
        duration="2m",
        schedule_intra=True,
        share=["shop.fixed"],
        network={"latency": {"uniform": ["1ms", "3ms"]}, "links": [{"from": "a", "to": "b", "bandwidth": "1kB/s"}]},
        faults=[
            {"kind": "partition", "between": [["a"], ["b", "c"]], "oneway": True, "at": "1s", "for": {"within": ["1s", "2s"]}},
            {"kind": "crash", "node": {"any": ["a", "b"]}, "at": {"within": ["0s", "5s"]}},
            {"kind": "restart", "node": "a", "at": {"step": [0, 1]}},
            {"kind": "pause", "node": "a", "at": {"step": 1}, "for": "1s", "name": "gc"},
            {"kind": "latency", "from": "a", "at": "0s", "add": "7ms"},
            {"kind": "loss", "to": "b", "rate": 0.5, "at": "0s"},
            {"kind": "loss", "rate": 1, "at": "0s"},
        ],
        steps=[TICK, TICK],
    )  # fmt: skip
    latency = Spread(kind="uniform", low_ns=MS, high_ns=3 * MS, mean_ns=2 * MS)
    assert setting.nodes == (
        NodeSetting(name="a", kind="program", target="shop:main", port=7000, args={"x": 1}),
        NodeSetting(name="b", kind="asgi", target="shop:app", port=8080),
        NodeSetting(name="c", kind="builtin", target="kv", port=7000),
    )
    assert setting.link == LinkSetting(latency=latency)
    assert setting.links == {("a", "b"): LinkSetting(latency=latency, bandwidth_bytes_s=1000)}
    assert (setting.client, setting.duration_ns, setting.schedule_intra) == ("shop:Client", 120 * S, True)
    assert setting.share == ("shop.fixed",)
    at0 = Moment(low=0, high=0)
    assert setting.faults == (
        FaultSetting(
            name="partition",
            kind="partition",
            at=Moment(low=S, high=S),
            lasts=Moment(low=S, high=2 * S),
            between=(("a",), ("b", "c")),
            oneway=True,
        ),
        FaultSetting(name="crash", kind="crash", at=Moment(low=0, high=5 * S), nodes=("a", "b")),
        FaultSetting(
            name="restart",
            kind="restart",
            at=Moment(by="step", low=0, high=1),
            lasts=Moment(low=100 * MS, high=100 * MS),
            nodes=("a",),
        ),
        FaultSetting(
            name="gc", kind="pause", at=Moment(by="step", low=1, high=1), lasts=Moment(low=S, high=S), nodes=("a",)
        ),
        FaultSetting(name="latency", kind="latency", at=at0, from_node="a", add_ns=7 * MS),
        FaultSetting(name="loss", kind="loss", at=at0, to_node="b", rate=0.5),
        FaultSetting(name="loss2", kind="loss", at=at0, rate=1.0),
    )


@pytest.mark.parametrize(
    ("head", "cluster", "duration_ns"),
    [({}, {}, 60 * S), ({"timeout": "5s"}, {}, 5 * S), ({}, {"duration": "7s"}, 7 * S)],
)
def test_a_timeout_is_the_duration(head: Json, cluster: Json, duration_ns: int) -> None:
    """`timeout` and `duration` are two words for the virtual time at which a cluster ends."""
    file = read({"version": 1, "name": "n", **head, "distributed": {"node_count": 1, "steps": [TICK], **cluster}})
    assert settings_of(file).duration_ns == duration_ns


def test_a_table_may_leave_the_program_to_the_cluster() -> None:
    """Nodes of a table that say no program run what the cluster says, with arguments of their own or the cluster's."""
    nodes = made(nodes={"a": {"args": 0}, "b": {}}, asgi="shop:app", args=[1]).nodes
    assert [(node.kind, node.target, node.args) for node in nodes] == [
        ("asgi", "shop:app", 0),
        ("asgi", "shop:app", [1]),
    ]


def test_names_of_nodes_and_workloads() -> None:
    """Nodes are in the order of the file; workloads without a name are told apart by numbers."""
    work = {"type": "workload", "operations": [{"op": "get"}]}
    given = {"node_count": 2, "steps": [work, TICK, {**work, "name": "load"}, work]}
    cluster = msgspec.convert(given, Cluster)
    assert (node_names(cluster), node_names(Cluster(nodes=["b", "a"]))) == (["n0", "n1"], ["b", "a"])
    assert workload_names(cluster) == {0: "workload", 2: "load", 3: "workload2"}


DURATIONS = st.builds("{}{}".format, st.integers(1, 999), st.sampled_from(["ns", "us", "ms", "s", "m"]))
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=6)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | NAMES, lambda each: st.lists(each, max_size=2), max_leaves=4
)
RATES = st.floats(0, 1)
PROGRAMS = st.sampled_from([{"program": "shop.orders:main"}, {"asgi": "shop:app"}, {"builtin": "kv"}])


def drawn() -> st.SearchStrategy[Json]:
    pairs = st.tuples(st.integers(0, 999), st.integers(0, 999)).map(sorted)
    return pairs.map(lambda pair: {"within": [f"{pair[0]}ms", f"{pair[1]}ms"]})


def spreads() -> st.SearchStrategy[Any]:
    pairs = st.tuples(st.integers(0, 999), st.integers(0, 999)).map(sorted)
    return st.one_of(
        DURATIONS,
        DURATIONS.map(lambda text: {"fixed": text}),
        DURATIONS.map(lambda text: {"exponential": text}),
        pairs.map(lambda pair: {"uniform": [f"{pair[0]}us", f"{pair[1]}us"]}),
        st.lists(DURATIONS, min_size=2, max_size=2).map(lambda pair: {"normal": pair}),
    )


def some(draw: st.DrawFn, **fields: st.SearchStrategy[Any]) -> Json:
    """Some of these fields."""
    return {name: draw(values) for name, values in fields.items() if draw(st.booleans())}


@st.composite
def steps(draw: st.DrawFn, nodes: list[str]) -> Json:
    """A step of a cluster with these nodes and a client."""
    node, key = st.sampled_from(nodes), NAMES
    kind = draw(st.sampled_from(["put", "get", "client", "cut", "machine", "tick", "work", "wait", "call", "heal_all"]))
    if kind == "put":
        return {"type": "client_put", "node": draw(node), "key": draw(key), "value": draw(VALUES)}
    if kind == "get":
        return {"type": "client_get_assert", "node": draw(node), "key": draw(key), **some(draw, equals=VALUES)}
    if kind == "client":
        return {"type": "client", "node": draw(node), "op": "get", "args": [draw(key)], **some(draw, expect=VALUES)}
    if kind == "cut" and len(nodes) > 1:
        a, b = draw(st.permutations(nodes))[:2]
        return {
            "type": draw(st.sampled_from(["partition", "heal"])),
            "a": a,
            "b": b,
            **some(draw, at=DURATIONS | drawn()),
        }
    if kind == "machine":
        types = st.sampled_from(["crash", "restart", "pause", "resume"])
        return {"type": draw(types), "node": draw(node), **some(draw, at=DURATIONS | drawn())}
    if kind == "work":
        made = VALUES | st.sampled_from([{"unique": True}, {"int": [0, 9]}, {"any": [1, [2]]}])
        args = {"key": draw(key | st.just({"int": [0, 9]})), "value": draw(made)}
        choice = node | st.just({"any": nodes})
        operation = {"op": "put", "args": args, **some(draw, node=choice, weight=st.integers(1, 9))}
        return {"type": "workload", "operations": [operation], **some(draw, pause=spreads(), wait=st.booleans())}
    if kind == "wait":
        return {"type": "expect_converged", "key": draw(key), "within": draw(DURATIONS)}
    if kind == "call":
        return {"type": "call", "node": draw(node), "function": "shop:f", **some(draw, args=st.lists(VALUES))}
    return {"type": "heal_all"} if kind == "heal_all" else {"type": "tick", "duration": draw(DURATIONS)}


@st.composite
def faults(draw: st.DrawFn, nodes: list[str], count: int) -> Json:
    """A fault of a cluster with these nodes and so many steps."""
    node = st.sampled_from(nodes) | st.just({"any": nodes})
    numbers = st.lists(st.integers(0, count - 1), min_size=2, max_size=2).map(sorted)
    at = {"at": draw(DURATIONS | drawn() | numbers.map(lambda pair: {"step": pair}))}
    lasts = {"for": DURATIONS | drawn()}
    kind = draw(st.sampled_from(["partition", "crash", "restart", "pause", "latency", "loss"]))
    if kind == "partition" and len(nodes) > 1:
        cut = draw(st.integers(1, len(nodes) - 1))
        return {"kind": kind, "between": [nodes[:cut], nodes[cut:]], **at, **some(draw, oneway=st.booleans(), **lasts)}
    if kind in ("restart", "pause"):
        return {"kind": kind, "node": draw(node), **at, **some(draw, **lasts)}
    if kind == "latency":
        return {"kind": kind, **at, **some(draw, add=DURATIONS, to=st.sampled_from(nodes), **lasts)}
    if kind == "loss":
        return {"kind": kind, "rate": draw(RATES), **at, **some(draw, **{"from": st.sampled_from(nodes)}, **lasts)}
    return {"kind": "crash", "node": draw(node), **at}


@st.composite
def networks(draw: st.DrawFn, nodes: list[str]) -> Json:
    """A network between these nodes."""
    bandwidth = st.integers(1, 10**9) | st.sampled_from(["1MB/s", "12KiB/s"])
    own = {"latency": spreads(), "bandwidth": bandwidth, "loss": RATES, "duplicate": RATES, "reorder": st.booleans()}
    links = [{"from": nodes[0], "to": nodes[1], **some(draw, **own)}] if len(nodes) > 1 else []
    return {**some(draw, **own), **({"links": links} if draw(st.booleans()) else {})}


@st.composite
def files(draw: st.DrawFn) -> Json:
    """A valid distributed file."""
    nodes = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    how = draw(st.sampled_from(["list", "table", "count"]))
    if how == "count":
        nodes = [f"n{index}" for index in range(len(nodes))]
    declared: Json = {"node_count": len(nodes)} if how == "count" else {"nodes": nodes}
    if how == "table":
        declared = {"nodes": {name: {**draw(PROGRAMS), **some(draw, port=st.integers(1, 65535))} for name in nodes}}
    elif draw(st.booleans()):
        declared |= draw(PROGRAMS)
    happens = draw(st.lists(steps(nodes), min_size=1, max_size=4))
    invariants = [
        {"type": "kv_all_equal", "key": "k"},
        {"type": "always", "check": "shop:holds"},
        {"type": "no_deadlock"},
    ]
    cluster = {
        **declared,
        "client": "shop.client:Client",
        "steps": happens,
        **some(
            draw,
            network=networks(nodes),
            faults=st.lists(faults(nodes, len(happens)), max_size=3),
            invariants=st.just(invariants),
            duration=DURATIONS,
            seeds=st.integers(1, 1_000_000),
        ),
    }
    return {"version": 1, "name": draw(NAMES), "distributed": cluster}


@given(files())
def test_a_valid_file_is_accepted_in_both_notations(whole: Json) -> None:
    """Whatever may be written is accepted, means the same in JSON and TOML, and comes out in ranges one can draw from."""
    file = read(whole)
    assert read(whole, "toml") == file
    assert read(msgspec.to_builtins(file)) == file  # as a trace keeps it
    setting = settings_of(file)
    assert [node.name for node in setting.nodes] == node_names(file.distributed)
    assert len({fault.name for fault in setting.faults}) == len(file.distributed.faults)
    for each in [fault.at for fault in setting.faults] + [fault.lasts for fault in setting.faults if fault.lasts]:
        assert 0 <= each.low <= each.high < each.low + CHANCES
    for link in (setting.link, *setting.links.values()):
        assert 0 <= link.latency.low_ns <= link.latency.high_ns < link.latency.low_ns + CHANCES


@given(files())
def test_a_formatted_file_means_the_same(whole: Json) -> None:
    """Formatting a distributed file, in either notation, changes nothing but how it looks, and nothing twice."""
    file = read(whole)
    for form, show, text in (("json", format_json, json.dumps(whole)), ("toml", format_toml, toml(whole))):
        formatted = show(text)
        assert show(formatted) == formatted
        assert parse(document(formatted.encode(), "c", "c", "json" if form == "json" else "toml")).file == file
