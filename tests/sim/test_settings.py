"""What a cluster is, as the simulator reads it."""

from __future__ import annotations

from fozzy.sim.settings import LATENCY, ClusterSetting, LinkSetting, NodeSetting, client_name


def test_what_is_left_out_is_the_ordinary_case() -> None:
    """A cluster that only names its node runs a key-value store behind whole links for a minute."""
    cluster = ClusterSetting(nodes=(NodeSetting(name="n0"),))
    assert (cluster.nodes[0].kind, cluster.nodes[0].target, cluster.nodes[0].port) == ("builtin", "kv", 80)
    assert cluster.link == LinkSetting(latency=LATENCY, loss=0.0, duplicate=0.0, bandwidth_bytes_s=0)
    assert (cluster.duration_ns, cluster.faults, cluster.links) == (60_000_000_000, (), {})


def test_the_usual_latency_lies_within_its_bounds() -> None:
    """The mean of a link's usual latency is the middle of one to ten milliseconds."""
    assert (LATENCY.low_ns, LATENCY.high_ns) == (1_000_000, 10_000_000)
    assert 2 * LATENCY.mean_ns == LATENCY.low_ns + LATENCY.high_ns


def test_clients_of_two_workloads_are_never_called_alike() -> None:
    """Whatever workloads are called, each of their clients has a name of its own."""
    workloads = ["workload", "workload2", "workload.2", "", ".", "2", "workload."]
    names = [client_name(name, index) for name in workloads for index in (0, 1, 2, 20, 22, 220)]
    assert len(set(names)) == len(names) == 42
