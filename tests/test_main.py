"""The command line: every command explains itself, every bad input is one line that names the thing."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generator.__main__ import main
from generator.commands import COMMANDS

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    for name in ("KAGGLE_CSV", "QUICK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OFFLINE", "1")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    assert f"python -m generator {command}" in out
    assert "--records" in out


def test_the_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    assert all(re.search(rf"^ +{command}\b", out, re.MULTILINE) for command in COMMANDS)


def _refused(capsys, *arguments) -> str:
    """The one line with which `arguments` are refused."""
    assert main([str(a) for a in arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("command", ["study", "all"])
def test_an_unknown_dataset_is_answered_with_the_known_ones(command, capsys, tmp_path):
    line = _refused(capsys, command, "--datasets", "cards", "--records", tmp_path)
    assert line == "error: unknown dataset 'cards'; known: checks, kaggle\n"


def test_a_missing_kaggle_file_is_named(capsys, tmp_path):
    path = tmp_path / "nowhere.csv"
    line = _refused(capsys, "study", "--datasets", "kaggle", "--kaggle-csv", path, "--records", tmp_path)
    assert str(path) in line
    assert "no such file" in line


def test_a_file_that_is_no_table_is_named(capsys, tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    assert str(path) in _refused(
        capsys, "study", "--datasets", "kaggle", "--kaggle-csv", path, "--records", tmp_path
    )


@pytest.mark.parametrize("seeds", ["0", "-3"])
def test_fewer_seeds_than_one_are_refused(capsys, tmp_path, seeds):
    line = _refused(capsys, "study", "--datasets", "checks", "--seeds", seeds, "--records", tmp_path)
    assert f"--seeds {seeds}" in line


@pytest.mark.parametrize("workers", ["0", "-1"])
def test_fewer_workers_than_one_are_refused(capsys, tmp_path, workers, monkeypatch):
    monkeypatch.setattr("generator.commands.studying._run", lambda *_: pytest.fail("the study was run"))
    line = _refused(capsys, "study", "--datasets", "checks", "--workers", workers, "--records", tmp_path)
    assert f"--workers {workers}" in line


@pytest.mark.parametrize("command", ["pages", "site", "offline"])
def test_pages_without_records_say_what_to_run(command, capsys, tmp_path):
    line = _refused(capsys, command, "--records", tmp_path / "empty")
    assert "no records; run `make study` first" in line


def test_a_damaged_record_is_named_with_what_to_do(capsys, tmp_path):
    (tmp_path / "checks.json").write_text('{"spec": {}}')
    line = _refused(capsys, "pages", "--records", tmp_path)
    assert str(tmp_path / "checks.json") in line
    assert "run `make study`" in line


@pytest.mark.parametrize(
    "arguments", [[], ["publish"], ["study", "--seeds", "many"], ["pages", "--quick"], ["study", "--colour"]]
)
def test_what_is_no_command_or_option_exits_with_two_and_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: python -m generator" in capsys.readouterr().err


def test_a_bad_input_ends_the_process_with_two_and_no_traceback():
    done = subprocess.run(
        [sys.executable, "-m", "generator", "study", "--datasets", "cards"],
        cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | {"OFFLINE": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: unknown dataset 'cards'; known: checks, kaggle\n"


def test_a_record_that_still_holds_is_used_again(tiny_study, stored, capsys, monkeypatch):
    """`study` with nothing changed reads the record, and neither computes nor rewrites anything."""
    from generator.commands import studying

    def contents() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in stored.rglob("[!.]*") if path.is_file()}

    monkeypatch.setattr(studying, "_spec", lambda known, options: tiny_study.spec)
    before = contents()
    assert main(["study", "--datasets", "checks", "--records", str(stored)]) == 0
    assert "nothing changed" in capsys.readouterr().out
    assert contents() == before


BESIDE = ["draws/checks.npz", "rows/checks.csv.gz", "rows/checks.safetensors", "checks.sha256"]


@pytest.mark.parametrize("name", BESIDE)
def test_a_record_without_the_files_beside_it_does_not_hold(tiny_study, stored, name):
    from generator.commands import studying

    assert studying._changed(stored / "checks.json", tiny_study.origin) == []
    (stored / name).unlink()
    (reason,) = studying._changed(stored / "checks.json", tiny_study.origin)
    assert name in reason
    assert "missing" in reason


@pytest.mark.parametrize("name", ["checks.json", *BESIDE])
def test_one_flipped_bit_anywhere_is_reported_and_the_study_runs_again(tiny_study, stored, name, caplog):
    from generator.commands import studying

    content = bytearray((stored / name).read_bytes())
    content[len(content) // 2] ^= 1
    (stored / name).write_bytes(content)
    assert studying._changed(stored / "checks.json", tiny_study.origin) != []
    assert "writing it again" in caplog.text


@pytest.mark.parametrize("name", ["checks.json", *BESIDE[:3]])
def test_pages_refuse_a_damaged_file_and_say_what_to_run(stored, name, capsys):
    content = bytearray((stored / name).read_bytes())
    content[len(content) // 2] ^= 1
    (stored / name).write_bytes(content)
    line = _refused(capsys, "pages", "--records", stored)
    assert f"{name} is not what checks.sha256 says" in line
    assert "run `make study`" in line


def test_the_hashes_beside_a_record_are_what_sha256sum_prints(stored):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "checks.sha256"],
        cwd=stored, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{name}: OK" for name in ("checks.json", *BESIDE[:3])]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ("study-key", "previous")])
def test_the_readme_and_make_help_name_every_command(command):
    text = (ROOT / "README.md").read_text()
    target = {"all": "site", "verify-claims": "verify"}.get(command, command)
    told = re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert told or f"\nsecurity-study {command} " in text
    assert re.search(rf"generator \S*\b{command}\b", text)


@pytest.mark.parametrize("command", ["pages", "site"])
def test_a_folder_of_records_that_is_not_there_is_not_made(command, capsys, tmp_path):
    _refused(capsys, command, "--records", tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


def test_a_full_disk_in_a_worker_is_one_line_too(capsys, tmp_path, monkeypatch):
    """What numba or joblib write meets a full disk as well."""

    def full(options):
        raise OSError(28, "No space left on device", "/somewhere/kernels.nbi")

    monkeypatch.setitem(COMMANDS, "study", full)
    line = _refused(capsys, "study", "--records", tmp_path)
    assert line.startswith("error: /somewhere/kernels.nbi: no space left on device; the last good site")


def test_a_study_that_fails_lets_the_other_one_finish(capsys, tmp_path, monkeypatch):
    from types import SimpleNamespace

    from generator.commands import studying
    from generator.datasets import dataset
    from generator.engine.files import WriteError

    ended = []

    def run(engine, known, *_):
        if known.name == "checks":
            raise WriteError(f"{tmp_path}: no space left on device")
        time.sleep(0.5)
        ended.append(known.name)

    table = SimpleNamespace(y=[0, 1], source=SimpleNamespace(canonical_sha256="c"))
    loaded = [(SimpleNamespace(name=name), dataset(name).study, table) for name in ("checks", "kaggle")]
    monkeypatch.setattr(studying, "loaded", lambda options: loaded)
    monkeypatch.setattr(studying, "_run", run)
    monkeypatch.setattr(studying, "_unknown", lambda spec: [])
    monkeypatch.setattr("generator.provenance.provenance", lambda *_: None)
    assert f"{tmp_path}: no space left on device" in _refused(capsys, "study", "--records", tmp_path)
    assert ended == ["kaggle"]


def test_litter_of_editors_and_file_managers_beside_records_is_not_read(stored):
    from types import SimpleNamespace

    from generator.commands import common, preview
    from generator.runs.previous import pairs

    (stored / "._checks.json").write_bytes(b"\0\5\x16\7")
    (stored / ".#checks.json").symlink_to("me@machine.1234:1700000000")
    for name in (".ipynb_checkpoints/checks.json", "checks.json~", "#checks.json#"):
        (stored / name).parent.mkdir(exist_ok=True)
        (stored / name).write_text("half")
    (found,) = common.stored_results(SimpleNamespace(records=stored))
    assert pairs((stored,), stored) == [(found, found)]
    assert preview._modified([stored]) == preview._modified([stored / "checks.json"])


@pytest.mark.parametrize("name", ["checks (old)", "checks (Case Conflict)", "Checks"])
def test_a_second_record_of_a_dataset_is_named_with_what_to_do(stored, capsys, name):
    copy = stored / f"{name}.json"
    copy.write_bytes((stored / "checks.json").read_bytes())
    line = _refused(capsys, "pages", "--records", stored)
    assert line.startswith(f"error: {copy}: a second record of 'checks', whose own is checks.json; move it")
    assert "second record of 'checks'" in _refused(capsys, "diff", stored, stored)


def test_a_file_beside_records_that_is_none_is_named(stored, capsys):
    (stored / "notes.json").write_text("{}")
    line = _refused(capsys, "pages", "--records", stored)
    assert line.startswith(f"error: {stored / 'notes.json'}: ")
    assert line.endswith(f"if it is something else, move it out of {stored}\n")


def test_a_folder_that_cannot_take_a_site_is_refused_before_anything_is_done(capsys, stored, monkeypatch):
    monkeypatch.setattr("generator.commands.building.study_all", lambda *_: pytest.fail("the study was run"))
    monkeypatch.setattr(
        "generator.commands.building.pages", lambda *_: pytest.fail("the pages were rendered")
    )
    for command in ("site", "all"):
        for output in (stored, ROOT, ROOT / "docs" / "site"):
            line = _refused(capsys, command, "--records", stored, "--output", output)
            assert line.startswith(f"error: --output {output}: ")
