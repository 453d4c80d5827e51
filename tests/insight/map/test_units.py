"""Lines belong to the innermost function around them."""

from __future__ import annotations

from fozzy.insight.map.routes import Route
from fozzy.insight.map.units import Code, Point, Scope, owners, units_of

SCOPES = [Scope("outer", 2, 3, 9), Scope("outer.inner", 4, 5, 6)]


def test_every_line_has_one_owner() -> None:
    """A nested function owns its lines, what is around it owns the rest, and nobody owns what is outside."""
    assert owners(SCOPES, 10)[1:] == [-1, 0, 0, 1, 1, 0, 0, 0, 0, -1, -1][:3] + [1, 1, 1, 0, 0, 0, -1, -1]


def test_points_count_for_their_owner() -> None:
    """What stands at a line counts for its owner alone; outside of all functions it counts for none."""
    code = Code(SCOPES, [Point(1, "http"), Point(3, "http"), Point(5, "http"), Point(5, "http")], 10)
    assert [each.counts for each in units_of("a.py", "Python", code, ())] == [(("http", 1),), (("http", 2),)]


def test_a_file_without_functions_is_a_unit() -> None:
    """Everything in it counts for the file, whose name is empty."""
    (unit,) = units_of("a.py", "Python", Code([], [Point(3, "cache")], 3), ())
    assert (unit.name, unit.line, unit.end, unit.counts) == ("", 1, 3, (("cache", 1),))


def test_an_empty_file_is_a_unit_too() -> None:
    """No line at all is no reason to fail."""
    (unit,) = units_of("a.py", "Python", Code([], [], 0), ())
    assert (unit.line, unit.end) == (1, 1)


def test_a_route_finds_its_handler() -> None:
    """By the name beside it, by the lines around it, or right below its mark; otherwise it belongs to nobody."""
    scopes = [Scope("show", 5, 5, 6), Scope("list", 8, 8, 9)]
    routes = [
        Route(1, "/a", handler="list"),
        Route(6, "/b", handler="elsewhere"),
        Route(4, "/c", is_mark=True),
        Route(1, "/d"),
    ]
    units = units_of("a.rs", "Rust", Code(scopes, [], 10), routes)
    assert [[route.path for route in unit.routes] for unit in units] == [["/b", "/c"], ["/a"]]
