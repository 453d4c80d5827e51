"""Clusters of user programs on the bench: schedules that do what they are called, forks where programs keep state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fozzy.dsl.load import document, parse
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.prepare import Options, Ready, header_of, ready
from fozzy.search.explore.campaign import Campaign
from fozzy.search.explore.hosted_bench import HostedBench, Workbench, is_hosted
from fozzy.search.explore.plan import Done, Order, Plan
from fozzy.search.explore.scenario_bench import open_bench
from fozzy.sim.schedules import Schedule
from fozzy.world.code.host import POOL

PROGRAMS = """
import asyncio, itertools, os, random, sys

async def two(node):
    async def work():
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await asyncio.gather(work(), work())

async def starved(node):
    done = []
    async def slow():
        done.append(1)
    async def quick():
        for _ in range(14):
            await asyncio.sleep(0)
        if not done:
            raise RuntimeError("slow was held back all the time")
    await asyncio.gather(slow(), quick())

async def serve(node):
    async def answer(reader, writer):
        writer.write(await reader.readline())
        writer.close()
    await (await asyncio.start_server(answer, "0.0.0.0", 80)).serve_forever()

async def ask(node):
    reader, writer = await asyncio.open_connection("a", 80)
    writer.write(b"%d\\n" % random.getrandbits(32))
    await reader.read()

async def counts(node):
    numbers = sys.__dict__.setdefault("_numbers", itertools.count())  # what no copy of a module brings back
    reader, writer = await asyncio.open_connection("a", 80)
    writer.write(b"%d\\n" % next(numbers))
    await reader.read()

async def third(node):
    numbers = sys.__dict__.setdefault("_numbers", itertools.count())
    if next(numbers) == 2:
        raise RuntimeError("only after two others")

async def leaves(node):
    if random.random() < 0.5:
        os._exit(9)
"""

NODES = {"two": 1, "starved": 1, "ask": 2, "counts": 2, "third": 1, "leaves": 1}
Make = Callable[..., Ready]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No interpreter waits for a next test: each has another folder."""
    yield
    POOL.close()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A cluster that runs one of the programs, ready to be explored."""
    (tmp_path / "programs.py").write_text(PROGRAMS)

    def made(name: str, **more: Any) -> Ready:
        loaded = parse(document(text_of(name, **more).encode(), "n.fozzy.toml", "n.fozzy.toml", "toml"))
        header, redactor = header_of(loaded, Options(), 1, "explore")
        return with_code(ready(header, loaded, redactor, tmp_path), loaded, Allowance(True, tmp_path))

    return made


def text_of(name: str, intra: bool = False) -> str:
    served = 'a = { program = "programs:serve" }\n' if NODES[name] == 2 else ""
    head = f'version = 1\nname = "n"\n[distributed]\nschedule_intra = {str(intra).lower()}\n[distributed.nodes]\n'
    return f'{head}{served}b = {{ program = "programs:{name}" }}\n'


def orders(count: int, **schedule: Any) -> list[Order]:
    return [Order(index=index, seed=index, schedule=Schedule(**schedule)) for index in range(count)]


def explored(run: Ready, count: int = 100_000, bound: int | None = None, **schedule: Any) -> Campaign:
    bench = bench_beside(run)
    campaign = Campaign(Plan(schedule=Schedule(**schedule), seed=1, count=count, bound=bound, goes_on=True), bench)
    try:
        campaign.run()
    finally:
        bench.close()
    return campaign


def bench_beside(run: Ready) -> Any:
    loaded = parse(run.document)
    root = Path(run.setting.project.root) if run.setting.project else Path()
    return open_bench(loaded, Options(), 1, {}, Allowance(True, root), jobs=1)


@pytest.mark.parametrize("kind", ["dfs", "bfs"])
def test_a_search_of_all_orders_of_tasks_is_exhausted(make: Make, kind: str) -> None:
    """Two tasks of three steps, each with the callback that tells `gather` of its end: two chains of four are 8!/4!4! =
    70 orders; the 20 in which the callbacks change places are none, since callbacks keep their order."""
    campaign = explored(make("two", intra=True), kind=kind)
    assert campaign.is_over and campaign.ended_by == "exhausted"
    assert (campaign.executions, campaign.schedules.count) == (50, 50)


def test_a_bound_bounds_the_switches(make: Make) -> None:
    """The stock order, and one for each of the choices in which the other goes on instead."""
    assert explored(make("two", intra=True), kind="dfs", bound=0).executions == 1
    assert explored(make("two", intra=True), kind="dfs", bound=1).executions == 7


def test_without_choices_within_a_node_there_is_one_order(make: Make) -> None:
    """asyncio's own."""
    assert explored(make("two"), kind="dfs").executions == 1


