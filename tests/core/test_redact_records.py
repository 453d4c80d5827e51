from __future__ import annotations

import pytest

from fozzy.core.events import Event, Net
from fozzy.core.redact import REDACTED, Redactor
from fozzy.core.redact_records import RecordCleaner
from fozzy.core.wires import Connected, Spoken, Struck

SECRET = "s3cr3t-91c2f7"


def message(about: str, said: str = "") -> Spoken:
    """A message about something."""
    struck = [Struck("t", "resp_error", said=said)] if said else []
    return Spoken(5, "redis", 2, 4, 1, "upstream", 1, "request", 0, about=about, struck=struck)


def connection(*notes: str) -> Connected:
    """A connection with notes."""
    return Connected(9, "redis", 1, 1, 1, client="127.0.0.1:5", notes=list(notes))


def cleaner() -> RecordCleaner:
    """One that has learned nothing yet."""
    return RecordCleaner(Redactor((), references=False))


@pytest.mark.parametrize(
    "about",
    [
        f"ALTER ROLE app PASSWORD '{SECRET}'",
        f"alter role app password  '{SECRET}' valid until 'x'",
        f"SET api_key={SECRET}",
        f'SET session {{"token": "{SECRET}"}}',
        f"SELECT dblink('postgres://app:{SECRET}@db/x')",
    ],
)
def test_a_message_loses_its_secret(about: str) -> None:
    """What stands under a secret name is gone from what a message is about, in SQL too, and the rest stays."""
    clean = cleaner().clean(message(about))
    assert isinstance(clean, Spoken)
    assert clean.about == about.replace(SECRET, REDACTED)


def test_a_secret_is_hidden_wherever_it_comes_again() -> None:
    """A value that was seen under a secret name goes from what comes later: messages, what toxics said, notes, changes."""
    each = cleaner()
    each.clean(message(f"ALTER ROLE app PASSWORD '{SECRET}'"))
    later = each.clean(message(f"GET {SECRET}", said=f"-ERR {SECRET}"))
    assert isinstance(later, Spoken)
    assert (later.about, later.struck[0].said) == (f"GET {REDACTED}", f"-ERR {REDACTED}")
    noted = each.clean(connection("fine", f"said {SECRET}"))
    assert isinstance(noted, Connected) and noted.notes == ["fine", f"said {REDACTED}"]
    changed = each.clean(Event(1, "", "chaos.change", {"plan": {"match": SECRET}}))
    assert isinstance(changed, Event) and changed.fields == {"plan": {"match": REDACTED}}


@pytest.mark.parametrize("about", ["INCR orders", "SELECT password FROM users", "SELECT 'token'", "", "SET k 'a''b'"])
def test_what_holds_no_secret_stays_as_it_is(about: str) -> None:
    """A message without a secret is the same record, also where it only speaks of one."""
    spoken = message(about)
    assert cleaner().clean(spoken) == spoken


def test_what_nobody_said_is_left_alone() -> None:
    """Records of a simulated network hold numbers alone."""
    net = Net(1, "a", "send", "a>b", 3, 4)
    assert cleaner().clean(net) is net
