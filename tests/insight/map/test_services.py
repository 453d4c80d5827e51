"""Services: how a tree falls into parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fozzy.insight.map.services import Groups


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a.py", "shop/b.py", "web/c.ts"], [".", "shop", "web"]),
        (["services/pay/a.py", "services/web/src/b.ts"], ["services/pay", "services/web"]),
        (["src/a.py", "src/shop/b.py"], ["src", "src/shop"]),
        (["shop/a.py", "shop/pay/b.py", "shop/web/c.py", "web/d.py"], ["shop", "shop/pay", "shop/web", "web"]),
        (["shop/a.py"], ["shop"]),
        ([], []),
    ],
)
def test_groups(paths: list[str], names: list[str]) -> None:
    """Top folders; folders that only hold others, and one that holds most of everything, are looked into."""
    groups = Groups(paths)
    assert [groups.of(path) for path in paths] == names


def test_a_service_says_what_it_touches(tree: Callable[..., Any], mapped: Callable[..., Any]) -> None:
    """Its files, functions, hotspots, entry points, routes and signals."""
    tree(
        {
            "pay/server.py": 'app = FastAPI()\n@app.post("/pay/{id}")\ndef pay(amount):\n    raise ValueError\n',
            "pay/x.py": "def plain():\n    return 1\n",
            "web/a.py": "def f(lock):\n    pass\n",
        }
    )
    pay, web = sorted(mapped().services, key=lambda each: each.name)
    assert (pay.name, pay.files, pay.functions, pay.hotspots, pay.uncovered) == ("pay", 2, 2, 1, 1)
    assert pay.routes == ["POST /pay/{id}"] and pay.signals == {"money": 1}
    assert [(each.kind, each.path, each.line) for each in pay.entry_points] == [("server", "pay/server.py", 1)]
    assert web.signals == {"concurrency": 1} and web.risk == 35
