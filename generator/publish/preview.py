"""A preview on localhost: the server of MkDocs, which here follows the sources of the pages and not the pages."""

import logging
import os
import socket
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.livereload import LiveReloadServer
from watchdog.events import FileSystemEvent, FileSystemEventHandler

LOOK = 0.1
"""Seconds between two looks at the sources."""
PORTS = 2**16 - 1
"""The last there is."""


class AddressError(Exception):
    """Nobody can listen there; the message names the address and says why."""


def preview_site(config: Path, address: str, watched: Iterable[Path], render: Callable[[], None]):
    """Show the site of `config` at `address` until Ctrl-C, and what it has become whenever a source changes.

    Args:
        address: `host:port`.
        watched: Files and folders; of a folder all that is below it.
        render: Brings the pages up to date, before the site is built from those that differ.

    Raises:
        AddressError: The address is not one, or taken.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > PORTS:
        raise AddressError(f"{address}: give a host and a port, as 127.0.0.1:8000")
    try:
        socket.create_server((host, int(port))).close()  # better told now than when all is rendered
    except OSError as error:
        raise AddressError(f"{address}: {error.strerror.lower()}") from None
    logging.getLogger(build.__module__).addFilter(_unexpected)
    # it says where it listens, and when it reloads
    logging.getLogger(LiveReloadServer.__module__).setLevel(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="preview-") as folder:
        compiled = None

        def show():
            nonlocal compiled
            render()
            settings = load_config(str(config), site_dir=folder, site_url=server.url, strict=False)
            settings.plugins.on_startup(command="serve", dirty=True)
            compiled = compiled or settings.theme.get_env()
            compiled.auto_reload = True
            # a new one for each build would compile the whole theme again
            settings.theme.get_env = lambda: compiled
            build(settings, serve_url=server.url, dirty=True)

        def instead(code: int) -> bytes | None:
            return (Path(folder) / "404.html").read_bytes() if code == 404 else None

        server = LiveReloadServer(show, host, int(port), folder, polling_interval=LOOK)
        server.error_handler = instead
        schedule = server.observer.schedule
        server.observer.schedule = lambda handler, *place, **how: schedule(Visible(handler), *place, **how)
        for source in watched:
            server.watch(str(source))
        try:
            show()
            server.serve()
        except KeyboardInterrupt:
            pass
        finally:
            server.shutdown()


class Visible(FileSystemEventHandler):
    """Passes on what happens to files but those under hidden names, as editors write them while somebody types."""

    def __init__(self, handler: FileSystemEventHandler):
        self._handler = handler

    def dispatch(self, event: FileSystemEvent):
        names = {os.path.basename(path) for path in (event.src_path, event.dest_path) if path}
        if not all(name.startswith(".") for name in names):
            self._handler.dispatch(event)


def _unexpected(record: logging.LogRecord) -> bool:
    """MkDocs warns of building only what differs, which is what a preview is for."""
    return "'dirty' build" not in str(record.msg)
