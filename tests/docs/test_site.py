"""The documentation as a site: it builds strictly, every link leads somewhere, and it needs nobody else, in a browser either.

The browser is an installed Chromium, driven by the `playwright` package; nothing is downloaded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from tests.following import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
LIMIT_S = 120
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src"}  # what a page fetches by itself
SEEN = [
    "index.html",
    "tutorials/flaky-test.html",
    "guides/screens.html",
    "reference/commands.html",
    "reference/cluster.html",
]


class Html(HTMLParser):
    """The links of a page, what it fetches, its anchors and its titles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.titles = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.titles += tag == "h1"
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADED and LOADED[tag] in given and given.get("rel") not in ("canonical", "next", "prev"):
            self.fetched.append(given[LOADED[tag]])


class Site(NamedTuple):
    """A site that was built."""

    folder: Path
    said: str

    def pages(self) -> dict[Path, Html]:
        """Every page but the one for what is missing, whose links begin at the root of a server."""
        paths = sorted(self.folder.rglob("*.html"))
        return {path: Html(path.read_text(encoding="utf-8")) for path in paths if path.name != "404.html"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site, built once in a process of its own, with every warning an error."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert built.returncode == 0, built.stderr
    return Site(folder, built.stderr)


def lost(site: Site, pages: dict[Path, Html]) -> Iterator[str]:
    """The links that lead nowhere."""
    for path, html in pages.items():
        for link in [*html.links, *html.fetched]:
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if parts.scheme or parts.netloc:
                continue
            if not target.is_file():
                yield f"{path.relative_to(site.folder)}: {link}"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{path.relative_to(site.folder)}: {link}: no such place"


def test_every_link_leads_somewhere(site: Site) -> None:
    """Built without a warning; each link, each anchor and each file that a page fetches is there, and each page has one title."""
    assert "WARNING" not in site.said
    pages = site.pages()
    assert len(pages) > 35 and sum(len(html.links) for html in pages.values()) > 3000
    assert list(lost(site, pages)) == []
    assert [path.name for path, html in pages.items() if html.titles != 1] == []


def test_a_link_that_leads_nowhere_is_noticed(site: Site) -> None:
    """A file that is not there, and a place that is not in a page."""
    page = site.folder / "index.html"
    there = Html('<h2 id="here"></h2><a href="#here"></a><a href="gone.html"></a><a href="index.html#gone"></a>')
    assert len(list(lost(site, {page: there}))) == 2


def test_a_page_fetches_nothing_from_elsewhere(site: Site) -> None:
    """Fonts, scripts, styles and pictures come with the site."""
    fetched = [(path.name, each) for path, html in site.pages().items() for each in html.fetched]
    assert len(fetched) > 100
    assert [each for each in fetched if urlsplit(each[1]).scheme or urlsplit(each[1]).netloc] == []


def test_what_pages_link_to_comes_along(site: Site) -> None:
    """Files of the repository beside docs/ are in the site; notes on changes and programs that make pages are not."""
    assert (site.folder / "project/scenarios/distributed/index.html").is_file()
    assert (site.folder / "project/scenarios/chaos/payments.toml").is_file()
    assert list(site.folder.rglob("*.py")) == [] and not (site.folder / "changes").exists()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: the documentation was not seen in a browser")
@pytest.mark.parametrize("width", [1280, 400])
def test_a_reader_finds_what_is_looked_for(site: Site, width: int) -> None:
    """Opened from files: pages fit, tables and code scroll by themselves, a word is found; no complaint, nobody else is asked."""
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page: Any = chromium.new_page(viewport={"width": width, "height": 800})
        page.set_default_timeout(30_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for name in SEEN:
            page.goto((site.folder / name).as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert copied(page, site.folder / "tutorials/wrap-a-service.html", "--record weather") == [
            "fozzy proxy http --upstream http://127.0.0.1:9000 --listen 127.0.0.1:8080 --status 503@0.4 --seed 11 \\",
            "    --record weather.fozzy",
        ]
        found = searched(page, "shrink")
        assert "Shrinking" in found and "Record, replay and shrink a flaky test" in found
        page.locator(".md-search-result__item a", has_text="Shrinking").first.click()
        page.wait_for_url("**/reference/shrink.html*")
        chromium.close()
    assert complaints == []
    assert len(asked) > 20 and [url for url in asked if not url.startswith("file://")] == []


def copied(page: Any, path: Path, words: str) -> list[str]:
    """What the button beside a block copies: only what is typed."""
    page.goto(path.as_uri())
    code = page.locator(".highlight code", has_text=words).first
    code.evaluate("e => e.setAttribute('data-md-copying', '')")
    return str(code.inner_text()).rstrip().splitlines()


def searched(page: Any, word: str) -> list[str]:
    """The titles that are found when somebody types a word."""
    page.locator("label.md-header__button[for=__search]:visible, .md-search__input:visible").first.click()
    page.locator(".md-search-result__meta", has_text="Type to start").wait_for()
    page.locator(".md-search__input").press_sequentially(word)
    page.locator(".md-search-result__item").first.wait_for()
    return [title.strip() for title in page.locator(".md-search-result__item h1").all_inner_texts()]
