"""TCP proxies in tests: `with` or `async with`, before real services, for clients on threads, asyncio or trio.

    with fozzy.chaos.tcp("127.0.0.1:6379", protocol="redis", seed=7) as proxy:
        client = redis.Redis(host=proxy.host, port=proxy.port)  # which asks again; with from_url it does not
        with proxy.toxic("drop_reply", match="INCR", first=1) as lost:
            client.incr("orders")
        assert lost.applied == 1

Rule 1: the proxy lives in a thread of its own; every call here waits until it is done, which takes about a millisecond.
Rule 2: what a block puts in force it takes away at its end, also when the body raises.
Rule 3: the same seed and the same messages make the same decisions; a seed is chosen where none is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from fozzy.chaos.tcp.addresses import target_of
from fozzy.chaos.tcp.files import AnyPlan, plan_of
from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.chaos.tcp.hosted import Hosted
from fozzy.chaos.tcp.settings import TcpRecording, TcpSettings
from fozzy.errors import UsageError
from fozzy.faults.tcp.plan import Protocol, TcpPlan, Toxic
from fozzy.wall import SEED_BITS

if TYPE_CHECKING:
    import trio

ONLY = "tcp"


def tcp(
    upstream: str | None = None,
    *,
    protocol: Protocol | None = None,
    listen: str = "127.0.0.1:0",
    name: str = ONLY,
    toxics: Sequence[Toxic | dict[str, Any]] = (),
    plan: AnyPlan | None = None,
    seed: int | None = None,
    record: str | Path | None = None,
    clock: trio.abc.Clock | None = None,
) -> TcpProxy:
    """A proxy before a server at `HOST:PORT` or a URL, or the proxies of a `plan`: a chaos file's path, or what it holds.

    It listens from the beginning of a `with` or `async with` block to its end. Of several proxies the first is given,
    and `proxy["NAME"]` the others. `record` names a trace that is written, as of `fozzy proxy tcp --record`. With a `clock`
    all delays are on it. *Errors*: `UsageError`, `InputError`.
    """
    if seed is not None and not (type(seed) is int and 0 <= seed < 1 << SEED_BITS):
        raise UsageError("usage.bad_value", f"the seed must be a whole number from 0 to 2^{SEED_BITS}-1, got {seed!r}")
    made = _plan(upstream, plan, {"protocol": protocol, "listen": listen, "name": name, "toxics": toxics})
    url = "" if upstream is None else target_of(upstream, protocol).url
    recording = None if record is None else TcpRecording(path=Path(record))
    settings = TcpSettings(plan=made, seed=seed, keyed=True, recording=recording, chaos_path=_shown(plan))
    return TcpProxy(Hosted(settings, clock), made.proxies[0].name, {made.proxies[0].name: url})


def _shown(plan: AnyPlan | None) -> str:
    """Where a plan is from, for a recording."""
    return Path(plan).as_posix() if isinstance(plan, str | Path) else "code"


def _plan(upstream: str | None, plan: AnyPlan | None, words: dict[str, Any]) -> TcpPlan:
    if (upstream is None) == (plan is None):
        hint = 'fozzy.chaos.tcp("127.0.0.1:6379"), or fozzy.chaos.tcp(plan="chaos.toml")'
        raise UsageError("chaos.two_plans", "give an upstream or a plan, and not both", hint=hint)
    if upstream is None:
        made = plan_of(plan)
        if not made.proxies:
            raise UsageError("chaos.no_proxy", "the plan has no proxy", hint="a proxy has a name and an upstream")
        return made
    target = target_of(upstream, words["protocol"])
    toxics = [msgspec.to_builtins(toxic) for toxic in words["toxics"]]
    proxy = {**words, "upstream": target.address, "protocol": target.protocol, "toxics": toxics}
    return plan_of({"proxies": [proxy]})
