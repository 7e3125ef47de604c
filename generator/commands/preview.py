"""A preview on localhost, which follows changes of templates, charts and records."""

import argparse
import multiprocessing.connection
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from generator.commands.building import render_docs
from generator.commands.common import DOCS, InputError, provide_assets, record_files, say
from generator.commands.exclusion import alone
from generator.engine.files import visible_files
from generator.program import PACKAGE, PROGRAM
from generator.records.base import RecordError

PAGES_SIDE = ("notation", "findings", "figures", "tools", "pages", "publish", "runs")
"""Rooms whose source makes the pages, whatever the records say."""


def serve(options: argparse.Namespace) -> int:
    """Preview on localhost: a changed template renders its page again, a changed chart or record all pages.

    The page alone, as the study quotes it, by the process that has rendered all of them and keeps what it has drawn;
    all pages by a new process, so that changed code is what runs. An error waits for its mend.
    """
    from generator.publish.preview import AddressError, preview_site
    from generator.publish.site import of_project

    rooms = (PACKAGE / room for room in PAGES_SIDE)
    sources = (PROGRAM / "templates", *rooms, *record_files(options))
    previewer, seen, whole = None, {}, False

    def render():
        nonlocal previewer, seen, whole
        now = _modified(sources)
        changed = {path for path in now.keys() | seen.keys() if now.get(path) != seen.get(path)}
        seen = now
        names = {path.name.removesuffix(".md.j2") for path in changed if path.suffix == ".j2"}
        if whole and len(names) == len(changed) and not any(name.startswith("_") for name in names):
            for name in sorted(names):
                previewer.render(name)
            whole = previewer.lives()
        elif changed:
            previewer = Previewer(options)
            whole = previewer.render()

    config = PROGRAM / "mkdocs.yml"
    provide_assets()
    try:
        with of_project(config, DOCS) as settings:
            preview_site(
                settings, options.address, (*sources, config, PROGRAM / "overrides", DOCS / "assets"), render
            )
    except AddressError as error:
        raise InputError(f"--address {error}") from None
    return 0


class Previewer:
    """A process that renders pages for a preview, all of them first; it takes the place of an earlier one."""

    def __init__(self, options: argparse.Namespace):
        for earlier in multiprocessing.active_children():
            earlier.terminate()
            earlier.join()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_preview, args=(options, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def render(self, page: str = "") -> bool:
        """Have one page rendered, or all; whether it went well."""
        try:
            self._pipe.send(page)
            return self._pipe.recv()
        except (EOFError, OSError):  # it has died of the code it runs
            self._process.join()
            return False

    def lives(self) -> bool:
        return self._process.is_alive()


def _preview(options: argparse.Namespace, pipe: multiprocessing.connection.Connection):
    """Render the pages that are named, one after the other; no name stands for all."""
    from generator.pages.rendering import PageError, render_page

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the parent's to answer
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # what is half written goes
    rendering = argparse.Namespace(**vars(options) | {"command": "pages"})
    prepared = None
    while True:
        try:
            page = pipe.recv()
        except EOFError:  # nobody is left to ask
            return
        began = time.monotonic()
        try:
            if page:
                render_page(prepared(), page, PROGRAM / "templates", DOCS)
                say(f"{page}: rendered in {time.monotonic() - began:.1f} s")
            else:
                with alone(rendering):
                    prepared = render_docs(rendering)
        except (InputError, PageError, RecordError) as error:
            say(f"error: {error}")
            pipe.send(False)
        else:
            pipe.send(True)


def _modified(sources: Iterable[Path]) -> dict[Path, int]:
    """When each source of the pages was last written."""
    files = (f for each in sources for f in (visible_files(each, deep=True) if each.is_dir() else (each,)))
    found = {}
    for file in files:
        with suppress(FileNotFoundError):  # it may go while it is looked at
            if file.suffix in (".j2", ".py", ".json"):
                found[file] = file.stat().st_mtime_ns
    return found
