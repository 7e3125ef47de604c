"""The wheel holds all that the program needs: its command works outside a checkout, on a folder of one's own."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from study_fixture import store

from generator.engine.files import visible_files
from generator.program import PROGRAM

DIFFERENT = {"data/manifest.json"}
"""Names the commit of a checkout, which the wheel has none of."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
         "--disable-pip-version-check", "--wheel-dir", folder, PROGRAM],
        check=True,
    )  # fmt: skip
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel) -> Path:
    """A folder with the wheel alone in it; the packages it needs are those of this environment."""
    folder = wheel.parent / "installed"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile",
         "--disable-pip-version-check", "--target", folder, wheel],
        check=True,
    )  # fmt: skip
    return folder


def _ran(*command: str | Path, cwd: Path, **environment: str) -> str:
    run = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, "OFFLINE": "1", "PYTHONSAFEPATH": "1", **environment},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_the_wheel_holds_what_pages_are_made_of_and_nothing_that_is_made(wheel):
    tracked = subprocess.run(
        ["git", "ls-files", "templates", "overrides", "studies", "docs/assets", "generator"],
        cwd=PROGRAM, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    wanted = {name if name.startswith("generator/") else f"generator/shipped/{name}" for name in tracked}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    alone = {"CITATION.cff", "data/benchmarks.json", "mkdocs.yml", "mkdocs.offline.yml", "requirements.txt"}
    assert held - wanted == {f"generator/shipped/{name}" for name in alone}
    assert wanted <= held


def test_a_message_names_the_command_that_is_there(installed, tmp_path):
    call = "from generator.__main__ import command; command()"
    told = subprocess.run(
        [sys.executable, "-c", call, "pages"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"},
    ).stderr  # fmt: skip
    assert told.endswith("data/results: no records; run `security-study study` first\n")


def test_the_wheel_needs_the_packages_of_the_lock_at_their_versions(installed):
    (info,) = installed.glob("*.dist-info")
    told = _pinned(r"^Requires-Dist: ", (info / "METADATA").read_text())
    lock = _pinned("^", (PROGRAM / "requirements.txt").read_text())
    package = tomllib.loads((PROGRAM / "pyproject.toml").read_text())
    without = set(package["tool"]["hatch"]["metadata"]["hooks"]["custom"]["without"])
    assert told == {name: version for name, version in lock.items() if name not in without}
    assert without <= set(lock)
    for name in told:  # nothing that is left out is needed by what is not
        asked = [Requirement(each) for each in distribution(name).requires or ()]
        needed = {each.name for each in asked if not each.marker or each.marker.evaluate({"extra": ""})}
        assert not needed & without, name


def _pinned(start: str, text: str) -> dict[str, str]:
    found = re.findall(rf"{start}([\w.-]+)==(\S+)$", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def test_the_installed_command_makes_the_same_site_in_a_folder_of_ones_own(installed, tiny_study, tmp_path):
    folders = {name: tmp_path / name for name in ("installed", "checkout")}
    for folder in folders.values():
        store(tiny_study, folder / "data" / "results")
    before = {path: path.stat().st_mtime_ns for path in visible_files(installed, "[!_]*", deep=True)}
    command, packages = installed / "bin" / "security-study", {"PYTHONPATH": str(installed)}
    said = _ran(sys.executable, command, "--project", folders["installed"], "site", cwd=tmp_path, **packages)
    assert "open site/index.html" in said
    _ran(sys.executable, "-m", "generator", "--project", folders["checkout"], "site", cwd=PROGRAM,
         PYTHONSAFEPATH="")  # fmt: skip
    for made in ("docs", "site"):
        ours, theirs = (
            {
                path.relative_to(folder / made).as_posix(): path
                for path in visible_files(folder / made, deep=True)
            }
            for folder in folders.values()
        )
        assert ours.keys() == theirs.keys()
        differing = {name for name in ours if ours[name].read_bytes() != theirs[name].read_bytes()}
        assert differing == DIFFERENT
    assert json.loads((folders["installed"] / "site" / "data" / "manifest.json").read_text())["source"] == {
        "commit": "", "dirty": None,
    }  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert {path.name for path in visible_files(tmp_path)} == set()  # nothing beside the folders
    assert "nothing changed" in _ran(
        sys.executable, command, "--project", folders["installed"], "site", cwd=tmp_path, **packages
    )


def test_the_installed_command_asks_the_same_studies_with_the_same_keys(installed, tmp_path):
    asked = ("study-key", "--datasets", "checks")
    key = _ran(
        sys.executable, installed / "bin" / "security-study", *asked, cwd=tmp_path, PYTHONPATH=str(installed)
    )
    assert key == _ran(sys.executable, "-m", "generator", *asked, cwd=PROGRAM, PYTHONSAFEPATH="")


def test_a_project_that_is_not_there_is_not_made(installed, tmp_path):
    run = subprocess.run(
        [sys.executable, installed / "bin" / "security-study", "--project", tmp_path / "typo", "all"],
        env=os.environ | {"PYTHONPATH": str(installed)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert (
        f"security-study: error: --project {tmp_path / 'typo'}: there is no such folder; make it"
        in run.stderr
    )
    assert list(tmp_path.iterdir()) == []
