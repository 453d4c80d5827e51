"""The operations of the API, in the order in which Toxiproxy tells them, and ours behind them.

To add one: a function here, its line in `OPERATIONS`, a test.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from fozzy.chaos.api.answers import Cleared
from fozzy.chaos.api.call import JSON, Answer, Call, Rejected, answered
from fozzy.chaos.api.reading import query_of, tree_of
from fozzy.chaos.tcp.api.controls import TcpControls
from fozzy.chaos.tcp.api.shown import proxy_shown, toxic_shown
from fozzy.chaos.tcp.api.status import status_of
from fozzy.chaos.tcp.journal import TcpQuery
from fozzy.errors import InputError
from fozzy.faults.http.forms import shown
from fozzy.faults.tcp import control
from fozzy.faults.tcp.control import proxy_in, toxic_in
from fozzy.version import VERSION

API_VERSION = "2.12.0"  # of Toxiproxy, whose API this is
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DONE = Answer(204, b"")


class Asked(NamedTuple):
    """What an operation was asked: the words of its path, and the call."""

    words: dict[str, str]
    call: Call

    @property
    def body(self) -> Any:
        """The body as plain data. It is JSON whatever its type says: `curl -d` says that it is a form.

        *Errors*: `Rejected`.
        """
        try:
            return tree_of(self.call._replace(headers={"content-type": JSON}))
        except Rejected as error:
            raise Rejected(400, "chaos.api_body", error.message, hint=error.hint, field=error.field) from None


Run = Callable[[TcpControls, Asked], Awaitable[Answer]]


async def proxies(controls: TcpControls, asked: Asked) -> Answer:
    """All proxies, by name."""
    return answered({proxy.name: proxy_shown(proxy) for proxy in controls.plan.proxies})


async def create_proxy(controls: TcpControls, asked: Asked) -> Answer:
    """A proxy more; it listens at once unless it says `enabled` false."""
    body = asked.body
    plan = await controls.alter(partial(control.add_proxy, document=body), "proxy added", proxy=_name(body))
    return answered(proxy_shown(plan.proxies[-1]), 201)


async def populate(controls: TcpControls, asked: Asked) -> Answer:
    """Have these proxies be there: a list, or an object that has them as `proxies`, as our files do."""
    body = asked.body
    listed = body["proxies"] if isinstance(body, dict) and list(body) == ["proxies"] else body
    if not isinstance(listed, list):
        raise InputError("chaos.bad_value", f"the document is {shown(body)}: expected a list of proxies")
    plan = await controls.alter(partial(control.populate, documents=listed), "populated")
    return answered({"proxies": [proxy_shown(proxy_in(plan, each["name"])) for each in listed]}, 201)


async def proxy(controls: TcpControls, asked: Asked) -> Answer:
    """One proxy."""
    return answered(proxy_shown(proxy_in(controls.plan, asked.words["proxy"])))


async def update_proxy(controls: TcpControls, asked: Asked) -> Answer:
    """Another address or upstream, enabled or not."""
    name = proxy_in(controls.plan, asked.words["proxy"]).name
    make = partial(control.update_proxy, name=name, document=asked.body)
    plan = await controls.alter(make, "proxy changed", proxy=name)
    return answered(proxy_shown(proxy_in(plan, name)))


async def delete_proxy(controls: TcpControls, asked: Asked) -> Answer:
    """A proxy less; its connections end."""
    name = asked.words["proxy"]
    await controls.alter(partial(control.delete_proxy, name=name), "proxy deleted", proxy=name)
    return DONE


async def toxics(controls: TcpControls, asked: Asked) -> Answer:
    """The toxics of a proxy, in the order in which bytes come to them."""
    return answered([toxic_shown(toxic) for toxic in proxy_in(controls.plan, asked.words["proxy"]).toxics])


async def create_toxic(controls: TcpControls, asked: Asked) -> Answer:
    """A toxic more, on open connections too."""
    name = proxy_in(controls.plan, asked.words["proxy"]).name
    make = partial(control.add_toxic, proxy_name=name, document=asked.body)
    called = proxy_in(make(controls.plan), name).toxics[-1].called
    plan = await controls.alter(make, "toxic added", proxy=name, toxic=called)
    return answered(toxic_shown(proxy_in(plan, name).toxics[-1]))


async def toxic(controls: TcpControls, asked: Asked) -> Answer:
    """One toxic."""
    return answered(toxic_shown(toxic_in(proxy_in(controls.plan, asked.words["proxy"]), asked.words["toxic"])))


async def update_toxic(controls: TcpControls, asked: Asked) -> Answer:
    """Other attributes or another toxicity, on open connections too."""
    there = proxy_in(controls.plan, asked.words["proxy"])
    name = toxic_in(there, asked.words["toxic"]).called
    make = partial(control.update_toxic, proxy_name=there.name, name=name, document=asked.body)
    plan = await controls.alter(make, "toxic changed", proxy=there.name, toxic=name)
    return answered(toxic_shown(toxic_in(proxy_in(plan, there.name), name)))


async def delete_toxic(controls: TcpControls, asked: Asked) -> Answer:
    """A toxic less; what it held goes on."""
    proxy_name, name = asked.words["proxy"], asked.words["toxic"]
    make = partial(control.delete_toxic, proxy_name=proxy_name, name=name)
    await controls.alter(make, "toxic deleted", proxy=proxy_name, toxic=name)
    return DONE


async def reset(controls: TcpControls, asked: Asked) -> Answer:
    """All proxies enabled, no toxic anywhere."""
    await controls.alter(control.reset, "reset")
    return DONE


async def version(controls: TcpControls, asked: Asked) -> Answer:
    """Which version of Toxiproxy's API this is, and which of fozzy."""
    return answered({"version": API_VERSION, "fozzy": VERSION})


