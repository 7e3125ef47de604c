"""The Makefile makes its environment with a Python that runs, mends a dead one, and lets nobody add to it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKE = shutil.which("make")
TOOLS = ("rm", "touch", "env")
SHIM = "#!/bin/sh\necho no version is chosen >&2; exit 127\n"
"""What version managers put in the place of a Python that is not chosen."""

pytestmark = pytest.mark.skipif(not MAKE, reason="no make on this machine")


class Checkout:
    """A folder with the Makefile, and a search path that starts empty."""

    def __init__(self, folder: Path):
        self.folder, self.path, self.bin = folder, folder / "path", folder / ".venv" / "bin"
        for each in (self.path, self.bin):
            each.mkdir(parents=True)
        for name in ("Makefile", "requirements.txt", "requirements-cluster.txt", "requirements-models.txt"):
            shutil.copy(ROOT / name, folder)
        for name in TOOLS:
            (self.path / name).symlink_to(shutil.which(name))

    def has(self, name: str, script: str = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'):
        """Put a command on the search path: a Python that runs, or a script."""
        _script(self.path / name, script)

    def make(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [MAKE, *arguments], cwd=self.folder, env={"PATH": str(self.path), **settings}, text=True,
            capture_output=True, check=False,
        )  # fmt: skip

    def made_with(self, *arguments: str, **settings: str) -> str | None:
        """The Python with which `make site` would make the environment; None if it would leave it as it is."""
        said = self.make("-n", "site", *arguments, **settings).stdout
        return said.partition(" -m venv")[0].split()[-1] if " -m venv" in said else None

    def set_up(self, python: str):
        """An environment that was made, whose Python is the script given."""
        _script(self.bin / "python", python)
        (self.folder / ".venv" / "ready").touch()
        (self.folder / ".venv" / "cluster").touch()
        (self.folder / ".venv" / "models").touch()


def _script(path: Path, text: str):
    path.unlink(missing_ok=True)  # a link that leads nowhere
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path)


def test_the_environment_is_made_with_a_python_that_runs(checkout):
    none = checkout.make("site")
    assert (none.returncode, none.stdout, none.stderr.count("\n")) == (2, "", 1)
    assert "no Python 3.11 to 3.14 runs here with its venv module; install one" in none.stderr
    assert checkout.make("-n", "help").returncode == 0  # what needs none does not ask
    checkout.has("python3.11", SHIM)
    checkout.has("python3.14", SHIM)
    checkout.has("python3.12")
    checkout.has("python3.13")
    assert checkout.made_with() == "python3.13"
    checkout.has("python3.11")
    assert checkout.made_with() == "python3.11"
    assert checkout.made_with("PYTHON=mine") == checkout.made_with(PYTHON="mine") == "mine"


def test_a_dead_environment_is_made_anew_and_a_living_one_is_kept(checkout):
    checkout.has("python3.12")
    checkout.set_up("#!/bin/sh\nexit 0\n")
    assert checkout.made_with() is None
    (checkout.bin / "python").unlink()
    (checkout.bin / "python").symlink_to(checkout.folder / "gone" / "python3.11")
    assert checkout.made_with() == "python3.12"
    checkout.set_up(SHIM)
    assert checkout.made_with() == "python3.12"


def test_nothing_of_the_surroundings_reaches_the_environment_but_where_packages_come_from(checkout):
    checkout.set_up("#!/bin/sh\nenv\n")
    hostile = {
        "PIP_USER": "1", "PIP_TARGET": "/x", "PIP_PREFIX": "/x", "PIP_ROOT": "/x", "PIP_PYTHON": "/x",
        "PIP_DRY_RUN": "1", "PIP_REQUIREMENT": "/x", "PIP_REQUIRE_HASHES": "1", "PYTHONHOME": "/x",
        "PYTHONPATH": "/x", "PYTHONSAFEPATH": "1", "PYTHONPLATLIBDIR": "x", "PYTHONOPTIMIZE": "2",
        "PYTHONINSPECT": "1",
    }  # fmt: skip
    kept = {"PIP_INDEX_URL": "https://packages.example/simple", "HTTPS_PROXY": "http://proxy.example:3128"}
    seen = checkout.make("--silent", "study-key", **hostile, **kept).stdout.splitlines()
    left = {line for name, value in hostile.items() for line in seen if line == f"{name}={value}"}
    assert left == set()
    assert {f"{name}={value}" for name, value in kept.items()} <= set(seen)
    assert "PIP_USER=0" in seen  # over what a configuration file says


def test_an_environment_whose_torch_does_not_start_is_not_taken_for_ready(checkout):
    checkout.set_up('#!/bin/sh\ncase "$*" in *torch*) exit 1;; esac\n')
    os.utime(checkout.folder / ".venv" / "ready", (0, 0))
    done = checkout.make("site")
    assert done.returncode == 2
    assert "TORCH_INDEX=https://download.pytorch.org/whl/cpu make site" in done.stderr
    assert (checkout.folder / ".venv" / "ready").stat().st_mtime == 0
