"""Whatever a toxic makes of events, and whenever it comes and goes, the framing around them is right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.tcp.kinds.reframing import comment
from tests.faults.tcp.kinds.speaking import EVENTS, GET, STREAM, asked, chunked, reply, sized, wire
from tests.faults.tcp.wiring import Wire, toxic

KIND = "text/event-stream"
DROPPING = toxic("sse_drop_event")


@given(st.data())
def test_it_may_come_and_go_at_any_byte(data: st.DataObject) -> None:
    """A parser sees a whole reply, and in it the rest of the stream in order."""
    sizes = data.draw(st.lists(st.integers(1, 20), max_size=12))
    sent = chunked(*[STREAM[sum(sizes[:n]) : sum(sizes[: n + 1])] for n in range(len(sizes)) if sum(sizes[:n]) < 60])
    comes, goes = sorted(data.draw(st.tuples(st.integers(0, len(sent)), st.integers(0, len(sent)))))
    sent = sent.replace(b"application/json", KIND.encode())
    talk = Wire(protocol="http")
    talk.send("upstream", GET)
    for at in range(len(sent)):
        if at == comes:
            talk.change(DROPPING, at_ns=0, protocol="http")
        if at == goes:
            talk.change(at_ns=0, protocol="http")
        talk.send("downstream", sent[at : at + 1])
    answer = reply(talk)
    assert answer.is_whole
    left, content = answer.body, reply(asked(Wire(protocol="http"), sent)).body
    for event in (b": hello\n", *EVENTS):
        if event in content and left.startswith(event):
            left = left.removeprefix(event)
        left = left.removeprefix(b"\n")
    assert left == b"" or content.endswith(left)


def test_two_toxics_of_events_do_not_disturb_each_other() -> None:
    """What the first makes is what the second gets."""
    for sent in (chunked(STREAM, kind=KIND), chunked(*EVENTS, kind=KIND), sized(STREAM, KIND)):
        both = [toxic("sse_drop_event", first=1), toxic("sse_drop_event", name="b", pattern="..F")]
        talk = asked(Wire(*both, protocol="http"), sent)
        answer = reply(talk)
        assert answer.is_whole
        assert EVENTS[1] in answer.body
        assert EVENTS[0] not in answer.body
        assert EVENTS[2] not in answer.body


def test_a_new_toxic_leaves_alone_what_is_within_a_chunk() -> None:
    """It cannot take an event out of a chunk whose size is said; from the next chunk on it can."""
    head, _, body = chunked(EVENTS[0] + EVENTS[1], EVENTS[2], kind=KIND).partition(EVENTS[0])
    talk = Wire(protocol="http")
    talk.send("upstream", GET)
    talk.send("downstream", head + EVENTS[0])
    talk.change(DROPPING, at_ns=0, protocol="http")
    talk.send("downstream", body)
    assert reply(talk).body == EVENTS[0] + EVENTS[1]
    assert reply(talk).is_whole
    talk.close()
    assert (talk.tally().applied, talk.tally().bypassed) == (1, 1)


def test_events_that_share_a_chunk_get_one_each() -> None:
    """The next one is not waited for, and the content is what it was."""
    talk = wire("sse_drop_event", after=9)
    talk.send("upstream", GET)
    sent = chunked(STREAM, kind=KIND)
    head, first, rest = sent.partition(EVENTS[0])
    talk.send("downstream", head + first)
    assert talk.bytes_of("downstream").endswith(b"\r\n\r\n8\r\n: hello\n\r\nf\r\n" + first + b"\r\n")
    talk.send("downstream", rest)
    assert reply(talk).body == STREAM


def test_a_comment_is_as_long_as_it_must_be() -> None:
    """And says nothing: it is comments and blank lines."""
    for size in range(5):
        made = comment(size)
        assert len(made) == size
        assert all(line.startswith(b":") for line in made.splitlines() if line)
