from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fozzy.chaos.cassette.header import wire_redactor
from fozzy.chaos.cassette.library import Library
from fozzy.chaos.cassette.matching import Matching
from fozzy.chaos.cassette.redecide import decisions_again
from fozzy.chaos.cassette.serving import Found, Miss
from fozzy.chaos.cassette.timeline import Timeline
from fozzy.core.exchange import Sent
from fozzy.errors import EvidenceError, StoreError, UsageError
from fozzy.faults.http.decision import Give
from fozzy.faults.http.plan import Drop, Faults, Malformed, Plan
from tests.chaos.cassette.door import Door, answer, recorded

ALWAYS = Plan(faults=Faults(malformed=Malformed()))
Opened = Callable[..., Library]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens recordings and closes them."""
    libraries: list[Library] = []

    def opening(path: Path, matching: Matching | None = None, **said: Any) -> Library:
        libraries.append(Library(path, wire_redactor([]), matching, **said))
        return libraries[-1]

    yield opening
    for library in libraries:
        library.close()


def find(library: Library, target: str = "/a", body: bytes = b"", **said: Any) -> Found | Miss:
    """Ask a library as a door does."""
    return library.find(*Door(Plan()).decide(target, body, **said), body)


def told(found: Found | Miss) -> bytes:
    """The body of what is found."""
    assert isinstance(found, Found) and found.answer is not None, found
    return found.answer.body.data()


def missed(found: Found | Miss) -> Any:
    """What a miss says."""
    assert isinstance(found, Miss) and found.answer.status == 503
    said = json.loads(found.answer.body)
    assert said["error"]["code"] == "cassette_miss" and said["error"]["message"] == found.reason
    return said


def counted() -> Callable[[str], Any]:
    """An upstream that counts its answers."""
    count = iter(range(1, 100))
    return lambda _target: answer(b"answer %d" % next(count))


def asking(*targets: str, **said: Any) -> Callable[[Door], None]:
    """Asks for targets in turn."""
    return lambda door: [door.ask(target, **said) for target in targets] and None


def test_what_was_recorded_is_served(tmp_path: Path, opened: Opened) -> None:
    """The same request gets the recorded status, headers and bytes, each time it is asked."""
    upstream = lambda _target: answer(b"\xffraw", 418, [("X-A", "1"), ("x-a", "2")], trailers=[("t", "1")])  # noqa: E731
    recorded(tmp_path / "t.fozzy", Plan(), asking("/a"), upstream=upstream)
    library = opened(tmp_path / "t.fozzy")
    for _ in range(2):
        found = find(library)
        assert isinstance(found, Found) and found.answer == upstream("")
    assert (library.found, library.repeated, library.missed) == (2, 1, 0)


def test_the_nth_time_gets_the_nth_answer(tmp_path: Path, opened: Opened) -> None:
    """Equal requests are answered in the order in which they were recorded, and the last answer is repeated."""
    recorded(tmp_path / "t.fozzy", Plan(), asking("/a", "/b", "/a"), upstream=counted())
    library = opened(tmp_path / "t.fozzy")
    assert [told(find(library)) for _ in range(3)] == [b"answer 1", b"answer 3", b"answer 3"]
    once = opened(tmp_path / "t.fozzy", Matching(repeats=False))
    assert [told(find(once)) for _ in range(2)] == [b"answer 1", b"answer 3"]
    assert "recorded 2 times" in missed(find(once))["error"]["message"]


def test_each_test_counts_for_itself(tmp_path: Path, opened: Opened) -> None:
    """A test gets what was recorded under its id, its own n-th time; another id is another request."""

    def ask(door: Door) -> None:
        for test in ("t1", "t2", "t1"):
            door.ask("/a", test=test)

    kept = recorded(tmp_path / "tapes", Plan(), ask, upstream=counted(), is_folder=True)
    assert len(kept.paths) == 2
    library = opened(tmp_path / "tapes")
    assert [told(find(library, test=test)) for test in ("t2", "t1", "t1")] == [b"answer 2", b"answer 1", b"answer 3"]
    said = missed(find(library))
    assert said["differs"] == [{"what": "test", "recorded": "t1", "asked": ""}]


def test_true_answers_are_served_though_chaos_was_on(tmp_path: Path, opened: Opened) -> None:
    """Malformed answers were sent while recording, and what is served is what upstream said."""
    recorded(tmp_path / "t.fozzy", ALWAYS, asking("/a"))
    assert told(find(opened(tmp_path / "t.fozzy"))) == b'{"ok": true}'


def test_what_only_a_fault_answered_has_no_true_answer(tmp_path: Path, opened: Opened) -> None:
    """A drop is no answer of upstream's; the next one that is counts as the first."""
    plan = Plan(faults=Faults(drop=Drop(pattern="F.F")))
    recorded(tmp_path / "t.fozzy", plan, asking("/a", "/a", "/b"), upstream=counted())
    library = opened(tmp_path / "t.fozzy")
    assert told(find(library)) == b"answer 1"
    assert "the fault drop answered it" in missed(find(library, "/b"))["error"]["message"]


