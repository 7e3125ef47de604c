"""A module imports only from the floors below it; study side and report side meet in the records."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from offenders import all_hold

from generator.engine.files import visible_files

PACKAGE = Path(__file__).parents[1] / "generator"

BELOW = {
    "program": set(),
    "records": {"program"},
    "engine": {"records"},
    "impact": {"program", "records"},
    "datasets": {"program", "engine", "records"},
    "models": {"engine", "records"},
    "threats": {"models", "engine", "records"},
    "proofs": {"engine", "records"},
    "provenance": {"program", "engine", "records"},
    "study": {"provenance", "threats", "proofs", "models", "datasets", "impact", "engine", "records"},
    "notation": {"records"},
    "audit": {"program", "notation", "records"},
    "findings": {"notation", "impact", "records"},
    "figures": {"findings", "notation", "impact", "records"},
    "tools": {"program", "findings", "notation", "impact", "records"},
    "pages": {"figures", "findings", "notation", "engine", "records"},
    "publish": {"program", "pages", "engine", "records"},
    "runs": {"pages", "findings", "notation", "engine", "records"},
    "commands": {
        "study", "provenance", "datasets", "runs", "publish", "pages", "tools", "findings", "audit", "notation",
        "program", "engine", "records",
    },
    "__main__": {"commands", "records"},
}  # fmt: skip
"""Room -> rooms it may import from, besides itself."""

LIGHT = ("notation", "audit", "findings", "figures", "tools", "pages", "publish", "runs")
HEAVY = ("torch", "art", "sklearn", "pandas", "scipy")

MODULES = [path for path in visible_files(PACKAGE, "*.py", deep=True) if path != PACKAGE / "__init__.py"]


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imported(path: Path) -> set[str]:
    """Full names of all modules imported anywhere in the file, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def _rooms(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("generator.")}


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_every_room_has_its_floor():
    assert {_room(path) for path in MODULES} <= set(BELOW)


def test_a_module_imports_only_from_the_floors_below():
    def stays_below(path):
        room = _room(path)
        above = _rooms(_imported(path)) - BELOW[room] - {room}
        assert not above, f"{_name(path)} imports from {', '.join(sorted(above))}"

    all_hold(stays_below, MODULES, _name)


def test_no_room_holds_more_than_a_fifth_of_the_lines():
    lines = Counter()
    for path in MODULES:
        lines[_room(path)] += len(path.read_text().splitlines())
    assert not {room for room, count in lines.items() if count > lines.total() / 5}


def test_no_two_rooms_import_each_other():
    assert [(a, b) for a in BELOW for b in BELOW[a] if a in BELOW[b]] == []


def test_what_the_pages_stand_on_names_no_heavy_library():
    def is_light(path):
        assert not {name.split(".")[0] for name in _imported(path)} & set(HEAVY)

    all_hold(is_light, (path for path in MODULES if _room(path) in (*LIGHT, "records", "impact")), _name)


def test_the_lower_floors_know_no_library_of_the_field():
    def knows_none(path):
        assert not {name.split(".")[0] for name in _imported(path)} & {"art", "sklearn", "pandas"}

    all_hold(knows_none, (path for path in MODULES if _room(path) in ("engine", "records", "impact")), _name)


@pytest.mark.parametrize(
    ("module", "kept_out"),
    [
        ("generator.pages.rendering", ("torch", "pandas", "art", "sklearn")),
        ("generator.commands", ("torch", "pandas", "art", "sklearn", "plotly")),
        ("generator.audit", ("torch", "pandas", "art", "sklearn", "plotly", "scipy")),
        ("generator.records.metrics", ("torch", "pandas", "art", "sklearn", "plotly", "scipy")),
        ("generator.provenance", ("torch", "pandas", "art", "sklearn", "plotly")),
    ],
)
def test_a_light_module_is_imported_without_heavy_libraries(module, kept_out):
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    assert not set(done.stdout.split()) & set(kept_out)
