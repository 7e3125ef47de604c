"""The record before this one is kept when replaced, fetched from where it was published, never taken for this one."""

import json
import shutil
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from report_fixture import tiny_result
from runs_fixture import later, write

from generator.__main__ import main
from generator.commands import common, studying
from generator.records.results import StudyResult
from generator.runs import previous

ROOT = Path(__file__).parents[1]


# ---------------------------------------------------------------- keeping the record before this one


def study(folder: Path, result: StudyResult, monkeypatch, *options: str):
    """Run the study command with a study that finds `result`."""
    known = SimpleNamespace(name=result.data.name)
    table = SimpleNamespace(y=[0, 1], source=SimpleNamespace(canonical_sha256="c"))
    monkeypatch.setattr(studying, "loaded", lambda options: [(known, result.spec, table)])
    monkeypatch.setattr("generator.provenance.provenance", lambda *_: result.provenance)
    monkeypatch.setattr("generator.study.run.run_study", lambda *_: result)
    monkeypatch.setattr(
        "generator.study.output.write_study", lambda found, place: write(place, found), raising=False
    )
    assert main(["study", "--records", str(folder), *options]) == 0


def test_a_study_keeps_the_record_it_replaces(tmp_path, monkeypatch):
    first, second = tiny_result(), later(tiny_result())
    study(tmp_path, first, monkeypatch)
    assert not (tmp_path / "previous").exists()
    study(tmp_path, second, monkeypatch)
    assert (tmp_path / "checks.json").read_text() == second.to_json()
    assert previous.kept(tmp_path, ["checks", "kaggle"]) == {"checks": first}


def test_the_same_study_computed_again_leaves_the_earlier_record_alone(tmp_path, monkeypatch):
    first, second = tiny_result(), later(tiny_result())
    for result, options in ((first, ()), (second, ()), (second, ()), (second, ("--fresh",))):
        study(tmp_path, result, monkeypatch, *options)
    assert previous.kept(tmp_path, ["checks"]) == {"checks": first}


def test_a_record_that_cannot_be_read_is_kept_byte_for_byte(tmp_path, monkeypatch):
    (tmp_path / "checks.json").write_bytes(b'{"schema_version": 0, "half')
    study(tmp_path, tiny_result(), monkeypatch)
    assert (tmp_path / "previous" / "checks.json").read_bytes() == b'{"schema_version": 0, "half'
    assert previous.kept(tmp_path, ["checks"]) == {"checks": None}


def test_an_earlier_record_is_never_read_as_one_of_this_run(tmp_path):
    write(tmp_path, later(tiny_result()))
    write(tmp_path / "previous", tiny_result(), tiny_result("kaggle"))
    found = common.stored_results(SimpleNamespace(records=tmp_path))
    assert [result.provenance.study_key for result in found] == ["6" * 64]


# ---------------------------------------------------------------- the record published last


