"""Plans that contradict themselves are refused, every problem at once, each with its place and what to do."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.errors import InputError
from fozzy.faults.tcp.check import checked
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import TcpPlan
from tests.faults.tcp.wiring import plan, toxic


def problems(found: TcpPlan) -> list[tuple[str, str]]:
    """The codes and messages of what is wrong, after the first proxy's toxic."""
    with pytest.raises(InputError) as error:
        checked(found)
    assert all(each.message and "\n" not in each.message for each in error.value.problems)
    return [(each.code, each.message.removeprefix("proxies[0].toxics[0].")) for each in error.value.problems]


def test_a_good_plan_is_the_same() -> None:
    """What is good is returned as it is, the very same, so nothing in force is made anew."""
    good = plan(toxic("latency", latency=5, first=2), toxic("timeout", timeout=0))
    assert checked(good) is good


@pytest.mark.parametrize(
    ("said", "start"),
    [
        ({"type_": "latenzy"}, 'type is "latenzy", which is no toxic'),
        ({"type_": "latency", "latency": 1.5}, "attributes.latency is 1.5"),
        ({"type_": "latency", "latency": -1}, "attributes.latency is -1"),
        ({"type_": "latency", "latencies": 1}, "attributes.latencies: there is no such key"),
        ({"type_": "bandwidth"}, "attributes.rate is missing"),
        ({"type_": "bandwidth", "rate": 0}, "attributes.rate is 0"),
        ({"type_": "slicer", "average_size": 1, "size_variation": 2}, "attributes.size_variation is 2"),
        ({"type_": "slow_close", "delay": 1, "on": "message"}, 'on is "message", which slow_close cannot count'),
        ({"type_": "latency", "match": "INCR"}, "match never matches: of protocol raw"),
        ({"type_": "latency", "match": "*", "on": "byte"}, "match is of messages, and bytes are counted"),
        ({"type_": "latency", "on": "connection", "per": "connection"}, "per is of messages, and connections"),
        ({"type_": "latency", "window": ("2s", "1s")}, "window ends before it begins"),
        ({"type_": "latency", "first": 2, "after": 2}, "after with first leaves nothing to strike"),
        ({"type_": "latency", "first": 2, "every": 3}, "every with first leaves nothing to strike"),
        ({"type_": "latency", "pattern": "..."}, "pattern leaves nothing to strike"),
        ({"type_": "latency", "pattern": "F.F", "every": 2}, "pattern with every leaves nothing to strike"),
        ({"type_": "down", "toxicity": 0.5}, "toxicity is 0.5, and down is of the listener"),
        ({"type_": "refuse", "how": "silent", "every": 2}, 'attributes.how is "silent", which a port can only be'),
        ({"type_": "corrupt", "offset": 1, "on": "byte"}, "attributes.offset has no meaning"),
        ({"type_": "corrupt", "bits": 1, "bytes": 1}, "attributes.bits and bytes are both said"),
        ({"type_": "latency", "name": "a\nb"}, "name has a character that cannot be seen"),
    ],
)
def test_what_a_toxic_may_not_say(said: dict[str, Any], start: str) -> None:
    """One problem for each, which begins with its place."""
    ((code, message),) = problems(plan(toxic(**said)))
    assert message.startswith(start) and code in ("chaos.bad_value", "chaos.conflict", "chaos.unknown_key")


def test_a_protocol_is_needed() -> None:
    """A toxic of a protocol says which one the proxy must speak, and passes where it does."""
    code, message = problems(plan(toxic("resp_error", code="LOADING")))[0]
    assert code == "chaos.conflict" and message.startswith('type is "resp_error", which is of redis')
    assert checked(plan(toxic("resp_error", code="LOADING"), protocol="redis")).proxies


def test_match_of_everything() -> None:
    """`*` is any text, also none, so it may stand where nothing is known."""
    assert checked(plan(toxic("latency", match="*")))


def test_names_twice() -> None:
    """Two proxies, or two toxics of a proxy, of one name; also of the name that they have unless given."""
    twice = msgspec.structs.replace(plan(), proxies=plan().proxies * 2)
    assert problems(twice) == [("chaos.bad_value", 'proxies[1].name is "p", as of another one before it')]
    same = plan(toxic("latency"), toxic("reset_peer", name="latency_downstream"))
    said = 'proxies[0].toxics[1].name is "latency_downstream", as of another one before it'
    assert problems(same) == [("chaos.bad_value", said)]


@pytest.mark.parametrize(
    "address", ["", "host", "host:", "host:65536", "::1:80", "a b:80", "http://h:80", "h:-1", ":0x1"]
)
def test_addresses_that_are_none(address: str) -> None:
    """An address is a host and a port, both of the listener and of the server."""
    for field in ("listen", "upstream"):
        found = msgspec.structs.replace(plan().proxies[0], **{field: address})
        ((code, message),) = problems(TcpPlan(proxies=[found]))
        assert code == "chaos.bad_value" and message.startswith(f'proxies[0].{field} is "{address}"')


def test_addresses_that_are() -> None:
    """A listener may have any port, and only a port; a server has both."""
    for listen in ("127.0.0.1:0", "[::1]:80", ":80", "80", "localhost:26379"):
        assert checked(plan(listen=listen))
    for upstream in ("localhost:0", ":80", "80"):
        assert problems(plan(upstream=upstream))
    assert problems(plan(listen="h:1", upstream="h:1"))[0][0] == "chaos.conflict"


def test_all_at_once() -> None:
    """Every problem of a plan is told, in order."""
    found = plan(toxic("latenzy"), toxic("bandwidth"), upstream="nowhere")
    places = [message.split(" ")[0] for _, message in problems(found)]
    assert places == ["proxies[0].upstream", "type", "proxies[0].toxics[1].attributes.rate"]


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.of <= {"reply", "event"}])
def test_what_only_replies_have_is_never_on_requests(kind: str) -> None:
    """A toxic of replies or of events would never strike upstream, so it is refused there."""
    assert KINDS[kind].streams == ("downstream",)
    needed = {"http_truncate": {"bytes": 1}}.get(kind, {})
    found = plan(toxic(kind, stream="upstream", **needed), protocol=KINDS[kind].protocols[0])
    assert ("chaos.conflict", f'stream is "upstream", and {kind} is downstream') in problems(found)
