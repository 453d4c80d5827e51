"""What is done with one request: decided, delayed, answered by whoever answers it, and every way in which that fails.

The order: limits, the body as far as the key needs it, the decision, the delay, a fault that answers in upstream's
place, then the route's answer, the cassette or upstream, through the fault that changes their answer.
"""

from __future__ import annotations

from typing import Literal

from fozzy.chaos.http.answers import Answer, UpstreamAnswer
from fozzy.chaos.http.call import Call
from fozzy.chaos.http.ends import End
from fozzy.chaos.http.origins import origin_of
from fozzy.chaos.http.pool import Pool
from fozzy.chaos.http.ready import fixture, given
from fozzy.chaos.http.refusals import ClientGone, CutOff, Refusal, UpstreamFailed, own_answer
from fozzy.chaos.http.relay import evidence, relay
from fozzy.chaos.http.settings import Settings
from fozzy.chaos.http.turn import Turn
from fozzy.chaos.http.upgrade import Tunnel, switch_rows
from fozzy.chaos.http.watch import Phase
from fozzy.chaos.http.writer import Writer
from fozzy.core.duration import parse_ns
from fozzy.faults.http.decision import Close, Decision, Give, Hold

Cut = Literal["", "fin", "rst"]  # how the client's connection ends at once; empty for not


class Handling:
    """One request between a client's end and whoever answers."""

    def __init__(self, turn: Turn, end: End, pool: Pool, writer: Writer) -> None:
        self.turn = turn
        self.writer = writer
        self._end = end
        self._pool = pool

    async def run(self, settings: Settings, upstream_url: str | None) -> Cut:
        """Do it. Returns how the connection ends, where it must. `turn` knows the rest; it is not finished."""
        turn = self.turn
        try:
            await self._decided(settings)
            await self._answered(upstream_url)
        except ClientGone:
            turn.fail("client_gone")
            turn.sent_ended = "client_gone"
            return "rst"
        except CutOff as cut:
            return await self.cut(cut.how)
        except UpstreamFailed as failed:
            return await self.failed(failed)
        except Refusal as refusal:
            return await self.refused(refusal)
        return ""
