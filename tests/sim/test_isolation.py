"""Isolation: each life of a node has its own copy of the user's modules, and everything that looks for a module finds it."""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fozzy.sim import context
from fozzy.sim.isolation import Modules, hint
from fozzy.sim.user import UserCode
from fozzy.world.code.child import Refused
from fozzy.world.code.places import Places

Make = Callable[..., Modules]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Writes the user's files, by name and text, and gives the sets of their modules."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before, made = set(sys.modules), []

    def build(share: tuple[str, ...] = (), **files: str) -> Modules:
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/').replace('INIT', '__init__')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        importlib.invalidate_caches()
        made.append(Modules([str(tmp_path)], share))
        return made[-1]

    yield build
    for modules in made:
        modules.close()
    for name in set(sys.modules) - before:
        del sys.modules[name]


def load(modules: Modules, name: str, times: int = 2) -> list[ModuleType]:
    """The module as so many nodes have it."""
    found = []
    for _ in range(times):
        modules.enter(modules.fresh())
        found.append(importlib.import_module(name))
    return found


def test_nodes_share_no_memory(make: Make) -> None:
    """What one node changes in a module, another does not see; back in its set, it is there again."""
    modules = make(zz_state="VALUES = []")
    one, two = modules.fresh(), modules.fresh()
    modules.enter(one)
    first = importlib.import_module("zz_state")
    first.VALUES.append(1)
    modules.enter(two)
    second = importlib.import_module("zz_state")
    assert (second.VALUES, second is first, sys.modules["zz_state"] is second) == ([], False, True)
    modules.enter(one)
    assert sys.modules["zz_state"] is importlib.import_module("zz_state") is first
    modules.leave()
    assert "zz_state" not in sys.modules


def test_installed_modules_are_shared(make: Make) -> None:
    """Python's own modules are the same object in every node, also when a node is the first to import one."""
    sys.modules.pop("this", None)
    modules = make(zz_late="import colorsys, json\nHERE = colorsys, json")
    sys.modules.pop("colorsys", None)
    first, second = load(modules, "zz_late")
    assert first.HERE == second.HERE


def test_the_modules_from_before_come_back(make: Make) -> None:
    """What was imported before any node ran is nobody's, and stands in `sys.modules` when no node runs."""
    modules = make(zz_early="")
    early = importlib.import_module("zz_early")
    again = Modules([str(Path(str(early.__file__)).parent)])
    [node] = load(again, "zz_early", 1)
    again.close()
    assert node is not early and sys.modules["zz_early"] is early
    modules.leave()


def test_packages_hold_their_own(make: Make) -> None:
    """Submodules, relative and circular imports stay within the node's set, and are bound to its packages."""
    modules = make(
        zz_pack__INIT="from . import a\nfrom .b import NAME",
        zz_pack__a="import zz_pack.b\nfrom . import b\nfrom zz_pack import b as c\nSAME = b is c is zz_pack.b",
        zz_pack__b="import zz_pack.a\nNAME = __name__\nfrom . import a as back",
    )
    first, second = load(modules, "zz_pack")
    for pack in (first, second):
        assert pack.a.SAME and pack.b.back is pack.a and pack.NAME == "zz_pack.b"
    assert first.a is not second.a and sys.modules["zz_pack.a"] is second.a


def test_namespace_packages_hold_their_own(make: Make) -> None:
    """A folder without `__init__` is a package of the node's too."""
    modules = make(zz_space__one="VALUE = []")
    load(modules, "zz_space.one")
    first = sys.modules["zz_space"]
    [second_one] = load(modules, "zz_space.one", 1)
    import zz_space.one as seen  # type: ignore[import-not-found]

    assert seen is second_one and sys.modules["zz_space"] is not first and sys.modules["zz_space"].one is second_one


def test_late_imports_land_in_their_own_set(make: Make) -> None:
    """A module that one node imports while it runs is not there for another."""
    modules = make(zz_main="def go():\n    import zz_lazy\n    return zz_lazy", zz_lazy="")
    one, two = modules.fresh(), modules.fresh()
    modules.enter(one)
    lazy = importlib.import_module("zz_main").go()
    modules.enter(two)
    assert "zz_lazy" not in sys.modules
    assert importlib.import_module("zz_main").go() is not lazy
    modules.enter(one)
    assert sys.modules["zz_main"].go() is lazy


