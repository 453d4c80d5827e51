"""Code read by its lines."""

from __future__ import annotations

import pytest

from fozzy.insight.map.line_code import parse
from fozzy.insight.map.units import units_of


def units(language: str, text: str) -> dict[str, dict[str, int]]:
    """What is counted in each function of a text."""
    return {each.name: dict(each.counts) for each in units_of("a", language, parse(language, text), ())}


@pytest.mark.parametrize(
    ("language", "line", "name"),
    [
        ("Ruby", "  def self.charge(amount)", "charge"),
        ("Kotlin", "  override suspend fun charge(a: Int) {", "charge"),
        ("Swift", "public static func charge() {", "charge"),
        ("PHP", "public function charge($a) {", "charge"),
        ("Shell", "charge() {", "charge"),
        ("Shell", "function charge {", "charge"),
        ("Elixir", "  defp charge(a) do", "charge"),
        ("Perl", "sub charge {", "charge"),
        ("C", "static int charge(int amount) {", "charge"),
        ("C++", "std::vector<int> Shop::charge(const A& a) const {", "Shop::charge"),
        ("C#", "    public async Task<int> Charge(int a) {", "Charge"),
        ("TypeScript", "export const charge = async (a) => {", "charge"),
        ("Go", "func (s *Shop) charge(a int) {", "charge"),
        ("Rust", "pub(crate) async fn charge() {", "charge"),
    ],
)
def test_functions_begin_with_the_words_of_their_language(language: str, line: str, name: str) -> None:
    """Each is taken to end where the next one begins."""
    assert list(units(language, f"\n{line}\n  x\n")) == [name]


@pytest.mark.parametrize("line", ["  if (a) {", "return charge(a);", "} else if (b) {", "while (x) {", "new Foo() {"])
def test_statements_are_no_functions(line: str) -> None:
    """What looks like a call with a block is none when it begins with a keyword."""
    assert list(units("C", line)) == [""]


def test_comments_and_texts_say_nothing() -> None:
    """What stands in them is no code, and lines stay where they are."""
    text = 'void f() {\n/* if retry\n if */ charge();\n// thread\n x = "lock if";\n}\nvoid g() {\n}\n'
    assert units("C", text) == {"f": {"money": 1}, "g": {}}
    assert units("Ruby", "def f\n  # retry\n  a = 'lock'\nend\n") == {"f": {}}


def test_shape_of_code() -> None:
    """Branches, failures, handlers of everything, things to do and SQL are seen without a parser."""
    text = """\
int f() {
  if (a && b) throw new X();
  try { g(); } catch (Exception e) { }
  // TODO: more
  q("SELECT a FROM b");
}
"""
    assert units("C#", text) == {"f": {"branch": 3, "failure": 1, "broad except": 1, "todo": 1, "database": 1}}


def test_a_huge_line_is_looked_at_in_part() -> None:
    """A line of a megabyte is data; it costs little and breaks nothing."""
    assert units("C", "int f() {" + "if " * 300_000 + "}")["f"]["branch"] < 1000


@pytest.mark.parametrize("piece", ["/*", '"\\"', "'", "SELECT ", "return ", "a ", "#", "a.", "catch ", "UPDATE "])
def test_no_text_is_looked_at_again_and_again(piece: str) -> None:
    """A megabyte of what patterns begin with is read; the time limit of the whole suite stands behind this test."""
    text = (piece * (2_000 // len(piece)) + "\n") * 100
    for language in ("C", "Ruby"):
        assert len(parse(language, text).points) >= 0
