"""Is the way out open? `python -m tests.successor ZENSICAL` builds the pages with the theme's successor.

It builds apart from `site/`, finishes the pages as always, links checked, and compares: every page and anchor of the
site must be there, so that no link to it would break. Nothing depends on it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from generator.report.built import LinkError, finish, markup

ROOT = Path(__file__).parents[1]
SOURCES = ("mkdocs.yml", "docs", "overrides")
OF_THE_THEME = "__"
"""Ids that begin so are the theme's own controls, to which nobody links."""
ADDRESS = "https://example.org/study/"
"""Where it would be published: without one, the successor writes links that begin at the root of the host."""


def lost(site: Path, other: Path) -> Iterator[str]:
    """One line for each page of `site`, and each of its anchors, that `other` does not have."""
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site)
        if not (other / name).is_file():
            yield f"{name.as_posix()}: no such page"
            continue
        gone = markup.read(path).ids - markup.read(other / name).ids
        yield from (
            f"{name.as_posix()}: no anchor {each!r}"
            for each in sorted(gone)
            if not each.startswith(OF_THE_THEME)
        )


def built(zensical: Path, project: Path, folder: Path) -> Path:
    """The site that `zensical` makes of the pages of `project` in the empty `folder`, finished like any other.

    Raises:
        CalledProcessError: It did not build them.
        LinkError: What it built has dead ends.
    """
    for name in SOURCES:
        source = project / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, folder / name)
    subprocess.run(
        [zensical.resolve(), "build", "-f", "mkdocs.yml"],
        cwd=folder, env={**os.environ, "SITE_URL": ADDRESS}, check=True,
    )  # fmt: skip
    finish(folder / "site")
    return folder / "site"


def main(zensical: Path) -> int:
    pages = list((ROOT / "site").rglob("*.html"))
    if not pages:
        print("site/: no pages to compare with; run `make site` first", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="successor-") as folder:
        try:
            problems = list(lost(ROOT / "site", built(zensical, ROOT, Path(folder))))
        except (subprocess.CalledProcessError, LinkError) as error:
            print(f"the successor does not build these pages:\n{error}", file=sys.stderr)
            return 1
    print(*problems, f"{len(pages)} pages compared, {len(problems)} addresses lost", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
