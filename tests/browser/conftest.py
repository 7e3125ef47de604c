"""One Chromium for all browser tests of a worker, and the built site as it is served."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, started
from hostile_site import hostile_site
from server import Server, serving


@pytest.fixture(scope="session")
def server(request) -> Iterator[Server]:
    """The site of the tiny results, or the one that SITE names, such as a full one that was just built."""
    named = os.environ.get("SITE")
    with serving(Path(named) if named else request.getfixturevalue("project") / "site") as running:
        yield running


@pytest.fixture(scope="session")
def hostile(shared) -> Path:
    """A folder with the site of a study whose every name is a payload, in site/ and in single.html."""
    return shared("hostile", hostile_site)


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
