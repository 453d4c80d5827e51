"""Every case of the plans has a test: what is asked for stands here beside what holds it, and pytest itself is asked for both."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.chaos.libraries import page

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LEAST = 8  # tests that must pass, under each marker
KINDS = ("network", "service", "middleware")
FILES = ("llm", "redis", "postgres", "embedding", "sse", *KINDS)
NUMBERED = [
    "A1.1",
    "A1.2",
    "A1.3",
    "A1.4",
    "A1.5",
    "A2.1",
    "A2.2",
    "A2.3",
    "A2.4",
    "A2.5",
    "A3.1",
    "A3.2",
    "A3.3",
    "A3.4",
    "A3.5",
    "A3.6",
    "B1",
    "B2",
    "B3",
    "B4",
    "B5",
    "B6",
    "flow",
]

# What must be shown, in the words of the plans, and the tests that show it: `network: a b` are those of test_network_chaos.py.
CASES = {
    "silence ends at the limit": "network: test_a_server_that_is_silent_is_given_up_at_the_limit",
    "a SYN that is swallowed is another error": "network: test_connecting_has_a_limit_of_its_own",
    "a sized body cut in the middle": "network: test_an_answer_cut_short_is_asked_for_once_more",
    "down for a second during a call": "network: test_an_outage_of_a_second_is_ridden_out",
    "latency below and above a limit": "network: test_a_slow_network_is_waited_for_up_to_the_limit",
    "jitter follows from the seed": "network: test_jitter_follows_from_the_seed test_another_toxic_moves_no_choice",
    "one message in five is reset": "network: test_retries_lift_success_to_what_the_log_predicts"
    " test_a_breaker_opens_at_the_same_call_in_every_run",
    "lost packets": "network: test_lost_packets_cost_time_and_no_byte",
    "four modes, each client's own error": "network: test_each_way_to_fail_is_its_own_error"
    " llm: test_how_a_client_fails embedding: test_how_a_client_fails",
    "what clients really do": "network: test_httpx_says_what_happened_to_the_wire redis: test_how_redis_py_fails"
    " postgres: test_how_psycopg_fails",
    "killed with a request": "service: test_a_server_that_is_killed_at_work_is_an_error_and_no_leak",
    "ten seconds of delay": "service: test_ten_seconds_are_too_long_for_one_and_not_for_another",
    "every second answer fails": "service: test_what_may_go_well_later_is_tried_again_and_nothing_else",
    "failures in turn, and by chance, and a breaker": "service: test_partial_failures_in_turn_never_open_a_breaker"
    " test_the_call_that_opens_a_breaker_is_the_one_the_log_predicts",
    "64 MB against a limit of 1": "service: test_an_answer_that_is_too_large_is_not_read",
    "out of memory, and little processor": "service: test_a_server_that_is_out_of_memory_dies_and_comes_back"
    " test_a_server_with_little_processor_is_slow_and_recovers",
    "what cannot be decoded": "service: test_an_answer_that_cannot_be_read_is_not_asked_for_again",
    "a breaker opens, rests and closes": "middleware: test_pybreaker_opens_rests_and_closes"
    " test_a_breaker_opens_rests_and_closes llm: test_it_opens_rests_and_closes test_it_opens_again",
    "half-open with fifty callers": "middleware: test_what_half_open_really_lets_through"
    " test_pybreaker_lets_a_crowd_through_one_by_one",
    "fifty callers while a breaker changes": "middleware: test_no_call_is_lost_while_a_crowd_opens_a_breaker"
    " llm: test_many_at_once_while_it_changes",
    "retries wait longer each time": "middleware: test_a_retry_waits_longer_each_time",
    "two seconds in asyncio and in trio": "middleware: test_a_limit_holds_in_asyncio_and_leaves_nothing"
    " test_a_limit_holds_in_trio_and_leaves_nothing",
    "how long psycopg hangs": "postgres: test_how_long_a_cancelled_query_hangs test_how_long_a_connection_is_tried",
    "a hundred calls at once": "middleware: test_aiolimiter_queues_and_loses_nobody test_limits_refuses_and_hides_nothing",
    "stale values in an outage": "middleware: test_cashews_serves_what_it_last_knew test_cachetools_expires_to_the_nanosecond"
    " test_hishel_serves_what_is_fresh_during_an_outage test_hishel_serves_what_is_stale_when_it_is_asked_to",
    "all six orders of layers": "middleware: test_the_order_of_layers_decides",
    "a checkpoint that is lost, and one that cannot be read": "redis: test_a_lost_checkpoint_ends_no_session"
    " test_no_checkpoint_is_none_and_no_error test_a_silent_server_costs_its_limit",
    "one INCR is one, or two": "redis: test_an_order_is_counted_once test_one_incr_is_stored_as_two",
    "a session is resumed": "redis: test_a_session_goes_on_where_it_was test_an_unacknowledged_state_is_whole_or_absent",
    "LOADING, OOM, READONLY": "redis: test_a_loading_server_is_waited_for test_a_full_server_is_asked_once"
    " test_a_replica_is_left_for_the_primary",
    "a full pool": "postgres: test_the_third_waits_its_limit test_a_full_pool_is_waited_for",
    "a broken transaction": "postgres: test_nothing_of_a_broken_transaction_stays",
    "a lost COMMIT": "postgres: test_a_lost_commit_is_an_error_and_a_row test_an_order_with_a_key_is_one"
    " test_an_order_without_a_key_is_two",
    "an error within a transaction": "postgres: test_a_refused_statement_harms_no_session",
    "a corrupted reply": "postgres: test_a_corrupted_reply_is_noticed",
    "dead connections of a pool": "postgres: test_dead_connections_are_handed_out",
    "Retry-After": "llm: test_retry_after_is_waited_for",
    "what is asked again, and what is not": "llm: test_a_broken_server_is_asked_again test_our_own_mistakes_are_made_once"
    " test_it_gives_up",
    "embeddings": "embedding: test_eight_failures_open_it test_a_batch_is_tried_again_with_growing_pauses"
    " test_open_means_unasked test_nobody_listens",
    "a stream that is cut": "sse: test_it_goes_on_where_it_was_cut test_half_an_event_is_none"
    " test_a_clean_close_is_no_error_to_httpx",
    "a stream that is silent": "sse: test_silence_has_a_limit test_connecting_has_a_limit_of_its_own",
    "a stream whose server restarts": "sse: test_a_server_goes_on_where_it_was",
    "a whole session": "flow: test_a_session_ends_as_in_fair_weather test_a_session_is_taken_up_again",
}

# The tool itself: by file.
TOOL = {
    "tests/chaos/test_flow_shrinks.py": ["test_three_faults_shrink_to_the_one_that_matters"],
    "tests/pytest_plugin/test_plugin.py": [
        "test_a_fault_that_never_came_fails_the_test",
        "test_what_is_left_behind_fails_the_teardown",
        "test_kinds_of_chaos_are_chaos",
    ],
    "tests/pytest_plugin/test_properties.py": ["test_they_stand_in_junit"],
    "tests/pytest_plugin/test_telling.py": ["test_all_is_told"],
    "tests/cli/commands/test_chaos_run.py": ["test_one_document"],
    "tests/chaos/tcp/clients/test_python.py": ["test_populate_twice", "test_errors_are_its_own"],
    "tests/chaos/tcp/clients/test_node.py": ["test_populate_twice_and_reset", "test_errors_have_the_statuses_it_knows"],
}

ASKS = """
import json
import sys
import pytest

