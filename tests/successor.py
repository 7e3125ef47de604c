"""Is the way out open? `python -m tests.successor ZENSICAL` builds the pages with the theme's successor.

It builds apart from `site/`, finishes the pages as always, links checked, and compares: every page and anchor of the
site must be there, so that no link to it would break, every title, and all that the page for unknown addresses says.
Then a reader opens it in a browser and looks for a word. Nothing depends on it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from generator.publish.postprocess import LinkError, finish, markup

ROOT = Path(__file__).parents[1]
SOURCES = ("mkdocs.yml", "docs", "overrides")
OF_THE_THEME = "__"
"""Ids that begin so are the theme's own controls, to which nobody links."""
TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)
ARTICLE = re.compile(r"<article.*?</article>", re.DOTALL)
UNKNOWN = "404.html"
WORD = "accuracy"
"""Something that the pages of every study have."""
HITS = "[...document.querySelectorAll('body > *')].flatMap((e) => [...e.shadowRoot?.querySelectorAll('a[href]') ?? []])"
"""What the successor's search offers: it has no place in the page before it is opened."""
ADDRESS = "https://example.org/study/"
"""Where it would be published: without one, the successor writes links that begin at the root of the host."""


def lost(site: Path, other: Path) -> Iterator[str]:
    """One line for each page of `site`, each of its anchors, and each title, that `other` does not have."""
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site)
        if not (other / name).is_file():
            yield f"{name.as_posix()}: no such page"
            continue
        before, after = ((folder / name).read_text(encoding="utf-8") for folder in (site, other))
        if TITLE.findall(before) != TITLE.findall(after):
            yield f"{name.as_posix()}: another title: {' '.join(TITLE.findall(after))}"
        if name.as_posix() == UNKNOWN and (unsaid := _said(before) - _said(after)):
            yield f"{name.as_posix()}: does not say {', '.join(sorted(unsaid))}"
        gone = markup.read(path).ids - markup.read(other / name).ids
        yield from (
            f"{name.as_posix()}: no anchor {each!r}"
            for each in sorted(gone)
            if not each.startswith(OF_THE_THEME)
        )


def _said(page: str) -> set[str]:
    """The texts of an article, each link one of its own."""
    return {
        text.strip() for part in ARTICLE.findall(page) for text in re.split(r"<[^>]*>", part) if text.strip()
    }


def dead(site: Path) -> Iterator[str]:
    """One line for each thing that a reader of `site` would find not to work, in a real browser.

    Raises:
        FileNotFoundError: There is no browser on this machine.
    """
    sys.path.append(str(ROOT / "tests" / "browser"))  # whose modules are no package
    from browser import started, waited
    from selenium.webdriver.common.action_chains import ActionChains
    from server import serving

    with tempfile.TemporaryDirectory() as profile, started(Path(profile)) as browser, serving(site) as server:
        browser.open(server.base)
        ActionChains(browser.driver).send_keys("/").perform()
        ActionChains(browser.driver).send_keys(*WORD).perform()
        try:
            waited(browser, f"{HITS}.some((hit) => hit.checkVisibility() && hit.offsetHeight > 20)")
        except AssertionError:
            yield f"the search does not find {WORD!r}"
        yield from browser.errors()


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
            other = built(zensical, ROOT, Path(folder))
            problems = [*lost(ROOT / "site", other), *dead(other)]
        except (subprocess.CalledProcessError, LinkError) as error:
            print(f"the successor does not build these pages:\n{error}", file=sys.stderr)
            return 1
        except FileNotFoundError as error:
            print(f"{error}: install one to try the search", file=sys.stderr)
            return 2
    print(*problems, f"{len(pages)} pages compared and the search tried, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
