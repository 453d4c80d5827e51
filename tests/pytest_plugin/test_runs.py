"""Several runs of one test: seeds, replays and shrinking, in a project of somebody."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.pytest_plugin.project import Project

REDIS = """
import time
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

def client_of(proxy, **more):
    return redis.Redis.from_url(proxy.url, protocol=2, retry=Retry(NoBackoff(), 5), **more)
"""
TWICE = (
    REDIS
    + """
@pytest.mark.chaos(seed=7)
def test_incr(redis_proxy, redis_server, virtual_time):
    client = client_of(redis_proxy)
    with redis_proxy.toxic("latency", latency=300), redis_proxy.toxic("slicer", average_size=1, size_variation=0, delay=1):
        with redis_proxy.toxic("drop_reply", match="INCR", rate=0.4):
            for _ in range(5):
                client.incr("orders")
    client.close()
    time.sleep(60)
    assert redis_server.get("orders") == "5"
"""
)


TRACE = ".fozzy/chaos/tests.test_it.test_incr.fozzy"
NODE = "tests/test_it.py::test_incr"


def test_a_failure_tells_how_to_have_it_again(project: Project) -> None:
    """The command that the output shows replays it as it was; once the test is mended it says so."""
    project.write("tests/test_it.py", TWICE)
    ran = project.run("tests")
    assert (ran.code, ran.failed, ran.errors) == (1, 1, 0), ran.said
    assert "seed 7, 6" in ran.said, ran.said
    found = re.search(r"^replay it: pytest (.*)$", ran.said, re.MULTILINE)
    assert found, ran.said
    words = shlex.split(found[1])
    assert words == [NODE, "--chaos-replay", TRACE]
    assert f"shrink it: pytest {found[1]} --chaos-shrink" in ran.said
    again = project.run(*words)
    assert again.code == 1
    assert f"replay of {TRACE}: SAME: AssertionError at tests/test_it.py:20" in again.said, again.said
    project.write("tests/test_it.py", TWICE.replace('== "5"', '>= "5"'))
    mended = project.run("--chaos-replay", TRACE)
    assert (mended.code, mended.passed) == (0, 1)
    assert f"replay of {TRACE}: FIXED" in mended.said


LOSES = """
import pytest

@pytest.mark.chaos
def test_fails(virtual_time):
    assert False
"""


@pytest.mark.parametrize("jobs", [[], ["-n1"]])
def test_what_cannot_be_kept_is_not_offered(project: Project, jobs: list[str]) -> None:
    """Where traces cannot be written no command names one."""
    project.write("test_it.py", LOSES)
    project.write(".fozzy", "a file, where a folder would have to be")
    ran = project.run("--junitxml=told.xml", *jobs)
    assert ran.failed == 1 and "no trace of test_it.py::test_fails was kept" in ran.said, ran.said
    assert "--chaos-replay" not in ran.said
    told = (project.folder / "told.xml").read_text(encoding="utf-8")
    assert "chaos.seed" in told and "chaos.trace" not in told and "chaos.replay" not in told


def test_what_could_not_be_kept_in_the_end_is_no_property(project: Project) -> None:
    """That a trace cannot be written may be found when it is; what a report says is what is there."""
    project.write("test_it.py", LOSES)
    project.write(".fozzy/chaos/test_it.test_fails.fozzy/x", "")
    ran = project.run("--junitxml=told.xml")
    assert "no trace of test_it.py::test_fails was kept" in ran.said, ran.said
    assert "chaos.replay" not in (project.folder / "told.xml").read_text(encoding="utf-8")


def test_a_replay_offers_the_trace_that_it_was_of(project: Project) -> None:
    """A trace from elsewhere is not in the folder of this project's own."""
    project.write("test_it.py", LOSES)
    project.run()
    (project.folder / ".fozzy" / "chaos" / "test_it.test_fails.fozzy").rename(project.folder / "theirs.fozzy")
    ran = project.run("--chaos-replay", "theirs.fozzy")
    assert "replay it: pytest test_it.py::test_fails --chaos-replay theirs.fozzy" in ran.said, ran.said