class Asks:
    def pytest_collection_finish(self, session):
        for item in session.items:
            marks = sorted({mark.name for mark in item.iter_markers()})
            said = (item.obj.__doc__ or "").partition("]")[0].lstrip("[")
            print("FOUND " + json.dumps([item.path.name, item.originalname, marks, said.split(", ")]))

sys.exit(pytest.main(["--collect-only", "-q", *sys.argv[1:]], plugins=[Asks()]))
"""


class Found(NamedTuple):
    """A test as pytest finds it: its file, its name, its markers, the cases it says it is of."""

    file: str
    name: str
    marks: list[str]
    said: list[str]


@cache
def collected() -> list[Found]:
    """The whole suite, as pytest collects it."""
    files = sorted(str(each) for each in HERE.glob("test_*_chaos.py"))
    done = subprocess.run([sys.executable, "-c", ASKS, *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    told = [line.removeprefix("FOUND ") for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    return [Found(*json.loads(line)) for line in told]


def sound() -> list[Found]:
    """Those that must pass."""
    return [each for each in collected() if not {"xfail", "skip", "skipif"} & set(each.marks)]


@pytest.mark.parametrize("kind", KINDS)
def test_each_marker_has_enough_tests(kind: str) -> None:
    """At least eight different tests under each, in the file of its name alone, none of them expected to fail."""
    of_kind = [each for each in sound() if f"chaos_{kind}" in each.marks]
    assert len({each.name for each in of_kind if each.file == f"test_{kind}_chaos.py"}) >= LEAST
    assert all(f"chaos_{kind}" in each.marks for each in collected() if each.file == f"test_{kind}_chaos.py")


def test_every_file_of_the_plans_is_there() -> None:
    """One for each kind and each service, and every test of them says its case."""
    assert {f"test_{name}_chaos.py" for name in (*FILES, "flow")} == {each.file for each in collected()}
    assert [each for each in collected() if not set(each.said) <= set(NUMBERED)] == []


@pytest.mark.parametrize("case", NUMBERED)
def test_every_numbered_item_has_a_test(case: str) -> None:
    """One that must pass."""
    assert any(case in each.said for each in sound())


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_its_tests(case: str) -> None:
    """Those named here are there, and must pass."""
    found = {(each.file, each.name) for each in sound()}
    file = ""
    for word in CASES[case].split():
        if word.endswith(":"):
            file = f"test_{word[:-1]}_chaos.py"
        else:
            assert (file, word) in found


@pytest.mark.parametrize("file", TOOL)
def test_the_tool_itself_has_its_tests(file: str) -> None:
    """They are functions of these files."""
    text = (ROOT / file).read_text(encoding="utf-8")
    assert [name for name in TOOL[file] if f"\ndef {name}(" not in text] == []


def test_each_library_is_used() -> None:
    """The libraries side by side on their page are used by the suite and its application, too, but for one only shown."""
    texts = "".join(
        each.read_text(encoding="utf-8") for each in [*HERE.glob("test_*_chaos.py"), *HERE.glob("app/*.py")]
    )
    modules = {"redis-py": "redis"}
    unused = [name for name in page.LIBRARIES if f"import {modules.get(name, name)}" not in texts]
    assert [name for name in unused if f"from {name}" not in texts] == ["aiobreaker"]
