"""The JSON document of a run."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fozzy.core.summary import Summary
from fozzy.report.json_document import render


def test_it_is_the_summary_on_one_line(made: Any) -> None:
    """One document, one line end, and the same summary when it is read again."""
    for summary in (made.suite(), made.single(), made.replay(), made.single("pass")):
        text = render(summary)
        assert text.endswith("}\n") and text.count("\n") == 1
        assert msgspec.json.decode(text, type=Summary) == summary


def test_what_is_not_set_is_absent(made: Any) -> None:
    """Keys are in camel case, and nothing is null."""
    document = json.loads(render(made.single("pass")))
    assert "memory" not in document and "replay" not in document and "scenarios" not in document
    assert document["identity"]["runId"] == "7f3c0a11"
    assert document["durationNs"] == 31_000_000
    assert None not in document.values()
