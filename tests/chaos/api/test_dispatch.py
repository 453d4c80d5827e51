"""A call finds its operation, or is told what there is; whatever goes wrong, the answer is an error and nothing changes."""

from __future__ import annotations

import pytest

from fozzy.chaos.api.call import Call, Rejected
from fozzy.chaos.api.dispatch import dispatch, found
from fozzy.chaos.api.operations import OPERATIONS
from fozzy.chaos.journal import Journal
from tests.chaos.api.asking import Asking


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/fozzy/statuss", "/fozzy/status"),
        ("/", "openapi"),
        ("/fozzy", "/fozzy/"),
        ("/fozzy/status/", "/fozzy/status"),
        ("/fozzy/tests/a", "/fozzy/tests"),
        ("/fozzy/tests//config", ""),
        ("/fozzy/tests/" + "x" * 257 + "/config", ""),
        ("/api/chaos/analytics", ""),
    ],
)
def test_unknown_paths_are_not_found(path: str, hint: str) -> None:
    """A path that is none is answered with 404 and the nearest there is."""
    said = Asking().ask("GET", path)
    assert (said.status, said.error["code"]) == (404, "chaos.api_path")
    assert hint in said.error.get("hint", "")


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "OPTIONS", "TRACE"])
def test_a_wrong_method_is_told_the_right_ones(method: str) -> None:
    """A path that is there, with another method, is answered with 405 and `Allow`."""
    said = Asking().ask(method, "/fozzy/config/latency" if method != "PUT" else "/fozzy/status")
    assert said.status == 405
    allow = dict(said.answer.headers)["Allow"]
    assert allow == ("GET" if method == "PUT" else "GET, PUT, PATCH, DELETE")


def test_every_operation_is_found_by_its_path() -> None:
    """No path hides another, and words of a path reach the operation decoded."""
    for operation in OPERATIONS:
        path = operation.path.replace("{test}", "a%2Fb").replace("{scenario}", "x").replace("{index}", "0")
        there, words = found(operation.method, path.replace("{entry}", "1"))
        assert there is operation
        assert words.get("test", "a/b") == "a/b"
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_what_is_told_is_of_now() -> None:
    """A scenario whose time is over is not in force any more, also where nothing has looked since."""
    api = Asking()
    assert api.ask("POST", "/fozzy/scenarios/slow_backend", {"for": "200ms"}).status == 200
    for now_ns, active in ((199_999_999, ["slow_backend"]), (200_000_000, [])):
        api.now_ns = now_ns
        assert [each["name"] for each in api.ask("GET", "/fozzy/status").body["active"]] == active


def test_a_word_that_is_no_text_is_refused() -> None:
    """A path whose bytes are no UTF-8 is refused."""
    with pytest.raises(Rejected) as caught:
        found("GET", "/fozzy/tests/%ff/config")
    assert caught.value.status == 400


class Broken(Journal):
    """A journal that fails."""

    def clear(self) -> int:
        raise ZeroDivisionError("on purpose")


def test_a_fault_of_ours_is_an_answer_too() -> None:
    """Whatever an operation raises, the controls answer 500 and go on."""
    asking = Asking(journal=Broken())
    answer = dispatch(asking.controls, Call("DELETE", "/fozzy/journal"))
    assert answer.status == 500
    assert b"ZeroDivisionError: on purpose" in answer.body
    assert asking.get("/fozzy/health")["status"] == "ok"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_no_operation_takes_what_it_does_not_know(operation: object) -> None:
    """A query or a body that says something unknown is refused by every operation, and nothing changes."""
    from fozzy.chaos.api.samples import call_of, controls

    made = controls(operation.name)  # type: ignore[attr-defined]
    call = call_of(operation)  # type: ignore[arg-type]
    before = made.state
    assert dispatch(made, call._replace(query="nobody=knows")).status == 400
    assert dispatch(made, call._replace(body=b'{"nobody": "knows"}')).status == 400
    assert made.state == before
