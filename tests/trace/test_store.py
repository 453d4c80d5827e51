from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.errors import StoreError
from fozzy.trace.store import ALIASES, MIN_NAME, Store, write_whole

PASS = [{"type": "rand_u64"}]
FAIL = [{"type": "rand_u64"}, {"type": "fail", "message": "no"}]


def run_id(done: Any) -> str:
    return str(done.document()["identity"]["runId"])


def aliases() -> dict[str, str]:
    return {name: path.read_text() for name in ALIASES if (path := Path(".fozzy/runs", name)).is_file()}


@pytest.fixture
def store(project: Path) -> Store:
    """A store with made-up runs: two that begin alike, one suite with two traces, one that kept nothing."""
    made = Store(project / ".fozzy")
    for name, traces in {
        "7f30aaaa": ["trace"],
        "7f31bbbb": ["2"],
        "c0ffee00": ["1", "10", "2"],
        "deadbeef": [],
    }.items():
        made.folder(name).mkdir(parents=True)
        for trace in traces:
            (made.folder(name) / f"{trace}.fozzy").write_bytes(b"x")
    return made


def test_run_and_test_move_the_aliases(fz: Any, scenario: Any) -> None:
    """`latest` is the last run, `last-pass` and `last-fail` the last that ended so; a suite is one run."""
    scenario("s/good", PASS)
    scenario("s/bad", FAIL)
    good = run_id(fz("run", "s/good.fozzy.json", "--det", "--json"))
    assert aliases() == {"latest": good, "last-pass": good}
    bad = run_id(fz("run", "s/bad.fozzy.json", "--det", "--json"))
    assert aliases() == {"latest": bad, "last-pass": good, "last-fail": bad}
    suite = run_id(fz("test", "s", "--det", "--json"))
    assert aliases() == {"latest": suite, "last-pass": good, "last-fail": suite}
    passing = run_id(fz("test", "s/good.fozzy.json", "--det", "--json"))
    assert aliases() == {"latest": passing, "last-pass": passing, "last-fail": suite}


def test_replay_and_verify_move_nothing_and_make_no_run(fz: Any, scenario: Any) -> None:
    """Looking at a run is no run."""
    scenario("bad", FAIL)
    fz("run", "bad.fozzy.json", "--det")
    before, ids = aliases(), Store(Path(".fozzy")).ids()
    for words in (["replay", "@latest"], ["trace", "verify", "latest"], ["trace", "show", "@last-fail"]):
        assert fz(*words).code in (0, 1)
    assert aliases() == before
    assert Store(Path(".fozzy")).ids() == ids


def test_a_run_that_could_not_begin_leaves_the_aliases(fz: Any, scenario: Any) -> None:
    """An invalid scenario, a missing file or a bad option is no run."""
    scenario("good", PASS)
    fz("run", "good.fozzy.json", "--det")
    before = aliases()
    Path("broken.fozzy.json").write_text("{")
    for words in (["broken.fozzy.json"], ["none.fozzy.json"], ["good.fozzy.json", "--timeout", "5"]):
        assert fz("run", *words).code == 2
    assert fz("test", "broken.fozzy.json").code == 2
    assert aliases() == before


@pytest.mark.parametrize("word", ["@latest", "latest", "@last-fail", "last-fail"])
def test_an_alias_names_its_runs_trace(fz: Any, scenario: Any, word: str) -> None:
    """With or without the @, for every command that takes a trace."""
    scenario("bad", FAIL)
    fz("run", "bad.fozzy.json", "--det")
    assert fz("replay", word).code == 1
    assert fz("trace", "verify", word).code == 0


def test_an_alias_without_a_run_says_what_makes_one(fz: Any, project: Path) -> None:
    """Before the first run, or when the alias names one that is gone or is no name at all: 2 and what to do."""
    runs = project / ".fozzy" / "runs"
    for content in (None, b"", b"12345678", b"\xff\xfe", b"../../x"):
        if content is not None:
            runs.mkdir(parents=True, exist_ok=True)
            (runs / "latest").write_bytes(content)
        done = fz("replay", "@latest")
        assert done.code == 2, (content, done)
        assert 'no run is "latest" yet' in done.err
        assert "hint: fozzy run or fozzy test makes one" in done.err


def test_a_prefix_names_the_only_run_that_begins_so(store: Store) -> None:
    """As many digits as tell it from the others suffice; the whole id does too."""
    for word in ("7f30", "7f30aaaa", "7f30a"):
        assert store.trace_of(word) == store.folder("7f30aaaa") / "trace.fozzy"
    assert store.trace_of("7f31") == store.folder("7f31bbbb") / "2.fozzy"
    assert store.run_of("d") == "deadbeef"


def test_an_ambiguous_prefix_lists_the_candidates(fz: Any, store: Store) -> None:
    """Nothing is guessed: the runs it could be are named, and it ends with 2."""
    done = fz("replay", "7f3")
    assert done.code == 2
    assert '"7f3" names 2 runs: 7f30aaaa 7f31bbbb' in done.err
    assert "hint: give more digits" in done.err
    assert fz("replay", "7f3", "--json").document()["error"]["code"] == "store.ambiguous_run"


