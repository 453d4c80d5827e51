"""TypeScript, JavaScript, Go, Rust and Java by their grammars."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from fozzy.insight.map import tree_code
from fozzy.insight.map.units import units_of

pytest.importorskip("tree_sitter")


def units(language: str, text: str) -> dict[str, tuple[int, int]]:
    """The lines of each function of a text."""
    parsed = tree_code.parse(language, text.encode(), text)
    assert parsed is not None and not parsed.broken_line
    return {each.name: (each.line, each.end) for each in units_of("a", language, parsed.code, ())}


TYPESCRIPT = """\
export class Shop<T> {
  total = (a: number): number => a;
  async charge(amount: number) {
    const inner = () => 1;
  }
}
export function refund() {}
const pay = async function () {};
app.post("/orders/:id", async (req, res) => {
});
const table = { go() {}, stop: () => {
} };
"""


def test_typescript() -> None:
    """Methods, fields, functions in variables and objects, nested ones, and handlers of routes by their registration."""
    assert units("TypeScript", TYPESCRIPT) == {
        "Shop.total": (2, 2),
        "Shop.charge": (3, 5),
        "Shop.charge.inner": (4, 4),
        "refund": (7, 7),
        "pay": (8, 8),
        'app.post("/orders/:id")': (9, 10),
        "go": (11, 11),
        "stop": (11, 12),
    }


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        (
            "JavaScript",
            "class A { x = () => 1; b() {} }\nexports.c = function () {};\nfunction* d() {}",
            "A.x A.b exports.c d",
        ),
        ("TSX", "const A = (p: P) => <div>{p.x}</div>;", "A"),
        ("Go", "package a\nfunc F() {}\nfunc (s *Shop) G() {}\nfunc (s Shop) H() {}\n", "F Shop.G Shop.H"),
        ("Rust", "fn f() {}\nimpl Shop { fn g(&self) {} }\nmod m { fn h() {} }\n", "f Shop.g m.h"),
        ("Java", "class A { A() {} int f() { return 1; } interface B { default void g() {} } }", "A.A A.f A.B.g"),
    ],
)
def test_the_other_languages(language: str, text: str, names: str) -> None:
    """Names are qualified by what functions stand in."""
    assert sorted(units(language, text)) == sorted(names.split())


def test_comments_and_texts_say_nothing_but_templates_hold_code() -> None:
    """Blanked parts keep their lines; what stands in the hole of a template is code."""
    text = "function f() {\n /* if\n retry */ const a = 'lock';\n return `thread ${charge(1)}`; // TODO\n}\n"
    parsed = tree_code.parse("TypeScript", text.encode(), text)
    assert parsed is not None
    (unit,) = units_of("a.ts", "TypeScript", parsed.code, ())
    assert dict(unit.counts) == {"money": 1, "todo": 1}


def test_a_broken_file_is_read_as_far_as_it_goes() -> None:
    """The first line that makes no sense is named, and what could be read is there."""
    text = "function f() { return 1; }\n\nfunction g( {{{ ;;\n"
    parsed = tree_code.parse("TypeScript", text.encode(), text)
    assert parsed is not None and parsed.broken_line == 3
    assert "f" in [each.name for each in parsed.code.scopes]


def test_without_a_grammar_there_is_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language without a grammar, and one whose grammar is not installed, are told alike."""
    assert tree_code.parse("Lua", b"", "") is None
    modules: dict[str, Any] = sys.modules
    monkeypatch.setitem(modules, "tree_sitter", None)
    tree_code._grammar.cache_clear()
    assert tree_code.parse("Go", b"", "") is None
    tree_code._grammar.cache_clear()


def test_characters_beyond_ascii_and_line_ends_of_windows() -> None:
    """Bytes and characters are not mixed up, and lines are counted alike."""
    assert units("TypeScript", "// é→😀\r\nfunction größe() {\r\n}\r\n") == {"größe": (2, 3)}


@pytest.mark.parametrize("text", ["(" * 500_000, "!\n" * 200_000, "void " * 100_000, "{[" * 100_000])
def test_code_nested_in_thousands_is_refused(text: str) -> None:
    """A query over it would take minutes, so nothing is asked of it."""
    with pytest.raises(SyntaxError):
        tree_code.parse("TypeScript", b"", text)