def test_as_recorded_the_faults_strike_again(tmp_path: Path, opened: Opened) -> None:
    """The n-th time the fault of the n-th time comes with the answer, or stands for it."""
    plan = Plan(faults=Faults(drop=Drop(pattern="F.."), malformed=Malformed(pattern="..F")))
    recorded(tmp_path / "t.fozzy", plan, asking("/a", "/a", "/a"), upstream=counted())
    library = opened(tmp_path / "t.fozzy")
    with Timeline([tmp_path / "t.fozzy"]) as timeline:
        library.apply(decisions_again(timeline))
    first, second, third = (find(library) for _ in range(3))
    assert isinstance(first, Found) and first.decision is not None
    assert isinstance(first.decision.action, Give) and first.answer is None
    assert isinstance(second, Found) and second.decision is not None and second.decision.planned == ""
    assert isinstance(third, Found) and third.decision is not None and third.decision.planned == "malformed"
    assert (told(second), told(third)) == (b"answer 1", b"answer 2")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"sent": Sent(200, 5, "client_gone"), "answer": answer(b"data: a\n\n", ended="short")}, "had ended"),
        ({"sent": Sent(0, 0, "client_gone"), "answer": None}, "the client left before it was answered"),
        ({"not_recorded": "the body is longer than what is recorded"}, "not recorded whole: the body is longer"),
        (
            {"sent": Sent(200, 5, "rst"), "answer": answer(b"x", ended="short"), "applied": "partial"},
            "the fault partial ended it",
        ),
    ],
)
def test_what_is_not_whole_is_never_served(tmp_path: Path, opened: Opened, more: Any, why: str) -> None:
    """An answer whose end nobody saw is a miss that says so."""
    recorded(tmp_path / "t.fozzy", Plan(), lambda door: (door.ask("/a", exchange=more), None)[-1])
    assert why in missed(find(opened(tmp_path / "t.fozzy")))["error"]["message"]


def test_a_client_that_left_after_the_last_event_is_no_flaw(tmp_path: Path, opened: Opened) -> None:
    """Clients of streams leave when all was said."""
    said = answer(b"data: [DONE]\n\n", headers=[("content-type", "text/event-stream")], ended="short")
    more = {"sent": Sent(200, 14, "client_gone"), "answer": said}
    recorded(tmp_path / "t.fozzy", Plan(), lambda door: (door.ask("/a", exchange=more), None)[-1])
    assert told(find(opened(tmp_path / "t.fozzy"))) == b"data: [DONE]\n\n"


def test_a_short_answer_of_upstream_is_served_short(tmp_path: Path, opened: Opened) -> None:
    """What upstream did is true, also where it broke off."""
    more = {"sent": Sent(200, 1, "fin"), "answer": answer(b"x", ended="short")}
    recorded(tmp_path / "t.fozzy", Plan(), lambda door: (door.ask("/a", exchange=more), None)[-1])
    found = find(opened(tmp_path / "t.fozzy"))
    assert isinstance(found, Found) and found.answer is not None and found.answer.ended == "short"


def test_an_upstream_that_was_down_is_down_again(tmp_path: Path, opened: Opened) -> None:
    """The answer of then: the same status and the same words."""
    more = {"answer": None, "sent": Sent(502, 99), "reason": "upstream_unreachable", "notes": ["it cannot be reached"]}
    recorded(tmp_path / "t.fozzy", Plan(), lambda door: (door.ask("/a", exchange=more), None)[-1])
    found = find(opened(tmp_path / "t.fozzy"))
    assert isinstance(found, Found) and found.answer is not None and found.answer.status == 502
    said = json.loads(told(found))["error"]
    assert (said["code"], said["message"]) == ("upstream_unreachable", "it cannot be reached")


