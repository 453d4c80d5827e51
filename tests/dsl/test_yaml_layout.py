"""Each comment is given to what it is about."""

from __future__ import annotations

from fozzy.core.yaml.nodes import sound
from fozzy.dsl.yaml_layout import Layout, nodes

TEXT = """\
# yaml-language-server: $schema=x
# file

# a
a: 1 # behind a
b:
  # c

  # c too
  c: [1, 2] # behind c
  # below c
# below b, above d
d:
- e
- f # behind f

# end
"""


def test_comments_and_entries() -> None:
    """Above, behind, below, the file's, and at its end."""
    root = sound(TEXT, 9)
    layout = Layout(TEXT, root, lambda node, _: not node.is_collection or node.style == "flow")
    entries, below = layout.document(root)
    assert layout.of_file == ["# yaml-language-server: $schema=x", "# file"]
    a, b, d = entries
    assert (a.above, a.behind, a.inner) == (["", "# a"], "# behind a", None)
    assert b.inner is not None and (b.inner[0].above, b.inner[0].behind) == (["# c", "", "# c too"], "# behind c")
    assert b.below == ["# below c"] and d.above == ["# below b, above d"]
    assert d.inner is not None and [each.behind for each in d.inner] == ["", "# behind f"]
    assert below == ["", "# end"]
    assert (layout.column_of(root), b.inner[0].column) == (0, 2)


def test_every_node_is_there_once() -> None:
    """Keys, values and collections."""
    assert len(nodes(sound("a: [1, {b: c}]\n", 9))) == 7
