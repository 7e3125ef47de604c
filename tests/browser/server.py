"""A server on loopback that remembers what it was asked for."""

import functools
import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

WAITS_FOR_NOTHING = "prefetch"
"""What a browser says of a request that it makes in an idle moment."""


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if WAITS_FOR_NOTHING not in self.headers.get("Sec-Purpose", ""):
            self.server.asked.append(unquote(urlsplit(self.path).path))
        super().do_GET()

    def log_message(self, *_):
        """A test log has no place for requests."""


class Server:
    """Where a built site is served."""

    def __init__(self, folder: Path, asked: list[str], port: int):
        self.folder, self.asked, self.base = folder, asked, f"http://127.0.0.1:{port}/"

    def take(self) -> list[str]:
        """The paths asked for since the last call, in order."""
        taken = self.asked[:]
        del self.asked[: len(taken)]
        return taken

    def weight(self, paths: list[str]) -> int:
        """Bytes of the files behind `paths` as a reader's browser gets them, each once."""
        return sum(_compressed(self.file(path)) for path in sorted(set(paths)))

    def file(self, path: str) -> Path:
        found = self.folder / path.strip("/")
        return found / "index.html" if found.is_dir() else found


@functools.cache
def _compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 6)) if path.is_file() else 0


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Server(folder, server.asked, server.server_port)
        server.shutdown()
