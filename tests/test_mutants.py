"""The faults that `make mutants` puts into the source are those one would put in by hand, and each is a program."""

import ast

from tests.benchmarks.checkout import ROOT
from tests.benchmarks.mutants import ROOMS, drawn, equivalents, mutants_of, near

SOURCE = '''"""Prose: 1 + 1."""
LIMIT: "1 + 1" = 3
def f(a: float | None = 0.5, b=True) -> 1 < 2:
    a -= 0.0
    return (a  # 2 < 3
        ) <= LIMIT and not b or f"{a + 1}" is not -a ** 2
'''
SWAPPED = [
    ("3", "4"), ("0.5", "1.0"), ("True", "False"), ("-", "+"), ("0.0", "1.0"), ("<=", "<"), ("and", "or"), ("not ", ""),
    ("or", "and"), ("is not", "is"), ("-", ""), ("**", "*"), ("2", "3"),
]  # fmt: skip


def test_operators_and_constants_are_swapped_and_prose_and_annotations_are_not(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(SOURCE, encoding="utf-8")
    found = mutants_of(path)
    assert [(each.before, each.after) for each in found] == SWAPPED
    (below,) = (each for each in found if each.before == "<=")
    assert (below.line, below.text) == (6, ') <= LIMIT and not b or f"{a + 1}" is not -a ** 2')
    assert below.source().decode() == SOURCE.replace("<=", "<")


def test_brackets_behind_an_operator_stay(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("found = not (a and b) or - (\n    c)\n", encoding="utf-8")
    without = [each.source().decode() for each in mutants_of(path) if each.after == ""]
    assert without == ["found = (a and b) or - (\n    c)\n", "found = not (a and b) or (\n    c)\n"]


def test_each_of_the_hundred_is_another_program_of_its_room_and_has_tests_that_import_it():
    found = drawn(100, seed=1)
    assert found == drawn(100, seed=1)
    for number, each in enumerate(found):
        assert f"/generator/{ROOMS[number % len(ROOMS)]}/" in each.path.as_posix()
        before, after = (ast.dump(ast.parse(source)) for source in (each.path.read_bytes(), each.source()))
        assert before != after, each
    for path in {each.path for each in found}:
        assert near(path), path


def test_what_is_left_out_stands_in_the_source_and_says_why():
    for each in equivalents():
        assert each["why"]
        places = [(found.text, found.before, found.after) for found in mutants_of(ROOT / each["path"])]
        assert (each["text"], each["before"], each["after"]) in places, each
