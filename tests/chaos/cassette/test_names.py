from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.chaos.cassette.names import DEFAULT, file_of


def test_a_plain_test_id_is_its_own_file_name() -> None:
    """What can be a file name everywhere stays readable."""
    assert file_of("login-1.2_b") == "login-1.2_b.fozzy"
    assert file_of("") == DEFAULT


def test_a_path_stays_in_the_folder() -> None:
    """A test id is no path, and no device."""
    for test in ("../../etc/passwd", "a/b", "..", "con", "NUL.x", "default", "tests/a.py::test_b[c]"):
        name = file_of(test)
        assert "/" not in name and name not in ("..", DEFAULT)
        assert name != f"{test}.fozzy"
    assert file_of("tests/a.py::test_b[c]").startswith("tests_a.py_test_b_c-")


@given(st.lists(st.text(max_size=200), min_size=2, max_size=2, unique=True))
def test_two_tests_never_share_a_file(tests: list[str]) -> None:
    """Every test has a file of its own, whose name is short and plain."""
    names = [file_of(test) for test in tests]
    assert names[0] != names[1]
    for name in names:
        assert name.isascii() and len(name) < 120 and name[0] not in ".-"
