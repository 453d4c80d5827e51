"""Entry points: where programs begin, by the lines they begin with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from fozzy.insight.map.model import EntryPoint

LINE_CHARS_MAX = 500  # an entry point is short


class _Pattern(NamedTuple):
    kind: Literal["server", "cli", "main"]
    languages: tuple[str, ...]
    form: re.Pattern[str]


_PYTHON_SERVER = re.compile(
    r"=\s*(?:FastAPI|Flask|Starlette|Quart|Sanic|(?:Threading)?HTTPServer)\(|\buvicorn\.run\(|\.serve_forever\("
)
_SCRIPTS = ("TypeScript", "TSX", "JavaScript")
_PATTERNS = [
    _Pattern("main", ("Python",), re.compile(r"""(?m)^if __name__ == ["']__main__["']""")),
    _Pattern("main", ("Go",), re.compile(r"(?m)^func main\(\)")),
    _Pattern("main", ("Rust",), re.compile(r"(?m)^(?:pub )?(?:async )?fn main\(\)")),
    _Pattern("main", ("Java",), re.compile(r"\bstatic void main\(")),
    _Pattern("main", ("C", "C++"), re.compile(r"(?m)^int main\(")),
    _Pattern("main", _SCRIPTS, re.compile(r"\brequire\.main === module|\A#!.*\b(?:node|deno|bun)\b")),
    _Pattern("server", ("Python",), _PYTHON_SERVER),
    _Pattern("server", _SCRIPTS, re.compile(r"\.createServer\(|\.listen\(\s*[\w\d{]|=\s*(?:express|fastify)\(\)")),
    _Pattern("server", ("Go",), re.compile(r"\bhttp\.ListenAndServe|\bnet\.Listen\(")),
    _Pattern("server", ("Rust",), re.compile(r"\bHttpServer::new|TcpListener::bind|axum::serve")),
    _Pattern("server", ("Java",), re.compile(r"@SpringBootApplication|new ServerSocket\(")),
    _Pattern("cli", ("Python",), re.compile(r"\bArgumentParser\(|@click\.(?:command|group)|=\s*typer\.Typer\(")),
    _Pattern("cli", _SCRIPTS, re.compile(r"\bprocess\.argv\b|\byargs\(|new Command\(")),
    _Pattern("cli", ("Go",), re.compile(r"\bflag\.Parse\(\)|&cobra\.Command\{")),
    _Pattern("cli", ("Rust",), re.compile(r"derive\(.*\bParser\b|clap::Command")),
]


def entry_points(path: str, language: str, lines: Sequence[str]) -> Iterator[EntryPoint]:
    """The first entry point of each kind in a file."""
    text = "\n".join(line[:LINE_CHARS_MAX] for line in lines)
    for pattern in _PATTERNS:
        if language in pattern.languages and (match := pattern.form.search(text)):
            yield EntryPoint(kind=pattern.kind, path=path, line=text.count("\n", 0, match.start()) + 1)
