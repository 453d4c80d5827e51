"""A comment is what stands behind a `#` between values, and nothing else."""

from __future__ import annotations

from fozzy.core.yaml.comments import comments
from fozzy.core.yaml.nodes import sound

TEXT = """\
# é one
a: "x # no" # two
b: x#no   #three\u0020\u0020
c: | # no, it is the header's
  # no
  x
#four
d: [1, # five
  'p
  # no
  q'] # six
"""


def test_comments_are_found_in_order() -> None:
    """Not inside texts of any style; spaces at their end are none of theirs."""
    found = list(comments(TEXT, sound(TEXT, 9)))
    assert [each.text for each in found] == ["# é one", "# two", "#three", "#four", "# five", "# six"]
    assert [TEXT[each.start : each.end] for each in found] == [each.text for each in found]
    assert [each.text for each in found if each.is_own_line] == ["# é one", "#four"]
