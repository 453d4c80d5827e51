"""Conversations with PostgreSQL, cut into statements, replies and pushes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.faults.tcp.frames.base import Framer
from fozzy.faults.tcp.frames.pg_build import error, message
from fozzy.faults.tcp.frames.postgres import Postgres
from fozzy.faults.tcp.frames.redis import Redis
from fozzy.faults.tcp.plan import STREAMS, Stream
from tests.faults.tcp.frames.talking import Heard, Talk, heard, kept
from tests.faults.tcp.frames.test_pg_frontend import opened

KEPT = [talk for name in ("psycopg", "asyncpg") for talk in kept(name)]
READY = message("Z", b"I")
DONE = message("C", b"SELECT 1\0")
BEGUN: Talk = [
    ("upstream", opened(196608, b"user\0bob\0\0")),
    ("downstream", message("R", b"\0\0\0\0") + message("S", b"a\0b\0") + message("K", b"\0" * 8) + READY),
]


def talk(*turns: tuple[Stream, bytes], begun: bool = True) -> Heard:
    """A conversation, which must be the same in reads of one byte."""
    said = [*(BEGUN if begun else []), *turns]
    whole, single = heard(Postgres, said), heard(Postgres, said, 1)
    assert whole.told() == single.told()
    assert whole.out == single.out == {way: b"".join(d for w, d in said if w == way) for way in whole.out}
    return whole


def query(text: str) -> bytes:
    """A simple query."""
    return message("Q", text.encode() + b"\0")


def run(text: str, name: str = "") -> bytes:
    """An extended query up to its Execute."""
    parsed = message("P", f"{name}\0{text}\0".encode() + b"\0\0")
    return parsed + message("B", f"\0{name}\0".encode() + b"\0" * 6) + message("E", b"\0\0\0\0\0")


RAN = message("1") + message("2") + DONE


@pytest.mark.parametrize("at", range(len(KEPT)))
def test_a_kept_conversation_is_understood(at: int) -> None:
    """Of psycopg and asyncpg with a real server: every reply has its request, nothing is left, in any reads."""
    found = talk(*KEPT[at], begun=False)
    assert (found.framer.lost, list(found.framer.waiting)) == ("", [])
    assert all(each.is_ended for each in found.messages)
    replies = [each.request for each in found.messages if each.of == "reply"]
    requests = [each for each in found.messages if each.of == "request"]
    assert [each for each in requests if each in replies] == replies
    skipped = [each.about for each in requests if each not in replies]
    assert skipped in ([], ["select 3"])  # behind an error, up to the next Sync
    assert len(requests) > 10


def test_kept_conversations_hold_what_they_were_made_for() -> None:
    """A pipeline, a batch, a commit of each kind, COPY, and nothing of the values."""
    abouts = [about for each in KEPT for about in heard(Postgres, each).abouts()]
    for about in (
        "request insert into orders values ($1, $2) returning id", "request COMMIT", "request PREPARE select $1::int",
        "request select $1::int", "push COPY data", "request copy orders from stdin", "request notify jobs, '?'",
        'request FETCH FORWARD 10 FROM "srv"', "push Terminate", "request SSLRequest",
    ):  # fmt: skip
        assert about in abouts
    assert "secret" not in "".join(abouts)


@settings(max_examples=40)
@given(st.integers(0, len(KEPT) - 1), st.lists(st.integers(1, 900), max_size=30))
def test_reads_change_nothing(at: int, sizes: list[int]) -> None:
    """However each turn is cut into reads."""
    assert heard(Postgres, KEPT[at], sizes).told() == heard(Postgres, KEPT[at]).told()


BYTES = st.binary(max_size=40) | st.sampled_from(
    [query("select 1"), run("select 1"), message("S"), message("H"), READY, RAN, b"*1\r\n$4\r\nPING\r\n", b"+OK\r\n"]
)


@settings(max_examples=150)
@given(st.sampled_from([Postgres, Redis]), st.lists(st.tuples(st.sampled_from(STREAMS), BYTES), max_size=12))
def test_any_bytes_come_out_again(framer: type[Framer], turns: list[tuple[Stream, bytes]]) -> None:
    """Whatever they are, in any order, the same in reads of one byte."""
    said = [*(BEGUN if framer is Postgres else []), *turns]
    found = [heard(framer, said, size) for size in (0, 1)]
    assert found[0].told() == found[1].told()
    for each in found:
        for stream in STREAMS:
            rest = b"".join(item.data for item in each.framer.finish(stream))  # type: ignore[union-attr]
            assert each.out[stream] + rest == b"".join(data for way, data in said if way == stream)


def test_a_startup_has_one_reply_for_each_question() -> None:
    """A password is asked for, and is not told."""
    found = talk(
        ("upstream", opened(80877103)), ("downstream", b"N"), ("upstream", opened(196608, b"user\0bob\0\0")),
        ("downstream", message("R", b"\0\0\0\5salt")), ("upstream", message("p", b"secret\0")),
        ("downstream", message("R", b"\0\0\0\0") + message("S", b"a\0b\0") + READY), begun=False,
    )  # fmt: skip
    assert found.abouts() == ["request SSLRequest", "request startup bob bob", "request password"]
    assert found.abouts("downstream") == ["reply SSLRequest", "reply startup bob bob", "reply password"]


@pytest.mark.parametrize("said", [b"S", b"G"])
def test_what_is_encrypted_is_not_looked_into(said: bytes) -> None:
    """Both ways, from there on."""
    turns: Talk = [("upstream", opened(80877103)), ("downstream", said), ("upstream", b"\x16..."), ("downstream", b"Z")]
    found = talk(*turns, begun=False)
    assert found.framer.lost == "encrypted"
    assert [each.of for each in found.messages] == ["request", "reply", "opaque", "opaque"]
    assert talk(("upstream", b"\x16\3\1"), begun=False).framer.lost == "encrypted"


def test_statements_of_a_pipeline_have_replies_of_their_own() -> None:
    """The last has the Sync, and the end of its reply is ReadyForQuery."""
    found = talk(
        ("upstream", run("select 1") + run("select 2") + message("H") + run("commit") + message("S")),
        ("downstream", RAN + RAN + RAN + READY),
    )
    assert found.abouts()[1:] == ["request select 1", "request select 2", "request commit"]
    assert [each[4] for each in found.told() if each[1] == "reply"][1:] == [len(RAN)] * 2 + [len(RAN + READY)]


def test_what_is_behind_an_error_is_skipped_up_to_a_sync() -> None:
    """It has no reply; the Sync's request has what is left."""
    failed = error("ERROR", "22012", "no")
    found = talk(
        ("upstream", run("a") + run("b") + run("c") + message("S") + query("d")),
        ("downstream", message("1") + failed + READY + DONE + READY),
    )
    assert found.abouts("downstream")[1:] == ["reply a", "reply c", "reply d"]
    found = talk(("upstream", run("a") + message("S") + query("b")), ("downstream", failed + READY + DONE + READY))
    assert found.abouts("downstream")[1:] == ["reply a", "reply b"]


