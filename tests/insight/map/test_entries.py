"""Where programs begin."""

from __future__ import annotations

import pytest

from fozzy.insight.map.entries import entry_points


@pytest.mark.parametrize(
    ("language", "line", "kind"),
    [
        ("Python", 'if __name__ == "__main__":', "main"),
        ("Python", "app = FastAPI()", "server"),
        ("Python", "parser = argparse.ArgumentParser()", "cli"),
        ("TypeScript", "app.listen(8080)", "server"),
        ("JavaScript", "const a = process.argv", "cli"),
        ("Go", "func main() {", "main"),
        ("Go", 'http.ListenAndServe(":8080", nil)', "server"),
        ("Rust", "fn main() {", "main"),
        ("Java", "  public static void main(String[] a) {", "main"),
    ],
)
def test_an_entry_point_is_seen(language: str, line: str, kind: str) -> None:
    """By the line it begins with, wherever in the file that is."""
    (entry,) = entry_points("a", language, ["", line, line])
    assert (entry.kind, entry.line) == (kind, 2)


def test_other_languages_and_lines_have_none() -> None:
    """A word of another language begins nothing."""
    assert list(entry_points("a", "Python", ["func main() {", "x = 1"])) == []
