"""A client in front of a network that fails: what it gets, when, and what it does next. Each number is exact."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Any

import httpx
import pytest
import stamina
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from fozzy.chaos.services import Service
from fozzy.pytest_plugin.chaos import Chaos
from fozzy.pytest_plugin.proxies import ChaosProxy
from fozzy.pytest_plugin.timing import TestTime
from tests.chaos.app.broken import PatientShop
from tests.chaos.app.shop import Shop, ShopError, Transient, again
from tests.chaos.conftest import asked
from tests.chaos.seen import connections, phases, proxied, replies, requests, struck, times_s

pytestmark = pytest.mark.chaos_network

LOSSY_BYTES = 1 << 20
RTO_NS = 200_000_000
OPENING_SEED, OPENING_CALL = 2013, 13  # of the first seeds one whose calls 9 to 13 are reset


async def failing(shop: Shop, path: str = "/items/1") -> ShopError:
    """The error that a call comes to."""
    async with shop:
        with pytest.raises(ShopError) as caught:
            await shop.get(path)
    return caught.value


# A1.1


def test_a_server_that_is_silent_is_given_up_at_the_limit(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A1.1] A server takes the request and never answers: the read ends at exactly 2 s, on one connection, without a byte."""
    with shop_proxy.toxic("timeout", timeout=0):
        error = virtual_time.run(failing(Shop(shop_proxy.url)))
    assert isinstance(error.__cause__, httpx.ReadTimeout)
    assert virtual_time.now == 2.0 and shop_proxy.wait_closed()
    (only,) = connections(chaos.records)
    assert only.downstream.sent == 0 and only.upstream.sent > 0
    chaos.assert_fired("timeout")
    chaos.assert_no_hang(limit=2.0)
    assert phases(chaos.records) == [("timeout_downstream", "")]


def test_a_client_without_a_limit_waits_for_ever(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A1.1] The twin that sets no limit still waits after an hour of the same silence."""

    async def waits() -> None:
        async with PatientShop(shop_proxy.url) as shop, asyncio.timeout(3600):
            await shop.item(1)

    with shop_proxy.toxic("timeout", timeout=0), pytest.raises(TimeoutError):
        virtual_time.run(waits())
    assert virtual_time.now == 3600
    with pytest.raises(AssertionError, match="GET /items/1"):
        chaos.assert_no_hang(limit=60)


def test_connecting_has_a_limit_of_its_own(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A1.1, B6] Nobody answers the SYN: that is another error than a silent server, at the limit for connecting."""
    shop = Shop(shop_proxy.url)
    shop.http.timeout = httpx.Timeout(2.0, connect=0.75)
    with shop_proxy.refuse(how="silent"):
        error = virtual_time.run(failing(shop))
    assert isinstance(error.__cause__, httpx.ConnectTimeout)
    assert virtual_time.now == 0.75
    assert not requests(chaos.records) and not connections(chaos.records)
    assert phases(chaos.records) == [("refuse_downstream", "connect")]
    chaos.assert_fired("refuse")


# A1.2