def test_a_failure_is_shrunk(project: Project) -> None:
    """One strike of one fault is left; it has a trace of its own, which replays; another failure is told as one."""
    project.write("tests/test_it.py", TWICE)
    shrunk = project.run("--chaos-shrink")
    assert shrunk.code == 1
    left = r"3 faults made 1 in \d+ runs; it needs\n  redis/drop_reply_downstream \(drop_reply, times=1\)"
    assert re.search(left, shrunk.said), shrunk.said
    small = TRACE.replace(".fozzy", ".min.fozzy").replace(".min.fozzy/", ".fozzy/", 1)
    assert f"replay it: pytest {NODE} --chaos-replay {small}" in shrunk.said
    replayed = project.run("--chaos-replay", small)
    assert f"replay of {small}: SAME" in replayed.said, replayed.said
    project.write("tests/test_it.py", TWICE.replace("client.incr", "int('x'); client.incr"))
    assert f"replay of {small}: CHANGED: it failed with AssertionError" in project.run("--chaos-replay", small).said


IMPATIENT = """
import time
import urllib.error
import urllib.request
import pytest

def ask(url):
    for _ in range(4):
        try:
            return urllib.request.urlopen(url).read()
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 429:
                return None
            time.sleep(1)

@pytest.mark.chaos
def test_asks(llm_proxy, virtual_time, chaos):
    with llm_proxy.toxic("http_status", status=429, first=2):
        ask(llm_proxy.url)
    chaos.assert_backoff(base=2)
"""


def test_another_complaint_of_an_oracle_is_another_failure(project: Project) -> None:
    """Without the fault there is no pause at all, which is nothing that a wrong pause could be made smaller to."""
    project.write("tests/test_it.py", IMPATIENT)
    shrunk = project.run("tests", "--chaos-shrink")
    assert re.search(r"1 fault made 1 in \d+ runs; it needs\n  llm/\S+ \(http_status", shrunk.said), shrunk.said
    assert "was 1.000 s, not 2.000 s" in shrunk.said
    trace = ".fozzy/chaos/tests.test_it.test_asks.min.fozzy"
    assert f"replay of {trace}: SAME" in project.run("--chaos-replay", trace).said
    project.write("tests/test_it.py", IMPATIENT.replace("range(4)", "range(1)"))
    changed = project.run("--chaos-replay", trace).said
    assert f"replay of {trace}: CHANGED" in changed and "now with" in changed, changed


FLAKY = (
    REDIS
    + """
RUNS = []

@pytest.mark.chaos(seed=7)
def test_incr(redis_proxy, virtual_time):
    RUNS.append(1)
    if len(RUNS) > 1 and OTHERWISE:
        pytest.skip("today it cannot")
    time.sleep(len(RUNS))
    client = client_of(redis_proxy)
    with redis_proxy.toxic("latency", latency=300):
        client.incr("orders")
    client.close()
    assert len(RUNS) > 1
"""
)


@pytest.mark.parametrize("otherwise", [False, True])
def test_a_failure_that_does_not_come_again_is_still_one(project: Project, otherwise: bool) -> None:
    """The first run is told, with its properties and its trace, whatever a run like it comes to."""
    project.write("tests/test_it.py", FLAKY.replace("OTHERWISE", str(otherwise)))
    ran = project.run("tests", "--chaos-shrink", "--junitxml=told.xml")
    assert (ran.code, ran.passed, ran.failed) == (1, 0, 1), ran.said
    assert ran.said.count("not shrunk: run again as it was, it did not fail the same way") == 2, ran.said
    told = (project.folder / "told.xml").read_text(encoding="utf-8")
    assert 'name="chaos.time" value="1.900 s virtual"' in told, told
    assert f'value="pytest {NODE} --chaos-replay {TRACE}"' in told, told
    assert (project.folder / TRACE).exists()


def test_what_fails_at_the_end_is_told_of_the_first_run_too(project: Project) -> None:
    """A fixture of the module that fails to end is reported beside the failure, with what was told of that."""
    broken = """
@pytest.fixture(scope="module", autouse=True)
def once():
    yield
    raise OSError("cannot end")
"""
    project.write("tests/test_it.py", FLAKY.replace("OTHERWISE", "False") + broken)
    ran = project.run("tests", "--chaos-shrink", "--junitxml=told.xml")
    assert (ran.code, ran.failed, ran.errors) == (1, 1, 1), ran.said
    times = re.findall(r'name="chaos.time" value="(.*?)"', (project.folder / "told.xml").read_text(encoding="utf-8"))
    assert times and set(times) == {"1.900 s virtual"}