def test_what_a_program_does_to_sys_modules_stays_its_own(make: Make) -> None:
    """A module that puts another in its place, one under two names, and one that is taken out."""
    modules = make(
        zz_self="import sys, types\nsys.modules[__name__] = types.SimpleNamespace(me=1)",
        zz_alias="import sys\nsys.modules['zz_other_name'] = sys.modules[__name__]",
        zz_gone="",
    )
    one, two = modules.fresh(), modules.fresh()
    modules.enter(one)
    for name in ("zz_self", "zz_alias", "zz_gone"):
        importlib.import_module(name)
    del sys.modules["zz_gone"]
    kept = sys.modules["zz_self"]
    modules.enter(two)
    assert not {"zz_self", "zz_alias", "zz_other_name", "zz_gone"} & set(sys.modules)
    modules.enter(one)
    assert sys.modules["zz_self"] is kept and sys.modules["zz_other_name"] is sys.modules["zz_alias"]
    assert "zz_gone" not in sys.modules


def test_a_file_is_read_and_compiled_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another node's copy is made of the same code; a file that has changed is read again."""
    modules = make(zz_once="def f(): return 1")
    first, second = load(modules, "zz_once")
    assert first.f.__code__ is second.f.__code__ and first.f is not second.f
    assert (second.__name__, second.__spec__.origin) == ("zz_once", second.__file__)
    file = Path(str(second.__file__))
    with monkeypatch.context() as patch:
        patch.setattr(importlib.machinery.SourceFileLoader, "get_data", lambda *_: pytest.fail("read again"))
        load(modules, "zz_once")
    file.write_text("def f(): return 222")
    assert load(modules, "zz_once", 1)[0].f() == 222


def test_nothing_is_written_beside_the_file(make: Make, tmp_path: Path) -> None:
    """No compiled file is trusted or left behind."""
    load(make(zz_clean="A = 1"), "zz_clean")
    assert not list(tmp_path.rglob("*.pyc"))


def test_reload_runs_the_module_again(make: Make) -> None:
    """A reload works on the node's own copy."""
    modules = make(zz_again="import itertools\nCOUNT = globals().get('COUNT', 0) + 1")
    first, second = load(modules, "zz_again")
    assert importlib.reload(second) is second
    assert (first.COUNT, second.COUNT) == (1, 2)


def test_classes_are_found_by_name(make: Make) -> None:
    """Pickle, dataclasses and type hints look into `sys.modules`, and find the node's own class."""
    text = """
from __future__ import annotations
import dataclasses, typing
@dataclasses.dataclass
class Order:
    price: Price
class Price: pass
HINTS = typing.get_type_hints(Order)["price"]
"""
    modules = make(zz_order=text)
    for node in load(modules, "zz_order"):
        assert node.HINTS is node.Price
    order = pickle.loads(pickle.dumps(node.Order(5)))
    assert type(order) is node.Order and order.price == 5


def test_shared_modules_are_shared(make: Make) -> None:
    """What `share` names, with its submodules, is one object for all nodes, bound to each node's own package."""
    modules = make(
        share=("zz_shop.metrics", "zz_alone"),
        zz_shop__INIT="from .metrics import COUNTS",
        zz_shop__metrics__INIT="from zz_shop.config import NAME\nfrom .inner import DEPTH\nCOUNTS = []",
        zz_shop__metrics__inner="DEPTH = []",
        zz_shop__config="NAME = 'n'",
        zz_alone="VALUE = []",
        zz_user="import zz_alone, zz_shop.metrics.inner, zz_shop.config\nSEEN = zz_shop.metrics.inner, zz_alone, zz_shop.metrics, zz_shop",
    )
    first, second = (each.SEEN for each in load(modules, "zz_user"))
    assert [a is b for a, b in zip(first, second, strict=True)] == [True, True, True, False]
    assert second[3].COUNTS is first[2].COUNTS and second[3].config is not first[3].config
    assert second[2].__spec__.origin == second[2].__file__


def test_a_shared_module_does_not_see_who_came_first(make: Make) -> None:
    """It is imported on the machine of imports, not on that of the node that asked."""
    modules = make(share=("zz_common",), zz_common="from fozzy.sim import context\nWHO = context.current.name")

    class Node:
        name = "n5"

    context.current = Node()  # type: ignore[assignment]
    try:
        [common] = load(modules, "zz_common", 1)
        assert common.WHO == "import" and context.current.name == "n5"  # type: ignore[union-attr]
    finally:
        context.current = None


