"""The reference of toxics and the schema of their files: all that a file may say stands there, and what is good is accepted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tomli
from jsonschema import Draft202012Validator, ValidationError

from fozzy.chaos.tcp.files import plan_of
from fozzy.chaos.tcp.flags import TCP_FLAGS
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import TcpPlan

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "reference" / "chaos-tcp.md").read_text(encoding="utf-8")
SCHEMA = msgspec.json.decode((ROOT / "fozzy" / "cli" / "schemas" / "chaos-file-tcp.json").read_bytes())
HERE = Draft202012Validator(SCHEMA)
PROMISED = """
latency bandwidth slow_close timeout reset_peer slicer limit_data down refuse limit_time corrupt packet_loss half_close
partition drop_reply http_status http_rate_limit http_malformed http_truncate http_slow_headers sse_cut sse_stall
sse_drop_event sse_partial_event sse_bad_json resp_error resp_match pg_error pg_drop_commit_reply
"""


def with_toxic(**said: Any) -> dict[str, Any]:
    """A file with one toxic."""
    return {"proxies": [{"name": "a", "upstream": "b:1", "toxics": [said]}]}


def test_every_toxic_that_is_promised_is_there() -> None:
    """Each has a section, and a row in the list."""
    assert set(PROMISED.split()) <= set(KINDS)
    for name in KINDS:
        assert f"\n## `{name}`\n" in PAGE and f"| [`{name}`](#{name}) |" in PAGE


def test_every_field_has_a_row_and_a_meaning() -> None:
    """Of the file, of proxies, of toxics and their schedules, of every attribute."""
    _, parts = msgspec.json.schema_components([TcpPlan, *KINDS.values()])
    for name, part in parts.items():
        for field, said in part.get("properties", {}).items():
            assert said.get("description"), f"{name}.{field}"
            assert f"| `{field}` |" in PAGE, f"{name}.{field}"


def test_every_flag_is_on_the_page() -> None:
    """With its variable."""
    for field in TCP_FLAGS:
        assert f"`FOZZY_CHAOS_{field.upper()}`" in PAGE


def test_the_example_is_a_file() -> None:
    """The schema and the engine accept what the page begins with."""
    (text,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    HERE.validate(tomli.loads(text))
    assert [proxy.name for proxy in plan_of(tomli.loads(text)).proxies] == ["redis", "db"]


@pytest.mark.parametrize(
    "document",
    [
        {"$schema": "./x.json", "seed": 1},
        [{"name": "a", "listen": "[::]:1", "upstream": "b:2", "enabled": True}],
        with_toxic(type="latency", attributes={"latency": 5, "first": 1}),
        with_toxic(type="latency", attributes={"latency": 5}, pattern="F.F", window=["1s", "2s"]),
    ],
)
def test_the_schema_takes_what_is_good(document: Any) -> None:
    """Toxiproxy's array too, and a schedule among attributes."""
    HERE.validate(document)


@pytest.mark.parametrize(
    "document",
    [
        with_toxic(type="laten"),
        with_toxic(type="latency", attributes={"latncy": 5}),
        with_toxic(type="latency", attributes={"latency": "5ms"}),
        with_toxic(type="latency", toxicity=2),
        [{"name": "a"}],
        {"proxy": []},
    ],
)
def test_the_schema_refuses_what_is_not(document: Any) -> None:
    """So an editor says it before anything runs."""
    with pytest.raises(ValidationError):
        HERE.validate(document)
