"""The OTLP file: what the JSON form of the protocol demands, and the run's own times."""

from __future__ import annotations

import json
import re
from typing import Any

from fozzy.insight.profile.otlp import otlp
from tests.insight.profile.test_spans import BLOCKS, MS
from tests.insight.profile.test_timeline import SERVER, profile
from tests.insight.profile.test_top import function

VALUES = {"stringValue": str, "intValue": str}


def spans(data: bytes) -> list[dict[str, Any]]:
    """The spans, after every rule of the mapping was held against them."""
    document = json.loads(data)
    assert set(document) == {"resourceSpans"}
    (resource,) = document["resourceSpans"]
    assert set(resource) == {"resource", "scopeSpans"}
    (scope,) = resource["scopeSpans"]
    attributes(resource["resource"]["attributes"])
    assert set(scope["scope"]) == {"name", "version"}
    for span in scope["spans"]:
        assert re.fullmatch("[0-9a-f]{32}", span["traceId"]) and re.fullmatch("[0-9a-f]{16}", span["spanId"])
        assert re.fullmatch("([0-9a-f]{16})?", span["parentSpanId"])
        assert isinstance(span["kind"], int) and isinstance(span["status"]["code"], int)
        assert re.fullmatch(r"\d+", span["startTimeUnixNano"]) and re.fullmatch(r"\d+", span["endTimeUnixNano"])
        assert int(span["endTimeUnixNano"]) >= int(span["startTimeUnixNano"])
        attributes(span["attributes"])
    return list(scope["spans"])


def attributes(given: list[dict[str, Any]]) -> dict[str, str]:
    """Attributes by name; each has one value of a known kind, 64-bit numbers as text."""
    for each in given:
        ((kind, value),) = each["value"].items()
        assert isinstance(value, VALUES[kind])
    return {each["key"]: next(iter(each["value"].values())) for each in given}


def test_spans_follow_the_protocol() -> None:
    """Every span but the run's has a parent that is there; ids are there once; steps have the run's times."""
    made = profile(BLOCKS)._replace(started_at="2026-05-01T10:00:00.500Z", seal="ab")
    made.root.inside[0].inside.append(function("price", 5))
    found = spans(otlp(made, "virtual"))
    ids = [span["spanId"] for span in found]
    assert len(set(ids)) == len(ids) == 14, "functions have no times of their own"
    assert [span["parentSpanId"] for span in found].count("") == 1
    assert all(span["parentSpanId"] in ids for span in found[1:])
    run = found[0]
    assert run["startTimeUnixNano"] == "1777629600500000000"
    assert int(run["endTimeUnixNano"]) - int(run["startTimeUnixNano"]) == 13 * MS
    asked = next(span for span in found if span["name"] == "http.send")
    assert asked["kind"] == 3 and attributes(asked["attributes"])["fozzy.capability"] == "http"


def test_ids_follow_from_the_trace() -> None:
    """The same trace has the same ids, another one others; failures have the code for it."""
    made = profile(SERVER)._replace(seal="ab")
    assert otlp(made, "real") == otlp(made, "real")
    other = spans(otlp(made._replace(seal="cd"), "real"))
    assert not {span["spanId"] for span in other} & {span["spanId"] for span in spans(otlp(made, "real"))}
    assert [span["status"]["code"] for span in other].count(2) == 1


def test_a_run_without_a_beginning_starts_at_zero() -> None:
    """A recovered trace may not say when it began."""
    assert spans(otlp(profile(BLOCKS), "virtual"))[0]["startTimeUnixNano"] == "0"
