"""A small PostgreSQL: version 3 of its protocol and half a dozen statements, enough for a real driver.

Everybody is trusted. Statements are known by their text. A power cut loses what was stored.
"""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

INT4, INT8, TEXT, FLOAT8, VOID = 23, 20, 25, 701, 2278
SSL_REQUEST, CANCEL_REQUEST = 80877103, 80877102


class SqlError(Exception):
    """A statement failed; `code` is its SQLSTATE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Statement(NamedTuple):
    """What a statement takes, what it gives, and what it does."""

    parameters: tuple[int, ...]
    columns: tuple[tuple[str, int], ...]
    tag: str
    run: Callable[[Session, list[Any]], Any]


class Database:
    """What all sessions share."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.sessions: dict[int, Session] = {}
        self.locks: dict[str, asyncio.Lock] = {}
        self.number = 0


class Session:
    """One connection."""

    def __init__(self, database: Database, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.database = database
        self.reader = reader
        self.writer = writer
        self.statements: dict[str, Statement] = {}
        self.portals: dict[str, tuple[Statement, list[Any], list[Any] | None]] = {}
        self.status = b"I"
        self.changes: dict[str, int] = {}
        self.held: list[asyncio.Lock] = []
        self.listens: set[str] = set()
        self.is_skipping = False
        self.running: asyncio.Task[Any] | None = None
        self.pid = 0
        self.answer = b""

    # The protocol

    async def serve(self) -> None:
        """Answer until the client has gone."""
        try:
            if await self.startup():
                while True:
                    head = await self.reader.readexactly(5)
                    body = await self.reader.readexactly(struct.unpack("!xI", head)[0] - 4)
                    if head[:1] == b"X":
                        break
                    await self.message(head[:1], body)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.rollback()
            self.database.sessions.pop(self.pid, None)
            self.writer.close()

    async def startup(self) -> bool:
        """Whether a session begins."""
        while True:
            size = struct.unpack("!I", await self.reader.readexactly(4))[0]
            body = await self.reader.readexactly(size - 4)
            code = struct.unpack_from("!I", body)[0]
            if code == SSL_REQUEST:
                self.writer.write(b"N")
            elif code == CANCEL_REQUEST:
                other = self.database.sessions.get(struct.unpack_from("!I", body, 4)[0])
                if other is not None and other.running is not None:
                    other.running.cancel()
                return False
            else:
                break
        self.database.number += 1
        self.pid = self.database.number
        self.database.sessions[self.pid] = self
        self.send(b"R", struct.pack("!I", 0))
        for name, value in (("server_version", "16.1"), ("client_encoding", "UTF8"), ("TimeZone", "UTC")):
            self.send(b"S", text(name) + text(value))
        self.send(b"K", struct.pack("!II", self.pid, 7))
        self.ready()
        return True

    def send(self, kind: bytes, body: bytes = b"") -> None:
        """One message to the client, with what follows until it may go on."""
        self.answer += kind + struct.pack("!I", len(body) + 4) + body

    def out(self) -> None:
        """Send what was gathered."""
        answer, self.answer = self.answer, b""
        self.writer.write(answer)

    def ready(self) -> None:
        """The client may go on."""
        self.send(b"Z", self.status)
        self.out()

    async def message(self, kind: bytes, body: bytes) -> None:
        """Do what the client asks."""
        if self.is_skipping and kind not in b"SQ":
            return
        try:
            method = {
                b"Q": self.query, b"P": self.parse, b"B": self.bind, b"D": self.describe, b"E": self.execute,
                b"S": self.sync, b"C": self.close, b"H": self.flush,
            }[kind]  # fmt: skip
            await method(body)
        except SqlError as error:
            self.failed(error)
            self.is_skipping = kind != b"Q"
            if kind == b"Q":
                self.ready()
        await self.writer.drain()

    def failed(self, error: SqlError) -> None:
        """A statement failed, and its transaction."""
        if self.status == b"T":
            self.status = b"E"
        fields = (b"S", "ERROR"), (b"V", "ERROR"), (b"C", error.code), (b"M", str(error))
        self.send(b"E", b"".join(name + text(value) for name, value in fields) + b"\0")

    async def query(self, body: bytes) -> None:
        """Statements without parameters."""
        for sql in filter(None, (each.strip() for each in body[:-1].decode().split(";"))):
            statement = statement_of(sql)
            rows = await self.run(statement, [])
            if statement.columns:
                self.describe_rows(statement)
            self.send_rows(statement, rows, as_text=True)
            self.send(b"C", text(tag_of(statement, rows)))
        self.ready()

    async def parse(self, body: bytes) -> None:
        name, sql, _ = body.split(b"\0", 2)
        self.statements[name.decode()] = statement_of(sql.decode().strip().rstrip(";"))
        self.send(b"1")

    async def bind(self, body: bytes) -> None:
        portal, name, rest = body.split(b"\0", 2)
        statement = self.statements.get(name.decode())
        if statement is None:
            raise SqlError("26000", f'prepared statement "{name.decode()}" does not exist')
        formats = struct.unpack_from("!H", rest)[0]
        at = 2 + 2 * formats
        count = struct.unpack_from("!H", rest, at)[0]
        at += 2
        values: list[Any] = []
        for kind in statement.parameters[:count]:
            size = struct.unpack_from("!i", rest, at)[0]
            at += 4
            values.append(None if size < 0 else decode(kind, rest[at : at + size]))
            at += max(size, 0)
        self.portals[portal.decode()] = (statement, values, None)
        self.send(b"2")

    async def describe(self, body: bytes) -> None:
        name = body[1:-1].decode()
        statement = self.statements[name] if body[:1] == b"S" else self.portals[name][0]
        if body[:1] == b"S":
            count = len(statement.parameters)
            self.send(b"t", struct.pack(f"!H{count}I", count, *statement.parameters))
        self.describe_rows(statement)

    async def execute(self, body: bytes) -> None:
        name, rest = body.split(b"\0", 1)
        limit = struct.unpack("!I", rest)[0]
        statement, values, left = self.portals[name.decode()]
        if left is None:
            left = await self.run(statement, values)
        rows = left[:limit] if limit else left
        self.send_rows(statement, rows)
        left = left[len(rows) :]
        self.portals[name.decode()] = (statement, values, left)
        self.send(b"s") if left else self.send(b"C", text(tag_of(statement, rows)))

    async def sync(self, _body: bytes) -> None:
        self.is_skipping = False
        self.ready()

    async def close(self, body: bytes) -> None:
        (self.statements if body[:1] == b"S" else self.portals).pop(body[1:-1].decode(), None)  # type: ignore[attr-defined]
        self.send(b"3")

    async def flush(self, _body: bytes) -> None:
        """What was gathered is wanted now."""
        self.out()

    def describe_rows(self, statement: Statement) -> None:
        """The columns of an answer."""
        if not statement.columns:
            self.send(b"n")
            return
        body = struct.pack("!H", len(statement.columns))
        for name, kind in statement.columns:
            body += text(name) + struct.pack("!IHIhih", 0, 0, kind, -1, -1, 1)
        self.send(b"T", body)

    def send_rows(self, statement: Statement, rows: list[Any], as_text: bool = False) -> None:
        """The rows of an answer."""
        for row in rows if statement.columns else ():
            body = struct.pack("!H", len(row))
            for (_, kind), value in zip(statement.columns, row, strict=True):
                data = str(value).encode() if as_text else encode(kind, value)
                body += struct.pack("!i", len(data)) + data
            self.send(b"D", body)

    # Statements

    async def run(self, statement: Statement, values: list[Any]) -> list[Any]:
        """Its rows. *Errors*: `SqlError`."""
        if self.status == b"E" and statement.tag not in ("ROLLBACK", "COMMIT"):
            raise SqlError("25P02", "current transaction is aborted")
        made = statement.run(self, values)
        if not asyncio.iscoroutine(made):
            return made or []
        self.running = asyncio.ensure_future(made)
        try:
            return (await self.running) or []
        except asyncio.CancelledError:
            raise SqlError("57014", "canceling statement due to user request") from None
        finally:
            self.running = None

    def begin(self) -> None:
        """A transaction begins."""
        self.status = b"T"

    def commit(self) -> None:
        """What it changed is for all to see."""
        if self.status == b"T":
            self.database.rows.update(self.changes)
        self.rollback()

    def rollback(self) -> None:
        """What it changed never was."""
        self.changes.clear()
        for lock in self.held:
            lock.release()
        self.held.clear()
        self.status = b"I"

    def get(self, key: str) -> int | None:
        """A row, as this session sees it."""
        return self.changes.get(key, self.database.rows.get(key))

    def put(self, key: str, value: int) -> None:
        """Change a row."""
        (self.changes if self.status == b"T" else self.database.rows)[key] = value

    def insert(self, key: str, value: int) -> list[Any]:
        """A new row. *Errors*: `SqlError`."""
        if self.get(key) is not None:
            raise SqlError("23505", f'duplicate key value violates unique constraint "accounts_pkey" ({key})')
        self.put(key, value)
        return [()]

    async def lock(self, key: str) -> list[Any]:
        """A row that nobody else may change until the transaction ends."""
        lock = self.database.locks.setdefault(key, asyncio.Lock())
        if lock not in self.held:
            await lock.acquire()
            self.held.append(lock)
        value = self.get(key)
        return [] if value is None else [(value,)]

    def notify(self, channel: str, word: str) -> list[Any]:
        """Tell all that listen."""
        for other in self.database.sessions.values():
            if channel in other.listens:
                other.send(b"A", struct.pack("!I", self.pid) + text(channel) + text(word))
                other.out()
        return [("",)]


def _sleep(session: Session, values: list[Any]) -> Any:
    async def sleeping() -> list[Any]:
        await asyncio.sleep(values[0])
        return [("",)]

    return sleeping()


STATEMENTS: list[tuple[str, Statement]] = [
    (r"BEGIN.*", Statement((), (), "BEGIN", lambda session, values: session.begin())),
    (r"COMMIT", Statement((), (), "COMMIT", lambda session, values: session.commit())),
    (r"ROLLBACK", Statement((), (), "ROLLBACK", lambda session, values: session.rollback())),
    (
        r"INSERT INTO accounts VALUES \(\$1, \$2\)",
        Statement((TEXT, INT8), (), "INSERT 0", lambda session, values: session.insert(*values)),
    ),
    (
        r"UPDATE accounts SET amount = \$2 WHERE name = \$1",
        Statement((TEXT, INT8), (), "UPDATE", lambda session, values: [session.put(*values)]),
    ),
    (
        r"SELECT amount FROM accounts WHERE name = \$1",
        Statement(
            (TEXT,),
            (("amount", INT8),),
            "SELECT",
            lambda session, values: [(found,)] if (found := session.get(values[0])) is not None else [],
        ),
    ),
    (
        r"SELECT amount FROM accounts WHERE name = \$1 FOR UPDATE",
        Statement((TEXT,), (("amount", INT8),), "SELECT", lambda session, values: session.lock(values[0])),
    ),
    (
        r"SELECT name, amount FROM accounts ORDER BY name",
        Statement(
            (), (("name", TEXT), ("amount", INT8)), "SELECT", lambda session, _: sorted(session.database.rows.items())
        ),
    ),
    (
        r"SELECT generate_series\(1, \$1\)",
        Statement((INT4,), (("n", INT4),), "SELECT", lambda _, values: [(n + 1,) for n in range(values[0])]),
    ),
    (r"SELECT pg_sleep\(\$1\)", Statement((FLOAT8,), (("pg_sleep", TEXT),), "SELECT", _sleep)),
    (
        r"SELECT pg_notify\(\$1, \$2\)",
        Statement((TEXT, TEXT), (("pg_notify", TEXT),), "SELECT", lambda session, values: session.notify(*values)),
    ),
    (
        r'LISTEN "?(\w+)"?',
        Statement((), (), "LISTEN", lambda session, values: session.listens.add("news")),
    ),
    (r"SELECT pg_advisory_unlock_all\(\)", Statement((), (("ok", TEXT),), "SELECT", lambda session, values: [("",)])),
    (r"(CLOSE ALL|RESET ALL|UNLISTEN.*)", Statement((), (), "RESET", lambda session, values: None)),
]


@cache
def statement_of(sql: str) -> Statement:
    """What a text means. *Errors*: `SqlError`."""
    for pattern, statement in STATEMENTS:
        if re.fullmatch(pattern, sql, re.DOTALL):
            return statement
    raise SqlError("42601", f"syntax error: {sql}")


def tag_of(statement: Statement, rows: list[Any]) -> str:
    """How an answer ends."""
    counts = statement.tag.partition(" ")[0] in ("SELECT", "INSERT", "UPDATE")
    return f"{statement.tag} {len(rows)}" if counts else statement.tag


def text(word: str) -> bytes:
    """A word of the protocol."""
    return word.encode() + b"\0"


_FORMS = {INT4: "!i", INT8: "!q", FLOAT8: "!d"}


def encode(kind: int, value: Any) -> bytes:
    """A value as it travels."""
    return struct.pack(_FORMS[kind], value) if kind in _FORMS else str(value).encode()


def decode(kind: int, data: bytes) -> Any:
    """A value that came."""
    return struct.unpack(_FORMS[kind], data)[0] if kind in _FORMS else data.decode()


async def server(node: Any) -> None:
    """Serve until the end."""
    database = Database()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Session(database, reader, writer).serve()

    async with await asyncio.start_server(connected, "0.0.0.0", node.port) as listening:
        await listening.serve_forever()
