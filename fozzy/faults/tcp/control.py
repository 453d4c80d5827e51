"""Changes of a plan: each makes another plan and changes nothing itself. `TcpSession.alter` puts it in force.

Rule 1: what is not said stays. An update merges, and what it does not touch is the very same in the plan that comes of it,
so it goes on as it was: a toxic its counts, a proxy its connections.
Rule 2: documents are plain data, as they came; what is wrong in one is told with its place there.
Rule 3: names and answers follow Toxiproxy; where it would ignore what it was told, or clamp it, we refuse it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from msgspec.structs import replace

from fozzy.errors import InputError, suggestion
from fozzy.faults.http.forms import formed, shown
from fozzy.faults.tcp.check import checked
from fozzy.faults.tcp.plan import Proxy, TcpPlan, Toxic, plain, proxy_of, toxic_of
from fozzy.faults.tcp.spelled import misplaced

LOOPBACK = {"localhost": "127.0.0.1"}


def add_proxy(plan: TcpPlan, document: Any) -> TcpPlan:
    """A proxy more, with toxics where the document has some. *Errors*: `chaos.proxy_exists`, and what is wrong in it."""
    proxy = _proxy(document, "")
    if proxy_of(plan, proxy.name) is not None:
        raise InputError("chaos.proxy_exists", f'there is a proxy "{proxy.name}" already', hint="Delete it first.")
    return replace(plan, proxies=[*plan.proxies, proxy])


def update_proxy(plan: TcpPlan, name: str, document: Any) -> TcpPlan:
    """Another address or upstream, enabled or not. `toxics` are not looked at: clients send those they have seen last.

    *Errors*: `chaos.unknown_proxy`, and what is wrong in the document.
    """
    proxy = proxy_in(plan, name)
    said = _object(document, "")
    said.pop("toxics", None)
    _is_still(said, "name", proxy.name)
    return _with_proxy(plan, proxy, _sound(formed(Proxy, {**plain(proxy), **said}), ""))


def delete_proxy(plan: TcpPlan, name: str) -> TcpPlan:
    """A proxy less. *Errors*: `chaos.unknown_proxy`."""
    gone = proxy_in(plan, name)
    return replace(plan, proxies=[proxy for proxy in plan.proxies if proxy is not gone])


def populate(plan: TcpPlan, documents: Sequence[Any]) -> TcpPlan:
    """Have all these proxies be there. One that is there with the same addresses stays, and its toxics too where the
    document says none; else it is replaced. Others stay. *Errors*: what is wrong in the documents.
    """
    entries = [_object(document, f"proxies[{at}]") for at, document in enumerate(documents)]
    made = [_proxy(entry, f"proxies[{at}]") for at, entry in enumerate(entries)]
    for at, proxy in enumerate(made):
        if any(each.name == proxy.name for each in made[:at]):
            raise InputError("chaos.bad_value", f'proxies[{at}].name is "{proxy.name}", as of another one before it')
    for proxy, entry in zip(made, entries, strict=True):
        there = proxy_of(plan, proxy.name)
        if there is None:
            plan = replace(plan, proxies=[*plan.proxies, proxy])
        else:
            plan = _with_proxy(plan, there, _kept(there, proxy, entry))
    return plan


def add_toxic(plan: TcpPlan, proxy_name: str, document: Any) -> TcpPlan:
    """A toxic more, behind the others of its proxy. *Errors*: `chaos.unknown_proxy`, `chaos.toxic_exists`, and what is
    wrong in the document.
    """
    proxy = proxy_in(plan, proxy_name)
    toxic = formed(Toxic, _toxic_said(document, ""))
    if toxic_of(proxy, toxic.called) is not None:
        said = f'the proxy "{proxy.name}" has a toxic "{toxic.called}" already'
        raise InputError("chaos.toxic_exists", said, hint="Update that one, or give this one another name.")
    return _with_proxy(plan, proxy, replace(proxy, toxics=[*proxy.toxics, _sound_toxic(proxy, toxic)]))


def update_toxic(plan: TcpPlan, proxy_name: str, name: str, document: Any) -> TcpPlan:
    """Other attributes, another toxicity or schedule; what is not said stays, and `null` takes a part of a schedule away.

    *Errors*: `chaos.unknown_proxy`, `chaos.unknown_toxic`, and what is wrong in the document.
    """
    proxy = proxy_in(plan, proxy_name)
    toxic = toxic_in(proxy, name)
    said = _toxic_said(document, "", toxic.type)
    for field in ("name", "type", "stream"):
        _is_still(said, field, toxic.called if field == "name" else getattr(toxic, field))
    attributes = said.pop("attributes", {})
    if isinstance(attributes, dict):
        attributes = {**toxic.attributes, **attributes}
    changed = _sound_toxic(proxy, formed(Toxic, {**plain(toxic), **said, "attributes": attributes}))
    toxics = [each if each is not toxic else toxic if changed == toxic else changed for each in proxy.toxics]
    return _with_proxy(plan, proxy, replace(proxy, toxics=toxics))


def delete_toxic(plan: TcpPlan, proxy_name: str, name: str) -> TcpPlan:
    """A toxic less. *Errors*: `chaos.unknown_proxy`, `chaos.unknown_toxic`."""
    proxy = proxy_in(plan, proxy_name)
    gone = toxic_in(proxy, name)
    return _with_proxy(plan, proxy, replace(proxy, toxics=[toxic for toxic in proxy.toxics if toxic is not gone]))


def return_toxic(plan: TcpPlan, proxy_name: str, toxic: Toxic, behind: Collection[str]) -> TcpPlan:
    """A toxic that was taken away, in its place again: before the first of those that stood behind it.

    *Errors*: `chaos.unknown_proxy`, `chaos.toxic_exists`.
    """
    proxy = proxy_in(plan, proxy_name)
    if toxic_of(proxy, toxic.called) is not None:
        raise InputError("chaos.toxic_exists", f'the proxy "{proxy.name}" has a toxic "{toxic.called}" already')
    at = next((at for at, each in enumerate(proxy.toxics) if each.called in behind), len(proxy.toxics))
    return _with_proxy(plan, proxy, replace(proxy, toxics=[*proxy.toxics[:at], toxic, *proxy.toxics[at:]]))


def reset(plan: TcpPlan) -> TcpPlan:
    """All proxies enabled and no toxic on any."""
    return replace(plan, proxies=[replace(proxy, enabled=True, toxics=[]) for proxy in plan.proxies])


def proxy_in(plan: TcpPlan, name: str) -> Proxy:
    """The proxy of a name. *Errors*: `chaos.unknown_proxy`."""
    proxy = proxy_of(plan, name)
    if proxy is None:
        hint = suggestion(name, [each.name for each in plan.proxies])
        raise InputError("chaos.unknown_proxy", f'there is no proxy "{name}"', hint=hint)
    return proxy


def toxic_in(proxy: Proxy, name: str) -> Toxic:
    """The toxic of a name. *Errors*: `chaos.unknown_toxic`."""
    toxic = toxic_of(proxy, name)
    if toxic is None:
        hint = suggestion(name, [each.called for each in proxy.toxics])
        raise InputError("chaos.unknown_toxic", f'the proxy "{proxy.name}" has no toxic "{name}"', hint=hint)
    return toxic


def _with_proxy(plan: TcpPlan, there: Proxy, proxy: Proxy) -> TcpPlan:
    """Another proxy in the place of one that is there."""
    return replace(plan, proxies=[proxy if each is there else each for each in plan.proxies])


def _kept(there: Proxy, proxy: Proxy, entry: dict[str, Any]) -> Proxy:
    """What becomes of a proxy that is there when a document wants this one."""
    is_same = there.upstream == proxy.upstream and _listens_as(there.listen, proxy.listen)
    if not is_same or entry.get("protocol", there.protocol) != there.protocol:
        return proxy
    enabled = proxy.enabled if "enabled" in entry else there.enabled
    return replace(there, enabled=enabled, toxics=there.toxics if entry.get("toxics") is None else proxy.toxics)


def _listens_as(there: str, wanted: str) -> bool:
    """Whether an address is the wanted one; any port will do where it is 0."""
    host, _, port = there.rpartition(":")
    wanted_host, _, wanted_port = wanted.rpartition(":")
    return _host(host) == _host(wanted_host) and wanted_port in ("0", port)


def _host(host: str) -> str:
    return LOOPBACK.get(host.lower(), host.lower())


def _proxy(document: Any, place: str) -> Proxy:
    """A new proxy from a document."""
    said = _object(document, place)
    for field in ("name", "upstream"):
        if said.get(field, "") == "":
            raise InputError("chaos.missing_field", f"{_at(place, field)} is missing")
    if said.get("listen") == "":
        del said["listen"]
    toxics = said.pop("toxics", None) or []
    if isinstance(toxics, list):
        toxics = [_toxic_said(each, _at(place, f"toxics[{at}]")) for at, each in enumerate(toxics)]
    return _sound(formed(Proxy, {**said, "toxics": toxics}, place), place)


def _toxic_said(document: Any, place: str, type_: str = "") -> dict[str, Any]:
    """What a document says of a toxic, its schedule beside `toxicity` wherever it stood, `stream` in small letters."""
    said = _object(document, place)
    if isinstance(said.get("stream"), str):
        said["stream"] = said["stream"].lower()
    attributes = said.pop("attributes", None)
    if attributes is None:
        return said
    if not isinstance(attributes, dict):
        return {**said, "attributes": attributes}
    moved = misplaced(Toxic(type=type_ or str(said.get("type")), attributes=attributes))
    for name in moved:
        if name in said:
            why = f"{_at(place, name)} is said twice: beside toxicity and in attributes"
            raise InputError("chaos.conflict", why, hint=f"Say it once; {name} belongs beside toxicity.")
    kept = {name: value for name, value in attributes.items() if name not in moved}
    return {**said, **moved, "attributes": kept}


def _sound_toxic(proxy: Proxy, toxic: Toxic) -> Toxic:
    """A toxic that can be on this proxy. *Errors*: with their places in the toxic."""
    return _sound(replace(proxy, toxics=[toxic]), "", "proxies[0].toxics[0].").toxics[0]


def _sound(proxy: Proxy, place: str, within: str = "proxies[0].") -> Proxy:
    """A proxy that can be. *Errors*: with their places below `place`, and not below `within`, where `checked` has them."""
    try:
        return checked(TcpPlan(proxies=[proxy])).proxies[0]
    except InputError as error:
        told = [
            replace(problem, message=_at(place, problem.message.removeprefix(within))) for problem in error.problems
        ]
        raise InputError.of(told) from None


def _object(document: Any, place: str) -> dict[str, Any]:
    """*Errors*: `chaos.bad_value` where it is no object."""
    if not isinstance(document, dict):
        raise InputError("chaos.bad_value", f"{place or 'the document'} is {shown(document)}: expected an object")
    return dict(document)


def _is_still(said: dict[str, Any], field: str, value: str) -> None:
    """Let a field pass that says what is so already. *Errors*: `chaos.bad_value`."""
    told = said.pop(field, value)
    if told != value:
        raise InputError("chaos.bad_value", f'{field} is {shown(told)}: it is "{value}" and cannot be changed')


def _at(place: str, field: str) -> str:
    return f"{place}.{field}" if place else field
