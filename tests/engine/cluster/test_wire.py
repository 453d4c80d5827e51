"""What fozzy and the process of a cluster tell each other comes through as it was."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.events import Ask, Draw, Event, Found, Net, Step
from fozzy.core.sources import Mutated, Seeded, Spec
from fozzy.dsl.load import document
from fozzy.engine.cluster.wire import Job, Over, Part, Script, decode_job, decode_part, encode, source_of

NUMBERS = st.integers(0, 2**53 - 1)
TEXT = st.text(max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)
RECORDS = st.one_of(
    st.builds(Draw, NUMBERS, TEXT, TEXT, NUMBERS, NUMBERS, NUMBERS),
    st.builds(Ask, NUMBERS, TEXT, TEXT, PLAIN, PLAIN, NUMBERS),
    st.builds(Step, NUMBERS, TEXT, TEXT, TEXT, NUMBERS, TEXT, TEXT),
    st.builds(Event, NUMBERS, TEXT, TEXT, st.dictionaries(TEXT, PLAIN, max_size=3)),
    st.builds(Net, NUMBERS, TEXT, TEXT, TEXT, NUMBERS, NUMBERS),
    st.builds(Found, NUMBERS, TEXT, TEXT, TEXT, TEXT, st.just("fail"), TEXT, TEXT, PLAIN),
)
SPECS = st.one_of(
    st.builds(lambda seed: Spec(seed=seed), NUMBERS),
    st.builds(
        lambda seed, draws: Spec(kind="tape", seed=seed, draws=draws),
        st.none() | NUMBERS, st.lists(st.tuples(TEXT, NUMBERS), max_size=5),
    ),
)  # fmt: skip


@given(records=st.lists(RECORDS, max_size=5), ended=st.booleans())
def test_parts_come_through(records: Any, ended: bool) -> None:
    """Records of every kind, and the end."""
    over = (
        Over(status="fail", now_ns=7, findings=[each for each in records if isinstance(each, Found)]) if ended else None
    )
    part = decode_part(encode(Part(records=records, ended=over)))
    assert part.records == records
    assert part.ended == over


@given(spec=SPECS, text=TEXT, hang_ns=NUMBERS, quiet=st.booleans())
def test_jobs_come_through(spec: Spec, text: str, hang_ns: int, quiet: bool) -> None:
    """With the scenario as it was read, and its source."""
    read = document(text.encode(errors="ignore"), "n.fozzy.toml", "x/n.fozzy.toml", "toml")
    job = Job(script=Script.of(read, ["token"]), source=spec, hang_ns=hang_ns, quiet=quiet)
    again = decode_job(encode(job))
    assert again == job
    made = again.script.document()
    assert (made.name, made.shown, made.text, made.form, made.digest) == (
        read.name,
        read.shown,
        read.text,
        read.form,
        read.digest,
    )


@given(spec=SPECS, draws=st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 100)), max_size=10))
def test_a_source_decides_as_the_one_it_was_sent_from(spec: Spec, draws: Any) -> None:
    """Seeded ones and tapes."""
    first = source_of(spec)
    second = source_of(first.spec())  # type: ignore[attr-defined]
    assert isinstance(first, Seeded | Mutated)
    for label, high in draws:
        assert first.draw(label, 0, high) == second.draw(label, 0, high)
