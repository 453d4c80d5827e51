"""The types of a plan: what they are called, what they leave out, what comes back as it went."""

from __future__ import annotations

import msgspec
import pytest

from fozzy.faults.tcp.plan import Toxic, plain, proxy_of, toxic_of
from tests.faults.tcp.wiring import plan, toxic


def test_names() -> None:
    """A toxic is called by its type and stream unless it says a name."""
    found = plan(toxic("latency"), toxic("latency", stream="upstream"), toxic("latency", name="slow"))
    names = [each.called for each in found.proxies[0].toxics]
    assert names == ["latency_downstream", "latency_upstream", "slow"]
    proxy = proxy_of(found, "p")
    assert proxy is not None and proxy_of(found, "q") is None
    assert toxic_of(proxy, "slow") is proxy.toxics[2] and toxic_of(proxy, "fast") is None


def test_plain_is_what_was_said() -> None:
    """As builtin types a plan holds no defaults, and becomes the same plan again."""
    found = plan(toxic("latency", latency=5, window=("1s", "2s"), struck=0.5))
    said = plain(found.proxies[0])["toxics"]
    assert said == [{"type": "latency", "attributes": {"latency": 5}, "window": ("1s", "2s"), "rate": 0.5}]
    assert msgspec.convert(plain(found), type(found)) == found


@pytest.mark.parametrize(
    "said",
    [
        {"first": 0}, {"after": -1}, {"every": 0}, {"pattern": "FX"}, {"pattern": ""}, {"rate": 1.1}, {"times": 0},
        {"window": ["1s"]}, {"window": ["1", "2s"]}, {"on": "read"}, {"per": "read"}, {"stream": "both"},
        {"toxicity": -0.1}, {"name": "x" * 129}, {"no_such": 1},
    ],
)  # fmt: skip
def test_what_a_toxic_cannot_say(said: dict[str, object]) -> None:
    """Each field has its range, and there are no others."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "latency", **said}, Toxic)
