"""A language model that is slow, busy, broken or gone: the published clients of OpenAI and Anthropic, and the application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest

from tests.chaos.app.guard import CrowdedGuard, LeakyGuard, Unavailable
from tests.chaos.app.llm import (
    LIMIT_S,
    REST_S,
    RETRIES,
    THRESHOLD,
    HastyLlm,
    Incomplete,
    Llm,
    TrustingLlm,
    UnguardedLlm,
    anthropic_of,
    openai_of,
)
from tests.chaos.looped import gaps_s, on_a_loop, sent

pytestmark = pytest.mark.chaos(seed=7)

TEXT = "how are you"
ANSWER = f"You said: {TEXT}"
CLIENTS: dict[str, Any] = {"anthropic": anthropic_of, "openai": openai_of}
MODULES: dict[str, Any] = {"anthropic": anthropic, "openai": openai}
MANY = 50

both = pytest.mark.parametrize("vendor", CLIENTS)


def opened(vendor: str, proxy: Any, kind: type[Llm] = Llm, retries: int = RETRIES) -> Llm:
    """The application's model, by one of the clients."""
    return kind(CLIENTS[vendor](proxy.url, retries))


# B2, B5: busy, and when to come again


@pytest.mark.chaos_service
@both
@on_a_loop
async def test_retry_after_is_waited_for(llm_proxy: Any, virtual_time: Any, chaos: Any, vendor: str) -> None:
    """[B2, B5] 429 with seven seconds to wait: the next attempt comes at 7.000 s, and is answered."""
    async with opened(vendor, llm_proxy) as llm:
        with llm_proxy.toxic("http_status", status=429, retry_after=7, first=1):
            assert await llm.ask(TEXT) == ANSWER
    assert gaps_s(sent(chaos.records)) == [7.0]
    chaos.assert_fired("http_status", times=1)
    chaos.assert_honours_retry_after()


@both
@on_a_loop
async def test_who_comes_too_soon_is_seen(llm_proxy: Any, virtual_time: Any, chaos: Any, vendor: str) -> None:
    """[B2, B5] The twin that comes after a second gets its answer too, and the oracle says what it did."""
    async with opened(vendor, llm_proxy, HastyLlm, retries=0) as llm:
        with llm_proxy.toxic("http_status", status=429, retry_after=7, first=1):
            assert await llm.ask(TEXT) == ANSWER
    assert gaps_s(sent(chaos.records)) == [1.0]
    chaos.assert_fired("http_status", times=1)
    with pytest.raises(AssertionError, match="7"):
        chaos.assert_honours_retry_after()


@pytest.mark.chaos_service
@pytest.mark.parametrize("status", [500, 503, 529])
@both
@on_a_loop
async def test_a_broken_server_is_asked_again(
    llm_proxy: Any, virtual_time: Any, chaos: Any, vendor: str, status: int
) -> None:
    """[B2, B5] Each of these twice and then an answer: three attempts, the second pause longer than the first."""
    async with opened(vendor, llm_proxy) as llm:
        with llm_proxy.toxic("http_status", status=status, first=2):
            assert await llm.ask(TEXT) == ANSWER
    first, second = gaps_s(sent(chaos.records))
    assert 0.375 <= first <= 0.5 and 0.75 <= second <= 1.0
    chaos.assert_fired("http_status", times=2)
    chaos.assert_attempts(3)


@both
@on_a_loop
async def test_it_gives_up(llm_proxy: Any, virtual_time: Any, chaos: Any, vendor: str) -> None:
    """[B2, B5] A server that stays broken is asked as often as the policy says, and the client's own error says why."""
    async with opened(vendor, llm_proxy) as llm:
        with llm_proxy.toxic("http_status", status=503), pytest.raises(MODULES[vendor].InternalServerError):
            await llm.ask(TEXT)
    assert len(sent(chaos.records)) == RETRIES + 1
    chaos.assert_fired("http_status", times=RETRIES + 1)


@pytest.mark.chaos_service
@pytest.mark.parametrize("status", [400, 401])
@both
@on_a_loop
async def test_our_own_mistakes_are_made_once(
    llm_proxy: Any, virtual_time: Any, chaos: Any, vendor: str, status: int
) -> None:
    """[B2, B5] What will never be answered is asked once, and opens no breaker, however often it happens; the twin asks thrice."""
    error = MODULES[vendor].BadRequestError if status == 400 else MODULES[vendor].AuthenticationError
    async with opened(vendor, llm_proxy) as llm:
        with llm_proxy.toxic("http_status", status=status):
            for _ in range(THRESHOLD + 1):
                with pytest.raises(error):
                    await llm.ask(TEXT)
    assert len(sent(chaos.records)) == THRESHOLD + 1
    assert llm.guard.states == ["closed"]
    async with opened(vendor, llm_proxy, HastyLlm, retries=0) as hasty:
        with llm_proxy.toxic("http_status", status=status, name="again"), pytest.raises(error):
            await hasty.ask(TEXT)
    assert len(sent(chaos.records)) == THRESHOLD + 1 + 3
    chaos.assert_fired("http_status", times=THRESHOLD + 1 + 3)


