"""The run before this one: kept when its record is replaced, or fetched from the site it was published on."""

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from generator.engine.files import visible_files, write_whole
from generator.records.base import RecordError
from generator.records.files import (
    earlier_file,
    is_validation,
    private_folder,
    record_file,
    sums,
    sums_file,
    unsound,
)
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult

log = logging.getLogger(__name__)

FOLDER = "previous"
"""Beside the records, one file a dataset; never read as records of this run."""
Kind = TypeVar("Kind", StudyResult, ValidationResult)
SECONDS = 60
"""How long a site may take to answer."""


class FetchError(Exception):
    """A site does not give what it published; the message names the address, what came instead, and what to do."""


Run = StudyResult | ValidationResult


def keep_own(records: Path, name: str, study_key: str):
    """As `keep`, of a table of one's own, whose earlier record stays beside its rows and is never published."""
    path = record_file(records, name)
    if path.is_file() and not _damaged(path) and _key(path) != study_key:
        private_folder(records)
        write_whole(earlier_file(records, name), path.read_bytes())


def keep(path: Path, study_key: str):
    """Copy the record in `path` into the folder of earlier ones, if a study with another key is to replace it.

    One that another version wrote is kept as it is; a damaged one is not. It stays in `path` too, so a crash at any
    time loses nothing.
    """
    if path.is_file() and not _damaged(path) and _key(path) != study_key:
        _keep(path.parent, path.name, path.read_bytes())


def kept(records: Path, datasets: Iterable[str]) -> dict[str, StudyResult | None]:
    """The earlier record of each dataset that has one; None where it is damaged or this version cannot read it."""
    paths = {name: record_file(records / FOLDER, name) for name in datasets}
    return {
        name: None if _damaged(path) else _parsed(path.read_bytes())
        for name, path in paths.items()
        if path.is_file()
    }


def fetch(site: str, records: Path) -> list[Path]:
    """Take the earlier record of every record here from `site`, where the last run was published.

    If the site shows the very study that is here, what it shows as its earlier record is taken instead.
    What a site has not published is left out.

    Returns:
        The files written, once everything has come.

    Raises:
        FetchError: `site` is no address, it does not answer, or what it answers with is no record.
    """
    base = _base(site)
    paths = [path for path in visible_files(records, "*.json") if not is_validation(path)]
    found = {path.name: _published(base, path.name, _key(path)) for path in paths}
    return [_keep(records, name, content) for name, content in found.items() if content is not None]


def earlier(records: Path) -> tuple[Path, ...]:
    """The folders that hold the records before those in `records`."""
    return records / FOLDER, earlier_file(records, "any").parent


def pairs(before: Sequence[Path], after: Path) -> list[tuple[Run, Run]]:
    """The records of each dataset that both places hold, in files or folders; of those before, what is there.

    Raises:
        RecordError: A place holds no record, one that cannot be read, or the two share no dataset.
    """
    there = [place for place in before if place.exists()]
    if not there and len(before) > 1:
        raise RecordError(
            f"{after}: there is no earlier run yet; run the study again after a change, then compare"
        )
    there = there or list(before)
    old = {name: record for place in there for name, record in _records(place).items()}
    new = _records(after)
    alike = [name for name in new if name in old and type(old[name]) is type(new[name])]
    if not alike:
        raise RecordError(
            f"{there[0]} holds {', '.join(old)} and {after} holds {', '.join(new)}: "
            "give two runs of the same dataset"
        )
    return [(old[name], new[name]) for name in alike]


def _records(place: Path) -> dict[str, Run]:
    """Dataset -> record, of one file or of a folder."""
    if not place.exists():
        raise RecordError(f"{place}: no such file or folder; give a record (JSON) or a folder of records")
    paths = visible_files(place, "*.json") if place.is_dir() else [place]
    if not paths:
        raise RecordError(f"{place}: no records here; give a record (JSON) or a folder of records")
    found = {}
    for path in paths:
        record = _parsed(path.read_bytes(), ValidationResult if is_validation(path) else StudyResult)
        if not record:
            raise RecordError(
                f"{path}: damaged, or written by another version; runs can be compared if this version reads both"
            )
        name = record.spec.dataset
        if name in found:
            raise RecordError(f"{place}: {path.name} is a second record of {name!r}; give the file itself")
        found[name] = record
    return found


