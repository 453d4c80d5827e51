"""A small Redis: the part of its protocol (RESP) and its commands that clients in these programs need.

What was set survives nothing: a power cut loses it, as it does a Redis that keeps all in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class Store:
    """What all connections share."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.lists: dict[bytes, list[bytes]] = {}
        self.expires: dict[bytes, float] = {}
        self.versions: dict[bytes, int] = {}
        self.pushed = asyncio.Condition()
        self.subscribers: dict[bytes, list[Connection]] = {}

    def get(self, key: bytes) -> bytes | None:
        """A value, unless its time is over."""
        if key in self.expires and asyncio.get_running_loop().time() >= self.expires[key]:
            self.values.pop(key, None)
            del self.expires[key]
        return self.values.get(key)

    def touch(self, key: bytes) -> None:
        """It was changed: whoever watches it must know."""
        self.versions[key] = self.versions.get(key, 0) + 1


class Connection:
    """One client."""

    def __init__(self, store: Store, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.store = store
        self.reader = reader
        self.writer = writer
        self.is_resp3 = False
        self.queue: list[list[bytes]] | None = None
        self.watched: dict[bytes, int] = {}

    async def serve(self) -> None:
        """Answer until the client has gone."""
        try:
            while (command := await self.command()) is not None:
                answer = await self.answer(command)
                if answer is not SILENT:
                    self.writer.write(encode(answer, self.is_resp3))
                    await self.writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            for others in self.store.subscribers.values():
                if self in others:
                    others.remove(self)
            self.writer.close()

    async def command(self) -> list[bytes] | None:
        """The next command."""
        head = await self.reader.readline()
        if not head:
            return None
        words = []
        for _ in range(int(head[1:])):
            size = int((await self.reader.readline())[1:])
            words.append((await self.reader.readexactly(size + 2))[:-2])
        return words

    async def answer(self, command: list[bytes]) -> Any:
        """What a command comes to."""
        name, args = command[0].decode().lower(), command[1:]
        if self.queue is not None and name not in ("exec", "discard"):
            self.queue.append(command)
            return Simple("QUEUED")
        method: Callable[..., Any] | None = getattr(self, f"do_{name}", None)
        if method is None:
            return Failed(f"ERR unknown command '{name}'")
        made = method(*args)
        return await made if asyncio.iscoroutine(made) else made

    def do_hello(self, version: bytes = b"2", *_more: bytes) -> Any:
        self.is_resp3 = version == b"3"
        return {b"server": b"redis", b"version": b"7.0.0", b"proto": int(version), b"id": 1, b"mode": b"standalone"}

    def do_client(self, *_more: bytes) -> Any:
        return Simple("OK")

    do_select = do_auth = do_client

    def do_ping(self, *_more: bytes) -> Any:
        return Simple("PONG")

    def do_set(self, key: bytes, value: bytes, *more: bytes) -> Any:
        options = [each.upper() for each in more]
        if b"NX" in options and self.store.get(key) is not None:
            return None
        self.store.values[key] = value
        self.store.expires.pop(key, None)
        for unit, seconds in ((b"EX", 1.0), (b"PX", 0.001)):
            if unit in options:
                after = int(more[options.index(unit) + 1]) * seconds
                self.store.expires[key] = asyncio.get_running_loop().time() + after
        self.store.touch(key)
        return Simple("OK")

    def do_get(self, key: bytes) -> Any:
        return self.store.get(key)

    def do_mget(self, *keys: bytes) -> Any:
        return [self.store.get(key) for key in keys]

    def do_del(self, *keys: bytes) -> Any:
        gone = [key for key in keys if self.store.get(key) is not None]
        for key in gone:
            del self.store.values[key]
            self.store.touch(key)
        return len(gone)

    def do_incrby(self, key: bytes, by: bytes) -> Any:
        value = int(self.store.get(key) or 0) + int(by)
        self.store.values[key] = str(value).encode()
        self.store.touch(key)
        return value

    def do_incr(self, key: bytes) -> Any:
        return self.do_incrby(key, b"1")

    async def do_rpush(self, key: bytes, *values: bytes) -> Any:
        self.store.lists.setdefault(key, []).extend(values)
        async with self.store.pushed:
            self.store.pushed.notify_all()
        return len(self.store.lists[key])

    async def do_blpop(self, key: bytes, timeout: bytes) -> Any:
        async def popped() -> list[bytes]:
            async with self.store.pushed:
                await self.store.pushed.wait_for(lambda: bool(self.store.lists.get(key)))
                return [key, self.store.lists[key].pop(0)]

        try:
            return await asyncio.wait_for(popped(), float(timeout) or None)
        except TimeoutError:
            return None

    def do_multi(self) -> Any:
        self.queue = []
        return Simple("OK")

    def do_watch(self, *keys: bytes) -> Any:
        self.watched |= {key: self.store.versions.get(key, 0) for key in keys}
        return Simple("OK")

    def do_unwatch(self) -> Any:
        self.watched.clear()
        return Simple("OK")

    def do_discard(self) -> Any:
        self.queue = None
        return self.do_unwatch()

    async def do_exec(self) -> Any:
        queue, self.queue = self.queue or [], None
        changed = any(self.store.versions.get(key, 0) != version for key, version in self.watched.items())
        self.watched.clear()
        return None if changed else [await self.answer(command) for command in queue]

    def do_subscribe(self, *channels: bytes) -> Any:
        for count, channel in enumerate(channels, 1):
            self.store.subscribers.setdefault(channel, []).append(self)
            self.push([b"subscribe", channel, count])
        return SILENT

    def do_unsubscribe(self, *channels: bytes) -> Any:
        for channel in channels or list(self.store.subscribers):
            if self in self.store.subscribers.get(channel, []):
                self.store.subscribers[channel].remove(self)
            self.push([b"unsubscribe", channel, 0])
        return SILENT

    def do_publish(self, channel: bytes, message: bytes) -> Any:
        others = self.store.subscribers.get(channel, [])
        for other in others:
            other.push([b"message", channel, message])
        return len(others)

    def push(self, what: list[Any]) -> None:
        """Say something that was not asked for."""
        data = encode(what, self.is_resp3)
        self.writer.write(b">" + data[1:] if self.is_resp3 else data)


class Simple(str):
    """A word of the protocol."""


class Failed(str):
    """A command that failed."""


SILENT: Any = object()


def encode(value: Any, is_resp3: bool) -> bytes:
    """An answer as it travels."""
    if isinstance(value, Failed):
        return f"-{value}\r\n".encode()
    if isinstance(value, Simple):
        return f"+{value}\r\n".encode()
    if value is None:
        return b"_\r\n" if is_resp3 else b"$-1\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, bytes):
        return b"$%d\r\n%s\r\n" % (len(value), value)
    if isinstance(value, dict):
        head = b"%%%d\r\n" % len(value) if is_resp3 else b"*%d\r\n" % (2 * len(value))
        return head + b"".join(encode(each, is_resp3) for pair in value.items() for each in pair)
    return b"*%d\r\n" % len(value) + b"".join(encode(each, is_resp3) for each in value)


async def server(node: Any) -> None:
    """Serve until the end."""
    store = Store()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(store, reader, writer).serve()

    async with await asyncio.start_server(connected, "0.0.0.0", node.port) as listening:
        await listening.serve_forever()
