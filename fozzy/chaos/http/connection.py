"""A client's connection: one request after the other, until either side has enough of it.

Everything that takes too long is cancelled from outside (`watch`); what the client then gets is said here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import trio

from fozzy import wall
from fozzy.chaos.http.ends import End
from fozzy.chaos.http.handling import Handling
from fozzy.chaos.http.heads import Head
from fozzy.chaos.http.refusals import ClientGone, Refusal, UpstreamFailed, own_answer
from fozzy.chaos.http.requests import RequestReader
from fozzy.chaos.http.settings import Settings
from fozzy.chaos.http.tls import SecureEnd
from fozzy.chaos.http.turn import Place, Turn, undecided
from fozzy.chaos.http.watch import Phase, Watch
from fozzy.core.exchange import Asked, Sent

if TYPE_CHECKING:
    from fozzy.chaos.http.proxy import HttpProxy

FAREWELL_S = 1.0  # what a client that is late gets to take its last answer
LINGER_S = 1.0  # how long is read on behind a last answer, so that it is not lost with a reset
LINGER_BYTES_MAX = 1 << 20
GONE_S = 0.05  # how long a client that has left needs to say so

Ending = Literal["", "fin", "rst"]  # how the connection ends: empty where nothing is left unread


class Connection:
    """One. *Closes*: its end, when `run` returns, however it does."""

    def __init__(self, proxy: HttpProxy, end: End, client: str) -> None:
        self.proxy = proxy
        self.end = end
        self.watch = Watch()
        self.is_over = False  # there are more connections than there may be
        self.is_draining = False
        self.scope = trio.CancelScope()
        self._late: Phase | None = None
        self._handling: Handling | None = None
        self._reader = RequestReader(end, proxy.wire)
        self._reader.when_begun = self._begun
        self._place = Place(proxy.session, proxy.wire, self._reader, self.watch, client)

    async def run(self) -> None:
        """Serve it to its end."""
        how: Ending = "rst"
        try:
            with self.scope:
                how = await self._serve()
            if self.scope.cancelled_caught and self._late is not None:
                with trio.move_on_after(FAREWELL_S):
                    how = await self._too_late(self._late)
            if how == "fin":
                await self._linger()
            elif how == "rst":
                await self.end.flush(LINGER_S)
        except Exception:
            if self._handling is not None:
                self._handling.turn.fail("internal_error")
            raise
        finally:
            if self._handling is not None:
                self._handling.turn.finish()
            self.end.close(at_once=how == "rst")

    def look(self, now_ns: int) -> None:
        """Cancel what is late."""
        if self._late is None:
            late = self.watch.late(now_ns)
            if late is not None:
                self.stop(late)

    def look_for_client(self) -> None:
        """Cancel what is done for a client that has left."""
        if self.watch.phase in (Phase.ANSWER, Phase.RELAY) and self.end.is_lost():
            self.stop(Phase.GONE)

    def stop(self, why: Phase) -> None:
        """End it, for this reason."""
        self._late = why
        self.scope.cancel()

    def drain(self) -> None:
        """Take no further request. What is not in a request ends now."""
        self.is_draining = True
        if self._handling is None:
            self.stop(Phase.STOP)
        else:
            self._handling.writer.keeps = False

    def _begun(self) -> None:
        if self.watch.phase is Phase.IDLE:
            self.watch.expect(Phase.HEAD, self.proxy.wire.header_timeout_s)

    async def _serve(self) -> Ending:
        settings = self.proxy.settings
        if settings.total_ns is not None:
            self.watch.total_ns = wall.elapsed_ns() + settings.total_ns
        if isinstance(self.end, SecureEnd) and not await self._shook_hands(self.end):
            return "rst"
        while True:
            settings = self.proxy.settings
            self.watch.expect(Phase.IDLE, settings.idle_timeout_s)
            try:
                head = await self._reader.head()
            except ClientGone:
                return "rst"
            except Refusal as refusal:
                return await self._refuse(refusal)
            if head is None:
                return ""
            if self.is_over:
                return await self._refuse(Refusal(503, "connections_max", "there are too many connections"))
            how = await self._handle(head, settings)
            if how is not None:
                return how
            if self._reader.has_next:
                await trio.lowlevel.checkpoint()  # others wait too

    async def _handle(self, head: Head, settings: Settings) -> Ending | None:
        """One request. How the connection ends, none where it goes on."""
        self._handling = handling = Handling(Turn(self._place, head), self.end, self.proxy.others)
        turn = handling.turn
        how = await handling.run(settings)
        if not how and handling.is_doubtful:
            await self._look_whether_heard(turn)
        turn.finish()
        self._handling = None
        if how:
            return how
        if handling.writer.keeps and not self.is_draining:
            return None
        return "" if self._reader.is_whole else "fin"

    async def _shook_hands(self, end: SecureEnd) -> bool:
        self.watch.expect(Phase.IDLE, self.proxy.wire.header_timeout_s)
        try:
            await end.handshake()
        except OSError:
            return False
        return True

    async def _look_whether_heard(self, turn: Turn) -> None:
        """A client that left while it waited has not heard the answer, and says so as soon as it is sent."""
        is_lost = self.end.is_lost()
        if not is_lost:
            await trio.sleep(GONE_S)
            is_lost = self.end.is_lost()
        if is_lost:
            turn.fail("client_gone")
            turn.sent_status, turn.sent_bytes, turn.sent_ended = 0, 0, "client_gone"

    async def _refuse(self, refusal: Refusal) -> Ending:
        """Answer what is no request, and record it."""
        give = own_answer(refusal.status, refusal.code, refusal.message)
        fields = "".join(f"{name}: {value}\r\n" for name, value in give.headers)
        text = f"HTTP/1.1 {give.status} \r\n{fields}Content-Length: {len(give.body)}\r\nConnection: close\r\n\r\n"
        sent = Sent(give.status, len(give.body), "refused")
        self.watch.expect(Phase.SEND, FAREWELL_S)
        try:
            await self.end.send(text.encode() + give.body)
        except OSError:
            sent = Sent(0, 0, "client_gone")
        method, target, headers = self._reader.begun()
        session = self.proxy.session
        session.refused(undecided(session, Asked(method, target, headers), sent, (self._place.client, refusal.code)))
        return "fin"

    async def _too_late(self, why: Phase) -> Ending:
        """What a client gets where something took too long."""
        handling = self._handling
        if handling is None:
            if why is not Phase.HEAD:
                self._record_end(why)
                return ""
            seconds = self.proxy.wire.header_timeout_s
            return await self._refuse(Refusal(408, why.value, f"the request's head was not whole after {seconds} s"))
        how = await self._ended(handling, why)
        return how or "fin"

    def _record_end(self, why: Phase) -> None:
        """The plan ends a connection between two requests: that is in the records too."""
        if why is Phase.TOTAL or (why is Phase.IDLE and self.proxy.settings.plans_idle):
            session, who_why = self.proxy.session, (self._place.client, why.value)
            session.refused(undecided(session, Asked("", ""), Sent(0, 0, "fin"), who_why))

    async def _ended(self, handling: Handling, why: Phase) -> Ending:
        handling.writer.keeps = False
        if why is Phase.GONE:
            return handling.gone()
        if why is Phase.SEND:
            handling.turn.fail(why.value)
            return handling.cut("rst")
        if why in (Phase.CONNECT, Phase.ANSWER, Phase.RELAY):
            status = 502 if why is Phase.CONNECT else 504
            return await handling.failed(UpstreamFailed(why.value, _LATE[why], status=status))
        status = 408 if why is Phase.BODY else 503
        return await handling.refused(Refusal(status, why.value, _LATE[why]))

    async def _linger(self) -> None:
        """End our half and read on for a while: to close with something unread would be a reset."""
        read = 0
        with trio.move_on_after(LINGER_S):
            try:
                await self.end.finish()
                while read < LINGER_BYTES_MAX and (data := await self.end.recv()):
                    read += len(data)
            except OSError:
                return


_LATE = {
    Phase.BODY: "the request's body did not come",
    Phase.CONNECT: "upstream did not accept a connection in time",
    Phase.ANSWER: "upstream did not answer in time",
    Phase.RELAY: "upstream did not go on with its answer in time",
    Phase.TOTAL: "the connection has been open for as long as it may",
    Phase.STOP: "the proxy was stopped",
    Phase.HOLD: "the connection has been open for as long as it may",
}
