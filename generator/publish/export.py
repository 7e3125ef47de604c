"""Copies that open from disk: the site as a zip, and the same site as one HTML file."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.engine.files import scratch_folder, visible_files, write_whole
from generator.publish.single import SCRIPT, single_page
from generator.publish.site import build_site

ARCHIVE = "model-security-study-offline.zip"
SINGLE = "model-security-study.html"
NEEDS_SERVER = ("sitemap.xml", "sitemap.xml.gz", "404.html")
"""Files of a site that mean nothing on a disk; the first two also hold the day of the build."""
TOO_LARGE = ("data/rows/", "data/claims-at-", "data/ledger-at.json")
"""Start of the names of files that only the published site offers: rows, and where numbers for other attackers than the
quoted one come from."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: equal sites give equal bytes."""


def export_offline(
    docs_dir: Path, out_dir: Path, mkdocs_config: Path, *, only_single: bool = False
) -> list[Path]:
    """Write the zip and the single file of the offline build into `out_dir`, each whole or not at all.

    Returns:
        The files written.

    Raises:
        BuildError: The pages were refused.
    """
    with offline_site(mkdocs_config, out_dir, docs_dir) as site:
        copies = {} if only_single else {ARCHIVE: archive(site)}
        script = (docs_dir / "assets" / SCRIPT).read_text(encoding="utf-8")
        copies[SINGLE] = single_page(site, script).encode()
    for name, content in copies.items():
        write_whole(out_dir / name, content)
    return [out_dir / name for name in copies]


@contextmanager
def offline_site(mkdocs_config: Path, out_dir: Path, docs_dir: Path | None = None) -> Iterator[Path]:
    """The built site, as long as it is needed."""
    with scratch_folder(out_dir / "offline") as folder:
        site = folder / "site"
        build_site(mkdocs_config, site, docs_dir)
        yield site


def archive(site: Path) -> bytes:
    """The files of `site` packed in the order of their names."""
    packed = io.BytesIO()
    files = {path.relative_to(site).as_posix(): path for path in visible_files(site, deep=True)}
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name in sorted(files):
            if name in NEEDS_SERVER or name.startswith(TOO_LARGE):
                continue
            entry = zipfile.ZipInfo(f"model-security-study/{name}", EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            made.writestr(entry, files[name].read_bytes(), compresslevel=9)
    return packed.getvalue()
