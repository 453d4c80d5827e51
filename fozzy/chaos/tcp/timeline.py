"""What a recording of TCP holds in the order in which it was decided: connections, messages and changes of the plan."""

from __future__ import annotations

from fozzy.chaos.cassette.reel import Reel, Sitting
from fozzy.chaos.tcp.header import TcpBegun, tcp_begun_of
from fozzy.errors import UsageError, Where
from fozzy.trace.reader import Trace


class TcpTimeline(Reel[TcpBegun]):
    """A recording, which is one session in one file. *Closes*: use it in a `with` block."""

    def begin(self, trace: Trace, is_one: bool) -> Sitting[TcpBegun]:
        begun = tcp_begun_of(trace.header(), trace.shown)
        if not is_one:
            message = f"{trace.shown} is a recording of its own, and there are more files in its folder"
            hint = f"fozzy replay {trace.shown}"
            raise UsageError("chaos.other_recording", message, hint=hint, where=Where(trace.shown))
        self.sittings.append(Sitting(begun))
        return self.sittings[-1]
