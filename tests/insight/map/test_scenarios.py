"""Scenarios: which there are, which cannot be used, what they mention."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fozzy.insight.map.doubts import Doubts
from fozzy.insight.map.scenarios import Mentions, read_scenarios
from fozzy.insight.map.units import Unit

GOOD = '{"version": 1, "name": "a", "steps": [{"type": "trace_event", "name": "charge"}]}'


def unit(path: str, name: str) -> Unit:
    """A unit of this name."""
    return Unit(path, "Python", name, 1, 1, 1, ())


def test_every_scenario_is_accounted_for(tree: Callable[..., Path], project: Path) -> None:
    """Valid ones are listed; invalid and unreadable ones are listed and in doubt; hidden folders are left out."""
    root = tree(
        {
            "scenarios/a.fozzy.json": GOOD,
            "scenarios/b.fozzy.json": GOOD.replace("trace_event", "trace_evnt"),
            "scenarios/c.fozzy.json": b"\xff",
            "scenarios/d.fozzy.json/x": "",
            "scenarios/.e/f.fozzy.json": "{",
            "scenarios/t.fozzy": "",
        }
    )
    (root / "scenarios/g.fozzy.toml").symlink_to("nowhere")
    doubts = Doubts()
    found = read_scenarios(Path("scenarios"), Path(), doubts)
    assert [(each.name.split("/")[1][0], each.valid) for each in found.scenarios] == [
        ("a", True),
        ("b", False),
        ("c", False),
        ("g", False),
    ]
    assert [(each.reason, each.path) for each in doubts.degraded().reasons] == [
        ("invalid_scenario", "scenarios/b.fozzy.json"),
        ("unreadable_scenario", "scenarios/c.fozzy.json"),
        ("unreadable_scenario", "scenarios/d.fozzy.json"),
        ("unreadable_scenario", "scenarios/g.fozzy.toml"),
    ]
    assert [path.name for path in found.traces] == ["t.fozzy"]


def test_no_folder_is_said(project: Path) -> None:
    """Without a folder of scenarios there is nothing to doubt, but a note."""
    doubts = Doubts()
    assert read_scenarios(Path("scenarios"), Path(), doubts).notes == [
        "there is no folder scenarios, so no scenario was looked at"
    ]
    assert not doubts.degraded().reasons


@pytest.mark.parametrize(
    ("text", "path", "name", "named"),
    [
        ('{"cmd": "charge_all"}', "a.py", "charge_all", True),
        ('{"cmd": "recharge_all"}', "a.py", "charge_all", False),
        ('{"charge": 1}', "a.py", "charge", False),
        ('{"function": "shop.orders:pay"}', "shop/orders.py", "other", True),
        ('{"function": "shop.orders:pay"}', "orders.py", "other", True),
        ('{"args": ["web/server.ts"]}', "web/server.ts", "other", True),
        ('{"args": ["./web/server.ts"]}', "packages/web/server.ts", "other", True),
        ('{"args": ["server.ts"]}', "web/myserver.ts", "other", False),
        ('{"type": "sleep"}', "a.py", "sleep", False),
        ('{"x": "run"}', "a.py", "run", False),
    ],
)
def test_mentions(text: str, path: str, name: str, named: bool) -> None:
    """A whole word or path of a text; not the names of fields and steps, nor words of three letters."""
    mentions = Mentions()
    mentions.take("s", text)
    assert mentions.of(unit(path, name)) == (["s"] if named else [])


def test_a_file_is_named_as_such() -> None:
    """Functions of a file are named with it, and a function by the last part of its name."""
    mentions = Mentions()
    mentions.take("s", '"refund" "a.go"')
    assert mentions.of(unit("x.py", "Shop.refund")) == ["s"]
    assert mentions.of(unit("a.go", "")) == ["s"] and mentions.of(unit("b.go", "")) == []
