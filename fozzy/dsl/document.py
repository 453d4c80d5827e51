"""A scenario file as read, and as loaded with the files it includes."""

from collections.abc import Callable

import msgspec

from fozzy.core.forms import Form
from fozzy.dsl.scenario import File


class Document(msgspec.Struct, frozen=True):
    """A scenario file as read. `name` is its path relative to the project, `shown` the path for people."""

    name: str
    shown: str
    text: str
    form: Form
    digest: str


class Loaded(msgspec.Struct, frozen=True):
    """A scenario file that is valid, and the files it includes by the words it names them with.

    `keeps` are the names its steps keep values under, those of included files among them.
    """

    document: Document
    file: File
    included: dict[str, "Loaded"] = {}
    keeps: frozenset[str] = frozenset()


Fetch = Callable[[str], Loaded]  # the words an include names its file with -> that file, valid
