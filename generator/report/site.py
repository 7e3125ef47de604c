"""From docs/ to the site: MkDocs and what follows it in a new folder, then one exchange: the last good site is never
half gone."""

import errno
import os
import subprocess
import sys
from pathlib import Path

from generator.engine.files import WriteError, exchange, scratch_folder
from generator.report.built import LinkError, finish

EPOCH = "315532800"
"""Time stamp of what MkDocs would stamp with the clock (1980-01-01): equal pages, equal bytes."""


class BuildError(Exception):
    """The pages were refused, by MkDocs or by the checks of what it built; the message holds what was said."""


def build_site(config: Path, output: Path):
    """Build the site of `config` strictly into `output`; whenever it is killed, `output` is the old site or the new.

    Raises:
        BuildError: MkDocs or the check of links found anything to complain about, or `output` is a folder of
            something else; `output` is as it was.
        WriteError: The disk is full; `output` is as it was.
    """
    output = output.resolve()
    if output.exists() and not _replaceable(output):
        raise BuildError(f"{output}: holds something other than a site; give a new or empty folder")
    with scratch_folder(output) as fresh:
        _mkdocs(config, fresh)
        try:
            finish(fresh)
        except LinkError as error:
            raise BuildError(f"the built pages have dead ends:\n{error}") from None
        fresh.chmod(0o755)
        exchange(fresh, output)


def _replaceable(output: Path) -> bool:
    return output.is_dir() and ((output / "index.html").exists() or not any(output.iterdir()))


def _mkdocs(config: Path, folder: Path):
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", folder],
        env={"SOURCE_DATE_EPOCH": EPOCH, **os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode and os.strerror(errno.ENOSPC) in run.stderr:
        raise WriteError(f"{folder.parent}: {os.strerror(errno.ENOSPC).lower()}")
    if run.returncode:
        raise BuildError(f"mkdocs build --strict:\n{run.stdout}{run.stderr}".rstrip())
