"""From docs/ to the site: MkDocs and what follows it in a new folder, then one exchange: the last good site is never
half gone."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from generator.report.built import LinkError, finish

EPOCH = "315532800"
"""Time stamp of what MkDocs would stamp with the clock (1980-01-01): equal pages, equal bytes."""


class BuildError(Exception):
    """The pages were refused, by MkDocs or by the checks of what it built; the message holds what was said."""


def build_site(config: Path, output: Path):
    """Build the site of `config` strictly into `output`.

    Raises:
        BuildError: MkDocs or the check of links found anything to complain about; `output` is as it was.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}-new-"))
    old = fresh.with_name(fresh.name.replace("-new-", "-old-"))
    try:
        run = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", fresh],
            env={"SOURCE_DATE_EPOCH": EPOCH, **os.environ, "NO_MKDOCS_2_WARNING": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise BuildError(f"mkdocs build --strict:\n{run.stdout}{run.stderr}".rstrip())
        try:
            finish(fresh)
        except LinkError as error:
            raise BuildError(f"the built pages have dead ends:\n{error}") from None
        fresh.chmod(0o755)
        if output.exists():
            output.rename(old)
        fresh.rename(output)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
