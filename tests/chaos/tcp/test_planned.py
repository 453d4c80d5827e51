"""What a TCP proxy begins with: flags over variables, both over a file; what is wrong is told by the names it was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.chaos.files.flags import Value, flag_name, variables_set
from fozzy.chaos.tcp.flags import COMMAND, TCP_FLAGS
from fozzy.chaos.tcp.planned import Planned, planned
from fozzy.errors import FozzyError, InputError, UsageError

UP = "127.0.0.1:6379"
FILE = f"""
seed = 7
[[proxies]]
name = "redis"
listen = "127.0.0.1:26379"
upstream = "{UP}"
protocol = "redis"
toxics = [{{ type = "latency", attributes = {{ latency = 5 }} }}]
"""


def begun(environment: dict[str, str] | None = None, **flags: str | list[str]) -> Planned:
    """What these words begin."""
    given = {
        name: [Value(text, flag_name(name)) for text in ([said] if isinstance(said, str) else said)]
        for name, said in flags.items()
    }
    return planned(given, variables_set(environment or {}, TCP_FLAGS, COMMAND))


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A file with one proxy."""
    (tmp_path / "chaos.toml").write_text(FILE)
    return str(tmp_path / "chaos.toml")


@pytest.fixture
def two(tmp_path: Path) -> str:
    """A file with two."""
    (tmp_path / "two.toml").write_text(f'{FILE}[[proxies]]\nname = "pg"\nupstream = "127.0.0.1:5432"\n')
    return str(tmp_path / "two.toml")


def test_flags_alone_make_one_proxy() -> None:
    """It is called `tcp`, and listens on a port that is free."""
    plan = begun(upstream=UP, protocol="redis", toxic=["latency:latency=1", "reset_peer:match=INCR"]).plan
    (proxy,) = plan.proxies
    assert (proxy.name, proxy.listen, proxy.upstream, proxy.protocol) == ("tcp", "127.0.0.1:0", UP, "redis")
    assert [(each.type, each.match, each.attributes) for each in proxy.toxics] == [
        ("latency", None, {"latency": 1}),
        ("reset_peer", "INCR", {}),
    ]
    assert begun().plan.proxies == []


def test_flags_are_of_the_only_proxy_of_a_file(file: str) -> None:
    """What they say stands before it; the rest stays, and toxics are added."""
    found = begun(chaos=file, listen="127.0.0.1:1", toxic="latency:latency=9,name=more")
    (proxy,) = found.plan.proxies
    assert (proxy.name, proxy.listen, proxy.upstream, found.plan.seed) == ("redis", "127.0.0.1:1", UP, 7)
    assert [toxic.called for toxic in proxy.toxics] == ["latency_downstream", "more"]
    assert found.file == file


def test_proxies_by_name(two: str) -> None:
    """Those of a file are changed, others added; a toxic says whose it is."""
    said = ["redis:listen=127.0.0.1:2,enabled=false", "web:upstream=127.0.0.1:80,protocol=http"]
    plan = begun(chaos=two, proxy=said, toxic=["pg/latency:latency=1", "web/latency:latency=2"]).plan
    assert [(each.name, each.protocol, each.enabled, len(each.toxics)) for each in plan.proxies] == [
        ("redis", "redis", False, 1),
        ("pg", "raw", True, 1),
        ("web", "http", True, 1),
    ]
    assert plan.proxies[0].listen == "127.0.0.1:2"


def test_a_variable_says_what_a_flag_would(file: str) -> None:
    """With `;` between several; a flag stands before it."""
    environment = {
        "FOZZY_CHAOS_UPSTREAM": UP,
        "FOZZY_CHAOS_TOXIC": "latency:latency=1,first=2; latency:latency=2,name=b",
    }
    (proxy,) = begun(environment).plan.proxies
    assert [(each.called, each.first) for each in proxy.toxics] == [("latency_downstream", 2), ("b", None)]
    (proxy,) = begun(environment, toxic="latency:latency=3", upstream="127.0.0.1:1").plan.proxies
    assert (proxy.upstream, [each.attributes for each in proxy.toxics]) == ("127.0.0.1:1", [{"latency": 3}])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ({"upstream": "nowhere"}, "usage.bad_value", "--upstream must be HOST:PORT"),
        ({"upstream": "127.0.0.1:0"}, "usage.bad_value", "--upstream must be HOST:PORT of a server"),
        ({"upstream": UP, "toxic": "laten"}, "usage.bad_value", "--toxic must be a toxic"),
        ({"upstream": UP, "toxic": "latency:latency=x"}, "usage.bad_value", "--toxic latency.latency must be"),
        ({"listen": "127.0.0.1:1"}, "chaos.no_upstream", "--listen"),
        ({"toxic": "latency"}, "chaos.no_upstream", "--toxic needs a proxy"),
        ({"proxy": "a:listen=127.0.0.1:1"}, "chaos.no_upstream", "the proxy a has no upstream"),
        ({"proxy": ["a:upstream=b:1", "a:upstream=b:2"]}, "chaos.conflict", "--proxy says a twice"),
        ({"proxy": ["a:upstream=b:1", "c:upstream=b:2"], "toxic": "latency"}, "chaos.which_proxy", "2 proxies"),
        ({"proxy": ["a:upstream=b:1", "c:upstream=b:2"], "listen": ":1"}, "chaos.which_proxy", "--listen is of one"),
        ({"upstream": UP, "toxic": "b/latency"}, "chaos.unknown_proxy", 'no proxy "b"'),
        (
            {"upstream": UP, "toxic": "slicer:average_size=1,size_variation=2"},
            "chaos.conflict",
            "--toxic slicer_downstream.size_variation",
        ),
        ({"upstream": UP, "toxic": "latency:match=INCR"}, "chaos.conflict", "--toxic latency_downstream.match"),
        ({"chaos": ""}, "usage.bad_value", "--chaos must name a file"),
    ],
)
def test_what_cannot_be_is_told_by_its_flag(words: dict[str, str], code: str, said: str) -> None:
    """Nothing is guessed: neither a proxy nor a value."""
    with pytest.raises(UsageError) as caught:
        begun(**words)
    assert caught.value.code == code and said in caught.value.message


def test_all_that_is_wrong_with_flags_is_told_at_once() -> None:
    """One does not hide another."""
    with pytest.raises(UsageError) as caught:
        begun(upstream="nowhere", seed="-1", toxic=["laten", "latency:latency=1"])
    assert len(caught.value.problems) == 3


def test_a_bad_file_is_the_files_fault(tmp_path: Path) -> None:
    """Its problems have places, whatever the flags say."""
    (tmp_path / "bad.toml").write_text(FILE.replace("latency = 5", "latency = -5"))
    with pytest.raises(InputError) as caught:
        begun(chaos=str(tmp_path / "bad.toml"), toxic="latency:latency=1")
    assert all(problem.where is not None for problem in caught.value.problems)


def test_a_variable_that_is_none_of_its_flags_is_refused() -> None:
    """Also one of `fozzy proxy http`: what it says would silently not be done."""
    for name in ("FOZZY_CHAOS_DROP", "FOZZY_CHAOS_TOXICS"):
        with pytest.raises(FozzyError, match="fozzy proxy tcp has no such variable"):
            begun({name: "1"})