@contextmanager
def served(handler) -> str:
    """The address of a server, for a while."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def site(tmp_path):
    """An empty published site: its folder and its address."""
    folder = tmp_path / "site"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with served(partial(Quiet, directory=folder)) as address:
        yield folder, address


def publish(folder: Path, now: StudyResult, before: StudyResult | None = None):
    (folder / "data").mkdir(parents=True, exist_ok=True)
    write(folder / "data", now)
    if before:
        write(folder / "data" / "previous", before)


def fetched(tmp_path: Path, address: str, now: StudyResult) -> dict[str, StudyResult | None]:
    """What a run on a fresh machine finds to be the record before `now`."""
    records = write(tmp_path / "records", now)
    assert main(["previous", address, "--records", str(records)]) == 0
    return previous.kept(records, ["checks", "kaggle"])


def test_the_first_publication_has_nothing_before_it(site, tmp_path):
    assert fetched(tmp_path, site[1], tiny_result()) == {}


def test_a_new_study_follows_the_one_published_last(site, tmp_path):
    first, second, third = tiny_result(), later(tiny_result(), "6"), later(tiny_result(), "7")
    publish(site[0], second, first)
    assert fetched(tmp_path, site[1], third) == {"checks": second}


def test_the_same_study_published_again_still_follows_the_one_before_it(site, tmp_path):
    first, second = tiny_result(), later(tiny_result())
    publish(site[0], second, first)
    assert fetched(tmp_path, site[1], second) == {"checks": first}


def test_a_study_that_returns_follows_the_one_that_stood_between(site, tmp_path):
    first, second = tiny_result(), later(tiny_result())
    publish(site[0], second, first)
    assert fetched(tmp_path, site[1], first) == {"checks": second}


def test_a_published_record_of_another_version_is_kept_as_unreadable(site, tmp_path):
    publish(site[0], tiny_result())
    other = json.loads(tiny_result().to_json()) | {"schema_version": 2, "unheard_of": []}
    (site[0] / "data" / "checks.json").write_text(json.dumps(other))
    assert fetched(tmp_path, site[1], tiny_result()) == {"checks": None}


def error_of(address: str, records: Path, capsys) -> str:
    """The one line that taking earlier records from `address` ends in."""
    assert main(["previous", address, "--records", str(records)]) == 2, address
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1, said
    return said


@pytest.fixture
def kept_once(tmp_path):
    """Records with earlier ones beside them; a failed fetch must leave those as they are."""
    records = write(tmp_path / "records", tiny_result(), tiny_result("kaggle"))
    write(records / "previous", tiny_result(), tiny_result("kaggle"))
    yield records
    assert previous.kept(records, ["checks", "kaggle"]) == {
        "checks": tiny_result(), "kaggle": tiny_result("kaggle")
    }  # fmt: skip


SIGN_IN = b"<!doctype html><title>Sign in</title>"
ANSWERS = {
    "a page to sign in": ((200, {"Content-Type": "text/html"}, SIGN_IN), "text/html came (37 bytes), not a record"),
    "sent on to one": ((302, {"Location": "/login"}, b""), "text/html from 127.0.0.1:"),
    "other JSON": ((200, {"Content-Type": "application/json"}, b'{"schema_version": 1}'), "application/json came"),
    "JSON without end": ((200, {}, b"[" * 200_000), "not a record of"),
    "half a record": ((200, {"Content-Length": "5000"}, b'{"schema_version": 1'), "the answer broke off"),
    "half a piece": ((200, {"Transfer-Encoding": "chunked"}, b"400\r\nabc"), "the answer broke off"),
    "not allowed": ((401, {}, b""), "401"),
    "round in circles": ((302, {"Location": "/data/kaggle.json"}, b""), "infinite loop"),
    "a file of this machine": ((302, {"Location": "file:///etc/hostname"}, b""), "is not allowed"),
}  # fmt: skip
"""What a host may answer in place of a record, as (status, headers, body), and what the error must say."""


def test_what_is_no_record_is_never_taken_for_one(kept_once, capsys):
    newer = later(tiny_result()).to_json().encode()

    class Host(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/login":
                status, headers, body = ANSWERS["a page to sign in"][0]
            else:
                status, headers, body = answer if "kaggle" in self.path else (200, {}, newer)
            self.send_response(status)
            for header in headers.items():
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    wrong = []
    with served(Host) as address:
        for what, (answer, expected) in ANSWERS.items():  # noqa: B007 (it is what the host answers with)
            said = error_of(address, kept_once, capsys)
            if expected not in said or f"{address}data/kaggle.json: " not in said:
                wrong.append((what, said))
    assert wrong == []


def test_a_site_that_does_not_answer_is_an_error_and_what_is_kept_stays(kept_once, capsys):
    assert "http://127.0.0.1:9/data/checks.json: [Errno " in error_of(
        "http://127.0.0.1:9/", kept_once, capsys
    )


def test_what_is_no_address_is_refused_before_anything_is_asked(kept_once, capsys):
    addresses = (
        "", "study", "acme.github.io/study/", "http://", "http://acme github.io/", "http://acme.example/a b/",
        "http://acme.example/\n", "http://[::1", "http://acme.example:99999/", "http://me:secret@acme.example/",
        "http://acme.example/caf\u00e9/", "file:///etc/", "ftp://acme.example/", "data:text/json,",
    )  # fmt: skip
    said = {address: error_of(address, kept_once, capsys) for address in addresses}
    assert [
        address for address in addresses if "is no address of a site; give one" not in said[address]
    ] == []


def test_an_address_is_taken_as_a_browser_shows_it(site, tmp_path):
    publish(site[0] / "study", later(tiny_result()))
    for end in ("study", "study/", "study/#how-we-know", "study/?q=1"):
        assert fetched(tmp_path, site[1] + end, tiny_result()) == {"checks": later(tiny_result())}, end
        shutil.rmtree(tmp_path / "records")


def test_without_records_there_is_nothing_to_have_an_earlier_one_of(site, tmp_path, capsys):
    assert "no records; run `make study` first" in error_of(site[1], tmp_path / "none", capsys)


def test_the_workflow_fetches_earlier_records_for_the_pages_and_keeps_them_out_of_the_studies():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text())
    assert previous.FOLDER not in workflow["env"]["STUDY"]
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    cached = [step["with"]["path"] for step in steps if "actions/cache" in step.get("uses", "")]
    assert cached == ["${{ env.STUDY }}"] * 3
    assert not any("restore-keys" in step.get("with", {}) for step in steps)
    commands_run = [step.get("run") for step in workflow["jobs"]["build"]["steps"]]
    assert commands_run.index("make previous") < commands_run.index("make pages")
    assert commands_run.index("make study") < commands_run.index("make pages")  # new words, no new study


def test_the_workflow_takes_the_address_of_the_site_from_pages_which_alone_knows_it():
    text = (ROOT / ".github" / "workflows" / "pages.yml").read_text()
    jobs = yaml.safe_load(text)["jobs"]
    (stated,) = jobs["address"]["steps"]
    assert stated["uses"].startswith("actions/configure-pages@")
    assert jobs["address"]["permissions"] == {"pages": "read"}
    assert jobs["address"]["outputs"] == {"base_url": f"${{{{ steps.{stated['id']}.outputs.base_url }}}}"}
    # stated without a slash at its end
    assert jobs["build"]["env"]["SITE_URL"] == "${{ needs.address.outputs.base_url }}/"
    assert "address" in jobs["build"]["needs"]
    assert text.count("SITE_URL") == 1
