"""Changes of a plan of TCP proxies, as plain functions: what is not said stays, what is wrong is told with its place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.errors import InputError
from fozzy.faults.tcp import control
from fozzy.faults.tcp.plan import Proxy, TcpPlan, Toxic

UPSTREAM = "127.0.0.1:6379"
SLOW = {"type": "latency", "attributes": {"latency": 100, "jitter": 10}}


def planned(*toxics: Any, **more: Any) -> TcpPlan:
    """A plan of one proxy, `redis`."""
    return control.add_proxy(
        TcpPlan(),
        {"name": "redis", "listen": "127.0.0.1:26379", "upstream": UPSTREAM, "toxics": list(toxics), **more},
    )


def refused(code: str, message: str, call: Any, *words: Any) -> InputError:
    """The error of a call that must change nothing."""
    before = copy.deepcopy(words)
    with pytest.raises(InputError) as caught:
        call(*words)
    assert (caught.value.code, caught.value.message) == (code, message)
    assert words == before
    return caught.value


def test_a_proxy_is_added_behind_the_others() -> None:
    """A proxy has what its document says, and the defaults of a plan for the rest."""
    plan = control.add_proxy(planned(), {"name": "pg", "upstream": "127.0.0.1:5432", "enabled": False})
    assert [proxy.name for proxy in plan.proxies] == ["redis", "pg"]
    assert plan.proxies[1] == Proxy(name="pg", upstream="127.0.0.1:5432", enabled=False)
    assert control.add_proxy(TcpPlan(), {"name": "x", "upstream": "h:1", "listen": "", "toxics": None}) == TcpPlan(
        proxies=[Proxy(name="x", upstream="h:1")]
    ), "what clients send for nothing is nothing"


def test_a_proxy_may_come_with_toxics() -> None:
    """Toxics of a document are there in its order, named and with their streams in small letters."""
    plan = planned(SLOW, {"type": "reset_peer", "stream": "Upstream", "name": "cut", "toxicity": 0.5})
    slow, cut = plan.proxies[0].toxics
    assert (slow.called, slow.stream, slow.attributes) == ("latency_downstream", "downstream", SLOW["attributes"])
    assert cut == Toxic(type="reset_peer", stream="upstream", name="cut", toxicity=0.5)


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        ({}, "chaos.missing_field", "name is missing"),
        ({"name": ""}, "chaos.missing_field", "name is missing"),
        ({"name": "a"}, "chaos.missing_field", "upstream is missing"),
        ({"name": "a", "upstream": 7}, "chaos.bad_value", "upstream is 7: expected a text"),
        ([], "chaos.bad_value", "the document is []: expected an object"),
        (
            {"name": "a", "upstream": "nowhere"},
            "chaos.bad_value",
            'upstream is "nowhere": expected HOST:PORT, the port from 1 to 65535',
        ),
        ({"name": "a", "upstream": "h:1", "lisen": ""}, "chaos.unknown_key", "lisen: there is no such key"),
        ({"name": "a", "upstream": "h:1", "toxics": {"a": 1}}, "chaos.bad_value", 'toxics is {"a":1}: expected a list'),
        (
            {"name": "a", "upstream": "h:1", "toxics": [SLOW, {"type": "latency", "toxicity": 2}]},
            "chaos.bad_value",
            "toxics[1].toxicity is 2: expected a number from 0 to 1",
        ),
        (
            {"name": "a", "upstream": "h:1", "toxics": [SLOW, SLOW]},
            "chaos.bad_value",
            'toxics[1].name is "latency_downstream", as of another one before it',
        ),
        (
            {
                "name": "a",
                "upstream": "h:1",
                "toxics": [{"type": "slicer", "attributes": {"average_size": 1, "size_variation": 3}}],
            },
            "chaos.conflict",
            "toxics[0].attributes.size_variation is 3, not less than average_size, 1",
        ),
    ],
)
def test_a_proxy_that_cannot_be_is_refused(document: Any, code: str, message: str) -> None:
    """What is wrong in a document is told with its place there."""
    refused(code, message, control.add_proxy, planned(), document)


def test_a_name_is_taken_once() -> None:
    """A second proxy or toxic of one name is refused."""
    document = {"name": "redis", "upstream": "127.0.0.1:1"}
    refused("chaos.proxy_exists", 'there is a proxy "redis" already', control.add_proxy, planned(), document)
    said = 'the proxy "redis" has a toxic "latency_downstream" already'
    refused("chaos.toxic_exists", said, control.add_toxic, planned(SLOW), "redis", SLOW)
    plan = control.add_toxic(planned(SLOW), "redis", {**SLOW, "stream": "upstream"})
    assert [toxic.called for toxic in plan.proxies[0].toxics] == ["latency_downstream", "latency_upstream"]


def test_an_update_of_a_proxy_keeps_what_it_does_not_say() -> None:
    """Only what is said changes; toxics are the very same, whatever a client sends for them."""
    plan = planned(SLOW)
    off = control.update_proxy(plan, "redis", {"enabled": False, "toxics": []})
    there, changed = plan.proxies[0], off.proxies[0]
    assert (changed.enabled, changed.listen, changed.upstream) == (False, there.listen, there.upstream)
    assert changed.toxics == there.toxics
    moved = control.update_proxy(off, "redis", {"name": "redis", "upstream": "127.0.0.1:9"})
    assert (moved.proxies[0].upstream, moved.proxies[0].enabled) == ("127.0.0.1:9", False)
    said = "toxics[0].match never matches: of protocol raw it is not known what a message is about"
    worded = control.update_toxic(planned(SLOW, protocol="redis"), "redis", "latency_downstream", {"match": "GET"})
    refused("chaos.conflict", said, control.update_proxy, worded, "redis", {"protocol": "raw"})
    said = 'upstream is "x": expected HOST:PORT, the port from 1 to 65535'
    refused("chaos.bad_value", said, control.update_proxy, plan, "redis", {"upstream": "x"})
    said = 'name is "valkey": it is "redis" and cannot be changed'
    refused("chaos.bad_value", said, control.update_proxy, plan, "redis", {"name": "valkey"})
    refused(
        "chaos.bad_value", 'enabled is "no": expected true or false', control.update_proxy, plan, "redis",
        {"enabled": "no"},
    )  # fmt: skip


def test_who_is_not_there_is_named_with_who_might_be_meant() -> None:
    """Each change of something unknown is refused, with the nearest name."""
    plan = planned(SLOW)
    for call, words in (
        (control.update_proxy, ({},)),
        (control.delete_proxy, ()),
        (control.add_toxic, (SLOW,)),
        (control.update_toxic, ("latency_downstream", {})),
        (control.delete_toxic, ("latency_downstream",)),
    ):
        error = refused("chaos.unknown_proxy", 'there is no proxy "rediss"', call, plan, "rediss", *words)
        assert error.hint == 'did you mean "redis"?'
    said = 'the proxy "redis" has no toxic "latency_upstream"'
    error = refused("chaos.unknown_toxic", said, control.delete_toxic, plan, "redis", "latency_upstream")
    assert error.hint == 'did you mean "latency_downstream"?'
    refused("chaos.unknown_toxic", said, control.update_toxic, plan, "redis", "latency_upstream", {})


def test_an_update_of_a_toxic_merges() -> None:
    """Attributes and schedule merge; `null` takes a part of the schedule away; others are the very same."""
    plan = planned(SLOW, {"type": "reset_peer", "first": 1})
    changed = control.update_toxic(plan, "redis", "latency_downstream", {"attributes": {"jitter": 5, "every": 2}})
    slow, reset = changed.proxies[0].toxics
    assert (slow.attributes, slow.every, slow.toxicity) == ({"latency": 100, "jitter": 5}, 2, 1.0)
    assert reset is plan.proxies[0].toxics[1]
    again = control.update_toxic(changed, "redis", "latency_downstream", {"toxicity": 0.25, "every": None, "rate": 0.5})
    slow = again.proxies[0].toxics[0]
    assert (slow.attributes["latency"], slow.every, slow.rate, slow.toxicity) == (100, None, 0.5, 0.25)


def test_an_update_may_say_what_a_toxic_is_and_not_change_it() -> None:
    """Clients send the whole toxic back; name, type and stream can only be what they are."""
    plan = planned(SLOW)
    whole = {"name": "latency_downstream", "type": "latency", "stream": "DownStream", "toxicity": 1, "attributes": {}}
    same = control.update_toxic(plan, "redis", "latency_downstream", whole)
    assert same == plan
    assert same.proxies[0].toxics[0] is plan.proxies[0].toxics[0]
    for field, value, is_now in (("name", "x", "latency_downstream"), ("type", "timeout", "latency")):
        said = f'{field} is "{value}": it is "{is_now}" and cannot be changed'
        refused(
            "chaos.bad_value", said, control.update_toxic, plan, "redis", "latency_downstream", {**whole, field: value}
        )


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        ({}, "chaos.bad_value", "type is missing"),
        ({"type": "latencyy"}, "chaos.bad_value", 'type is "latencyy", which is no toxic'),
        ({"type": ["latency"]}, "chaos.bad_value", 'type is ["latency"]: expected a text'),
        ({"type": "latency", "stream": "side"}, "chaos.bad_value", 'stream is "side": expected one of '),
        ({"type": "latency", "toxicity": -0.1}, "chaos.bad_value", "toxicity is -0.1: expected a number from 0 to 1"),
        (
            {"type": "latency", "attributes": {"latency": 1.5}},
            "chaos.bad_value",
            "attributes.latency is 1.5: expected a whole number",
        ),
        (
            {"type": "latency", "attributes": {"latency": -1}},
            "chaos.bad_value",
            "attributes.latency is -1: expected a whole number, 0 or more",
        ),
        ({"type": "latency", "attributes": {"latenci": 1}}, "chaos.unknown_key", "attributes.latenci: there is no"),
        ({"type": "latency", "attributes": [1]}, "chaos.bad_value", "attributes is [1]: expected an object"),
        (
            {"type": "latency", "attributes": {"first": 0}},
            "chaos.bad_value",
            "first is 0: expected a whole number, 1 or more",
        ),
        (
            {"type": "latency", "first": 1, "attributes": {"first": 2}},
            "chaos.conflict",
            "first is said twice: beside toxicity and in attributes",
        ),
        (None, "chaos.bad_value", "the document is null: expected an object"),
    ],
)
def test_a_toxic_that_cannot_be_is_refused(document: Any, code: str, message: str) -> None:
    """What is wrong in a toxic is told with its field, for a new one and for a change alike."""
    plan = planned(SLOW)
    with pytest.raises(InputError) as caught:
        control.add_toxic(planned(), "redis", document)
    assert caught.value.code == code
    assert caught.value.message.startswith(message)
    if isinstance(document, dict) and "attributes" in document:
        with pytest.raises(InputError) as caught:
            control.update_toxic(plan, "redis", "latency_downstream", document)
        assert caught.value.message.startswith(message)
    assert plan == planned(SLOW)


def test_a_schedule_among_attributes_is_moved_beside_toxicity() -> None:
    """Clients that can only send attributes can still say when a toxic strikes."""
    document = {"type": "latency", "attributes": {"latency": 5, "first": 3, "match": "GET", "on": "message"}}
    (toxic,) = control.add_toxic(planned(protocol="redis"), "redis", document).proxies[0].toxics
    assert toxic == Toxic(type="latency", attributes={"latency": 5}, first=3, match="GET", on="message")


def test_delete_and_reset() -> None:
    """A deleted proxy or toxic is gone and others stay; a reset enables all and takes all toxics away."""
    plan = control.add_proxy(planned(SLOW), {"name": "pg", "upstream": "h:1", "enabled": False})
    assert control.delete_toxic(plan, "redis", "latency_downstream").proxies[0].toxics == []
    assert control.delete_proxy(plan, "redis").proxies == [plan.proxies[1]]
    cleared = control.reset(plan)
    assert [(proxy.enabled, proxy.toxics) for proxy in cleared.proxies] == [(True, []), (True, [])]
    assert control.reset(cleared) == cleared


@given(st.permutations(["a", "b", "c", "d"]), st.integers(0, 4))
def test_what_was_taken_away_comes_back_in_its_place(order: list[str], kept: int) -> None:
    """Whatever is taken away, and in whichever order it comes back, the plan is as it was; never the same one twice."""
    before = plan = planned(*({**SLOW, "name": name} for name in "abcd"))
    gone = {name: control.toxic_in(plan.proxies[0], name) for name in order[kept:]}
    for name in gone:
        plan = control.delete_toxic(plan, "redis", name)
    for name, toxic in gone.items():
        plan = control.return_toxic(plan, "redis", toxic, "abcd"["abcd".index(name) + 1 :])
        refused(
            "chaos.toxic_exists",
            f'the proxy "redis" has a toxic "{name}" already',
            control.return_toxic,
            plan,
            "redis",
            toxic,
            "",
        )
    assert plan == before


def test_populate_is_content_with_what_is_there() -> None:
    """An entry that is there stays with its toxics; what is new is added, what differs replaced, the rest stays."""
    plan = control.add_proxy(planned(SLOW), {"name": "pg", "listen": "127.0.0.1:5", "upstream": "h:5432"})
    same = [
        {"name": "redis", "listen": "127.0.0.1:26379", "upstream": UPSTREAM},
        {"name": "redis", "listen": "localhost:26379", "upstream": UPSTREAM, "toxics": None},
        {"name": "redis", "listen": "127.0.0.1:0", "upstream": UPSTREAM},
        {"name": "redis", "upstream": UPSTREAM, "enabled": True, "protocol": "raw"},
        {"name": "redis", "upstream": UPSTREAM, "toxics": [SLOW]},
    ]
    for entry in same:
        again = control.populate(plan, [entry])
        assert again == plan, entry
    other = control.populate(
        plan, [{"name": "redis", "listen": "127.0.0.1:26379", "upstream": "h:1"}, {**same[0], "name": "b"}]
    )
    assert [(proxy.name, proxy.upstream, proxy.toxics) for proxy in other.proxies] == [
        ("redis", "h:1", []),
        ("pg", "h:5432", []),
        ("b", UPSTREAM, []),
    ]
    assert other.proxies[1] is plan.proxies[1]


@pytest.mark.parametrize(
    "entry",
    [
        {"listen": "127.0.0.1:26380"},
        {"listen": "0.0.0.0:0"},
        {"listen": "[::1]:26379"},
        {"upstream": "127.0.0.1:1"},
        {"protocol": "redis"},
    ],
)
def test_populate_replaces_what_stands_elsewhere(entry: dict[str, Any]) -> None:
    """Another address, upstream or protocol is another proxy, without the toxics of the one before."""
    whole = {"name": "redis", "listen": "127.0.0.1:26379", "upstream": UPSTREAM, **entry}
    (proxy,) = control.populate(planned(SLOW), [whole]).proxies
    assert proxy == Proxy(**whole)


def test_populate_does_not_undo_what_it_does_not_say() -> None:
    """A proxy that is disabled stays so unless the entry says otherwise; toxics of an entry are those there are."""
    plan = planned(SLOW, enabled=False)
    entry = {"name": "redis", "upstream": UPSTREAM}
    assert control.populate(plan, [entry]) == plan
    assert control.populate(plan, [{**entry, "enabled": True}]).proxies[0].enabled
    assert control.populate(plan, [{**entry, "toxics": []}]).proxies[0].toxics == []
    both = control.populate(plan, [{**entry, "toxics": [{"type": "reset_peer"}, SLOW]}]).proxies[0].toxics
    assert [toxic.called for toxic in both] == ["reset_peer_downstream", "latency_downstream"]


@pytest.mark.parametrize(
    ("entries", "code", "message"),
    [
        ([{"name": "a", "upstream": "h:1"}, {"name": "b"}], "chaos.missing_field", "proxies[1].upstream is missing"),
        ([{"upstream": "h:1"}], "chaos.missing_field", "proxies[0].name is missing"),
        ([7], "chaos.bad_value", "proxies[0] is 7: expected an object"),
        (
            [{"name": "a", "upstream": "h:1"}, {"name": "a", "upstream": "h:2"}],
            "chaos.bad_value",
            'proxies[1].name is "a", as of another one before it',
        ),
        (
            [{"name": "a", "upstream": "h:1"}, {"name": "b", "upstream": "h:1", "listen": "h:x"}],
            "chaos.bad_value",
            'proxies[1].listen is "h:x": expected HOST:PORT, the port from 0 to 65535',
        ),
        (
            [{"name": "a", "upstream": "h:1"}, {"name": "b", "upstream": "h:1", "toxics": [{"type": "x"}]}],
            "chaos.bad_value",
            'proxies[1].toxics[0].type is "x", which is no toxic',
        ),
        (
            [
                {
                    "name": "a",
                    "upstream": "h:1",
                    "toxics": [{"type": "slicer", "attributes": {"average_size": 1, "size_variation": 1}}],
                }
            ],
            "chaos.conflict",
            "proxies[0].toxics[0].attributes.size_variation is 1, not less than average_size, 1",
        ),
    ],
)
def test_populate_takes_all_entries_or_none(entries: list[Any], code: str, message: str) -> None:
    """One wrong entry refuses them all, with its place among them."""
    refused(code, message, control.populate, planned(SLOW), entries)


TOXICS = st.fixed_dictionaries(
    {"type": st.sampled_from(["latency", "reset_peer"])},
    optional={
        "stream": st.sampled_from(["upstream", "Downstream"]),
        "toxicity": st.sampled_from([0, 0.5, 1]),
        "attributes": st.sampled_from([None, {}, {"first": 2}]),
    },
)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abc"), "upstream": st.sampled_from(["h:1", "h:2"])},
        optional={
            "listen": st.sampled_from(["", "localhost:0", "127.0.0.1:7", "[::1]:0"]),
            "enabled": st.booleans(),
            "protocol": st.sampled_from(["raw", "redis"]),
            "toxics": st.one_of(
                st.none(),
                st.lists(TOXICS, max_size=2, unique_by=lambda each: (each["type"], str(each.get("stream")).lower())),
            ),
        },
    ),
    max_size=3,
    unique_by=lambda each: each["name"],
)


@given(ENTRIES, ENTRIES)
def test_populate_twice_is_populate_once(before: list[Any], entries: list[Any]) -> None:
    """Whatever was there, the second time nothing changes, and nothing that was not named was touched."""
    try:
        begun = control.populate(TcpPlan(), before)
        once = control.populate(begun, entries)
    except InputError as error:
        assert "as of another one before it" in error.message  # `downstream` is also the default
        return
    assert control.populate(once, entries) == once
    named = {entry["name"] for entry in entries}
    assert named <= {proxy.name for proxy in once.proxies}
    others = [proxy for proxy in begun.proxies if proxy.name not in named]
    assert [proxy for proxy in once.proxies if proxy.name not in named] == others
