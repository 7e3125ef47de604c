"""One Chromium and one built site for all browser tests."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, started
from report_fixture import tiny_project
from server import Server, serving

from generator.publish.export import export_offline
from generator.publish.site import build_site


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """A folder with the site of both tiny results in site/ and its offline copies in build/ and unpacked/."""
    folder = tmp_path_factory.mktemp("project")
    tiny_project(folder)
    build_site(folder / "mkdocs.yml", folder / "site")
    archive, _ = export_offline(folder / "docs", folder / "build", folder / "mkdocs.offline.yml")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder / "unpacked")
    return folder


@pytest.fixture(scope="session")
def server(request) -> Iterator[Server]:
    """The site of the tiny results, or the one that SITE names, such as a full one that was just built."""
    named = os.environ.get("SITE")
    with serving(Path(named) if named else request.getfixturevalue("project") / "site") as running:
        yield running


@pytest.fixture(scope="session")
def base(server) -> str:
    """Where the built site is served."""
    return server.base


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[Browser]:
    """A headless Chromium; without one the tests are skipped, in CI they fail."""
    try:
        with started(tmp_path_factory.mktemp("profile")) as running:
            yield running
    except FileNotFoundError as error:
        tell = pytest.fail if os.environ.get("CI") else pytest.skip
        tell(f"{error}: the pages were not opened in a browser")
