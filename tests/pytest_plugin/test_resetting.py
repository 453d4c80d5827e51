"""State that outlives a test is put back at its beginning and its end; two tests in either order decide the same."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import aiolimiter
import cachetools
import pybreaker
import pytest

from fozzy.errors import UsageError
from fozzy.pytest_plugin import resetting
from fozzy.pytest_plugin.libraries import Kind
from fozzy.pytest_plugin.resetting import Instances, Resetting
from tests.pytest_plugin.project import Project

APP = """
    import circuitbreaker
    import httpx
    import pybreaker
    from aiolimiter import AsyncLimiter
    from cachetools import TTLCache, cached
    from purgatory import SyncCircuitBreakerFactory

    breaker = pybreaker.CircuitBreaker(fail_max=3, reset_timeout=60)
    contexts = SyncCircuitBreakerFactory(default_threshold=3)
    limiter = AsyncLimiter(2, 10)
    kept = []

    @breaker
    def get(url):
        return httpx.get(url)

    @contexts("orders")
    def ask(url):
        return httpx.get(url)

    @circuitbreaker.circuit(failure_threshold=3)
    def look(url):
        return httpx.get(url)

    @cached(TTLCache(9, 3600))
    def price(url):
        return httpx.get(url).status_code

    async def slowly(client, url):
        async with limiter:
            return await client.get(url)
"""
TESTS = """
    import contextlib

    import app
    import httpx
    import pytest

    def all_of_it(url, virtual_time):
        for call in (app.get, app.ask, app.look):
            for _ in range(3):
                with contextlib.suppress(Exception):
                    call(url)
        app.price(url)

        async def session():
            async with httpx.AsyncClient() as client:
                for _ in range(3):
                    await app.slowly(client, url)

        virtual_time.run(session())

    @pytest.mark.chaos
    def test_one(http_proxy, virtual_time, chaos):
        chaos.breaker("get").watch(app.breaker)
        chaos.breaker("ask").watch(app.contexts)
        with http_proxy.toxic("reset_peer", first=9):
            all_of_it(http_proxy.url, virtual_time)

    @pytest.mark.chaos
    def test_other(http_proxy, virtual_time, chaos):
        chaos.breaker("get").watch(app.breaker)
        chaos.breaker("ask").watch(app.contexts)
        with http_proxy.toxic("reset_peer", pattern="FF."):
            all_of_it(http_proxy.url, virtual_time)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose module keeps two breakers, a limiter and a cache, and two tests that use all of them."""
    project = Project(tmp_path_factory.mktemp("shop"))
    project.write("app.py", APP)
    project.write("test_shop.py", TESTS)
    return project


def decided(project: Project, *words: str) -> dict[str, list[str]]:
    """What each test's JUnit properties say: its time, its decisions, what became of its faults and its breakers."""
    ran = project.run("--junit-xml=j.xml", *words)
    assert ran.passed == 2, ran.said
    cases = ElementTree.parse(project.folder / "j.xml").iter("testcase")
    return {case.attrib["name"]: [each.attrib["value"] for each in case.iter("property")] for case in cases}


def test_two_tests_in_either_order_decide_the_same(shop: Project) -> None:
    """Breakers, limiters and caches of a module know nothing of the test before; where they are kept they do."""
    one, other = "test_shop.py::test_one", "test_shop.py::test_other"
    forward = decided(shop, one, other)
    assert sorted(forward) == ["test_one", "test_other"]
    assert any("closed -> open" in said for said in forward["test_one"])
    assert forward == decided(shop, other, one)
    kept = shop.run(one, other, "--chaos-state=keep")
    assert (kept.passed, kept.failed) == (1, 1), kept.said


