"""The preview shows the pages and follows a template."""

import signal
import socket
import time
import urllib.error
import urllib.request

import pytest
from study_fixture import store

from tests.benchmarks.checkout import copied

PATIENCE = 60.0
"""Seconds."""


@pytest.fixture
def address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return "{}:{}".format(*free.getsockname())


def test_a_changed_template_is_served(tmp_path, tiny_study, address):
    checkout = copied(tmp_path / "project", tmp_path / "unused.csv")
    checkout.records.mkdir(parents=True)
    store(tiny_study, checkout.records)
    run = checkout.start("serve", "--address", address)

    def shows(words: str) -> bool:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not run.wait(0.2):
            try:
                with urllib.request.urlopen(f"http://{address}/method/", timeout=PATIENCE) as page:
                    if words in page.read().decode():
                        return True
            except urllib.error.URLError:
                continue  # it has not begun to listen
        return False

    try:
        assert shows("<h1"), run.said()
        template = checkout.folder / "templates" / "method.md.j2"
        template.write_text(template.read_text() + "\nOne sentence more.\n")
        assert shows("<p>One sentence more.</p>"), run.said()
    finally:
        run.signal(signal.SIGINT)
    assert run.wait(PATIENCE)
    assert run.left() == []
