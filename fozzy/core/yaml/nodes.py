"""Reads a YAML text into nodes that know where they stand. What a scenario may be is what JSON can say.

PyYAML's parser tells what is written where; what it means is decided here, so that nothing is ever constructed of a
tag. Refused with a place: tags but those of the core schema, keys that are not text, merge keys, several documents,
another version of YAML, aliases that come to more than `ALIASED_MAX`, and more than `VALUES_MAX` values.
Rule 1: no text makes it recurse or take more than linear time, but for the aliases, whose bound it is.
Rule 2: what was read before a fault is there, so that whoever asks for places has those up to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fozzy.core.limits import MIB
from fozzy.core.yaml.scalars import is_core, plain, shown, tagged

ALIASED_MAX = MIB  # characters that aliases repeat; a bomb of ten lines comes to billions
VALUES_MAX = 2_000_000  # with keys; 100,000 steps have half of it, and each takes 200 bytes while it is read
NODE_SIZE = 16  # a value counts as so many of them, and a text as its own besides
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OLD_BREAKS = re.compile("[\x85\u2028\u2029]")  # ended lines in YAML 1.1, which PyYAML reads
_STAND_INS = range(0xF0000, 0xFFFFE)  # private characters
_VERSION = re.compile(r"(?m)^%YAML[ \t]+(\S*)")


class YamlFault(ValueError):
    """What keeps a text from being one document of plain values, and the part of the text that says so."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


class Node:
    """A value as written, from `start` to `end` with its anchor and tag. An alias has the node it repeats as `target`.

    A mapping has `members`, a sequence `items`, a scalar neither but its `value`. `style` is a scalar's quotes or
    its `|` or `>`; of a collection it is `flow` or nothing.
    """

    __slots__ = ("anchor", "end", "height", "items", "members", "size", "start", "style", "target", "value")

    def __init__(self, start: int, end: int, style: str, anchor: str = "") -> None:
        self.start = start
        self.end = end
        self.style = style
        self.anchor = anchor
        self.value: Any = None
        self.members: list[tuple[Node, Node]] | None = None
        self.items: list[Node] | None = None
        self.target: Node | None = None
        self.size = NODE_SIZE
        self.height = 0

    @property
    def is_collection(self) -> bool:
        """Whether it holds others, not by an alias."""
        return self.members is not None or self.items is not None