# B1: the four ways to fail, and what each client makes of them

MODES: dict[str, tuple[dict[str, Any], str]] = {
    "timeout": ({"timeout": 0}, "APITimeoutError"),
    "refused": ({"on": "connection"}, "APIConnectionError"),
    "rate_limit": ({"retry_after": 1}, "RateLimitError"),
    "api_error": ({}, "InternalServerError"),
}


@pytest.mark.chaos_network
@pytest.mark.parametrize("mode", MODES)
@both
@on_a_loop
async def test_how_a_client_fails(
    llm_proxy: Any, inject_llm_failure: Any, virtual_time: Any, chaos: Any, vendor: str, mode: str
) -> None:
    """[B1, B2] Without retries each is the error that is documented; afterwards the proxy is clean and the model answers, also where
    the body of the block raised."""
    words, name = MODES[mode]
    async with opened(vendor, llm_proxy, retries=0) as llm:
        with pytest.raises(getattr(MODULES[vendor], name)), inject_llm_failure(mode, **words) as failure:
            await llm.ask(TEXT)
        assert virtual_time.now == (LIMIT_S if mode == "timeout" else 0)
        assert not llm_proxy.toxics
        assert await llm.ask(TEXT) == ANSWER
    assert failure.applied


# B2: the breaker


async def broken(llm: Llm, proxy: Any) -> None:
    """As many failures as it takes."""
    with proxy.toxic("http_status", status=500, name="broken"):
        for _ in range(THRESHOLD):
            with pytest.raises((anthropic.APIError, openai.APIError)):
                await llm.ask(TEXT)


@pytest.mark.chaos_middleware
@both
@on_a_loop
async def test_it_opens_rests_and_closes(llm_proxy: Any, virtual_time: Any, chaos: Any, vendor: str) -> None:
    """[B2] Five failures open it; the next hundred calls ask nobody; 60 s later one call finds out, and it is closed."""
    async with opened(vendor, llm_proxy, retries=0) as llm:
        chaos.breaker("llm").watch(llm.guard.factory)
        await broken(llm, llm_proxy)
        for _ in range(100):
            with pytest.raises(Unavailable):
                await llm.ask(TEXT)
        assert len(sent(chaos.records)) == THRESHOLD
        await asyncio.sleep(REST_S - 0.001)
        with pytest.raises(Unavailable):
            await llm.ask(TEXT)
        await asyncio.sleep(0.002)
        assert await llm.ask(TEXT) == ANSWER
        assert await llm.ask(TEXT) == ANSWER
    assert len(sent(chaos.records)) == THRESHOLD + 2
    assert llm.guard.states == ["closed", "opened", "half-opened", "closed"]
    chaos.assert_fired("http_status", times=THRESHOLD)
    chaos.assert_no_calls_while_open("llm")
    chaos.assert_recovers()
    changes = chaos.verdict().breakers
    assert [change.state for change in changes] == ["open", "half_open", "closed"]
    assert changes[0].causes == ["llm/broken"]


@pytest.mark.chaos_middleware
@on_a_loop
async def test_it_opens_again(llm_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B2] A call that finds out that nothing is better opens it for another 60 s."""
    async with opened("anthropic", llm_proxy, retries=0) as llm:
        await broken(llm, llm_proxy)
        await asyncio.sleep(REST_S + 0.001)
        with llm_proxy.toxic("http_status", status=529, first=1), pytest.raises(anthropic.APIStatusError):
            await llm.ask(TEXT)
        with pytest.raises(Unavailable):
            await llm.ask(TEXT)
        await asyncio.sleep(REST_S + 0.001)
        assert await llm.ask(TEXT) == ANSWER
    assert llm.guard.states == ["closed", "opened", "half-opened", "opened", "half-opened", "closed"]
    chaos.assert_fired("http_status", times=THRESHOLD + 1)


@pytest.mark.chaos_middleware
@on_a_loop
async def test_who_has_no_breaker_is_seen(llm_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B2] The twin without one asks a broken server each of a hundred times."""
    async with opened("anthropic", llm_proxy, UnguardedLlm, retries=0) as llm:
        with llm_proxy.toxic("http_status", status=500):
            for _ in range(100):
                with pytest.raises(anthropic.InternalServerError):
                    await llm.ask(TEXT)
    assert len(sent(chaos.records)) == 100
    chaos.assert_fired("http_status", times=100)