def test_members_of_a_suite_are_named_by_number(fz: Any, store: Store) -> None:
    """`c0ff/2` is the second scenario's trace; the bare id has to be more exact and lists them in order."""
    assert store.trace_of("c0ff/2") == store.folder("c0ffee00") / "2.fozzy"
    assert store.trace_of("c0ffee00/10") == store.folder("c0ffee00") / "10.fozzy"
    bare, other = fz("replay", "c0ff"), fz("replay", "c0ff/7")
    assert (bare.code, other.code) == (2, 2)
    assert "run c0ffee00 has 3 traces: c0ff/1 c0ff/2 c0ff/10" in bare.err
    assert 'run c0ffee00 kept no trace "7"' in other.err
    assert "it kept: 1 2 10" in other.err


@pytest.mark.parametrize("word", ["c0ff/", "c0ff/x", "c0ff/-1", "c0ff/../7f30aaaa/trace", "c0ff/²", "c0ff/1/2", "/1"])
def test_a_member_that_is_no_number_is_refused(fz: Any, store: Store, word: str) -> None:
    """No path can be smuggled in, and nothing else than a number is looked for."""
    done = fz("replay", word)
    assert done.code == 2, done
    assert done.err.startswith("error[store.")


def test_a_run_without_traces_says_why(fz: Any, store: Store) -> None:
    """A suite that passed keeps none."""
    done = fz("replay", "dead")
    assert done.code == 2
    assert "run deadbeef kept no trace" in done.err
    assert "--record keeps all" in done.err


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("7f30aaab", 'did you mean "7f30aaaa"?'),
        ("@lastfail", 'did you mean "@last-fail"?'),
        ("zzz", "a selector is a trace file, a run id or @latest"),
        ("@7f30", "@"),
        ("7F30", ""),
    ],
)
def test_an_unknown_word_gives_a_hint(fz: Any, store: Store, word: str, hint: str) -> None:
    """What it could have meant is suggested; it ends with 2."""
    done = fz("replay", word)
    assert done.code == 2
    assert f'there is no trace file and no run "{word}"' in done.err
    assert hint in done.err


def test_a_file_wins_over_a_run_of_its_name(fz: Any, store: Store, scenario: Any) -> None:
    """What lies there is meant before what the store might know."""
    scenario("bad", FAIL)
    fz("run", "bad.fozzy.json", "--det", "--record", "t.fozzy")
    Path("t.fozzy").rename("7f30")
    assert fz("replay", "7f30").code == 1


def test_a_suite_member_is_replayed_by_its_selector(fz: Any, scenario: Any) -> None:
    """The traces a suite keeps are those of its failing scenarios, under their numbers in discovery order."""
    scenario("s/a", FAIL)
    scenario("s/b", PASS)
    scenario("s/c", FAIL)
    run = run_id(fz("test", "s", "--det", "--json"))
    assert sorted(path.name for path in Path(".fozzy/runs", run).glob("*.fozzy")) == ["1.fozzy", "3.fozzy"]
    for number in (1, 3):
        assert fz("replay", f"{run}/{number}").code == 1
    assert fz("replay", f"{run}/2").code == 2
    assert fz("replay", run).code == 2
    scenario("s/c", PASS)
    only = run_id(fz("test", "s", "--det", "--json"))
    assert fz("replay", only).code == 1
    assert fz("replay", only[:6]).code == 1


def test_short_names_tell_runs_apart(store: Store) -> None:
    """At least four digits, more where another run begins alike."""
    assert store.short("c0ffee00") == "c0ff"
    store.folder("c0ffee01").mkdir()
    assert store.short("c0ffee00") == "c0ffee00"
    assert store.short("7f30aaaa") == "7f30"


def test_other_files_in_the_store_are_no_runs(store: Store) -> None:
    """Only folders named as runs count; what somebody else put there is left alone."""
    for name in ("README", "7f3", "7f30aaaa.partial", "7F30AAAA", "zzzzzzzz"):
        (store.runs_dir / name).write_text("x")
    assert store.ids() == ["7f30aaaa", "7f31bbbb", "c0ffee00", "deadbeef"]
    (store.folder("c0ffee00") / "1.min.fozzy").write_bytes(b"x")
    assert [path.name for path in store._traces(store.folder("c0ffee00"))] == ["1.fozzy", "2.fozzy", "10.fozzy"]


def test_fresh_ids_are_never_given_twice(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is taken is drawn again."""
    drawn = iter(["7f30aaaa", "c0ffee00", "00000001"])
    monkeypatch.setattr("fozzy.wall.fresh_run_id", lambda: next(drawn))
    assert store.fresh() == "00000001"
    assert store.folder("00000001").is_dir()


def test_a_store_that_cannot_be_written_is_an_error(fz: Any, scenario: Any, project: Path) -> None:
    """A file where the folder should be: 2 with the path, before anything runs."""
    scenario("good", PASS)
    (project / ".fozzy").write_text("in the way")
    done = fz("run", "good.fozzy.json", "--det")
    assert done.code == 2
    assert "cannot write .fozzy/runs" in done.err


def test_files_are_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A summary or alias is replaced in one step: when that fails the old one is still there."""
    path = tmp_path / "latest"
    write_whole(path, b"one")

    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OSError, match="Input/output"):
        write_whole(path, b"two")
    assert path.read_bytes() == b"one"
    with pytest.raises(StoreError, match="cannot write"):
        Store(tmp_path).finish("x", b"{}", "pass")


def test_what_shrinking_came_to_is_a_run_s_trace(store: Store) -> None:
    """A run that made another one smaller keeps its one trace under a name of its own, and is named by its id."""
    folder = store.folder("abcd0000")
    folder.mkdir()
    (folder / MIN_NAME).write_bytes(b"x")
    assert store.trace_of("abcd") == folder / MIN_NAME
