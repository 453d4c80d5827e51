"""From a call to its answer: find the operation, do it. Tested without a socket."""

from __future__ import annotations

from urllib.parse import unquote

from fozzy.chaos.api.call import Answer, Call, Rejected
from fozzy.chaos.tcp.api.controls import TcpControls
from fozzy.chaos.tcp.api.failing import failing
from fozzy.chaos.tcp.api.operations import OPERATIONS, Asked, Run
from fozzy.errors import FozzyError, suggestion

PATH_CHARS_MAX = 1024


async def dispatch(controls: TcpControls, call: Call) -> Answer:
    """Do what is asked and answer it; an error of any kind is an answer too, and then nothing has changed."""
    try:
        run, words = found(call.method, call.path)
        return await run(controls, Asked(words, call))
    except FozzyError as error:
        return failing(error)
    except Exception as error:  # whatever it is, the API goes on answering
        said = f"{type(error).__name__}: {error}"
        hint = "Please report it with the request that was sent."
        return failing(Rejected(500, "chaos.api_trouble", said, hint=hint))


def found(method: str, path: str) -> tuple[Run, dict[str, str]]:
    """The operation of a method and path, with the words its path has. *Errors*: `Rejected` 404 or 405."""
    parts = path.split("/")
    for template, table in _TABLE.items():
        wanted = template.split("/")
        if len(wanted) != len(parts) or len(path) > PATH_CHARS_MAX:
            continue
        if all(want == part or want.startswith("{") for want, part in zip(wanted, parts, strict=True)):
            words = {want[1:-1]: _word(part) for want, part in zip(wanted, parts, strict=True) if want.startswith("{")}
            return _of(table, method, path), words
    if parts[1:3] == ["fozzy", "scenarios"]:
        said = "a TCP proxy has no scenarios"
        raise Rejected(404, "chaos.api_path", said, hint="Add toxics, over /proxies/{proxy}/toxics.")
    hint = suggestion(path, _TABLE) or f"Paths: {', '.join(_TABLE)}."
    raise Rejected(404, "chaos.api_path", f"there is no {path[:PATH_CHARS_MAX]}", hint=hint)


def _of(table: dict[str, Run], method: str, path: str) -> Run:
    """*Errors*: `Rejected` 405."""
    if method not in table:
        allow = tuple(table)
        said = f"{path} is not for {method}"
        raise Rejected(405, "chaos.api_method", said, hint=f"It takes {', '.join(allow)}.", allow=allow)
    return table[method]


def _word(part: str) -> str:
    """A part of a path, decoded. *Errors*: `Rejected`."""
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise Rejected(400, "chaos.bad_value", "the path is not UTF-8") from None


def _table() -> dict[str, dict[str, Run]]:
    by_path: dict[str, dict[str, Run]] = {}
    for method, path, run in OPERATIONS:
        by_path.setdefault(path, {})[method] = run
    return by_path


_TABLE = _table()
