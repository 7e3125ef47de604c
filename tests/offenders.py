"""One test of many things of a kind, which names all that fail it."""

from collections.abc import Callable, Iterable


def all_hold(check: Callable[[object], None], things: Iterable, name: Callable[[object], str] = str):
    """Ask `check` of each of the `things`; it raises an AssertionError, or says nothing.

    Raises:
        AssertionError: With a line or more for each that failed, by its `name`; or there was nothing to ask.
    """
    asked, wrong = 0, []
    for thing in things:
        asked += 1
        try:
            check(thing)
        except AssertionError as error:
            wrong.append(f"{name(thing)}: {error}")
    assert not wrong, "\n" + "\n".join(wrong)
    assert asked, "nothing to ask"