def test_priorities_find_starvation_a_hundred_times_as_often(make: Make) -> None:
    """A task must be held back while another makes fifteen steps: by chance once in 2^15."""
    run = make("starved", intra=True)
    found = {kind: explored(run, 1_000, kind=kind, depth=1).so.failing for kind in ("pct", "random")}
    assert found["pct"] >= 100 * max(1, found["random"])


def test_executions_depend_on_nothing_but_their_order(make: Make) -> None:
    """In one process or in forks, by one process or by three, each order comes to the same."""
    run, wanted = make("ask"), orders(24)
    shared, alone, several = Workbench(run, 10**6), Workbench(run, 10**6), HostedBench(run, 3, 10**6)
    try:
        done = shared.orders(wanted, None, False)
        assert done == alone.orders(wanted, None, True) == [*several.run(wanted, None)]
        assert len({each.digest for each in done}) == len(done) and not several.is_alone
    finally:
        for bench in (shared, alone, several):
            bench.close()


def test_a_program_that_keeps_state_gets_forks(make: Make) -> None:
    """The digest of an execution differs after others; from then on none has others before it."""
    bench = HostedBench(make("counts"), 1, 10**6)
    try:
        done = [*bench.run(orders(12), None)]
    finally:
        bench.close()
    again: list[Done] = []
    fresh = Workbench(make("counts"), 10**6)
    try:
        again = fresh.orders(orders(12), None, True)
    finally:
        fresh.close()
    assert bench.is_alone and done == again


def test_what_fails_only_after_others_is_no_failure(make: Make) -> None:
    """It is done again by itself before it counts."""
    bench = HostedBench(make("third"), 1, 10**6)
    try:
        assert [each.status for each in bench.run(orders(9), None)] == ["pass"] * 9
    finally:
        bench.close()


def test_an_execution_may_end_its_process(make: Make) -> None:
    """It is told as what it is, and the others go on in another process."""
    bench = Workbench(make("leaves"), 10**6)
    try:
        done = bench.orders(orders(12), None, False)
    finally:
        bench.close()
    assert {each.status for each in done} == {"pass", "crash"}
    assert {each.failed.title for each in done if each.failed} == {"node_died"}
    assert [each.index for each in done] == list(range(12))


def test_time_ends_it(make: Make) -> None:
    """Nothing is begun after the end, and that is told by what is missing."""
    bench = Workbench(make("ask"), 10**6)
    try:
        assert bench.orders(orders(3), 0, False) == []
    finally:
        bench.close()


def test_only_clusters_of_user_programs_are_hosted(make: Make) -> None:
    """A cluster of builtin programs runs where fozzy does."""
    text = 'version = 1\nname = "n"\n[distributed]\nnode_count = 2\n[[distributed.steps]]\ntype = "tick"\nduration = "1s"\n'
    loaded = parse(document(text.encode(), "n.fozzy.toml", "n.fozzy.toml", "toml"))
    header, redactor = header_of(loaded, Options(), 1, "explore")
    assert not is_hosted(ready(header, loaded, redactor))
    assert is_hosted(make("ask"))
