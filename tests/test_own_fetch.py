"""A table that is to be had at an address is downloaded when asked for, whole and the right one, or not at all."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from own_fixture import cells, text, written

from generator.datasets.own import fetch, load
from generator.datasets.study_file import read_validation
from generator.datasets.table import DataError

TABLE = text(cells()).encode()


@pytest.fixture(scope="module")
def address():
    """Of a server with a table, half a table, and a page in place of one."""

    class Served(BaseHTTPRequestHandler):
        def do_GET(self):
            bodies = {"/claims.csv": TABLE, "/half.csv": TABLE, "/page.csv": b"\n<!DOCTYPE html><p>Sign in"}
            body = bodies.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body[:100] if self.path == "/half.csv" else body or b"")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _spec(folder, address: str, sha256: str = ""):
    change = f'[reading]\naddress = "{address}"\nsha256 = "{sha256}"'
    path = written(folder, cells(), ("[reading]", change))
    (folder / "claims.csv").unlink()
    return read_validation(path)


def test_a_table_is_downloaded_on_request_and_then_there(tmp_path, address):
    spec = _spec(tmp_path, f"{address}/claims.csv", hashlib.sha256(TABLE).hexdigest())
    with pytest.raises(
        DataError, match=f"there is no such file; download it from {address}/claims.csv to there"
    ):
        load(spec, tmp_path)
    assert fetch(spec, tmp_path) == tmp_path / "claims.csv"
    assert len(load(spec, tmp_path).y) == len(cells()["Fraud"])
    (tmp_path / "claims.csv").write_text("mine")
    fetch(spec, tmp_path)
    assert (tmp_path / "claims.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("file", "sha256", "offline", "told"),
    [
        ("claims.csv", "", True, "claims.csv: there is no such file, and nothing is downloaded offline; download"),
        ("claims.csv", "0" * 64, False, "and reading.sha256 is 000"),
        ("half.csv", "", False, "claims.csv: the download broke off after 100 bytes; download it from http"),
        ("page.csv", "", False, "claims.csv: what was downloaded is a web page, no table; download it from http"),
        ("none.csv", "", False, "answers 404 Not Found; download it from http"),
        (":0/claims.csv", "", False, "claims.csv: it could not be downloaded ("),
    ],
)  # fmt: skip
def test_what_is_not_the_table_leaves_nothing_behind(tmp_path, address, file, sha256, offline, told):
    where = f"http://127.0.0.1{file}" if file.startswith(":") else f"{address}/{file}"
    spec = _spec(tmp_path, where, sha256)
    with pytest.raises(DataError) as caught:
        fetch(spec, tmp_path, offline=offline)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["claims.toml"]
