"""The preview shows the pages and follows a template."""

import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from study_fixture import store

from generator.__main__ import main
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

    def within_patience(seen: Callable[[], bool]) -> bool:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not run.wait(0.2):
            if seen():
                return True
        return False

    def page() -> str:
        try:
            with urllib.request.urlopen(f"http://{address}/method/", timeout=PATIENCE) as answer:
                return answer.read().decode()
        except urllib.error.URLError:
            return ""  # it has not begun to listen

    def shows(words: str) -> bool:
        return within_patience(lambda: words in page())

    def says(words: str) -> bool:
        return within_patience(lambda: words in run.said())

    try:
        assert shows("<h1"), run.said()
        for folder in ("templates", "generator/pages"):  # while somebody types in an editor
            (checkout.folder / folder / ".#method.md.j2").symlink_to("me@machine.1234:1700000000")
            (checkout.folder / folder / ".method.md.j2.swp").write_bytes(b"\0")
        time.sleep(1)
        assert "Detected file changes" not in run.said()
        template = checkout.folder / "templates" / "method.md.j2"
        before = template.read_text()
        template.write_text(f"{before}\nOne sentence more.\n")
        assert shows("<p>One sentence more.</p>"), run.said()
        template.write_text(f"{before}\n{{{{ nothing_of_that_name }}}}\n")
        assert says("error: method.md.j2, line"), run.said()
        template.write_text(f"{before}\n{{{{ 1 // 0 }}}}\n")
        assert says("ZeroDivisionError"), run.said()
        template.write_text(f"{before}\nAnother sentence.\n")
        assert shows("<p>Another sentence.</p>"), run.said()
        macros = checkout.folder / "templates" / "_macros.md.j2"
        macros.write_text(macros.read_text().replace("Data on this page", "Data behind it"))
        assert shows("Data behind it"), run.said()
    finally:
        run.signal(signal.SIGINT)
        ended = run.wait(PATIENCE)
    assert ended
    assert run.left() == []


@pytest.fixture
def shown(tmp_path) -> list[str]:
    """The command on a record that is never read, because there is nowhere to show it."""
    (tmp_path / "kaggle.json").touch()
    return ["serve", "--records", str(tmp_path)]


@pytest.mark.parametrize("given", ["8000", "localhost", ":8000", "localhost:http", "localhost:70000"])
def test_an_address_without_host_or_port_is_refused(given, shown, capsys):
    assert main([*shown, "--address", given]) == 2
    assert f"error: --address {given}: give a host and a port, as 127.0.0.1:8000" in capsys.readouterr().err


def test_a_taken_address_is_refused_before_anything_is_rendered(shown, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "{}:{}".format(*taken.getsockname())
        assert main([*shown, "--address", address]) == 2
    captured = capsys.readouterr()
    assert f"error: --address {address}: address already in use" in captured.err
    assert "rendered" not in captured.out


def test_without_a_record_there_is_nothing_to_preview(tmp_path, capsys):
    assert main(["serve", "--records", str(tmp_path)]) == 2
    assert "no records; run `make study` first" in capsys.readouterr().err