def test_an_answer_cut_short_is_asked_for_once_more(
    shop_proxy: ChaosProxy, shop_server: Service, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A1.2] A sized JSON body ends in the middle: the caller gets one whole result, of the second of two requests."""
    causes = []

    async def call() -> Any:
        async with Shop(shop_proxy.url) as shop:

            async def once() -> Any:
                try:
                    return await shop.item(3)
                except Transient as error:
                    causes.append(type(error.__cause__))
                    raise

            return await again(once, attempts=2)

    with shop_proxy.toxic("limit_data", bytes=400, first=1):
        item = virtual_time.run(call())
    assert item["name"] == "clock" and causes == [httpx.RemoteProtocolError]
    assert len(asked(shop_server, "/seen")["log"]) == len(requests(chaos.records)) == 2
    assert shop_proxy.wait_closed()
    assert [each.downstream.sent for each in connections(chaos.records)][0] == 400
    chaos.assert_fired("limit_data", times=1)


def test_an_outage_of_a_second_is_ridden_out(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A1.2, B1] The network is down from 0.1 s to 1.1 s: stamina's attempts and gaps are those of its policy."""
    began: list[float] = []

    async def call() -> Any:
        async with Shop(shop_proxy.url) as shop:
            async for attempt in stamina.retry_context(
                on=Transient, attempts=6, wait_initial=0.25, wait_jitter=0, wait_exp_base=2
            ):
                with attempt:
                    began.append(virtual_time.now)
                    return await shop.item(1)
        raise AssertionError("it gave up without an error")

    async def session() -> Any:
        calling = asyncio.create_task(call())
        await asyncio.sleep(0.1)
        with shop_proxy.down():
            await asyncio.sleep(1)
        return await calling

    with shop_proxy.toxic("latency", latency=300):
        item = virtual_time.run(session())
    assert item["id"] == 1
    assert began == pytest.approx([0, 0.35, 0.85, 1.85], abs=1e-9)  # 0.1 s until it is cut, then 0.25, 0.5 and 1 s
    assert shop_proxy.wait_closed()
    assert times_s(connections(chaos.records)) == pytest.approx([0, 1.85], abs=1e-9)  # those between were refused
    assert virtual_time.now == pytest.approx(2.15, abs=1e-9)
    chaos.assert_fired("down")
    assert virtual_time.run(call())["id"] == 1
    chaos.assert_recovers(within=1.1)


@pytest.mark.parametrize(("key", "orders"), [("basket 7", 1), ("", 2)])
def test_an_order_whose_answer_is_lost_is_sent_again(
    shop_proxy: ChaosProxy, shop_server: Service, virtual_time: TestTime, chaos: Chaos, key: str, orders: int
) -> None:
    """[A1.2] The order was made and nobody told: with a key it is made once; the twin without one makes it twice, and is seen."""

    async def call() -> int:
        async with Shop(shop_proxy.url) as shop:
            return await again(lambda: shop.order(key), attempts=2)

    with shop_proxy.toxic("drop_reply", match="POST /orders", first=1):
        assert virtual_time.run(call()) == orders
    assert len(asked(shop_server, "/seen")["orders"]) == orders
    chaos.assert_fired("drop_reply", times=1)
    chaos.assert_attempts(2, match="POST /orders")
    if orders == 1:
        chaos.assert_at_most_once()
    else:
        with pytest.raises(AssertionError, match="POST /orders"):
            chaos.assert_at_most_once()


# A1.3


