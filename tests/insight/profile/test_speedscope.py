"""The speedscope file: what its format demands, and the whole time of the run."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from fozzy.insight.profile.spans import Span, build
from fozzy.insight.profile.speedscope import speedscope
from tests.insight.profile.speedscope_schema import SCHEMA
from tests.insight.profile.test_spans import BLOCKS, timed
from tests.insight.profile.test_top import function


def test_the_file_is_what_the_format_demands() -> None:
    """It is valid, every sample points at a frame, samples and weights are as many, weights add up to the time."""
    root = build(BLOCKS, timed(*range(1, 12), end_ns=4))
    root.inside.append(function("price", 9))
    root.real_ns += 9
    document = json.loads(speedscope(root, "a", True))
    Draft202012Validator(SCHEMA).validate(document)
    real, virtual = document["profiles"]
    frames = document["shared"]["frames"]
    for profile in (real, virtual):
        assert len(profile["samples"]) == len(profile["weights"]) > 3
        assert all(0 <= index < len(frames) for sample in profile["samples"] for index in sample)
        assert sum(profile["weights"]) == profile["endValue"]
    assert real["endValue"] == root.real_ns
    assert {"name": "price", "file": "price.py", "line": 1} in frames


def test_a_run_that_was_not_timed_has_virtual_time_alone() -> None:
    """There is no empty profile of real time, and names that are no text for a screen are made safe."""
    root = build(BLOCKS, None)
    root.inside.append(Span("function", "bad\x1b[31m\ud800"))
    document = json.loads(speedscope(root, "\x00", False))
    Draft202012Validator(SCHEMA).validate(document)
    assert [profile["name"] for profile in document["profiles"]] == ["virtual time"]
