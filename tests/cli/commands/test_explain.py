"""`fozzy explain`: one page, all pages, or a suggestion."""

from __future__ import annotations

from typing import Any

from fozzy.cli.pages import names
from fozzy.report.text import WIDTH


def test_one_page(fz: Any) -> None:
    """A page has its name, what it means, why, what to do, and a sample, within the width of the screen."""
    said = fz("explain", "config.unknown_key")
    assert said.code == 0
    for part in ("config.unknown_key", "a setting that does not exist", "  why   ", "  do    ", "[retention]"):
        assert part in said.out
    assert max(map(len, said.out.splitlines())) <= WIDTH


def test_all_pages(fz: Any) -> None:
    """Without a word every page is listed with its beginning."""
    said = fz("explain")
    assert said.code == 0
    assert all(f"    {name} " in said.out for name in names())
    assert max(map(len, said.out.splitlines())) <= WIDTH


def test_documents(fz: Any) -> None:
    """The document holds the page, or all of them."""
    one = fz("explain", "http_unscripted", "--json").document()
    assert one["pages"][0]["names"] == ["http_unscripted"] and "http_when" in one["pages"][0]["sample"]
    every = fz("explain", "--json").document()
    assert [name for page in every["pages"] for name in page["names"]] == names()


def test_a_wrong_word_gets_a_suggestion(fz: Any) -> None:
    """An unknown code is an error of its own, with the nearest one."""
    said = fz("explain", "scenario.unknown_stp")
    assert said.code == 2
    assert 'did you mean "scenario.unknown_step"?' in said.err
    assert fz("explain", "zzz", "--json").document()["error"]["code"] == "explain.unknown"


def test_errors_lead_there_when_more_is_asked(fz: Any) -> None:
    """With -v an error says where it is explained, and the command it names works; without it does not."""
    assert "fozzy explain" not in fz("run", "nowhere.fozzy.json").err
    said = fz("run", "-v", "nowhere.fozzy.json")
    assert "help: fozzy explain scenario.missing" in said.err
    assert fz("explain", "scenario.missing").code == 0
