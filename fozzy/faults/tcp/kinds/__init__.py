"""Every type of toxic, in the order in which they are told. The first are Toxiproxy's own."""

from __future__ import annotations

from fozzy.faults.tcp.kinds.bandwidth import Bandwidth
from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.kinds.corrupt import Corrupt
from fozzy.faults.tcp.kinds.down import Down
from fozzy.faults.tcp.kinds.drop_reply import DropReply
from fozzy.faults.tcp.kinds.half_close import HalfClose
from fozzy.faults.tcp.kinds.http_malformed import HttpMalformed
from fozzy.faults.tcp.kinds.http_rate_limit import HttpRateLimit
from fozzy.faults.tcp.kinds.http_slow_headers import HttpSlowHeaders
from fozzy.faults.tcp.kinds.http_status import HttpStatus
from fozzy.faults.tcp.kinds.http_truncate import HttpTruncate
from fozzy.faults.tcp.kinds.latency import Latency
from fozzy.faults.tcp.kinds.limit_data import LimitData
from fozzy.faults.tcp.kinds.limit_time import LimitTime
from fozzy.faults.tcp.kinds.packet_loss import PacketLoss
from fozzy.faults.tcp.kinds.partition import Partition
from fozzy.faults.tcp.kinds.pg_drop_commit_reply import PgDropCommitReply
from fozzy.faults.tcp.kinds.pg_error import PgError
from fozzy.faults.tcp.kinds.refuse import Refuse
from fozzy.faults.tcp.kinds.reset_peer import ResetPeer
from fozzy.faults.tcp.kinds.resp_error import RespError
from fozzy.faults.tcp.kinds.resp_match import RespMatch
from fozzy.faults.tcp.kinds.slicer import Slicer
from fozzy.faults.tcp.kinds.slow_close import SlowClose
from fozzy.faults.tcp.kinds.sse_bad_json import SseBadJson
from fozzy.faults.tcp.kinds.sse_cut import SseCut
from fozzy.faults.tcp.kinds.sse_drop_event import SseDropEvent
from fozzy.faults.tcp.kinds.sse_partial_event import SsePartialEvent
from fozzy.faults.tcp.kinds.sse_stall import SseStall
from fozzy.faults.tcp.kinds.timeout import Timeout

KINDS: dict[str, type[Kind]] = {
    kind.type: kind
    for kind in (
        Latency,
        Bandwidth,
        SlowClose,
        Timeout,
        ResetPeer,
        Slicer,
        LimitData,
        Down,
        Refuse,
        LimitTime,
        Corrupt,
        PacketLoss,
        HalfClose,
        Partition,
        DropReply,
        RespError,
        RespMatch,
        PgError,
        PgDropCommitReply,
        HttpStatus,
        HttpRateLimit,
        HttpMalformed,
        HttpTruncate,
        HttpSlowHeaders,
        SseCut,
        SseStall,
        SseDropEvent,
        SsePartialEvent,
        SseBadJson,
    )
}
