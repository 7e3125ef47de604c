"""What only a browser can make of the pages: PDF files, and the pictures of README and social cards."""

import base64
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from generator.engine.files import write_whole
from generator.publish.site import validations_in

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
    "disable-component-update", "disable-sync", "hide-scrollbars",
)  # fmt: skip
PRINTED = {"summary.pdf": "index.html", "brief.pdf": "brief.html"}
"""Name of the PDF to the page of the single file, where a site has it."""
A4 = (8.27, 11.69)
"""Inches."""
READY = 'return document.getElementById("pack") === null && document.readyState === "complete"'
DRAWN = """
const done = arguments[0], until = Date.now() + 20000;
(function next() {
  const open = document.querySelector("figure.chart:not([data-state])");
  if (!open || !open.querySelector(".chart-plot:empty") || Date.now() > until) return setTimeout(done, 300);
  open.scrollIntoView();
  setTimeout(next, 50);
})();
"""
"""Comes to every figure whose box is empty until it is in view."""


class BrowserError(Exception):
    """There is no browser that could do it; the message says what to install."""


def printed(docs: Path) -> dict[str, str]:
    """Of the pages in `docs`, those that are printed, as `PRINTED` has them: each validation's too."""
    there = {name: page for name, page in PRINTED.items() if (docs / page).with_suffix(".md").is_file()}
    names = [Path(name).stem for name in validations_in(docs)]
    return there | {f"{name}.pdf": f"{name}.html" for name in names}


def print_pages(
    single: Path, out_dir: Path, pages: Mapping[str, str] = MappingProxyType(PRINTED)
) -> list[Path]:
    """Print pages of the single file into `out_dir`, on A4."""
    width, height = A4
    written = []
    with _browser() as driver:
        for name, page in pages.items():
            _open(driver, f"{single.as_uri()}?{page}")
            asked = {
                "paperWidth": width,
                "paperHeight": height,
                "printBackground": True,
                "generateTaggedPDF": True,
            }
            made = driver.execute_cdp_cmd("Page.printToPDF", asked)
            written.append(_write(out_dir / name, made["data"]))
    return written


def take_pictures(pages: Mapping[Path, tuple[str, int, int]]) -> list[Path]:
    """Write a PNG for each (address, width, height in px) in `pages`, as a reader sees it first."""
    with _browser() as driver:
        written = []
        for path, (address, width, height) in pages.items():
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            _open(driver, address)
            driver.execute_script("scrollTo(0, 0)")
            written.append(_write(path, driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"]))
    return written


def _open(driver, address: str):
    driver.get(address)
    until = time.monotonic() + 20
    while not driver.execute_script(READY) and time.monotonic() < until:
        time.sleep(0.1)
    driver.execute_async_script(DRAWN)


def _write(path: Path, data: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, base64.b64decode(data))
    return path


@contextmanager
def _browser() -> Iterator:
    """A headless Chromium with its driver.

    Raises:
        BrowserError: One of the two is not installed.
    """
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    found = shutil.which("chromedriver")
    if not binary or not found:
        raise BrowserError("no Chromium with chromedriver here; install both, or print from any browser")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"user-data-dir={profile}"):
            options.add_argument(f"--{flag}")
        driver = webdriver.Chrome(options=options, service=Service(found))
        try:
            driver.set_script_timeout(30)
            yield driver
        finally:
            driver.quit()