@pytest.mark.chaos_middleware
@on_a_loop
async def test_who_asks_while_it_is_open_is_seen(llm_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B2] The twin whose breaker opens and stops nobody: the oracle says which call went out."""
    async with opened("anthropic", llm_proxy, retries=0) as llm:
        llm.guard = LeakyGuard("llm", THRESHOLD, REST_S)
        chaos.breaker("llm").watch(llm.guard.factory)
        await broken(llm, llm_proxy)
        assert await llm.ask(TEXT) == ANSWER
    assert llm.guard.states == ["closed", "opened"]
    chaos.assert_fired("http_status", times=THRESHOLD)
    with pytest.raises(AssertionError, match="while the breaker llm was open"):
        chaos.assert_no_calls_while_open("llm")


async def outcomes(llm: Llm, count: int) -> dict[str, int]:
    """What became of so many calls at once: answers, and errors by their names."""
    found: dict[str, int] = {}

    async def one() -> None:
        try:
            assert await llm.ask(TEXT) == ANSWER
            name = "answer"
        except Exception as error:
            name = type(error).__name__
        found[name] = found.get(name, 0) + 1

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(one())
    return found


@pytest.mark.chaos_middleware
@pytest.mark.parametrize("crowded", [False, True], ids=["one probe", "twin"])
@on_a_loop
async def test_many_at_once_while_it_changes(llm_proxy: Any, virtual_time: Any, chaos: Any, crowded: bool) -> None:
    """[B2] Fifty calls while it opens and fifty while it finds out: none is lost, and the wire saw as many as were asked."""
    async with opened("anthropic", llm_proxy, retries=0) as llm:
        if crowded:
            llm.guard = CrowdedGuard("llm", THRESHOLD, REST_S)
        with llm_proxy.toxic("http_status", status=500):
            opening = await outcomes(llm, MANY)
        assert opening == {"InternalServerError": MANY}
        assert await outcomes(llm, MANY) == {"Unavailable": MANY}
        await asyncio.sleep(REST_S + 0.001)
        probing = await outcomes(llm, MANY)
        assert probing == ({"answer": MANY} if crowded else {"answer": 1, "Unavailable": MANY - 1})
        assert await outcomes(llm, MANY) == {"answer": MANY}
    assert llm.guard.states[:3] == ["closed", "opened", "half-opened"]
    assert len(sent(chaos.records)) == MANY + probing["answer"] + MANY
    chaos.assert_fired("http_status", times=MANY)


# streams


@on_a_loop
async def test_a_stream_is_whole_or_an_error(llm_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B6] The last event of an answer is lost and the stream ends in good order: the application refuses half an answer, its
    trusting twin takes it."""
    async with opened("anthropic", llm_proxy, retries=0) as llm:
        assert await llm.ask_streaming(TEXT) == ANSWER
        with llm_proxy.toxic("sse_drop_event", after=7), pytest.raises(Incomplete):
            await llm.ask_streaming(TEXT)
    async with opened("anthropic", llm_proxy, TrustingLlm, retries=0) as trusting:
        with llm_proxy.toxic("sse_drop_event", after=7, name="again"):
            assert ANSWER.startswith(await trusting.ask_streaming(TEXT))
    chaos.assert_fired("sse_drop_event")


CUTS: dict[str, Callable[[Any], Any]] = {
    "end": lambda proxy: proxy.toxic("sse_cut", after_events=4, end="fin"),
    "reset": lambda proxy: proxy.toxic("sse_cut", after_events=4, end="rst"),
    "bad json": lambda proxy: proxy.toxic("sse_bad_json", after=3, first=4),
}


@pytest.mark.chaos_network
@pytest.mark.parametrize("cut", CUTS)
@on_a_loop
async def test_a_stream_that_is_cut_is_an_error(llm_proxy: Any, virtual_time: Any, chaos: Any, cut: str) -> None:
    """[B6] However a stream is cut, nobody takes what came of it for the answer."""
    async with opened("anthropic", llm_proxy, retries=0) as llm:
        with CUTS[cut](llm_proxy) as struck, pytest.raises(Exception) as failed:
            await llm.ask_streaming(TEXT)
        assert not isinstance(failed.value, AssertionError)
        assert await llm.ask_streaming(TEXT) == ANSWER
    assert struck.applied == 1
