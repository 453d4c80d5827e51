"""Flags over files over scenarios: field by field, and no field more than was said."""

from __future__ import annotations

import pytest

from fozzy.chaos.files.flags import Given, Value, read_flags
from fozzy.chaos.files.sections import check_whole, section_over, section_with_flags, with_flags
from fozzy.errors import UsageError
from fozzy.faults.http.plan import (
    Bucket,
    Disconnect,
    Drop,
    Faults,
    Latency,
    Limits,
    Loss,
    Malformed,
    Plan,
    Scenario,
    Section,
    Status,
    Timeout,
)


def read(**texts: str) -> dict[str, Given]:
    """Flags, read."""
    return read_flags({field: [Value(text, f"--{field}")] for field, text in texts.items()}, {})


def of(section: Section, **texts: str) -> Section:
    """A section with flags over it."""
    return section_with_flags(section, read(**texts), "30s")


FILE = Section(
    mode="cascade",
    latency=Latency(uniform=("1ms", "2ms"), jitter=0.2, probability=0.8),
    faults=Faults(
        drop=Drop(every=3),
        malformed=Malformed(how="truncate", first=2),
        disconnect=0.5,
        status=Status(codes=[500], body="no", every=2),
        timeout=Timeout(hang=True),
    ),
    limits=Limits(global_=Bucket(rate="5/s"), client=Bucket(rate="1/s"), loss=Loss(every=2, as_="hang")),
)


def test_without_flags_nothing_changes() -> None:
    """A section that no flag speaks of is the same."""
    assert of(FILE) == FILE


def test_a_delay_its_jitter_and_its_probability_are_three_fields() -> None:
    """Each is replaced alone, and another distribution takes the place of the one that was."""
    assert of(FILE, latency="1s").latency == Latency(fixed="1s", jitter=0.2, probability=0.8)
    assert of(FILE, latency_range="1s..2s").latency == Latency(uniform=("1s", "2s"), jitter=0.2, probability=0.8)
    assert of(FILE, jitter="10%").latency == Latency(uniform=("1ms", "2ms"), jitter=0.1, probability=0.8)
    assert of(FILE, latency_probability="1").latency == Latency(uniform=("1ms", "2ms"), jitter=0.2, probability=1.0)
    assert of(Section(), latency="1s").latency == Latency(fixed="1s")


def test_a_probability_says_when_and_keeps_what() -> None:
    """It replaces all parts of when a fault strikes, and leaves what the fault does."""
    now = of(FILE, drop="1", malformed="0.5", disconnect="0").faults
    assert now.drop == Drop(probability=1.0)
    assert now.malformed == Malformed(how="truncate", probability=0.5)
    assert now.disconnect == 0.0
    assert of(Section(), disconnect="1").faults.disconnect == 1.0
    assert of(Section(faults=Faults(disconnect=Disconnect(how="rst"))), disconnect="1").faults.disconnect == Disconnect(
        how="rst", probability=1.0
    )


def test_statuses_and_their_probability() -> None:
    """`--status` gives codes and when; the body stays. `--status-probability` only says when."""
    assert of(FILE, status="503@0.2").faults.status == Status(codes=[503], probability=0.2, body="no")
    assert of(FILE, status_probability="0.3").faults.status == Status(codes=[500], probability=0.3, body="no")
    assert of(Section(), status="503", status_probability="1").faults.status == Status(codes=[503], probability=1.0)
    with pytest.raises(UsageError, match="exclude each other"):
        of(Section(), status="503@0.5", status_probability="1")


def test_limits_by_name_and_scope() -> None:
    """A rate of one scope leaves the others; a loss keeps its kind, and its kind alone can be said."""
    now = of(FILE, rate_limit="client:7/s:2", loss="10%", bandwidth="1KB/s", max_connections="3").limits
    assert now.client == Bucket(rate="7/s", burst=2)
    assert now.global_ == Bucket(rate="5/s")
    assert now.loss == Loss(probability=0.1, as_="hang")
    assert (now.bandwidth, now.max_connections) == ("1KB/s", 3)
    assert of(FILE, loss_as="408").limits.loss == Loss(every=2, as_="408")
    assert of(Section(), loss="1", loss_as="408").limits.loss == Loss(probability=1.0, as_="408")


def test_the_rest_of_a_section() -> None:
    """`--timeout-fault` is whole, `--exclusive` is a mode, and a variable may say it is not."""
    assert of(FILE, timeout_fault="1s@0.5").faults.timeout == Timeout(after="1s", probability=0.5)
    assert of(FILE, exclusive="true").mode == "exclusive"
    assert of(Section(mode="exclusive"), exclusive="false").mode == "cascade"


def test_a_delay_over_the_cap_names_the_flag_and_the_range() -> None:
    """The cap is the file's or the flag's; it is told how to raise it."""
    for field, text in (("latency", "31s"), ("latency_range", "1s..31s")):
        with pytest.raises(UsageError) as caught:
            of(Section(), **{field: text})
        assert f"--{field} must be from 0ms to 30" in caught.value.message
        assert "--latency-max 31s" in caught.value.hint
    assert section_with_flags(Section(), read(latency="31s"), "60s").latency == Latency(fixed="31s")


def test_the_plan_around_its_section() -> None:
    """Flags that speak of the whole plan change it and nothing else."""
    plan = with_flags(Plan(seed=1), read(upstream="http://a:1", disabled="true", key_bytes="9", evidence_headers="1"))
    assert plan == Plan(seed=1, upstream="http://a:1", enabled=False, key_bytes=9, evidence_headers=True)
    assert with_flags(Plan(seed=1), read(seed="2")).seed == 2


@pytest.mark.parametrize("field", ["jitter", "latency_probability", "status_probability", "loss_as"])
def test_a_flag_that_would_change_nothing_is_refused(field: str) -> None:
    """A jitter without a delay is a mistake, and told as one."""
    flags = read(**{field: "408" if field == "loss_as" else "0.5"})
    with pytest.raises(UsageError, match=f"--{field} needs"):
        check_whole(Section(), flags)
    check_whole(FILE, flags)


def test_a_file_stands_over_a_scenario_field_by_field() -> None:
    """What the file says replaces the scenario's; the rest of the scenario stays, its name and time too."""
    below = Scenario(
        about="slow",
        for_="30s",
        mode="exclusive",
        latency=Latency(fixed="2s"),
        faults=Faults(connection_error=0.5),
        limits=Limits(route=Bucket(rate="9/s")),
    )
    both = section_over(Section(faults=Faults(drop=0.1), limits=Limits(concurrency=2)), below)
    assert both == Scenario(
        about="slow",
        for_="30s",
        mode="exclusive",
        latency=Latency(fixed="2s"),
        faults=Faults(drop=0.1, connection_error=0.5),
        limits=Limits(route=Bucket(rate="9/s"), concurrency=2),
    )
    assert section_over(FILE, below).latency == FILE.latency
    assert section_over(FILE, below).mode == "cascade"
