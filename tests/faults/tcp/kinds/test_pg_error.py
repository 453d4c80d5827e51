"""PostgreSQL statements that fail with an error of one's choice."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.errors import InputError
from fozzy.faults.tcp.frames.pg_build import error, failing, message
from tests.faults.tcp.frames.test_pg_frontend import opened
from tests.faults.tcp.frames.test_postgres import BEGUN, DONE, RAN, READY, query, run
from tests.faults.tcp.wiring import MS, Wire, toxic

FAILED = error("ERROR", "40001", "no")


def session(sqlstate: str = "40001", **said: Any) -> Wire:
    """A connection in a session, whose statements fail."""
    wire = Wire(toxic("pg_error", sqlstate=sqlstate, **said), protocol="postgres")
    for stream, data in BEGUN:
        wire.send(stream, data)
    assert wire.tally().hit == 0
    wire.got.clear()
    return wire


def test_the_server_itself_fails_in_the_place_of_a_query() -> None:
    """It gets a statement that raises the error, and its answer goes to the client as it is."""
    wire = session(message="it's no", first=1)
    wire.send("upstream", query("insert into a values (1)") + query("select 1"))
    sent = wire.bytes_of("upstream")
    assert sent == failing(query(""), "40001", "it's no") + query("select 1")
    assert b"ERRCODE = '40001', MESSAGE = 'it''s no'" in sent
    wire.send("downstream", FAILED + READY + DONE + READY)
    assert wire.bytes_of("downstream") == FAILED + READY + DONE + READY
    wire.close()
    assert (wire.tally().matched, wire.tally().applied) == (2, 1)


@pytest.mark.parametrize("sizes", [[], [1] * 200])
def test_a_statement_of_a_pipeline_fails_in_its_place(sizes: list[int]) -> None:
    """The client hears of the error only, not of the steps to it; the others are as they were."""
    wire = session(match="insert")
    wire.send("upstream", run("select 1") + run("insert into a") + run("select 2") + message("S"), 0, sizes)
    replaced = failing(run("x"), "40001", "could not serialize access due to concurrent update")
    assert wire.bytes_of("upstream") == run("select 1") + replaced + run("select 2") + message("S")
    wire.send("downstream", RAN + message("1") + message("2") + FAILED + READY, MS, sizes)
    assert wire.bytes_of("downstream") == RAN + FAILED + READY


def test_the_sync_of_a_statement_is_kept() -> None:
    """Else its client would wait for ever."""
    for letter in "SH":
        assert failing(run("a") + message(letter), "40001", "no") == failing(run("a"), "40001", "no") + message(letter)


@pytest.mark.parametrize("word", ["COMMIT", "end transaction", "commit and chain"])
def test_a_commit_that_fails_leaves_no_transaction(word: str) -> None:
    """The server rolls back first, and its client hears the error only."""
    wire = session(match=word, message="no")
    wire.send("upstream", query(word))
    assert wire.bytes_of("upstream") == failing(query(""), "40001", "no", ends=True)
    assert b"ROLLBACK;DO " in wire.bytes_of("upstream")
    wire.send("downstream", message("C", b"ROLLBACK\0") + FAILED + READY)
    assert wire.bytes_of("downstream") == FAILED + READY


@pytest.mark.parametrize("sizes", [[], [1] * 400])
def test_a_commit_within_a_pipeline_fails_in_its_place(sizes: list[int]) -> None:
    """What the server says of the rollback before it ends nothing: the reply is the error, and the next one's is its own."""
    wire = session(match="commit", message="no")
    wire.send("upstream", run("commit") + message("H") + run("select 2") + message("S"), 0, sizes)
    replaced = failing(run("x") + message("H"), "40001", "no", ends=True)
    assert wire.bytes_of("upstream") == replaced + run("select 2") + message("S")
    assert replaced.startswith(run("ROLLBACK"))
    wire.send("downstream", RAN + message("1") + message("2") + FAILED + READY, MS, sizes)
    assert wire.bytes_of("downstream") == FAILED + READY


@pytest.mark.parametrize(("word", "is_struck"), [("rollback", 0), ("ABORT", 0), ("rollback to a", 0), ("begin", 1)])
def test_a_server_never_refuses_a_rollback(word: str, is_struck: int) -> None:
    """So it is not struck where no match says so, and no client is left in a transaction that it cannot leave."""
    wire = session()
    wire.send("upstream", query(word))
    assert (wire.tally().hit, wire.tally().matched) == (is_struck, is_struck)


def test_what_was_prepared_for_a_commit_is_outside_of_a_transaction() -> None:
    """So a COMMIT PREPARED fails as any statement does; and whoever names a ROLLBACK has it struck."""
    for word in ("commit prepared", "rollback"):
        wire = session(match=word, message="no")
        wire.send("upstream", query(f"{word} 'a'"))
        assert wire.bytes_of("upstream") == failing(query(""), "40001", "no")


@pytest.mark.parametrize("ask", [query("select 1"), run("select 0") + run("select 1") + message("S")])
def test_a_fatal_error_ends_the_connection(ask: bytes) -> None:
    """It is said at once, and the server does not get the statement."""
    wire = session("57P01", match="select 1")
    wire.send("upstream", ask)
    assert wire.bytes_of("upstream") == (b"" if ask[:1] == b"Q" else run("select 0"))
    fatal = error("FATAL", "57P01", "terminating connection due to administrator command")
    assert [what for _, stream, what in wire.got if stream == "downstream"] == [fatal, "cut fin fin"]


@pytest.mark.parametrize("sqlstate", ["53300", "28P01", "3D000", "57P03"])
def test_an_error_of_the_startup_strikes_the_startup(sqlstate: str) -> None:
    """And nothing else, where no match says so; what asks for encryption is not counted."""
    wire = Wire(toxic("pg_error", sqlstate=sqlstate, message="no"), protocol="postgres")
    wire.send("upstream", opened(80877103))
    wire.send("downstream", b"N")
    wire.send("upstream", BEGUN[0][1])
    assert wire.got[-2:] == [(0, "downstream", error("FATAL", sqlstate, "no")), (0, "downstream", "cut fin fin")]
    assert wire.bytes_of("upstream") == opened(80877103)


@pytest.mark.parametrize(
    "said",
    [{}, {"sqlstate": "4000"}, {"sqlstate": "00000"}, {"sqlstate": "01000"}, {"sqlstate": "40001", "message": "$"}],
)
def test_what_is_no_error_is_refused(said: dict[str, Any]) -> None:
    """A code has five characters and is of a class of errors."""
    with pytest.raises(InputError):
        Wire(toxic("pg_error", **said), protocol="postgres")
