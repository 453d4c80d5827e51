"""A verdict as a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from fozzy.insight.verdict.html import render
from fozzy.insight.verdict.model import Verdict
from tests.insight.verdict.scripted import Scripted
from tests.insight.verdict.test_oracles import DROP, limited, retried

VOID = {"meta", "link", "br", "wbr", "input"}


class Balanced(HTMLParser):
    """Every element that is opened is closed, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """It opens."""
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It closes."""
        assert self.open.pop() == tag


def checked(page: str) -> str:
    """A page that is whole, loads nothing, and has each id once."""
    parser = Balanced()
    parser.feed(page)
    assert parser.open == [] and len(parser.ids) == len(set(parser.ids))
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)
    return page


def test_a_page_of_a_right_client() -> None:
    """It says PASS, shows what was tried again, and is the same for the same verdict."""
    verdict = retried(1, 2).verdict()
    page = checked(render(verdict))
    assert 'class="verdict-pass"' in page and "INCR orders: 3 attempts, pauses 1.000 s, 2.000 s" in page
    assert page == render(verdict)


def test_a_page_of_a_broken_client() -> None:
    """It says FAIL, in words, with both connections."""
    client = Scripted(DROP)
    client.once()
    client.once()
    client.oracles.transition("orders", "open")
    client.once()
    page = checked(render(client.verdict(), "test_orders"))
    assert 'class="verdict-fail"' in page and "FAIL test_orders" in page
    assert "in doubt" in page and "kv connection 2" in page and "Calls while a breaker was open" in page
    assert 'class="verdict-fail"' in checked(render(limited(1).verdict()))


def test_what_clients_say_is_no_markup() -> None:
    """A key with a tag in it is text, in the title too."""
    client = Scripted()
    client.once(b"*2\r\n$4\r\nINCR\r\n$11\r\n<b>x</b>&\"'\r\n")
    page = checked(render(client.verdict(), "<script>"))
    assert "<b>x" not in page and "&lt;b&gt;x" in page and "<title>PASS &lt;script&gt;" in page


def test_an_empty_page() -> None:
    """Nothing was seen: a whole page that says so."""
    assert "0 calls through 0 proxies" in checked(render(Verdict()))