class Composed:
    """A text as nodes. With a `fault`, of what stands before it; without one there is a `root`."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.fault: YamlFault | None = None


def load_yaml(text: str, depth_max: int) -> Any:
    """The value of a text, a key given twice being a fault. *Errors*: `YamlFault`. *Limits*: as for `compose`."""
    return value_of(sound(text, depth_max), once=True)


def sound(text: str, depth_max: int) -> Node:
    """The root of a text. *Errors*: `YamlFault`. *Limits*: as for `compose`."""
    composed = compose(text, depth_max)
    if composed.fault is not None or composed.root is None:
        raise composed.fault or YamlFault("the document is empty", 0, 0)
    return composed.root


def value_of(node: Node, once: bool = False) -> Any:
    """A node as builtin values, an alias as a copy. *Errors*: `YamlFault` with `once` for a key that stands twice."""
    node = node.target or node
    if node.items is not None:
        return [value_of(item, once) for item in node.items]
    if node.members is None:
        return node.value
    made = {str((key.target or key).value): value_of(value, once) for key, value in node.members}
    if once and len(made) != len(node.members):
        raise YamlFault("a key is given twice", node.start, node.end)
    return made


def compose(text: str, depth_max: int) -> Composed:
    """The nodes of a text. *Limits*: `depth_max` collections open at once; `ALIASED_MAX`; `VALUES_MAX`."""
    composer = _Composer(text, depth_max)
    try:
        composer.run()
    except YamlFault as fault:
        composer.done.fault = fault
    return composer.done


class _Composer:
    """One pass over what the parser tells. `open` is the stack of collections around, `keys` their keys so far."""

    def __init__(self, text: str, depth_max: int) -> None:
        self.text = text
        self.depth_max = depth_max
        self.done = Composed()
        self.open: list[Node] = []
        self.keys: list[Node | None] = []
        self.anchors: dict[str, Node] = {}
        self.aliased = 0
        self.values = 0
        self.back: dict[int, str] = {}  # from stand-ins to the characters they stand for

    def run(self) -> None:
        from yaml.error import MarkedYAMLError, YAMLError

        readable = self._readable()
        try:
            for event in _events(readable):
                self._take(event)
        except MarkedYAMLError as error:
            from fozzy.core.yaml.faults import explained  # a good text does not need it

            raise explained(error, self.text, self.open) from None
        except YAMLError as error:
            raise YamlFault(str(error).partition("\n")[0], 0, 0) from None
        if self.done.root is None:
            raise YamlFault("the document is empty", 0, 0)

    def _readable(self) -> str:
        """The text with stand-ins for what ends a line in YAML 1.1 only. *Errors*: `YamlFault` for what none may hold."""
        text = self.text
        if text.startswith("\ufeff"):
            raise YamlFault("the text begins with a byte order mark (BOM)", 0, 1)
        odd = _UNPRINTABLE.search(text)
        if odd is not None:
            code = ord(odd[0])
            escape = f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
            message = f"YAML holds no U+{code:04X}: write it as {escape} in double quotes"
            raise YamlFault(message, odd.start(), odd.end())
        version = _VERSION.search(text)
        if version is not None and version[1] != "1.2":
            raise YamlFault("only YAML 1.2 is read", *version.span())
        if _OLD_BREAKS.search(text):
            taken = set(text)
            free = (code for code in _STAND_INS if chr(code) not in taken)
            self.back = dict(zip(free, "\x85\u2028\u2029", strict=False))
            if len(self.back) < 3:
                raise YamlFault("this text holds every private character", 0, 1)
            text = text.translate({ord(char): code for code, char in self.back.items()})
        return text

    def _take(self, event: Any) -> None:
        """One event. Its class is told by name: those of both parsers are the same, but slow to import."""
        name = type(event).__name__
        start, end = event.start_mark.index, event.end_mark.index
        if name == "ScalarEvent":
            self._add(self._scalar(event, start, end))
        elif name == "AliasEvent":
            self._add(self._alias(event.anchor, start, end))
        elif name in ("MappingStartEvent", "SequenceStartEvent"):
            self._begin(event, start, end, is_mapping=name == "MappingStartEvent")
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            self._end(end)
        elif name == "DocumentStartEvent" and self.done.root is not None:
            raise YamlFault("a second document begins here: a file holds one", start, max(end, start + 3))

    def _scalar(self, event: Any, start: int, end: int) -> Node:
        node = Node(start, end, event.style or "", event.anchor or "")
        text = event.value.translate(self.back) if self.back else event.value
        if start == end and not text:
            node.start, node.end = self._empty(start)
        node.value = self._tagged(text, event, node) if event.tag else text if event.style else plain(text)
        node.size += len(text)
        return self._named(node)

    def _empty(self, at: int) -> tuple[int, int]:
        """Where a value that is not written is pointed at: its key, else the dash before it."""
        key = self.keys[-1] if self.open else None
        return (key.start, key.end) if key is not None else (max(0, at - 1), at)

    def _tagged(self, text: str, event: Any, node: Node) -> Any:
        try:
            return tagged(text, event.tag)
        except LookupError:
            raise self._unread(event.tag, node.start) from None
        except ValueError:
            raise YamlFault(f"this is no value of {shown(event.tag)}", node.start, node.end) from None

    def _unread(self, tag: str, start: int) -> YamlFault:
        written = re.compile(r"(?:&\S+\s+)?(!\S*)").match(self.text, start)
        span = written.span(1) if written else (start, start + 1)
        return YamlFault(f'the tag "{shown(tag)}" is not read: a scenario holds plain values', *span)

    def _alias(self, name: str, start: int, end: int) -> Node:
        target = self.anchors.get(name)
        if target is None:
            raise YamlFault(f'there is no anchor "&{name}" above', start, end)
        if target in self.open:
            raise YamlFault(f'this alias stands inside "&{name}", which it repeats', start, end)
        if len(self.open) + target.height > self.depth_max:
            raise YamlFault(f"nested deeper than {self.depth_max} levels", start, end)
        self.aliased += target.size
        if self.aliased > ALIASED_MAX:
            raise YamlFault(f"aliases repeat more than {ALIASED_MAX} characters", start, end)
        node = Node(start, end, "*", name)
        node.target, node.size, node.height = target, target.size, target.height
        return node

    def _begin(self, event: Any, start: int, end: int, is_mapping: bool) -> None:
        tag = event.tag
        if tag and tag != "!" and not is_core(tag, "map" if is_mapping else "seq"):
            raise self._unread(tag, start)
        node = Node(start, max(end, start + 1), "flow" if event.flow_style else "", event.anchor or "")
        if len(self.open) >= self.depth_max:
            raise YamlFault(f"nested deeper than {self.depth_max} levels", node.start, node.end)
        if is_mapping:
            node.members = []
        else:
            node.items = []
        self._add(self._named(node))
        self.open.append(node)
        self.keys.append(None)

    def _end(self, end: int) -> None:
        node = self.open.pop()
        self.keys.pop()
        node.height += 1
        last = node.items[-1] if node.items else node.members[-1][1] if node.members else None
        node.end = end if node.style or last is None else max(last.end, node.start + 1)
        if self.open:
            self._grow(self.open[-1], node)

    def _named(self, node: Node) -> Node:
        if node.anchor:
            self.anchors[node.anchor] = node
        return node

    def _add(self, node: Node) -> None:
        """A value to the collection it stands in; of a mapping every other one is a key."""
        self.values += 1
        if self.values > VALUES_MAX:
            raise YamlFault(f"more than {VALUES_MAX} values", node.start, node.end)
        if not self.open:
            self.done.root = node
            return
        around = self.open[-1]
        if around.items is not None:
            around.items.append(node)
        elif around.members is not None:
            key = self.keys[-1]
            if key is None:
                self.keys[-1] = self._key(node)
            else:
                around.members.append((key, node))
                self.keys[-1] = None
        if not node.is_collection:  # which counts when it ends
            self._grow(around, node)

    def _grow(self, around: Node, node: Node) -> None:
        around.size += node.size
        around.height = max(around.height, node.height)

    def _key(self, node: Node) -> Node:
        meant = node.target or node
        if meant.is_collection:
            raise YamlFault("a key is text, not a list or mapping", node.start, node.end)
        if isinstance(meant.value, str):
            if meant.value == "<<" and not meant.style:
                raise YamlFault('"<<" merges nothing: merge keys are no part of YAML 1.2', node.start, node.end)
            return node
        written = self.text[meant.start : meant.end]
        if not written.strip(" \t\n:?"):
            raise YamlFault("a key is missing here", node.start, node.end)
        raise YamlFault(f'a key is text: write "{written}" in quotes', node.start, node.end)


def _events(text: str) -> Iterator[Any]:
    """What the parser tells, by the one in C where PyYAML has it; both tell the same of a good text."""
    import yaml

    return yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
