"""What stands before the clients, in the order of the page: each toxic at least once, as the command line takes it."""

from __future__ import annotations

from typing import NamedTuple

SEED = 2  # lost packets come a little later with it, and not at the end of the day
EVERYBODY = ("redis", "postgres", "http")


class Fault(NamedTuple):
    """A row of the page. `asks` is what is asked, where it is not the usual."""

    said: str
    toxic: str
    clients: tuple[str, ...] = EVERYBODY
    moments: tuple[str, ...] = ("connecting", "live")
    asks: str = "json"
    is_race: bool = False  # the reset may meet a client that connects, writes or reads

    @property
    def type(self) -> str:
        """The toxic's."""
        return self.toxic.partition(":")[0]


def _redis(said: str, toxic: str) -> Fault:
    return Fault(said, toxic, ("redis",), ("live",))


def _postgres(said: str, toxic: str, asks: str = "row") -> Fault:
    return Fault(said, toxic, ("postgres",), ("live",), asks)


def _http(said: str, toxic: str, asks: str = "json") -> Fault:
    return Fault(said, toxic, ("http",), ("live",), asks)


CONNECTIONS = (
    Fault("port closed, connections cut", "down"),
    Fault("port closed", "refuse", moments=("connecting",)),
    Fault("SYN swallowed", "refuse:how=silent", moments=("connecting",)),
    Fault("RST on accept", "reset_peer", moments=("connecting",), is_race=True),
    Fault("RST while idle", "reset_peer", moments=("live",), is_race=True),
    Fault("FIN on accept", "limit_time:time=0", moments=("connecting",)),
    Fault("FIN while idle", "limit_time:time=0", moments=("live",)),
    Fault("RST instead of the reply", "drop_reply"),
    Fault("FIN instead of the reply", "drop_reply:end=fin"),
    Fault("reply swallowed", "drop_reply:end=hang"),
    Fault("all replies swallowed", "partition"),
    Fault("all requests swallowed", "partition:stream=upstream"),
    Fault("swallowed for ever", "timeout:timeout=0"),
    Fault("swallowed, then FIN", "timeout:timeout=30"),
    Fault("half closed by the server", "half_close"),
    Fault("half closed by the client", "half_close:stream=upstream"),
    Fault("short reply, FIN", "limit_data:bytes=3"),
    Fault("short reply, RST", "reset_peer:after_bytes=3"),
    Fault("1-byte slices", "slicer:average_size=1"),
    Fault("first byte flipped", "corrupt:bytes=1,first=1"),
    Fault("late, within the timeout", "latency:latency=30,jitter=10"),
    Fault("later than the timeout", "latency:latency=600"),
    Fault("4 KB/s", "bandwidth:rate=4"),
    Fault("lost packets", "packet_loss:loss_rate=0.3"),
    Fault("late FIN", "slow_close:delay=30"),
)
PROTOCOLS = (
    _redis("`LOADING`", "resp_error:code=LOADING"),
    _redis("`OOM`", "resp_error:code=OOM"),
    _redis("`READONLY`", "resp_error:code=READONLY"),
    _redis("`BUSY`", "resp_error:code=BUSY"),
    _redis("`MOVED`", "resp_error:code=MOVED,to=127.0.0.1:1"),
    _redis("null instead of the reply", "resp_match:match=SET"),
    _postgres("serialization failure", "pg_error:sqlstate=40001"),
    _postgres("deadlock", "pg_error:sqlstate=40P01"),
    _postgres("disk full", "pg_error:sqlstate=53100"),
    _postgres("session ended by the administrator", "pg_error:sqlstate=57P01"),
    _postgres("reply to COMMIT lost", "pg_drop_commit_reply", "commit"),
    _http("503", "http_status:status=503"),
    _http("429", "http_rate_limit:retry_after=7"),
    _http("not JSON", "http_malformed:how=invalid-json"),
    _http("JSON cut short", "http_malformed:how=truncate"),
    _http("a bit flipped", "http_malformed:how=bit-flip"),
    _http("random bytes", "http_malformed:how=random-bytes"),
    _http("sized body short, FIN", "http_truncate:bytes=5,end=fin"),
    _http("sized body short, RST", "http_truncate:bytes=5,end=rst"),
    _http("chunked body short, FIN", "http_truncate:bytes=5,end=fin", "chunked"),
    _http("chunked body short, RST", "http_truncate:bytes=5,end=rst", "chunked"),
    _http("slow head", "http_slow_headers:delay=1"),
    _http("chunked events cut, FIN", "sse_cut:after_events=2,end=fin", "events"),
    _http("chunked events cut, RST", "sse_cut:after_events=2,end=rst", "events"),
    _http("events until the end cut, FIN", "sse_cut:after_events=2,end=fin", "events-eof"),
    _http("events until the end cut, RST", "sse_cut:after_events=2,end=rst", "events-eof"),
    _http("events stall", "sse_stall:after_events=2", "events"),
    _http("an event dropped", "sse_drop_event:first=1", "events"),
    _http("an event cut short", "sse_partial_event:first=1", "events"),
    _http("an event cut short until the end", "sse_partial_event:first=1", "events-eof"),
    _http("an event that is not JSON", "sse_bad_json:first=1", "events"),
)
FAULTS = (*CONNECTIONS, *PROTOCOLS)