async def metrics(controls: TcpControls, asked: Asked) -> Answer:
    """The numbers, as Prometheus reads them."""
    return Answer(200, controls.metrics(), METRICS_TYPE)


async def status(controls: TcpControls, asked: Asked) -> Answer:
    """How it stands."""
    return answered(status_of(controls.session, len(controls.journal)))


async def journal(controls: TcpControls, asked: Asked) -> Answer:
    """Connections, messages and changes that fit the query, a page of them."""
    return answered(controls.journal.page(query_of(asked.call, TcpQuery)))


async def clear_journal(controls: TcpControls, asked: Asked) -> Answer:
    """An empty journal; places go on."""
    return answered(Cleared(cleared=controls.journal.clear()))


async def health(controls: TcpControls, asked: Asked) -> Answer:
    """It answers."""
    return answered({"status": "ok", "version": VERSION})


def _name(document: Any) -> str:
    """What a document calls its proxy or toxic, for the record of the change."""
    return str(document.get("name", "")) if isinstance(document, dict) else ""


OPERATIONS: list[tuple[str, str, Run]] = [
    ("GET", "/proxies", proxies),
    ("POST", "/proxies", create_proxy),
    ("POST", "/populate", populate),
    ("GET", "/proxies/{proxy}", proxy),
    ("POST", "/proxies/{proxy}", update_proxy),
    ("PATCH", "/proxies/{proxy}", update_proxy),
    ("DELETE", "/proxies/{proxy}", delete_proxy),
    ("GET", "/proxies/{proxy}/toxics", toxics),
    ("POST", "/proxies/{proxy}/toxics", create_toxic),
    ("GET", "/proxies/{proxy}/toxics/{toxic}", toxic),
    ("POST", "/proxies/{proxy}/toxics/{toxic}", update_toxic),
    ("PATCH", "/proxies/{proxy}/toxics/{toxic}", update_toxic),
    ("DELETE", "/proxies/{proxy}/toxics/{toxic}", delete_toxic),
    ("POST", "/reset", reset),
    ("GET", "/version", version),
    ("GET", "/metrics", metrics),
    ("GET", "/fozzy/status", status),
    ("GET", "/fozzy/journal", journal),
    ("DELETE", "/fozzy/journal", clear_journal),
    ("GET", "/fozzy/health", health),
    ("GET", "/fozzy/metrics", metrics),
]
