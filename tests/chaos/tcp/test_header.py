from __future__ import annotations

import msgspec
import pytest

from fozzy.chaos.cassette.header import Begun, begun_of, header_of, wire_of, wire_redactor
from fozzy.chaos.tcp.header import DECISIONS, TcpBegun, tcp_begun_of
from fozzy.errors import EvidenceError, UsageError
from fozzy.faults.http.plan import Plan
from fozzy.faults.tcp.plan import Toxic
from tests.chaos.tcp.driven import plan

BEGUN = TcpBegun(seed=3, strict=False, plan=plan(Toxic(type="latency", attributes={"latency": 5}, first=2)))


def test_a_header_carries_the_plan() -> None:
    """What an engine starts with comes back as it was, and the header says which wire it is of."""
    header = header_of(BEGUN, "chaos.toml", wire_redactor([]))
    assert (header.mode, header.seed, header.strict, wire_of(header)) == ("proxy", 3, False, "tcp")
    assert tcp_begun_of(header, "t.fozzy") == BEGUN


def test_another_version_of_decisions_is_refused() -> None:
    """A trace that was decided by other rules is refused by name, and never decided by these."""
    other = msgspec.structs.replace(BEGUN, decisions=DECISIONS + 1)
    with pytest.raises(EvidenceError) as raised:
        tcp_begun_of(header_of(other, "t", wire_redactor([])), "t.fozzy")
    assert raised.value.code == "chaos.other_decisions"


def test_a_plan_that_makes_no_sense_is_no_evidence() -> None:
    """An altered plan is refused with the place of what is wrong."""
    header = header_of(BEGUN, "t", wire_redactor([]))
    for old, new in (('"type": "latency"', '"type": 7'), ('"first": 2', '"first": 0'), ('"seed"', '"sneed"')):
        assert old in header.scenario.text
        text = header.scenario.text.replace(old, new)
        broken = msgspec.structs.replace(header, scenario=msgspec.structs.replace(header.scenario, text=text))
        with pytest.raises(EvidenceError) as raised:
            tcp_begun_of(broken, "t.fozzy")
        assert raised.value.code == "chaos.bad_plan"


def test_the_two_wires_are_told_apart() -> None:
    """A trace of HTTP is none of TCP and the other way round; neither is a run."""
    http = header_of(Begun(seed=1, plan=Plan()), "t", wire_redactor([]))
    tcp = header_of(BEGUN, "t", wire_redactor([]))
    assert wire_of(http) == "http"
    with pytest.raises(UsageError, match="not recorded by fozzy proxy tcp"):
        tcp_begun_of(http, "t.fozzy")
    with pytest.raises(UsageError, match="recorded by fozzy proxy tcp"):
        begun_of(tcp, "t.fozzy")
    assert wire_of(msgspec.structs.replace(tcp, mode="run")) == ""
