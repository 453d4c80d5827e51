"""Late: whoever waits for a module is told as soon as it has run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told


def test_a_module_is_told_of_now_or_later(told: Told, tmp_path: Path) -> None:
    """A module that is there is told of at once, another after it has run, a third when it is reloaded too."""
    (tmp_path / "shop.py").write_text("A = globals().get('A', 0) + 1")
    script = """
import importlib, inspect
from fozzy.sim.patches import late
sys.path.insert(0, ".")
late.install(); late.install()
seen = []
late.when_imported("json", lambda module: seen.append("now"))
late.when_imported("shop", lambda module: seen.append(module.A))
late.when_imported("shop", lambda module: seen.append(module.__name__))
late.when_imported("nothing", lambda module: seen.append("never"))
import shop
importlib.reload(shop)
try: import nothing
except ModuleNotFoundError as error: seen.append(error.name)
told([seen, type(shop.__loader__).__name__, inspect.getsource(shop)[:5], shop.__spec__.name, len(sys.meta_path)])
"""
    *told_of, finders = told(script)
    assert told_of == [["now", 1, "shop", 2, "shop", "nothing"], "SourceFileLoader", "A = g", "shop"]
    assert finders == told("told(len(sys.meta_path))") + 1


def test_a_module_that_fails_is_not_told_of(told: Told, tmp_path: Path) -> None:
    """A failing import is nobody's; the next try that succeeds is."""
    (tmp_path / "bad.py").write_text("if not hasattr(__import__('sys'), 'again'): 1 / 0")
    script = """
from fozzy.sim.patches import late
sys.path.insert(0, ".")
late.install()
seen = []
late.when_imported("bad", lambda module: seen.append(1))
try: import bad
except ZeroDivisionError: seen.append(0)
sys.again = 1
import bad
told(seen)
"""
    assert told(script) == [0, 1]
