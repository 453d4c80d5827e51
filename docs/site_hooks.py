"""What mkdocs does besides: pages may link to files of the repository beside docs/, which then come with the site.

A Markdown file becomes a page, anything else is copied as it is, both below `project/`. And a page that has several titles
gets one: what stands below the second is put a level deeper, so that the table of contents has it. And `proxy$` is a prompt
like `$`, so that what is copied is what is typed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
DOCS = "docs/"
BESIDE = "project/"  # where files from outside of docs/ lie in the site
LINK = re.compile(r"\]\((?P<target>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")
FOLDER = re.compile(r'href="(\.{1,2}(?:/\.\.)*)/?"')
SAID = re.compile(r'<span class="go">([^<]*)</span>')  # a line of what a command says
TERMINAL = re.compile(r"\w+(?:\$ |\^C.*)")


def source_of(uri: str) -> str:
    """Where a file of the site lies in the repository."""
    return uri.removeprefix(BESIDE) if uri.startswith(BESIDE) else DOCS + uri


def uri_of(source: str) -> str:
    """Where a file of the repository lies in the site."""
    return source.removeprefix(DOCS) if source.startswith(DOCS) else BESIDE + source


def target_of(uri: str, link: str) -> str:
    """The file of the repository that a link of a page means."""
    return os.path.normpath(PurePosixPath(source_of(uri)).parent / link).replace(os.sep, "/")


def linked(uri: str, text: str) -> list[str]:
    """The files of the repository beside docs/ that a page links to."""
    targets = [target_of(uri, found["target"]) for found in LINK.finditer(text)]
    return [target for target in targets if not target.startswith(DOCS) and (ROOT / target).is_file()]


def on_files(files: Files, config: Any) -> Files:
    """Add what pages link to, and what that links to."""
    waiting = [file for file in files if file.src_uri.endswith(".md")]
    while waiting:
        page = waiting.pop()
        for target in linked(page.src_uri, page.content_string):
            if files.get_file_from_path(uri_of(target)) is None:
                added = File.generated(config, uri_of(target), abs_src_path=str(ROOT / target))
                files.append(added)
                waiting += [added] if target.endswith(".md") else []
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links from docs/ to what is beside it, and back, lead to where that lies in the site."""
    here = page.file.src_uri

    def led(found: re.Match[str]) -> str:
        uri = uri_of(target_of(here, found["target"]))
        if uri.startswith(BESIDE) == here.startswith(BESIDE):
            return found[0]
        way = os.path.relpath(uri, PurePosixPath(here).parent).replace(os.sep, "/")
        return f"]({way}{found['anchor'] or ''})"

    return LINK.sub(led, one_title(markdown))


def on_post_page(output: str, **_: Any) -> str:
    """Let links to the beginning name its page: a folder that is opened from a file is a list of files."""
    return FOLDER.sub(r'href="\1/index.html"', output)


def on_page_content(html: str, **_: Any) -> str:
    """Mark what is typed in a terminal with a name: `proxy$ fozzy …`, what goes on in its next line, and `proxy^C`."""
    goes_on = False

    def marked(found: re.Match[str]) -> str:
        nonlocal goes_on
        typed = TERMINAL.match(found[1])
        was_going_on, goes_on = goes_on, (goes_on or typed is not None) and found[1].endswith("\\")
        if was_going_on:
            return found[1]
        return f'<span class="gp">{typed[0]}</span>{found[1][typed.end() :]}' if typed else found[0]

    return SAID.sub(marked, html)


def one_title(markdown: str) -> str:
    """A page whose headings from the second title on are a level deeper."""
    lines, titles, in_block = [], 0, False
    for line in markdown.splitlines():
        in_block ^= line.startswith("```")
        is_heading = not in_block and re.match(r"#+ ", line) is not None
        titles += is_heading and line.startswith("# ")
        lines.append(f"#{line}" if is_heading and titles > 1 else line)
    return "\n".join(lines)
