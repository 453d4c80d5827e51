"""Token buckets let through what they say and not one more, exactly, under any clock."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.faults.http.decision import Give, Pace
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.limits import BUCKETS_MAX, Buckets, Limit, Paces, slice_bytes
from fozzy.faults.http.plan import Bucket
from tests.faults.http.asking import MS, S, ask, engine, planned


def limit(rate: str, burst: int, scope: str = "global") -> Limit:
    """A limit of the server."""
    return Limit.of(scope, "server", 0, Bucket(rate=rate, burst=burst))


@given(
    st.integers(1, 50),
    st.sampled_from(["ms", "s", "m"]),
    st.integers(1, 20),
    st.lists(st.integers(0, 40 * MS), max_size=200),
)
def test_never_more_than_rate_and_burst(count: int, unit: str, burst: int, pauses: list[int]) -> None:
    """In any window of time at most rate times window plus burst requests pass."""
    bucket = limit(f"{count}/{unit}", burst)
    buckets, now, passed = Buckets(), 0, []
    for pause in pauses:
        now += pause
        if buckets.charge([bucket.owed("global")], now) is None:
            passed.append(now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            most = burst * bucket.unit_ns + (passed[last] - passed[first]) * count
            assert (last - first + 1) * bucket.unit_ns <= most


@given(st.integers(1, 50), st.integers(1, 5), st.lists(st.integers(0, 200 * MS), min_size=1, max_size=60))
def test_the_wait_is_exact(count: int, burst: int, pauses: list[int]) -> None:
    """Who waits as long as told passes, and a nanosecond earlier does not."""
    bucket = limit(f"{count}/s", burst)
    buckets, now = Buckets(), 0
    for pause in pauses:
        now += pause
        short = buckets.charge([bucket.owed("global")], now)
        if short is not None:
            assert buckets.charge([bucket.owed("global")], now + short.wait_ns - 1) is not None
            now += short.wait_ns
            assert buckets.charge([bucket.owed("global")], now) is None


def test_one_a_second_with_two_at_once() -> None:
    """Rate 1/s, burst 2: two pass, the third is refused, and a second later one more passes."""
    limited = engine(limits={"global": {"rate": "1/s", "burst": 2}})
    answers = [ask(limited, now_ns=now) for now in (0, 0, 0, S - 1, S, S)]
    assert planned(answers) == ["", "", "limit.rate", "limit.rate", "", "limit.rate"]
    refused = answers[2].action
    assert isinstance(refused, Give) and refused.status == 429
    assert ("retry-after", "1") in refused.headers and b"chaos_ratelimit" in refused.body
    assert answers[2].rolls == () and answers[2].origin == "server" and "1000000000 ns" in answers[2].notes[0]


def test_each_scope_has_its_own_numbers() -> None:
    """The client's bucket is empty while the global one is not."""
    limited = engine(limits={"global": {"rate": "1/h", "burst": 3}, "client": {"rate": "1/h", "burst": 1}})
    answers = [ask(limited, client=client) for client in ("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")]
    assert planned(answers) == ["", "limit.rate", "", "", "limit.rate"]
    assert "client bucket" in answers[1].notes[0] and "global bucket" in answers[4].notes[0]


def test_all_or_nothing() -> None:
    """A request that one bucket refuses takes nothing from the others."""
    limited = engine(limits={"global": {"rate": "1/h", "burst": 2}, "client": {"rate": "1/h", "burst": 1}})
    assert planned([ask(limited, client="a") for _ in range(50)])[1:] == ["limit.rate"] * 49
    assert ask(limited, client="b").planned == ""


def test_a_route_leaves_the_others_free() -> None:
    """Who exhausts one route leaves the others free, also where no route is declared and a path is one."""
    routes: list[Any] = [{"path": "/a"}, {"path": "/b"}]
    for more in ({"routes": routes}, {}):
        limited = engine(limits={"route": {"rate": "1/h"}}, **more)
        assert planned([ask(limited, path) for path in ("/a", "/a?x", "/b", "/b")]) == [
            "",
            "limit.rate",
            "",
            "limit.rate",
        ]


def test_a_route_has_a_limit_of_its_own() -> None:
    """What a route says takes the place of what the server says, and its bucket is its own."""
    own = {"path": "/a", "limits": {"global": {"rate": "1/h", "burst": 1}}}
    limited = engine(limits={"global": {"rate": "1/h", "burst": 2}}, routes=[own])
    assert planned([ask(limited, path) for path in ("/a", "/a", "/b", "/b", "/b")]) == [
        "",
        "limit.rate",
        "",
        "",
        "limit.rate",
    ]