def test_requests_are_compared_without_their_secrets(tmp_path: Path, opened: Opened) -> None:
    """Another password is the same request, since the recorded one is gone; another user is not."""

    def ask(door: Door) -> None:
        door.ask("/login?api_key=abcdefgh", b'{"user": "a", "password": "one-two-three"}')

    recorded(tmp_path / "t.fozzy", Plan(), ask)
    library = opened(tmp_path / "t.fozzy")
    assert told(find(library, "/login?api_key=other-key", b'{"password": "four-five", "user": "a"}'))
    assert isinstance(find(library, "/login?api_key=abcdefgh", b'{"password": "four-five", "user": "b"}'), Miss)


def test_an_answer_that_lost_its_secrets_says_its_length(tmp_path: Path, opened: Opened) -> None:
    """What is served in place of a secret has another length, and its header says which."""
    body = b'{"token": "abcdefgh-12345678"}'
    upstream = lambda _target: answer(body, headers=[("Content-Length", str(len(body)))])  # noqa: E731
    recorded(tmp_path / "t.fozzy", Plan(), asking("/a"), upstream=upstream)
    found = find(opened(tmp_path / "t.fozzy"))
    assert isinstance(found, Found) and found.answer is not None
    clean = b'{"token": "<redacted>"}'
    assert told(found) == clean and found.answer.headers == [("Content-Length", str(len(clean)))]


def test_a_request_that_holds_a_recorded_one_is_another(tmp_path: Path, opened: Opened) -> None:
    """By default nothing but the same body will do; `substring` is asked for."""
    recorded(tmp_path / "t.fozzy", Plan(), lambda door: (door.ask("/a", b"hello"), None)[-1])
    assert isinstance(find(opened(tmp_path / "t.fozzy"), "/a", b"hello world"), Miss)
    assert isinstance(find(opened(tmp_path / "t.fozzy", Matching(body="substring")), "/a", b"hello world"), Found)


def test_a_request_that_is_like_several_is_refused(tmp_path: Path, opened: Opened) -> None:
    """With a looser way more than one recorded request may fit: strict says which, else the first one answers."""

    def ask(door: Door) -> None:
        door.ask("/a", b"he")
        door.ask("/a", b"hello")

    recorded(tmp_path / "t.fozzy", Plan(), ask, upstream=counted())
    strict = opened(tmp_path / "t.fozzy", Matching(body="substring"))
    assert "2 recorded requests are like it: #1, #2" in missed(find(strict, "/a", b"hello world"))["error"]["message"]
    assert told(find(strict, "/a", b"hello")) == b"answer 2"
    loose = opened(tmp_path / "t.fozzy", Matching(body="substring", strict=False))
    assert told(find(loose, "/a", b"hello world")) == b"answer 1"


def test_misses_are_counted_and_told(tmp_path: Path, opened: Opened) -> None:
    """A runner is told of every sort of miss once, and how many there were."""
    recorded(tmp_path / "t.fozzy", Plan(), asking("/a"))
    library = opened(tmp_path / "t.fozzy")
    for target in ("/x", "/x", "/y"):
        missed(find(library, target))
    assert library.missed == 3
    assert [finding.title for finding in library.findings()] == ["cassette_miss"] * 3
    assert "/x" in library.findings()[0].message and "1 more" in library.findings()[-1].message


def test_auto_knows_what_it_answered(tmp_path: Path, opened: Opened) -> None:
    """Nothing need be there at first; what was answered from the recording is known by its number, once."""
    assert isinstance(find(opened(tmp_path / "t.fozzy", mode="auto")), Miss)
    recorded(tmp_path / "t.fozzy", Plan(), asking("/a"))
    library = opened(tmp_path / "t.fozzy", mode="auto")
    door = Door(Plan())
    decision, seen = door.decide("/a")
    assert isinstance(library.find(decision, seen, b""), Found)
    assert library.is_known(decision.number) and not library.is_known(decision.number)


def test_what_cannot_be_trusted_is_not_served(tmp_path: Path, opened: Opened) -> None:
    """A changed file, a missing one, an empty folder and the trace of a scenario are each refused by name."""
    kept = recorded(tmp_path / "t.fozzy", Plan(), asking("/a"))
    data = kept.paths[0].read_bytes()
    kept.paths[0].write_bytes(data.replace(b'{\\"ok\\": true}', b'{\\"ok\\": None}'))
    assert kept.paths[0].read_bytes() != data
    with pytest.raises(EvidenceError):
        opened(kept.paths[0])
    with pytest.raises(StoreError):
        opened(tmp_path / "missing.fozzy")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError):
        opened(tmp_path / "empty")
    with pytest.raises(UsageError):
        opened(Path("tests/fixtures/traces/v1.pass.fozzy"))