def _base(site: str) -> str:
    """The address of a site, ending in a slash.

    Raises:
        FetchError: It is none, or one that only a browser understands.
    """
    try:
        parts = urlsplit(site)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # an impossible port, half an IPv6 address
        sound = False
    if not sound or parts.username or not (site.isascii() and site.isprintable()) or " " in site:
        raise FetchError(
            f"{site!r} is no address of a site; give one from https:// or http:// on, without blanks, "
            "accents or a password"
        )
    return parts._replace(path=f"{parts.path.rstrip('/')}/", query="", fragment="").geturl()


def _published(base: str, name: str, key: str | None) -> bytes | None:
    """The newest record called `name` on the site that is not of the study `key`; None if there is none."""
    for place in (f"data/{name}", f"data/{FOLDER}/{name}"):
        # the query asks past copies that a cache keeps from before the last publication
        content = _download(f"{base}{place}", f"?after={key}", Path(name).stem)
        if content is None:
            return None
        found = _parsed(content)
        if not found or found.provenance.study_key != key:
            return content
    return None


def _download(address: str, query: str, dataset: str) -> bytes | None:
    """The record of `dataset` at `address`, by whatever version it was written; None if nothing is published there.

    Raises:
        FetchError: Something else came: an error, half a file, or a page to sign in.
    """
    try:
        with urllib.request.urlopen(address + query, timeout=SECONDS) as answer:
            content, kind, last = answer.read(), answer.headers.get_content_type(), answer.url
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 404:
            return None
        raise FetchError(f"{address}: {_line(error)}; see whether the site is public") from None
    except IncompleteRead:
        raise FetchError(f"{address}: the answer broke off; run this again") from None
    except (HTTPException, OSError, ValueError) as error:
        reason = _line(getattr(error, "reason", None) or error)
        raise FetchError(f"{address}: {reason}; see whether the site is up, then run this again") from None
    if not _is_record(content, dataset):
        via = "" if last == address + query else f" from {urlsplit(last).netloc}"
        raise FetchError(
            f"{address}: {kind}{via} came ({len(content)} bytes), not a record of {dataset}; open the address "
            "in a browser that is not signed in: it must show the record"
        )
    return content


def _line(reason: object) -> str:
    """What a library says, as one line."""
    return " ".join(str(reason).split())[:200] or type(reason).__name__


def _is_record(content: bytes, dataset: str) -> bool:
    """Whether a version of this program wrote `content` for `dataset`, by what every version has written."""
    try:
        found = json.loads(content)
        return (
            isinstance(found["schema_version"], int)
            and isinstance(found["provenance"]["study_key"], str)
            and found["data"]["name"] == dataset
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def _keep(records: Path, name: str, content: bytes) -> Path:
    """Write an earlier record and its hash; where it was written."""
    path = records / FOLDER / name
    write_whole(path, content)
    write_whole(sums_file(path.parent, path.stem), sums(path.parent, path.stem, (record_file,)).encode())
    return path


def _damaged(path: Path) -> bool:
    """Whether a record is not what the hash beside it says, which is then reported; False where there is none."""
    wrong = sums_file(path.parent, path.stem).exists() and unsound(path.parent, path.stem, (record_file,))
    if wrong:
        log.warning("%s: %s; it is not compared with", path.parent, wrong[0])
    return bool(wrong)


def _key(path: Path) -> str | None:
    record = _parsed(path.read_bytes(), ValidationResult if is_validation(path) else StudyResult)
    return record.provenance.study_key if record else None


def _parsed(content: bytes, kind: type[Kind] = StudyResult) -> Kind | None:
    """The record; None if this version cannot read it."""
    try:
        return kind.model_validate_json(content)
    except ValidationError:
        return None
