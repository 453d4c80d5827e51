"""Flags and variables: each by itself, a flag before a variable, all mistakes at once and by the names they have."""

from __future__ import annotations

import pytest

from fozzy.chaos.files.flags import FLAGS, Value, flag_name, read_flags, told, variable_name, variables_set
from fozzy.chaos.files.older import OLDER
from fozzy.errors import UsageError

Layer = dict[str, list[Value]]


def flags(**texts: str | list[str]) -> Layer:
    """Flags as they come from a command line."""
    made: Layer = {}
    for field, text in texts.items():
        origin = OLDER[field].flag if field in OLDER else flag_name(field)
        made[field] = [Value(each, origin) for each in ([text] if isinstance(text, str) else text)]
    return made


def variables(**texts: str) -> Layer:
    """Variables as they come from the environment."""
    return variables_set({variable_name(field): text for field, text in texts.items()})


def test_a_flag_stands_before_a_variable_field_by_field() -> None:
    """Where both speak of one thing the flag counts; where one does, that one."""
    read = read_flags(flags(drop="0.5"), variables(drop="0.1", malformed="20%", exclusive="true"))
    assert read["drop"] == (0.5, "--drop")
    assert read["malformed"] == (0.2, "FOZZY_CHAOS_MALFORMED")
    assert read["exclusive"].value is True


def test_a_fixed_delay_and_a_range_together_are_refused_with_which_to_drop() -> None:
    """Two flags, or two variables, that exclude each other: an error that says what each would give."""
    with pytest.raises(UsageError) as caught:
        read_flags(flags(latency="100ms", latency_range="1ms..2ms"), {})
    assert caught.value.code == "chaos.exclusive_flags"
    assert "--latency and --latency-range exclude each other" in caught.value.message
    assert caught.value.hint == "drop --latency for a drawn delay, --latency-range for a fixed one"
    with pytest.raises(UsageError, match="FOZZY_CHAOS_LATENCY and FOZZY_CHAOS_LATENCY_RANGE exclude"):
        read_flags({}, variables(latency="100ms", latency_range="1ms..2ms"))


def test_a_flag_puts_the_other_of_its_group_aside() -> None:
    """`--latency-range` with `FOZZY_CHAOS_LATENCY` set is a range; `--replay` with `FOZZY_CHAOS_RECORD` set replays."""
    read = read_flags(flags(latency_range="1ms..2ms"), variables(latency="100ms"))
    assert read["latency_range"].value == ("1ms", "2ms")
    assert "latency" not in read
    assert set(read_flags(flags(replay="a.fozzy"), variables(record="b.fozzy"))) == {"replay"}


def test_two_of_record_replay_and_auto_are_refused() -> None:
    """A recording is written, served, or both in turn; never two of these."""
    with pytest.raises(UsageError, match="--record and --replay exclude each other"):
        read_flags(flags(record="a", replay="b"), {})


def test_all_mistakes_are_told_at_once() -> None:
    """Each is named by its flag or variable, with the value and what is allowed."""
    with pytest.raises(UsageError) as caught:
        read_flags(flags(drop="1.5", latency="1.5", status="99"), variables(loss="abc"))
    said = [problem.message for problem in caught.value.problems]
    assert len(said) == 4
    for name, value in (("--drop", "1.5"), ("--latency", "1.5"), ("--status", "99"), ("FOZZY_CHAOS_LOSS", "abc")):
        assert any(message.startswith(f"{name} must be ") and f'got "{value}"' in message for message in said), said


def test_rate_limits_are_told_by_scope() -> None:
    """Several scopes at once; a flag's stands before a variable's of its scope; the same scope twice is refused."""
    read = read_flags(flags(rate_limit=["50/s:10", "client:5/s"]), variables(rate_limit="global:1/s, route:2/s"))
    found = {scoped.scope: scoped.bucket.rate for scoped in read["rate_limit"].value}
    assert found == {"global": "50/s", "client": "5/s", "route": "2/s"}
    with pytest.raises(UsageError, match="--rate-limit is given twice for global"):
        read_flags(flags(rate_limit=["50/s", "global:5/s"]), {})


def test_mockforges_flags_are_read_and_told_by_our_names() -> None:
    """Their units become ours, what they mean beside is added, and one line each says so."""
    given = flags(chaos_latency_ms="500", chaos_http_errors="500,503", chaos_packet_loss="5.0", chaos_rate_limit="100")
    read = read_flags(given, {})
    assert read["latency"].value == "500ms"
    assert read["status"].value.codes == [500, 503]
    assert read["status_probability"].value == 0.1
    assert read["loss"].value == 0.05 and read["loss_as"].value == "408"
    assert read["rate_limit"].value[0].bucket.rate == "100/s"
    assert told(given) == [
        "--chaos-latency-ms 500 is --latency 500ms",
        "--chaos-http-errors 500,503 is --status 500,503 --status-probability 0.1",
        "--chaos-packet-loss 5.0 is --loss 5% --loss-as 408",
        "--chaos-rate-limit 100 is --rate-limit 100/s:10",
    ]


def test_what_mockforges_flags_add_gives_way() -> None:
    """A probability or a kind of loss that is given, in either spelling, counts."""
    both = flags(chaos_http_errors="500", chaos_http_error_probability="1.0")
    assert read_flags(both, {})["status_probability"].value == 1.0
    assert told(both)[0] == "--chaos-http-errors 500 is --status 500"
    assert read_flags(flags(chaos_packet_loss="5", loss_as="hang"), {})["loss_as"].value == "hang"


def test_one_thing_in_two_spellings_is_refused() -> None:
    """It would not be clear which counts."""
    with pytest.raises(UsageError, match="--chaos-latency-ms and --latency are one thing in two spellings"):
        read_flags(flags(chaos_latency_ms="500", latency="1s"), {})
    with pytest.raises(UsageError, match="--latency and --chaos-latency-range|--chaos-latency-range"):
        read_flags(flags(chaos_latency_range="1-2", latency="1s"), {})


def test_a_bad_value_in_mockforges_spelling_is_told_by_that_spelling() -> None:
    """The user sees the flag that was written."""
    with pytest.raises(UsageError, match="--chaos-latency-range must have the smaller duration first"):
        read_flags(flags(chaos_latency_range="500-100"), {})


def test_a_variable_that_means_nothing_is_refused() -> None:
    """A variable with our prefix is meant for us; a misspelled one is told with the nearest."""
    with pytest.raises(UsageError) as caught:
        variables_set({"FOZZY_CHAOS_LATENCYY": "1s", "OTHER": "x"})
    assert caught.value.code == "chaos.unknown_variable"
    assert "FOZZY_CHAOS_LATENCY" in caught.value.hint


def test_an_empty_variable_is_none() -> None:
    """A variable that is set to nothing says nothing."""
    assert variables_set({"FOZZY_CHAOS_LATENCY": ""}) == {}


@pytest.mark.parametrize("field", FLAGS)
def test_names_and_variables_follow_from_the_field(field: str) -> None:
    """`a_b` is `--a-b` and `FOZZY_CHAOS_A_B`."""
    assert flag_name(field) == f"--{field.replace('_', '-')}"
    assert variable_name(field) == f"FOZZY_CHAOS_{field.upper()}"
