"""The record before this one is kept when replaced, fetched from where it was published, never taken for this one."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from report_fixture import tiny_result
from runs_fixture import later, write

from generator import commands, previous
from generator.__main__ import main
from generator.records.results import StudyResult

ROOT = Path(__file__).parents[1]


# ---------------------------------------------------------------- keeping the record before this one


def study(folder: Path, result: StudyResult, monkeypatch, *options: str):
    """Run the study command with a study that finds `result`."""
    known = SimpleNamespace(name=result.data.name)
    table = SimpleNamespace(y=[0, 1], source=SimpleNamespace(canonical_sha256="c"))
    monkeypatch.setattr(commands, "_loaded", lambda options: [(known, result.spec, table)])
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
    found = commands._results(SimpleNamespace(records=tmp_path))
    assert [result.provenance.study_key for result in found] == ["6" * 64]


# ---------------------------------------------------------------- the record published last


@pytest.fixture
def site(tmp_path):
    """An empty published site: its folder and its address."""
    folder = tmp_path / "site"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def publish(folder: Path, now: StudyResult, before: StudyResult | None = None):
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
    (site[0] / "data" / "checks.json").write_text('{"schema_version": 0}')
    assert fetched(tmp_path, site[1], tiny_result()) == {"checks": None}


def test_a_site_that_does_not_answer_is_an_error_and_what_is_kept_stays(tmp_path, capsys):
    records = write(tmp_path, tiny_result())
    write(records / "previous", tiny_result())
    assert main(["previous", "http://127.0.0.1:9/", "--records", str(records)]) == 2
    assert "127.0.0.1:9" in capsys.readouterr().err
    assert previous.kept(records, ["checks"]) == {"checks": tiny_result()}


def test_no_address_is_an_error(tmp_path, capsys):
    assert main(["previous", "", "--records", str(write(tmp_path, tiny_result()))]) == 2
    assert "give the address of the published site" in capsys.readouterr().err


def test_the_workflow_fetches_earlier_records_for_the_pages_and_keeps_them_out_of_the_studies():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text())
    assert previous.FOLDER not in workflow["env"]["STUDY"]
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    cached = [step["with"]["path"] for step in steps if "actions/cache" in step.get("uses", "")]
    assert cached == ["${{ env.STUDY }}"] * 3
    assert not any("restore-keys" in step.get("with", {}) for step in steps)
    commands_run = [step.get("run") for step in workflow["jobs"]["build"]["steps"]]
    assert commands_run.index("make previous") < commands_run.index("make pages")