def test_a_failing_import_leaves_nothing(make: Make) -> None:
    """A module that fails is in no set, may be tried again, and is told of by name if it did not fail before."""
    text = "import sys\nsys.zz_runs = getattr(sys, 'zz_runs', 0) + 1\nif sys.zz_runs == 2: raise ValueError('twice')"
    modules = make(zz_registry=text, zz_entry="import zz_registry", zz_bad="1 / 0")
    try:
        load(modules, "zz_entry", 1)
        with pytest.raises(ValueError, match="twice") as caught:
            load(modules, "zz_entry", 1)
        assert 'share = ["zz_registry"]' in hint(caught.value)
        assert not {"zz_entry", "zz_registry"} & set(sys.modules)
        assert importlib.import_module("zz_entry").zz_registry
        with pytest.raises(ZeroDivisionError) as plain:
            load(modules, "zz_bad", 1)
        assert hint(plain.value) == ""
    finally:
        del sys.zz_runs  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["import zz_nowhere", "1 +"])
def test_errors_of_imports_are_pythons(make: Make, text: str) -> None:
    """A module that is not there, or is no Python, fails as ever, in each node."""
    modules = make(zz_wrong=text)
    for _ in range(2):
        with pytest.raises((ModuleNotFoundError, SyntaxError)):
            load(modules, "zz_wrong", 1)


def test_a_shared_module_that_fails_is_not_kept(make: Make) -> None:
    """Its error is the user's to see, in each node, and nothing of it stays."""
    modules = make(share=("zz_broken",), zz_broken="1 / 0")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            load(modules, "zz_broken", 1)
        assert "zz_broken" not in sys.modules and context.current is None


def test_python_files_of_a_virtual_environment_are_not_the_users(make: Make, tmp_path: Path) -> None:
    """What stands below `site-packages` is shared, though it is below the user's folder; and it is bound as ever."""
    installed = tmp_path / "venv" / "site-packages"
    (installed / "zz_firm").mkdir(parents=True)
    (installed / "zz_firm" / "lib.py").write_text("")
    modules = make(zz_firm__app="import zz_firm.lib\nSEEN = zz_firm.lib, zz_firm")
    sys.path.append(str(installed))
    try:
        first, second = (each.SEEN for each in load(modules, "zz_firm.app"))
        assert first[0] is second[0] and first[1] is not second[1] and second == sys.modules["zz_firm"].app.SEEN
    finally:
        sys.path.remove(str(installed))


def test_main_is_left_alone(make: Make) -> None:
    """The program that was started is not one of the user's modules that come and go."""
    before = sys.modules["__main__"]
    modules = make(zz_any="import __main__ as M")
    first, second = load(modules, "zz_any")
    assert first.M is second.M is before


def test_closed_sets_leave_no_trace(make: Make) -> None:
    """After `close` imports are Python's, and nothing of a node is in `sys.modules`."""
    finders: list[Any] = list(sys.meta_path)
    modules = make(zz_end="")
    load(modules, "zz_end")
    modules.close()
    assert sys.meta_path == finders and "zz_end" not in sys.modules


def test_the_hint_is_part_of_what_is_told(make: Make, tmp_path: Path) -> None:
    """A program whose module fails for the second node is told of with the hint, at its load and later."""
    text = "import sys\nsys.zz_runs = getattr(sys, 'zz_runs', 0) + 1\nif sys.zz_runs > 1: raise ValueError('twice')"
    modules = make(zz_twice=text, zz_program="import zz_twice\ndef main(): pass")
    user = UserCode(Places([str(tmp_path)], str(tmp_path)), modules)
    try:
        user.enter(user.fresh())
        assert user.load("zz_program:main").__name__ == "main"
        user.enter(user.fresh())
        with pytest.raises(Refused) as refused:
            user.load("zz_program:main")
        with pytest.raises(ValueError) as raised:
            importlib.import_module("zz_twice")
        for told in (refused.value.answer["import_failed"], user.described(raised.value)):
            assert told["message"].startswith("twice - fozzy imports") and 'share = ["zz_twice"]' in told["message"]
        assert user.described(ValueError("plain"))["message"] == "plain"
    finally:
        del sys.zz_runs  # type: ignore[attr-defined]


def test_what_is_imported_already_is_compiled_once_before_a_fork(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes that import it afterwards take that; a file that cannot be compiled now is left to whoever imports it."""
    modules = make(zz_first="VALUE = 1", zz_broken="VALUE = 2")
    for name in ("zz_first", "zz_broken"):
        importlib.import_module(name)
    modules.enter(modules.fresh())
    modules.leave()
    Path(str(sys.modules["zz_broken"].__file__)).write_text("def")
    modules.compile_all()
    compiled: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(SourceFileLoader, "source_to_code", lambda *args: compiled.append(args[2]))
        assert load(modules, "zz_first")[0].VALUE == 1
    assert compiled == []
    with pytest.raises(SyntaxError):
        load(modules, "zz_broken")
