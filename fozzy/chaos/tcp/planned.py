"""What a TCP proxy begins with: a file, with flags and variables over it.

Rule 1: `--listen`, `--upstream` and `--protocol` are of the one proxy there is: the file's, or one called `tcp`.
Rule 2: `--proxy NAME:…` changes a proxy of the file, or adds one.
Rule 3: `--toxic` adds; nothing that the file says is taken away or changed by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fozzy.chaos.files.flags import Given, Value, flag_name, read_plain
from fozzy.chaos.tcp.flags import TCP_FLAGS
from fozzy.errors import InputError, UsageError, suggestion
from fozzy.faults.tcp.check import checked
from fozzy.faults.tcp.plan import Proxy, TcpPlan

ONLY = "tcp"  # how the proxy is called that flags alone make
_OF_ONE = ("listen", "upstream", "protocol")


class Planned(NamedTuple):
    """A plan that is good, the flags, and the file it is from."""

    plan: TcpPlan
    flags: Mapping[str, Given]
    file: str | None


def planned(given: Mapping[str, list[Value]], environment: Mapping[str, list[Value]]) -> Planned:
    """What is begun with. *Errors*: `UsageError` for flags and variables, `InputError` for the file; all of either."""
    flags = read_plain(given, environment, TCP_FLAGS)
    file = flags["chaos"].value if "chaos" in flags else ""
    if not file and "chaos" in flags:
        raise UsageError("usage.bad_value", f"{flags['chaos'].origin} must name a file")
    plan = _with_toxics(_with_one(_with_proxies(_read(file), flags), flags), flags)
    try:
        return Planned(checked(plan), flags, file or None)
    except InputError as error:
        raise _of_flags(error, plan, flags) from None


def _read(file: str) -> TcpPlan:
    if not file:
        return TcpPlan()
    from fozzy.chaos.tcp.files import load_tcp  # without a file nobody needs what reads one

    return load_tcp(Path(file), file)


def _with_proxies(plan: TcpPlan, flags: Mapping[str, Given]) -> TcpPlan:
    proxies = {proxy.name: proxy for proxy in plan.proxies}
    said: set[str] = set()
    for name, fields in flags["proxy"].value if "proxy" in flags else ():
        origin = flags["proxy"].origin
        if name in said:
            raise UsageError("chaos.conflict", f"{origin} says {name} twice", hint="say all of it in one")
        said.add(name)
        if name not in proxies and "upstream" not in fields:
            hint = f"{origin} {name}:upstream=HOST:PORT"
            raise UsageError("chaos.no_upstream", f"the proxy {name} has no upstream", hint=hint)
        proxies[name] = _over(proxies.get(name), name, fields)
    return msgspec.structs.replace(plan, proxies=list(proxies.values()))


def _with_one(plan: TcpPlan, flags: Mapping[str, Given]) -> TcpPlan:
    """The plan with what flags say of its only proxy."""
    said = {name: str(flags[name].value) for name in _OF_ONE if name in flags}
    if not said:
        return plan
    origin = flags[next(iter(said))].origin
    if len(plan.proxies) > 1:
        hint = f"say whose: {flag_name('proxy')} {plan.proxies[0].name}:{next(iter(said))}=…"
        raise UsageError("chaos.which_proxy", f"{origin} is of one proxy, and there are {len(plan.proxies)}", hint=hint)
    if not plan.proxies and "upstream" not in said:
        hint = "give --upstream HOST:PORT"
        raise UsageError("chaos.no_upstream", f"{origin} says nothing of whom to connect to", hint=hint)
    before = plan.proxies[0] if plan.proxies else None
    return msgspec.structs.replace(plan, proxies=[_over(before, before.name if before else ONLY, said)])


def _over(before: Proxy | None, name: str, fields: Mapping[str, Any]) -> Proxy:
    return Proxy(name=name, **fields) if before is None else msgspec.structs.replace(before, **fields)


def _with_toxics(plan: TcpPlan, flags: Mapping[str, Given]) -> TcpPlan:
    proxies = {proxy.name: proxy for proxy in plan.proxies}
    for name, toxic in flags["toxic"].value if "toxic" in flags else ():
        proxy = proxies[_whose(name, list(proxies), flags["toxic"].origin)]
        proxies[proxy.name] = msgspec.structs.replace(proxy, toxics=[*proxy.toxics, toxic])
    return msgspec.structs.replace(plan, proxies=list(proxies.values()))


def _whose(name: str, names: list[str], origin: str) -> str:
    """The proxy that a toxic is for."""
    if not names:
        raise UsageError("chaos.no_upstream", f"{origin} needs a proxy to be on", hint="give --upstream HOST:PORT")
    if not name and len(names) > 1:
        hint = f"say it before the type: {names[0]}/latency:latency=100"
        raise UsageError("chaos.which_proxy", f"{origin} does not say on which of {len(names)} proxies", hint=hint)
    if name and name not in names:
        hint = suggestion(name, names) or f"there are {', '.join(names)}"
        raise UsageError("chaos.unknown_proxy", f'{origin}: there is no proxy "{name}"', hint=hint)
    return name or names[0]


def _of_flags(error: InputError, plan: TcpPlan, flags: Mapping[str, Given]) -> UsageError:
    """What is wrong with the whole although the file alone was good: flags made it so, and a place says nothing."""
    problems = [
        msgspec.structs.replace(each, message=_AT.sub(partial(_named, plan, flags), each.message))
        for each in error.problems
    ]
    made = UsageError(problems[0].code, problems[0].message, hint=problems[0].hint)
    made.problems = problems
    return made


def _named(plan: TcpPlan, flags: Mapping[str, Given], found: re.Match[str]) -> str:
    """A place of the plan by the names that flags know."""
    proxy = plan.proxies[int(found[1])]
    if found[2] is None:
        return f"the proxy {proxy.name}"
    toxic = proxy.toxics[int(found[2])]
    origin = flags["toxic"].origin if "toxic" in flags else "toxic"
    return f"{origin} {toxic.called}"


_AT = re.compile(r"\bproxies\[(\d+)\](?:\.toxics\[(\d+)\])?(?:\.attributes)?")