def test_who_a_client_is() -> None:
    """A client is the peer; a header says it only where the plan trusts it."""
    header = {"X-Forwarded-For": "9.9.9.9, 10.0.0.1"}
    for trusted, passes in ((None, True), ("x-forwarded-for", False)):
        limited = engine(limits={"client": {"rate": "1/h"}}, client_header=trusted)
        answers = [ask(limited, client=client, headers=header) for client in ("a", "b")]
        assert (answers[1].planned == "") is passes
    assert ask(limited, client="c").planned == ""


def test_clients_are_bounded() -> None:
    """A million clients do not fill the memory."""
    buckets, bucket = Buckets(keys_max=100), limit("1/s", 1, "client")
    for n in range(1000):
        assert buckets.charge([bucket.owed(f"client {n}")], 0) is None
    assert len(buckets) <= 100 and len(Buckets()) <= BUCKETS_MAX


def test_a_clock_that_stands_or_steps_back() -> None:
    """Time that does not pass gives no tokens, and neither does time that came before."""
    buckets, owed = Buckets(), [limit("1/s", 1).owed("global")]
    assert buckets.charge(owed, 5 * S) is None
    assert [buckets.charge(owed, now) is None for now in (S, 5 * S, 6 * S - 1, 6 * S)] == [False, False, False, True]


def test_concurrency() -> None:
    """More requests in flight than may be get 503."""
    limited = engine(limits={"concurrency": 2})
    answers = [ask(limited, load=load) for load in (0, 1, 2)]
    assert planned(answers) == ["", "", "limit.concurrency"]
    assert isinstance(answers[2].action, Give) and answers[2].action.status == 503


def test_who_is_not_let_in_pays_nothing() -> None:
    """A request over the limit of concurrency takes no token."""
    limited = engine(limits={"concurrency": 1, "global": {"rate": "1/h"}})
    assert [ask(limited, load=load).planned for load in (1, 1, 0, 0)] == ["limit.concurrency"] * 2 + ["", "limit.rate"]


def test_limits_come_before_faults() -> None:
    """A request over a limit is neither delayed nor rolled for."""
    limited = engine(limits={"global": {"rate": "1/h"}}, latency={"fixed": "1s"}, faults={"drop": 0.5})
    ask(limited)
    over = ask(limited)
    assert (over.planned, over.delay_ns, over.rolls) == ("limit.rate", 0, ())


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=40), st.integers(1, 10**6))
def test_bandwidth_is_shared(slices: list[int], rate: int) -> None:
    """However a bucket of bytes is shared, all of them together take the time of their sum."""
    paces, pace, now, ends = Paces(), Pace("global", "down", rate), 0, []
    for size in slices:
        ends.append(now + paces.take(pace, size, now))
    assert 0 <= max(ends) - sum(slices) * S / rate <= len(slices)


def test_four_bodies_at_once() -> None:
    """1,000 bytes at 1,000 B/s take a second, four of them at once four."""
    slow = engine(limits={"bandwidth": "1KB/s"})
    decision = ask(slow)
    assert decision.down == Pace("global", "down", 1000) and decision.up == Pace("global", "up", 1000)
    assert max(slow.pace(decision.down, 100, 0) for _ in range(10)) == S
    assert max(slow.pace(decision.down, 100, 0) for _ in range(30)) == 4 * S
    assert slow.pace(decision.down, 1000, 10 * S) == S
    assert slow.pace(decision.up, 1000, 0) == S


@settings(max_examples=20)
@given(st.sampled_from(["client", "route", "global"]))
def test_whose_bandwidth(per: str) -> None:
    """A bandwidth is everybody's, a client's or a route's."""
    slow = engine(limits={"bandwidth": {"down": "1KB/s", "per": per}}, routes=[{"path": "/a"}, {"path": "/b"}])
    scopes = [ask(slow, path, client=client).down for path in ("/a", "/b") for client in ("x", "y")]
    assert all(each is not None for each in scopes)
    assert len(set(scopes)) == (1 if per == "global" else 2)
    assert ask(slow).up is None


def test_a_bandwidth_of_a_route_is_its_own() -> None:
    """What a route declares is not shared with the server's."""
    slow: Engine = engine(limits={"bandwidth": "1KB/s"}, routes=[{"path": "/a", "limits": {"bandwidth": "1KB/s"}}])
    assert ask(slow, "/a").down != ask(slow, "/b").down


def test_slices_are_smooth() -> None:
    """A slice is a small part of a second, at least a byte and at most 64 KiB."""
    assert [slice_bytes(Pace("", "down", rate)) for rate in (1, 1000, 10**9)] == [1, 20, 65_536]
