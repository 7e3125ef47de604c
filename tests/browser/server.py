"""A server on loopback that remembers what it was asked for."""

import functools
import gzip
import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

WAITS_FOR_NOTHING = "prefetch"
"""What a browser says of a request that it makes in an idle moment."""

PIECE = 2500
"""Bytes of a page that come at a time where a network is slow, if nothing else is said."""


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if WAITS_FOR_NOTHING not in self.headers.get("Sec-Purpose", ""):
            self.server.asked.append(unquote(urlsplit(self.path).path))
        if self.path.endswith(self.server.held):
            self.server.free.wait()
        super().do_GET()

    def end_headers(self):
        for name, value in self.server.sent.items():
            self.send_header(name, value)
        super().end_headers()

    def copyfile(self, source, outputfile):
        size, pause = self.server.slow if source.name.endswith(".html") else (-1, 0)
        while piece := source.read(size):
            outputfile.write(piece)
            time.sleep(pause)

    def log_message(self, *_):
        """A test log has no place for requests."""


class Server:
    """Where a built site is served."""

    def __init__(self, folder: Path, http_server: http.server.HTTPServer):
        self.folder, self.asked, self._http = folder, http_server.asked, http_server
        self.base = f"http://127.0.0.1:{http_server.server_port}/"

    def take(self) -> list[str]:
        """The paths asked for since the last call, in order."""
        taken = self.asked[:]
        del self.asked[: len(taken)]
        return taken

    @contextmanager
    def in_pieces(self, seconds: float, size: int = PIECE) -> Iterator[None]:
        """Pages come in pieces of `size` bytes, `seconds` apart."""
        quick, self._http.slow = self._http.slow, (size, seconds)
        try:
            yield
        finally:
            self._http.slow = quick

    @contextmanager
    def sending(self, **headers: str) -> Iterator[None]:
        """Every answer has these `headers`, written with `_` for `-`, and no browser keeps it for later."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        before, self._http.sent = self._http.sent, {"Cache-Control": "no-store", **given}
        try:
            yield
        finally:
            self._http.sent = before

    @contextmanager
    def holding_back(self, ending: str) -> Iterator[None]:
        """What is asked for and ends so is sent only afterwards."""
        self._http.held = (ending,)
        self._http.free.clear()
        try:
            yield
        finally:
            self._http.held = ()
            self._http.free.set()

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
        server.asked, server.slow, server.sent, server.held = [], (-1, 0), {}, ()
        server.free = threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Server(folder, server)
        server.shutdown()
