"""What a plan may not say although each of its values is well formed. All problems are told at once, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from fozzy.errors import InputError, Problem, suggestion
from fozzy.faults.http.forms import formed
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import Proxy, TcpPlan, Toxic
from fozzy.faults.tcp.spelled import spelled
from fozzy.faults.tcp.when import schedule_flaws

PORT_MAX = 65535

_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:.%]+\]|[^\s/@:\[\]]*):)?(?P<port>[0-9]{1,5})")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f]")


def checked(plan: TcpPlan) -> TcpPlan:
    """A plan that can be carried out, its schedules where they belong. *Errors*: `InputError` with every problem."""
    problems: list[Problem] = []
    proxies = [_checked(f"proxies[{at}]", proxy, problems) for at, proxy in enumerate(plan.proxies)]
    problems += _twice("proxies", [proxy.name for proxy in proxies])
    if problems:
        raise InputError.of(problems)
    return plan if all(map(_is, proxies, plan.proxies)) else replace(plan, proxies=proxies)


def _checked(place: str, proxy: Proxy, problems: list[Problem]) -> Proxy:
    problems += _proxy_problems(place, proxy)
    toxics: list[Toxic] = []
    for at, toxic in enumerate(proxy.toxics):
        where = f"{place}.toxics[{at}]"
        try:
            toxic = spelled(toxic, where)
        except InputError as error:
            problems += error.problems
        toxics.append(toxic)
        problems += _toxic_problems(where, toxic, proxy)
    problems += _twice(f"{place}.toxics", [toxic.called for toxic in toxics])
    return proxy if all(map(_is, toxics, proxy.toxics)) else replace(proxy, toxics=toxics)


def _is(one: object, other: object) -> bool:
    return one is other


def _proxy_problems(place: str, proxy: Proxy) -> Iterator[Problem]:
    yield from _name_problems(f"{place}.name", proxy.name)
    yield from _address_problems(f"{place}.listen", proxy.listen, 0)
    yield from _address_problems(f"{place}.upstream", proxy.upstream, 1)
    if proxy.listen == proxy.upstream:
        said = f"{place}.upstream is {proxy.upstream}, where the proxy itself listens"
        yield Problem(code="chaos.conflict", message=said, hint="name the server's own address")


def _name_problems(place: str, name: str) -> Iterator[Problem]:
    if _HIDDEN.search(name):
        said = f"{place} has a character that cannot be seen"
        yield Problem(code="chaos.bad_value", message=said, hint="names stand in paths and in lines of text")


def _address_problems(place: str, address: str, port_min: int) -> Iterator[Problem]:
    """`HOST:PORT`; where to listen also a port alone, which is this machine's."""
    found = _ADDRESS.fullmatch(address)
    if found is None or not port_min <= int(found["port"]) <= PORT_MAX or (port_min and not found["host"]):
        said = f'{place} is "{address}": expected HOST:PORT, the port from {port_min} to {PORT_MAX}'
        yield Problem(code="chaos.bad_value", message=said, hint="such as 127.0.0.1:6379 or [::1]:6379")


def _twice(place: str, names: list[str]) -> Iterator[Problem]:
    for at, name in enumerate(names):
        if name in names[:at]:
            said = f'{place}[{at}].name is "{name}", as of another one before it'
            yield Problem(code="chaos.bad_value", message=said, hint="give each a name of its own")


def _toxic_problems(place: str, toxic: Toxic, proxy: Proxy) -> Iterator[Problem]:
    kind = KINDS.get(toxic.type)
    if kind is None:
        hint = suggestion(toxic.type, KINDS) or f"types: {', '.join(KINDS)}"
        said = f'{place}.type is "{toxic.type}", which is no toxic'
        yield Problem(code="chaos.bad_value", message=said, hint=hint)
        return
    yield from _name_problems(f"{place}.name", toxic.name)
    try:
        made = formed(kind, toxic.attributes, f"{place}.attributes")
    except InputError as error:
        yield from error.problems
        return
    for flaw in made.flaws():
        yield Problem(code="chaos.conflict", message=f"{place}.attributes.{flaw.field} {flaw.said}", hint=flaw.hint)
    for flaw in schedule_flaws(toxic, made, proxy.protocol):
        yield Problem(code="chaos.conflict", message=f"{place}.{flaw.field} {flaw.said}", hint=flaw.hint)