def test_what_one_test_opens_is_closed_for_the_next(project: Project) -> None:
    """Also for a test that is none of ours; a marker keeps state, and one's own is told how to be forgotten."""
    project.write("app.py", APP)
    project.write(
        "test_states.py",
        """
        import app
        import pytest

        @pytest.fixture(scope="module")
        def filled():
            yield app.kept

        @pytest.mark.chaos
        def test_opens(chaos):
            chaos.resets(app.kept.clear)
            app.kept.append(1)
            app.breaker.open()

        def test_of_somebody_else():
            assert app.breaker.current_state == "closed" and app.kept == []
            app.breaker.open()
            app.kept.append(2)

        @pytest.mark.chaos
        @pytest.mark.parametrize("number", [1, 2])
        def test_is_closed(chaos, number):
            assert app.breaker.current_state == "closed"
            chaos.resets(app.kept.clear)
            assert app.kept == []
            app.breaker.open()

        @pytest.mark.chaos(keeps_state=True)
        def test_leaves_open(chaos):
            app.breaker.open()

        @pytest.mark.chaos(keeps_state=True)
        def test_finds_open(chaos):
            assert app.breaker.current_state == "open"

        @pytest.mark.chaos
        def test_cannot_forget(chaos):
            chaos.resets(lambda: app.kept.append(3) if not app.kept else 1 / 0)
        """,
    )
    ran = project.run()
    assert (ran.passed, ran.failed, ran.errors) == (7, 0, 1), ran.said
    assert "a state that could not be put back: test_cannot_forget.<locals>.<lambda>: ZeroDivisionError" in ran.said


@pytest.fixture
def instances() -> Iterator[Instances]:
    """Looks among objects that nobody else makes or drops meanwhile."""
    gc.collect()
    gc.disable()
    yield Instances()
    gc.enable()


def those(found: Any, *wanted: Any) -> list[bool]:
    """Whether each is among those that were found."""
    return [any(each is one for _, each in found) for one in wanted]


def test_objects_are_looked_at_only_where_some_are_new(instances: Instances) -> None:
    """An instance of a class, of one that inherits from it and of one made later is found; without new ones nobody looks."""
    first = pybreaker.CircuitBreaker()
    assert those(instances.now(), first) == [True] and instances.looks == 1
    assert those(instances.now(), first) == [True] and instances.looks == 1

    class Own(cachetools.TTLCache[str, int]):
        pass

    cache, limiter = Own(1, 1), aiolimiter.AsyncLimiter(1)
    assert those(instances.now(), first, cache, limiter) == [True] * 3 and instances.looks == 2
    del limiter
    assert those(instances.now(), first, cache) == [True] * 2 and instances.looks == 2


class Narrow:
    """What nobody can refer to weakly."""

    __slots__ = ("value",)


def test_one_that_cannot_be_referred_to_weakly_is_found(instances: Instances, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for again, and kept alive by nobody."""
    monkeypatch.setattr(resetting, "KINDS", [Kind(__name__, "Narrow", "value", id)])
    narrow = Narrow()
    for looks in (1, 2):
        assert those(instances.now(), narrow) == [True] and instances.looks == looks
    del narrow
    assert instances.now() == []


def test_what_goes_wrong_is_told_of_the_test_that_did_it() -> None:
    """At the end, and not where it was so when the test began."""
    said: list[str] = []

    class Stuck:
        def put_back(self, thing: Any) -> None:
            said.append(thing)
            raise ValueError("stuck")

        module, name = "library.part", "Thing"

    kind: Any = Stuck()
    state = Resetting([(kind, "one")])
    assert state.end() == ["a state that could not be put back: Thing of library: ValueError: stuck"]
    state.begin()
    assert state.end() == [] and said == ["one"] * 3


async def forgets() -> None:
    """Nothing that can be called as it is."""


@pytest.mark.parametrize("wrong", [None, forgets, lambda: forgets()])
def test_only_functions_are_called(wrong: Any) -> None:
    """Neither what is none, nor what has to be waited for."""
    with pytest.raises(UsageError, match=r"chaos\.resets calls a function"):
        Resetting([]).own(wrong)


def test_own_functions_are_called_now_and_at_the_end() -> None:
    """The last one first, as everything is put back; what is given is returned, so it may stand above a function."""
    called: list[str] = []
    state = Resetting([])

    @state.own
    def one() -> None:
        called.append("one")

    state.own(lambda: called.append("other"))
    one()
    assert called == ["one", "other", "one"]
    assert state.end() == [] and called[3:] == ["other", "one"]
