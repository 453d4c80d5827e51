"""asyncio's datagrams (UDP): a small protocol that asks again.

Loss, duplicates and another order; an answer that never comes; a server that loses its power.
"""

from __future__ import annotations

import asyncio
from typing import Any

Address = tuple[str, int]


class Server(asyncio.DatagramProtocol):
    """Answers each question once; who asks again gets the same answer."""

    def __init__(self) -> None:
        self.answers: dict[bytes, bytes] = {}

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data != b"silence":
            answer = self.answers.setdefault(data, b"%s %d" % (data, len(self.answers)))
            self.transport.sendto(answer, addr)


class Asking(asyncio.DatagramProtocol):
    """Asks, and asks again."""

    def __init__(self) -> None:
        self.waiting: dict[bytes, asyncio.Future[bytes]] = {}
        self.sent = self.heard = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.heard += 1
        waits = self.waiting.get(data.split()[0])
        if waits is not None and not waits.done():
            waits.set_result(data)

    async def ask(self, question: bytes, tries: int = 20) -> bytes:
        """One answer. *Errors*: `TimeoutError`."""
        self.waiting[question] = answered = asyncio.get_running_loop().create_future()
        try:
            for _ in range(tries):
                self.transport.sendto(question)
                self.sent += 1
                done, _ = await asyncio.wait([answered], timeout=0.25)
                if done:
                    return answered.result()
            raise TimeoutError(question)
        finally:
            del self.waiting[question]


async def server(node: Any) -> None:
    """Serve until the end."""
    await asyncio.get_running_loop().create_datagram_endpoint(Server, local_addr=("0.0.0.0", node.port))
    await asyncio.get_running_loop().create_future()


async def client(node: Any) -> None:
    """Many questions at once, and one without an answer."""
    await asyncio.sleep(0.2)
    loop = asyncio.get_running_loop()
    transport, asking = await loop.create_datagram_endpoint(Asking, remote_addr=("server", 80))
    assert transport.get_extra_info("peername")[1] == 80
    questions = [b"q%d" % number for number in range(20)]
    answers = await asyncio.gather(*[asking.ask(each) for each in questions])
    assert sorted(int(each.split()[1]) for each in answers) == list(range(20))
    for number in range(40):
        assert (await asking.ask(b"later%d" % number)).startswith(b"later")
        await asyncio.sleep(0.1)
    try:
        await asking.ask(b"silence", tries=3)
        raise AssertionError("nobody answers that")
    except TimeoutError:
        pass
    transport.close()
    assert asking.sent > 64, "some was lost"
    print("done", asking.sent, asking.heard)
