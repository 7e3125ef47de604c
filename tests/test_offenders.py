"""A test of many things names all that fail, and does not pass for want of any."""

import pytest
from offenders import all_hold


def even(number: int):
    assert number % 2 == 0, "odd"


def test_all_that_fail_are_named_with_their_reasons():
    with pytest.raises(AssertionError, match=r"^\nno 3: odd(?s:.*)\nno 5: odd"):
        all_hold(even, [2, 3, 4, 5], name="no {}".format)
    all_hold(even, [2, 4])


def test_another_error_is_none_of_a_check():
    with pytest.raises(TypeError):
        all_hold(even, ["text"[0:0] + "x", None])


def test_nothing_to_ask_is_no_success():
    with pytest.raises(AssertionError, match="nothing to ask"):
        all_hold(even, [])
