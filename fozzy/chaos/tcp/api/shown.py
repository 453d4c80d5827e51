"""What the API tells of proxies and toxics: Toxiproxy's fields, and beside them those it does not have."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import SCHEDULE_FIELDS, Proxy, Toxic, plain


def proxy_shown(proxy: Proxy) -> dict[str, Any]:
    """A proxy with its toxics; its address is the one it really has."""
    return {
        "name": proxy.name,
        "listen": proxy.listen,
        "upstream": proxy.upstream,
        "enabled": proxy.enabled,
        "protocol": proxy.protocol,
        "toxics": [toxic_shown(toxic) for toxic in proxy.toxics],
    }


def toxic_shown(toxic: Toxic) -> dict[str, Any]:
    """A toxic with all attributes of its type, also those that nobody said, and of its schedule what was said."""
    kind = msgspec.convert(toxic.attributes, KINDS[toxic.type])
    attributes = {field.encode_name: getattr(kind, field.name) for field in msgspec.structs.fields(kind)}
    schedule = {name: value for name, value in plain(toxic).items() if name in SCHEDULE_FIELDS}
    return {
        "attributes": {name: value for name, value in attributes.items() if value is not None},
        "name": toxic.called,
        "type": toxic.type,
        "stream": toxic.stream,
        "toxicity": toxic.toxicity,
        **schedule,
    }
