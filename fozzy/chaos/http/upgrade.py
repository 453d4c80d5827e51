"""A connection that stops speaking HTTP: bytes both ways until both sides have ended their halves."""

from __future__ import annotations

import trio

from fozzy.chaos.http.ends import End
from fozzy.chaos.http.lines import UpstreamAnswer
from fozzy.chaos.http.refusals import ClientGone, CutOff
from fozzy.chaos.http.turn import Turn
from fozzy.chaos.http.watch import Phase


def switch_rows(answer: UpstreamAnswer) -> str:
    """The headers of the hop that a switch of protocols keeps."""
    said = next((value for name, value in answer.headers if name.lower() == "upgrade"), "")
    return f"Connection: Upgrade\r\nUpgrade: {said}\r\n"


class Tunnel:
    """Both directions of one. What upstream says is counted as sent. *Closes*: neither end."""

    def __init__(self, turn: Turn, client: End, upstream: End) -> None:
        self._turn = turn
        self._failure: ClientGone | CutOff | None = None
        self._client = client
        self._upstream = upstream
        self._awaited: Phase | None = None  # who has not ended its half, once the other has

    async def run(self, from_client: bytes, from_upstream: bytes) -> None:
        """Pass bytes on, first those that had come already. An end of one half is passed on, a reset ends both.

        *Limits*: once one side has ended its half the other may be silent for `body_idle_timeout_s`; before that the
        system notices who is gone without a word.
        *Errors*: `ClientGone`; `CutOff` where it was upstream.
        """
        self._turn.watch.hold()
        self._client.keep_alive()
        self._upstream.keep_alive()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._up, from_client, nursery.cancel_scope)
            nursery.start_soon(self._down, from_upstream, nursery.cancel_scope)
        if self._failure is not None:
            raise self._failure

    async def _up(self, data: bytes, both: trio.CancelScope) -> None:
        is_told = False
        try:
            data = data or await self._client.recv()
            while data:
                is_told = True
                await self._upstream.send(data)
                is_told = False
                self._wait_again()
                data = await self._client.recv()
            is_told = True
            await self._upstream.finish()
            self._awaited = Phase.RELAY
            self._wait_again()
        except OSError:
            self._broken(is_told)
            both.cancel()

    async def _down(self, data: bytes, both: trio.CancelScope) -> None:
        is_told = False
        try:
            data = data or await self._upstream.recv()
            while data:
                is_told = True
                await self._client.send(data)
                self._turn.sent_bytes += len(data)
                is_told = False
                self._wait_again()
                data = await self._upstream.recv()
            is_told = True
            await self._client.finish()
            self._awaited = Phase.SEND
            self._wait_again()
        except OSError:
            self._broken(not is_told)
            both.cancel()

    def _wait_again(self) -> None:
        if self._awaited is not None:
            self._turn.watch.expect(self._awaited, self._turn.wire.body_idle_timeout_s)

    def _broken(self, by_upstream: bool) -> None:
        self._failure = CutOff("rst", "upstream_short") if by_upstream else ClientGone()
