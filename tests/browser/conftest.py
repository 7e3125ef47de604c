"""One Chromium and one built site for all browser tests."""

import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser
from report_fixture import tiny_project
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from server import Server, serving

from generator.report.export import export_offline
from generator.report.site import build_site

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
    "disable-component-update", "disable-sync",
)  # fmt: skip


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
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        tell = pytest.fail if os.environ.get("CI") else pytest.skip
        tell("no Chromium with chromedriver on this machine: the pages were not opened in a browser")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in FLAGS:
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    try:
        chrome.set_script_timeout(30)
        yield Browser(chrome)
    finally:
        chrome.quit()