def test_a_trace_of_another_test_is_refused(project: Project) -> None:
    """The test of the trace must be there; a file that is no trace of a test is refused before anything runs."""
    project.write("test_it.py", TWICE)
    project.run()
    trace = ".fozzy/chaos/test_it.test_incr.fozzy"
    project.write("test_it.py", "def test_incrs(chaos): pass")
    ran = project.run("--chaos-replay", trace)
    assert ran.code == 4
    said = "the trace is of test_it.py::test_incr, which is not among the tests here; did you mean"
    assert f'{said} "test_it.py::test_incrs"?' in ran.said
    ran = project.run("--chaos-replay", "nothing.fozzy")
    assert ran.code == 4
    assert "nothing.fozzy" in ran.said


SEEDS = """
import pytest

SEEN = []

@pytest.fixture(scope="module")
def once():
    SEEN.append("module")

@pytest.mark.chaos
@pytest.mark.chaos_runs(4)
def test_many(chaos, once):
    SEEN.append(chaos.seed)
    assert chaos.run != FAILS

def test_after(chaos):
    print(f"<{SEEN}>")
"""


def test_runs_have_seeds_of_their_own_and_are_one_test(project: Project) -> None:
    """Four runs, one report; what the module shares is made once; the same session seed gives the same seeds."""
    project.write("test_it.py", SEEDS.replace("FAILS", "0"))
    ran = project.run("-s")
    assert (ran.code, ran.passed) == (0, 2), ran.said
    seen = eval(re.findall(r"<(.*)>", ran.said)[0])
    assert seen[0] == "module" and len(set(seen)) == 5
    assert eval(re.findall(r"<(.*)>", project.run("-s").said)[0]) == seen
    assert eval(re.findall(r"<(.*)>", project.run("-s", "--chaos-seed=5").said)[0]) != seen
    assert len(eval(re.findall(r"<(.*)>", project.run("-s", "--chaos-seed=random").said)[0])) == 5


def test_the_first_run_that_fails_is_told(project: Project) -> None:
    """With its number and its seed; later ones are not run; its replay is that run and no other."""
    project.write("test_it.py", SEEDS.replace("FAILS", "3"))
    ran = project.run("-s")
    assert (ran.code, ran.passed, ran.failed) == (1, 1, 1), ran.said
    seen = eval(re.findall(r"<(.*)>", ran.said)[0])
    assert len(seen) == 4
    assert f"run 3 of 4, seed {seen[-1]}" in ran.said
    again = project.run("--chaos-replay", ".fozzy/chaos/test_it.test_many.fozzy")
    assert f"run 3 of 4, seed {seen[-1]}" in again.said
    assert "SAME: AssertionError at test_it.py:14" in again.said


def test_a_seed_that_a_marker_says_stays(project: Project) -> None:
    """`--chaos-runs` runs such a test with it again and again, and what it decides must be the same."""
    project.write(
        "test_it.py",
        REDIS
        + """
@pytest.mark.chaos(seed=7)
def test_same(redis_proxy, chaos):
    assert chaos.seed == 7
    client = client_of(redis_proxy)
    client.get("a")
    client.close()

@pytest.mark.chaos(seed=7)
def test_other(redis_proxy, chaos):
    client = client_of(redis_proxy)
    client.get(f"a{chaos.run}")
    client.close()
""",
    )
    ran = project.run("--chaos-runs=3")
    assert (ran.code, ran.passed, ran.errors) == (1, 2, 1), ran.said
    assert "run 2 decided otherwise than run 1 with the same seed" in ran.said
    assert '"about":"GET a2"' in ran.said


def test_a_rate_may_miss_in_one_run_and_must_hit_in_another(project: Project) -> None:
    """A fault that no seed of several let through fails the last run; one that some did is fine."""
    project.write(
        "test_it.py",
        REDIS
        + """
@pytest.mark.chaos
@pytest.mark.chaos_runs(6)
@pytest.mark.parametrize("rate", [0.5, 1e-12])
def test_it(redis_proxy, rate):
    client = client_of(redis_proxy)
    with redis_proxy.toxic("latency", latency=1, rate=rate, on="message"):
        client.get("a")
    client.close()
""",
    )
    ran = project.run()
    assert (ran.code, ran.passed, ran.failed) == (1, 1, 1), ran.said
    assert "run 6 of 6" in ran.said
    assert "missed each time" in ran.said
