"""From docs/ to the site: MkDocs and what follows it in a new folder, then one exchange: the last good site is never
half gone."""

import errno
import html
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from generator.engine.files import WriteError, exchange, scratch_folder, visible_files
from generator.engine.made import LIST, carry_hidden, foreign, listed, names_below, some, write_list
from generator.engine.memo import FORGETFUL, Memo
from generator.publish.postprocess import LinkError, finish

EPOCH = "315532800"
"""Time stamp of what MkDocs would stamp with the clock (1980-01-01): equal pages, equal bytes."""


class BuildError(Exception):
    """The pages were refused, by MkDocs or by the checks of what it built; the message holds what was said."""


HEAD = re.compile(r'---\n(validation|calculator): (".*")$', re.M)
"""Of a page about a validation, and of its calculator: what it is called, as JSON. The theme would show a `title` as it
stands."""
BESIDE = "own.md"
"""The page beside which calculators of validations stand in the navigation."""
READ = ("docs", "templates", "overrides", "generator", "studies")
"""Folders of the project that are read, where no site may lie."""


def build_site(config: Path, output: Path, docs: Path | None = None, memo: Memo = FORGETFUL):
    """Build the site of `config` strictly into `output`; whenever it is killed, `output` is the old site or the new.

    Of what is in `output`, only an earlier site goes: hidden files stay, anything else is refused.

    Args:
        docs: Where the pages are; beside `config` if not given.
        memo: Has the pages that earlier builds finished.

    Raises:
        BuildError: MkDocs or the check of links found anything to complain about, or `output` cannot be a site;
            `output` is as it was.
        WriteError: The disk is full; `output` is as it was.
    """
    output, docs = output.resolve(), docs or config.parent / "docs"
    check_output(docs, output)
    with scratch_folder(output) as fresh, of_project(config, docs) as settings:
        _mkdocs(settings, fresh)
        try:
            finish(fresh, own=_own_pages(docs, fresh), memo=memo)
        except LinkError as error:
            raise BuildError(f"the built pages have dead ends:\n{error}") from None
        fresh.chmod(0o755)
        replace_site(fresh, output)


def replace_site(fresh: Path, output: Path):
    """Put the new site `fresh` in the place of the one in `output`, whose hidden files it gets, and list its files.

    At no moment is `output` without them. What remains of `fresh` is the old site.

    Raises:
        BuildError: Something in `output` would be lost, or it cannot be replaced; it is as it was.
    """
    write_list(fresh)
    _refuse_foreign(output, fresh)
    try:
        carry_hidden(output, fresh)
    except OSError as error:
        raise BuildError(f"{output}: its hidden files cannot be kept: {error}") from None
    try:
        exchange(fresh, output)
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.EXDEV):
            raise
        raise _mounted(output) from None


@contextmanager
def of_project(config: Path, docs: Path) -> Iterator[Path]:
    """`config` where its pages lie beside it; else, as long as it is needed, one that says which they are and where."""
    found, calculators = validations_in(docs), validations_in(docs, "calculator")
    if docs.resolve() == config.parent.resolve() / "docs" and not found:
        yield config
        return
    told = {
        "INHERIT": str(config.resolve()),
        "docs_dir": str(docs.resolve()),
        "theme": {"custom_dir": str(config.parent.resolve() / "overrides")},
    }
    if found:
        told["nav"] = with_validations(_nav(config), found, docs, calculators)
    with tempfile.TemporaryDirectory(prefix="settings-") as folder:
        settings = Path(folder) / config.name
        settings.write_text(json.dumps(told), encoding="utf-8")  # which is YAML too
        yield settings


def validations_in(docs: Path, kind: str = "validation") -> dict[str, str]:
    """The pages in `docs` of this kind, by name: what the validation is called, as HTML.

    Args:
        kind: `validation`, or `calculator` for those of validations.
    """
    heads = {path.name: HEAD.match(path.read_text(encoding="utf-8")) for path in visible_files(docs, "*.md")}
    found = {name: head for name, head in heads.items() if head and head[1] == kind}
    return {name: html.escape(json.loads(head[2])) for name, head in found.items()}