def test_prepared_statements_go_by_their_text() -> None:
    """Preparing one is not running it."""
    parsed, sync = message("P", b"s\0select 1\0\0\0"), message("S")
    bound = message("B", b"\0s\0" + b"\0" * 6) + message("E", b"\0\0\0\0\0")
    found = talk(
        ("upstream", parsed + message("D", b"Ss\0") + sync),
        ("downstream", message("1") + message("t", b"\0\0") + message("n") + READY),
        ("upstream", bound + sync), ("downstream", message("2") + DONE + READY),
        ("upstream", message("D", b"Ss\0") + sync), ("downstream", message("t", b"\0\0") + message("n") + READY),
        ("upstream", message("C", b"Ss\0") + sync), ("downstream", message("3") + READY),
    )  # fmt: skip
    assert found.abouts()[1:] == [
        "request PREPARE select 1", "request select 1", "request DESCRIBE select 1", "request CLOSE select 1"
    ]  # fmt: skip
    assert not found.framer.waiting


def test_a_notification_is_a_push() -> None:
    """Also where a reply is due; a notice then belongs to the reply."""
    told = message("A", b"\0\0\0\1jobs\0secret\0")
    found = talk(("downstream", message("N", b"\0")), ("upstream", query("select 1")), ("downstream", told))
    found = talk(
        ("downstream", told + message("N", b"\0") + message("S", b"a\0b\0")),
        ("upstream", query("select 1")), ("downstream", told + message("N", b"\0") + DONE + told + READY),
    )  # fmt: skip
    assert found.abouts("downstream")[1:] == [
        "push NOTIFY jobs", "push notice", "push ParameterStatus", "push NOTIFY jobs", "reply select 1"
    ]  # fmt: skip


def test_copy_in_is_one_push_and_its_sync_is_nobodys() -> None:
    """An extended COPY sends a second Sync, which is the one that counts."""
    data = message("d", b"1\n") * 2 + message("c")
    asked: Talk = [("upstream", run("copy a from stdin") + message("S"))]
    turns: Talk = [
        ("downstream", message("1") + message("2") + message("G", b"\0\0\0")), ("upstream", data + message("S")),
        ("downstream", DONE + READY), ("upstream", query("select 1")), ("downstream", DONE + READY),
    ]  # fmt: skip
    found = talk(*asked, *turns)
    assert found.abouts()[1:] == ["request copy a from stdin", "push COPY data", "push Sync", "request select 1"]
    assert found.abouts("downstream")[1:] == ["reply copy a from stdin", "reply select 1"]


def test_replication_is_not_looked_into() -> None:
    """From the server's CopyBoth on."""
    found = talk(
        ("upstream", query("START_REPLICATION SLOT a")), ("downstream", message("W", b"\0\0\0") + b"any"),
        ("upstream", b"thing"),
    )  # fmt: skip
    assert found.framer.lost == "replication"
    assert [each.of for each in found.messages[2:]] == ["request", "opaque", "opaque"]


def test_what_nobody_answers_is_a_push() -> None:
    """A Terminate, a CancelRequest, a Flush alone."""
    assert talk(("upstream", message("H") + message("X"))).abouts()[1:] == ["push Flush", "push Terminate"]
    assert talk(("upstream", opened(80877102, b"\0" * 8)), begun=False).abouts() == ["push CancelRequest"]
    assert talk(("downstream", error("FATAL", "57P01", "no"))).abouts("downstream")[1:] == ["push error"]


def test_a_large_row_is_not_held() -> None:
    """Its bytes go on as they come; so do those of a long statement."""
    found = heard(Postgres, BEGUN)
    found.hear("upstream", message("Q", b"x" * 100000)[:50000])
    found.hear("downstream", message("D", b"x" * 100000)[:50000])
    assert [len(found.out[stream]) - len(BEGUN[at][1]) for at, stream in enumerate(STREAMS)] == [50000, 50000]