def test_a_slow_network_is_waited_for_up_to_the_limit(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A1.3] 500 and 1,000 ms are inside a limit of 1.5 s and take exactly that; 2,000 ms end at the limit."""

    async def call(shop: Shop) -> tuple[float, str]:
        began = virtual_time.now_ns
        try:
            await shop.item(1)
        except Transient as error:
            return (virtual_time.now_ns - began) / 1e9, type(error.__cause__).__name__
        return (virtual_time.now_ns - began) / 1e9, ""

    async def session() -> list[tuple[float, str]]:
        found = []
        for latency_ms in (500, 1000, 2000):
            with shop_proxy.toxic("latency", latency=latency_ms):
                async with Shop(shop_proxy.url, limit_s=1.5) as shop:
                    found.append(await call(shop))
        return found

    assert virtual_time.run(session()) == [(0.5, ""), (1.0, ""), (1.5, "ReadTimeout")]
    chaos.assert_fired("latency", times=3)


async def call_times(time: TestTime, url: str, calls: int = 10) -> list[int]:
    """How long each of some calls takes, in nanoseconds."""
    found = []
    async with Shop(url) as shop:
        for _ in range(calls):
            began = time.now_ns
            await shop.item(1)
            found.append(time.now_ns - began)
    return found


def test_jitter_follows_from_the_seed(shop_server: Service, virtual_time: TestTime) -> None:
    """[A1.3] 200 ± 50 ms: the same delays and decisions twice with seed 7, others with seed 8."""
    found = []
    for seed in (7, 7, 8):
        with proxied(virtual_time, shop_server, seed) as proxy:
            with proxy.toxic("latency", latency=200, jitter=50):
                delays = virtual_time.run(call_times(virtual_time, proxy.url))
            assert proxy.wait_closed()
            found.append((delays, proxy.decisions()))
    assert found[0] == found[1] and found[0][0] != found[2][0]
    assert all(150e6 <= delay <= 250e6 for delays, _ in found for delay in delays)
    assert len(set(found[0][0])) > 5


def test_another_toxic_moves_no_choice(shop_server: Service, virtual_time: TestTime) -> None:
    """[A1.3] A toxic on half of the connections is on the same ones when an unrelated toxic comes in between."""

    async def visit(url: str) -> None:
        for _ in range(12):
            async with Shop(url) as shop:
                await shop.item(1)

    def chosen(*others: str) -> list[int]:
        with proxied(virtual_time, shop_server, seed=7) as proxy:
            for kind in others:
                proxy.toxic(kind, average_size=64, toxicity=0.5, name="other").__enter__()
            with proxy.toxic("latency", latency=10, toxicity=0.5, name="slow") as slow:
                virtual_time.run(visit(proxy.url))
            assert proxy.wait_closed() and 0 < slow.applied < 12
            return [each.connection for each in replies(proxy.records) if struck(each, "slow")]

    assert chosen() == chosen("slicer") == chosen()


# A1.4


async def tried(shop: Shop, attempts: int) -> bool:
    """Whether a call succeeds within some attempts."""
    try:
        await again(lambda: shop.item(1), attempts=attempts, base_s=0.1)
    except Transient:
        return False
    return True


def predicted(fates: list[bool], attempts: int) -> list[bool]:
    """What calls come to whose attempts have these fates, one after the other."""
    found, left = [], list(fates)
    while left:
        tries = left[:attempts]
        used = tries.index(False) + 1 if False in tries else len(tries)
        found.append(False in tries)
        del left[:used]
    return found


@pytest.mark.parametrize("attempts", [1, 3])
def test_retries_lift_success_to_what_the_log_predicts(
    shop_server: Service, virtual_time: TestTime, attempts: int
) -> None:
    """[A1.4] One answer in five is reset: 200 calls come to exactly what the decisions say, with and without retries."""

    async def session(url: str) -> list[bool]:
        async with Shop(url) as shop:
            return [await tried(shop, attempts) for _ in range(200)]

    with proxied(virtual_time, shop_server, seed=7) as proxy:
        with proxy.toxic("reset_peer", rate=0.2) as reset:
            came = virtual_time.run(session(proxy.url))
        assert proxy.wait_closed()
        fates = [struck(each, "reset_peer") for each in replies(proxy.records)]
    assert came == predicted(fates, attempts) and reset.applied == sum(fates) > 20
    assert 140 < sum(came) < 180 if attempts == 1 else sum(came) >= 198


def test_a_breaker_opens_at_the_same_call_in_every_run(shop_server: Service, virtual_time: TestTime) -> None:
    """[A1.4] With a threshold of 5 the breaker opens at the same call in 50 runs of a seed, and the logs are equal."""

    async def opens_at(url: str) -> int:
        breakers = AsyncCircuitBreakerFactory(default_threshold=5, default_ttl=60)
        async with Shop(url) as shop:
            for call in range(1, 200):
                breaker = await breakers.get_breaker("shop")
                try:
                    async with breaker:
                        await shop.item(1)
                except Transient:
                    pass
                except OpenedState:
                    return call - 1
        return 0

    found = set()
    for _ in range(50):
        with proxied(virtual_time, shop_server, seed=OPENING_SEED) as proxy:
            with proxy.toxic("reset_peer", rate=0.2):
                opened = virtual_time.run(opens_at(proxy.url))
            assert proxy.wait_closed()
            fates = [struck(each, "reset_peer") for each in replies(proxy.records)]
            found.add((opened, *fates, proxy.decisions()))
    ((opened, *fates, _),) = found
    assert opened == len(fates) == OPENING_CALL and fates[-5:] == [True] * 5


# A1.5


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_lost_packets_cost_time_and_no_byte(shop_server: Service, virtual_time: TestTime, share: float) -> None:
    """[A1.5] A megabyte over a lossy network comes whole, as late as retransmission makes it; only a budget below that fails."""

    async def download(url: str, budget_s: float) -> bytes:
        async with Shop(url, limit_s=None, bytes_max=LOSSY_BYTES) as shop, asyncio.timeout(budget_s):
            return await shop.export(LOSSY_BYTES)

    def downloaded(budget_s: float) -> tuple[bytes, int, int]:
        """The body, how long it took, and how long by the model of retransmission."""
        began = virtual_time.now_ns
        with proxied(virtual_time, shop_server, seed=7) as proxy, proxy.toxic("packet_loss", loss_rate=share) as loss:
            body = virtual_time.run(download(proxy.url, budget_s))
            took = virtual_time.now_ns - began
            assert proxy.wait_closed() and loss.applied == 1
            return body, took, replies(proxy.records)[0].delay_ns

    body, took, modelled = downloaded(3600)
    assert sha256(body).digest() == sha256(bytes(range(256)) * (LOSSY_BYTES // 256)).digest()
    assert took == modelled and took in [RTO_NS * ((1 << losses) - 1) for losses in range(2, 16)]
    assert downloaded(took / 1e9 + 0.001)[1] == took
    with pytest.raises(TimeoutError):
        downloaded(took / 1e9 - 0.001)


# B1

MODES = {
    "timeout": ("timeout", {"timeout": 0}, httpx.ReadTimeout, None),
    "refused": ("refuse", {}, httpx.ConnectError, None),
    "rate limit": ("http_rate_limit", {"retry_after": 7}, None, 429),
    "server error": ("http_status", {"status": 500}, None, 500),
}


@pytest.mark.parametrize("mode", MODES)
def test_each_way_to_fail_is_its_own_error(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, mode: str
) -> None:
    """[B1] Silence, a refusal, 429 and 500 each reach the caller as what they are; the proxy is clean afterwards."""
    kind, words, cause, status = MODES[mode]
    with pytest.raises(RuntimeError, match="the test went wrong"), shop_proxy.toxic(kind, **words):
        error = virtual_time.run(failing(Shop(shop_proxy.url)))
        raise RuntimeError("the test went wrong")
    assert isinstance(error, Transient) and error.status == status
    assert type(error.__cause__) is (cause or type(None))
    assert shop_proxy.toxics == []
    assert virtual_time.run(call_times(virtual_time, shop_proxy.url, 1)) == [0]
    chaos.assert_fired(kind)


CUTS = {
    "port closed": ("down", {}, (httpx.ConnectError,)),
    "RST on accept": ("reset_peer", {}, (httpx.ReadError, httpx.ConnectError)),  # it may come while it still connects
    "FIN on accept": ("limit_time", {"time": 0}, (httpx.RemoteProtocolError,)),
    "RST instead of an answer": ("reset_peer", {"first": 1}, (httpx.ReadError,)),
    "answer swallowed": ("timeout", {"timeout": 0, "first": 1}, (httpx.ReadTimeout,)),
    "short body, FIN": ("http_truncate", {"bytes": 100}, (httpx.RemoteProtocolError,)),
    "short body, RST": ("http_truncate", {"bytes": 100, "end": "rst"}, (httpx.ReadError,)),
    "first byte flipped": ("corrupt", {"bits": 1, "offset": 0, "first": 1}, (httpx.RemoteProtocolError,)),
    "slices of a byte": ("slicer", {"average_size": 1}, (None,)),
}


@pytest.mark.parametrize("cut", CUTS)
def test_httpx_says_what_happened_to_the_wire(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, cut: str
) -> None:
    """[B1] Each fault of the wire comes to the error of httpx that is documented for it."""
    kind, words, causes = CUTS[cut]

    async def call() -> type[BaseException] | None:
        async with Shop(shop_proxy.url) as shop:
            try:
                await shop.item(1)
            except ShopError as error:
                return type(error.__cause__)
        return None

    with shop_proxy.toxic(kind, **words):
        assert virtual_time.run(call()) in causes
    chaos.assert_fired(kind)
