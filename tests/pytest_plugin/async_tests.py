"""Test files with async tests, for the runners there are: each test says `RUN` where the runner's marker stands."""

from __future__ import annotations

TALK = """
    import time
    import anyio
    import pytest

    async def talk(proxy, clock):
        '''A reply that is two seconds late, and an hour of sleep.'''
        began = clock.now
        async with await anyio.connect_tcp("127.0.0.1", proxy.address.port) as stream:
            with proxy.toxic("latency", latency=2000):
                await stream.send(b"PING\\r\\n")
                assert await stream.receive() == b"+PONG\\r\\n"
        assert clock.now - began == 2, clock.now
        await anyio.sleep(3600)
        assert clock.now - began == 3602, clock.now
"""
TESTS = (
    TALK
    + """
    @pytest.fixture
    async def slept(virtual_time):
        '''An async fixture is on the clock too, before and after the test.'''
        began = virtual_time.now
        await anyio.sleep(5)
        assert virtual_time.now - began == 5
        yield
        began = virtual_time.now
        await anyio.sleep(5)
        assert virtual_time.now - began == 5

    @RUN
    @pytest.mark.chaos(seed=7)
    async def test_ours(redis_proxy, virtual_time, slept):
        await talk(redis_proxy, virtual_time)

    @RUN
    @pytest.mark.chaos(seed=7)
    async def test_never_applied(redis_proxy, virtual_time):
        with redis_proxy.toxic("drop_reply", match="INCR", first=1):
            await anyio.sleep(1)

    @RUN
    @pytest.mark.chaos(seed=7, real_time=True)
    async def test_real(virtual_time):
        began = time.monotonic()
        await anyio.sleep(0.02)
        assert 0.02 <= time.monotonic() - began < 60

    @RUN
    async def test_plain():
        began = time.monotonic()
        await anyio.sleep(0.02)
        assert 0.02 <= time.monotonic() - began < 60
"""
)
PASSED = 3  # of the four; the one whose fault never came fails


def file_under(marker: str) -> str:
    """The tests under a marker."""
    return TESTS.replace("@RUN", f"@pytest.mark.{marker}")