def _nav(config: Path) -> list:
    from mkdocs.utils.yaml import (
        yaml_load,
    )  # takes a while, which a site without validations need not wait for

    with config.open(encoding="utf-8") as file:
        return yaml_load(file)["nav"]


def with_validations(
    nav: list, found: Mapping[str, str], docs: Path, calculators: Mapping[str, str] = MappingProxyType({})
) -> list:
    """The navigation with a place for each validation, behind the Summary, one for each of their calculators, beside
    the page that says how to have one, and without pages that are not there."""
    own = [{f"Calculator: {title}": name} for name, title in calculators.items()]
    nav = [_beside(entry, own) for entry in nav]
    kept = [part for entry in nav if (part := _there(entry, docs))]
    return [*kept[:1], *({title: name} for name, title in found.items()), *kept[1:]]


def _beside(entry: dict, own: list) -> dict:
    """An entry of the navigation with these before `BESIDE`, if that is a part of it."""
    ((title, place),) = entry.items()
    pages = [] if isinstance(place, str) else [page for part in place for page in part.values()]
    if BESIDE not in pages:
        return entry
    at = pages.index(BESIDE)
    return {title: [*place[:at], *own, *place[at:]]}


def _there(entry: dict, docs: Path) -> dict | None:
    """An entry of the navigation, or a part of it, whose pages are in `docs`."""
    ((title, place),) = entry.items()
    if isinstance(place, str):
        return entry if (docs / place).is_file() else None
    parts = [part for each in place if (part := _there(each, docs))]
    return {title: parts} if parts else None


def check_output(docs: Path, output: Path, apart: Iterable[Path] = ()):
    """Pass if the site of the pages in `docs` can take the place of what is in `output`, as far as can be told now.

    Args:
        apart: Further folders that are read or written.

    Raises:
        BuildError: It cannot; the message says why and what to do.
    """
    project, output = docs.resolve().parent, output.resolve()
    apart = [each.resolve() for each in apart]
    for holy in (project, Path(os.path.expanduser("~")).resolve(), *apart):
        if holy.is_relative_to(output):
            raise BuildError(f"{output}: holds more than a site ({holy}); give the site a folder of its own")
    for read in (*(project / name for name in READ), *apart):
        if output.is_relative_to(read):
            raise BuildError(f"{output}: lies in {read}, which is read; give the site a folder elsewhere")
    if output.exists() and not output.is_dir():
        raise BuildError(f"{output}: is no folder; give a new or empty one")
    if output.is_mount():
        raise _mounted(output)
    _refuse_foreign(output, project / "docs")


def _mounted(output: Path) -> BuildError:
    return BuildError(f"{output}: is mounted, so no other folder can take its place; give a folder in it")


def _refuse_foreign(output: Path, fresh: Path):
    """Raise if `output` holds anything visible but what was built there and what `fresh` has too."""
    if not (names := foreign(output, names_below(output), fresh)):
        return
    if listed(output):
        raise BuildError(
            f"{output}: would lose what was put or changed there since its site was built: {some(names)}; move it "
            "away (files of yours that lie in docs/ are part of every site) and run the same command again"
        )
    raise BuildError(
        f"{output}: holds something other than a site, or one of a version that left no list of it ({LIST}): "
        f"{some(names)}; keep what is yours, empty the folder (hidden files may stay) and run the same command "
        "again, or give a new one"
    )


def _own_pages(docs: Path, site: Path) -> list[str]:
    """The HTML files in `docs`, which MkDocs has copied into the site."""
    names = [path.relative_to(docs).as_posix() for path in visible_files(docs, "*.html", deep=True)]
    return [name for name in names if (site / name).is_file()]


def _mkdocs(config: Path, folder: Path):
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", folder],
        env={"SOURCE_DATE_EPOCH": EPOCH, **os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode and os.strerror(errno.ENOSPC) in run.stderr:
        raise WriteError(f"{folder.parent.absolute()}: {os.strerror(errno.ENOSPC).lower()}")
    if run.returncode:
        raise BuildError(f"mkdocs build --strict:\n{run.stdout}{run.stderr}".rstrip())
