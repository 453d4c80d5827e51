"""Routes: the URL paths that stand in code beside who answers them. A literal is matched against URLs really requested."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_VERBS = "get|post|put|delete|patch|head|options"
_TEXT = r"""[rfbu]?["'`](?P<path>/[^"'`\s]*)["'`]"""
_MARK = re.compile(  # @app.get("/x"), @GetMapping("/x"), #[get("/x")]
    rf"""^\s*(?:@|\#\[)\s*(?P<name>[\w.:]+)\s*\(\s*(?:(?:path|value|rule)\s*=\s*)?{_TEXT}(?P<rest>.*)"""
)
_REGISTERED = re.compile(  # app.post("/x", handler); a client's own calls are told by the client's name
    rf"""(?<![\w.$@])(?P<owner>[A-Za-z_$][\w$.]*)\.(?P<name>{_VERBS}|all|route|handle|handlefunc)\(\s*{_TEXT}\s*,"""
    r"""(?P<rest>.*)""",
    re.IGNORECASE,
)
_COMPARED = re.compile(  # path == "/x", req.url === "/x", self.path.startswith("/x")
    rf"""(?:\b|_)(?P<name>path|pathname|url|uri|route|path_info)(?:\(\))?\s*(?P<how>[=!]==?|\.starts_?[wW]ith\(|\.has_prefix\()\s*{_TEXT}"""
)
_CASE = re.compile(rf"""^\s*case\s+{_TEXT}\s*:""")
_CLIENTS = re.compile(r"(?i)(.*\.)?\w*(client|axios|session|requests|httpx|fetch|api|ky|got|superagent|http)")
_HANDLER = re.compile(r"^\s*(?:[\w$.]+\s*,\s*)*(?:[\w$]+\.)*(?P<handler>[A-Za-z_$][\w$]*)\s*\)")
_METHODS = re.compile(rf"(?i)\b({_VERBS})\b")
_HOLE = re.compile(r"^:|[{<*%]|\$\{|^\[.*\]$")
_OPENINGS = ('"/', "'/", "`/")  # of a text that can be a path; few lines have one
LINE_CHARS_MAX = 2000  # a longer line is data


class Route(NamedTuple):
    """A path in code. `methods` is empty when any will do; `is_prefix` when longer paths are meant too."""

    line: int
    path: str
    methods: tuple[str, ...] = ()
    is_prefix: bool = False
    handler: str = ""  # the function that is named beside it
    is_mark: bool = False  # it stands above the function it speaks of

    def __str__(self) -> str:
        return f"{'|'.join(self.methods) or 'ANY'} {self.path}{'*' if self.is_prefix else ''}"

    def matches(self, method: str, path: str) -> bool:
        """Whether a request reaches it."""
        if self.methods and method.upper() not in self.methods:
            return False
        wanted, given = _segments(self.path), _segments(path)
        if self.is_prefix:
            return path.startswith(self.path)
        if wanted and wanted[-1] == "*" and len(given) >= len(wanted):
            given = given[: len(wanted)]
        return len(wanted) == len(given) and all(map(_same, wanted, given))


def routes_of(lines: Sequence[str]) -> Iterator[Route]:
    """The routes of a file's lines."""
    for number, line in enumerate(lines, 1):
        if any(each in line for each in _OPENINGS) and len(line) <= LINE_CHARS_MAX:
            yield from _of_line(number, line)


def _of_line(number: int, line: str) -> Iterator[Route]:
    if match := _MARK.match(line):
        yield Route(number, match["path"], _methods(match["name"], match["rest"]), is_mark=True)
        return
    if (match := _REGISTERED.search(line)) and not _is_asking(match):
        named = _HANDLER.match(match["rest"])
        yield Route(number, match["path"], _methods(match["name"], ""), handler=named["handler"] if named else "")
        return
    if match := _COMPARED.search(line):
        is_prefix = "(" in match["how"]
        if not is_prefix or match["path"].strip("/"):  # every path begins with a slash
            yield Route(number, match["path"], is_prefix=is_prefix)
    elif match := _CASE.match(line):
        yield Route(number, match["path"])


def _is_asking(match: re.Match[str]) -> bool:
    """Whether this is a client that sends a request: `axios.post("/x", data)`."""
    return bool(_CLIENTS.fullmatch(match["owner"])) and match["name"].lower() in _VERBS.split("|")


def _methods(name: str, rest: str) -> tuple[str, ...]:
    word = re.split(r"[.:]", name)[-1].lower().removesuffix("mapping")
    if word in _VERBS.split("|"):
        return (word.upper(),)
    named = rest.partition("method")[2]
    return tuple(sorted({each.upper() for each in _METHODS.findall(named)}))


def _segments(path: str) -> list[str]:
    return [each for each in path.split("?")[0].split("/") if each]


def _same(wanted: str, given: str) -> bool:
    return wanted == given or bool(_HOLE.search(wanted))
