"""The manifest lists what is published by hash; one altered byte anywhere makes the check fail, naming the file."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from rows_fixture import alter_record, publish

from generator.__main__ import main
from generator.publish.manifest import (
    MANIFEST,
    Checkout,
    Manifest,
    ManifestError,
    check_published,
    checkout,
    downloads,
    published_study,
    write_manifest,
)
from generator.records.base import RecordError

OTHERS = {"checks-curve.csv": "x,y\n0,1\n", "checks-curve.js": "draw()\n", "ledger.json": "{}\n"}


@pytest.fixture(scope="module")
def good(tiny_study, tmp_path_factory) -> Path:
    """A site with the tiny study: its record, rows and weights, and files of other kinds."""
    site = tmp_path_factory.mktemp("site")
    publish(tiny_study.study, site / "data")
    for name, text in OTHERS.items():
        (site / "data" / name).write_text(text)
    write_manifest([tiny_study.result], site / "data", root=site)
    return site


@pytest.fixture
def site(good, tmp_path) -> Path:
    """A copy to alter."""
    return Path(shutil.copytree(good, tmp_path / "site"))


def _refusal(site: Path) -> str:
    with pytest.raises((ManifestError, RecordError)) as refused:
        check_published(site / "data")
    return str(refused.value)


# ---------------------------------------------------------------- what it holds


def test_every_published_file_is_listed_as_sha256sum_and_ls_have_it(good):
    manifest = Manifest.read(good / "data" / MANIFEST)
    assert set(manifest.files) == {"checks.json", "rows/checks.csv.gz", "rows/checks.safetensors", *OTHERS}
    # printf '{}\n' | sha256sum
    empty = "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"
    assert (manifest.files["ledger.json"].sha256, manifest.files["ledger.json"].bytes) == (empty, 3)


def test_the_studies_are_listed_with_all_they_depend_on(good, tiny_study):
    listed, provenance = Manifest.read(good / "data" / MANIFEST).studies["checks"], tiny_study.origin
    assert listed.study_key == provenance.study_key
    assert (listed.lock_sha256, listed.source_sha256) == (provenance.lock_sha256, provenance.source_sha256)
    assert listed.data_sha256 == tiny_study.table.source.canonical_sha256
    assert listed.versions["numpy"]
    assert (listed.seed, listed.seeds, listed.folds, listed.quick) == (42, 2, 3, False)


def test_another_setting_is_another_spec_hash(tiny_study):
    spec = tiny_study.result.spec.model_copy(update={"bootstrap": 101})
    other = tiny_study.result.model_copy(update={"spec": spec})
    assert published_study(other).spec_sha256 != published_study(tiny_study.result).spec_sha256


def test_equal_files_give_an_equal_manifest(site, tiny_study):
    before = (site / "data" / MANIFEST).read_bytes()
    write_manifest([tiny_study.result], site / "data", root=site)
    assert (site / "data" / MANIFEST).read_bytes() == before


def test_downloads_are_what_lies_beside_the_records(good, tiny_study, tmp_path):
    found = downloads([tiny_study.result], [], good / "data")
    assert set(found) == {"rows/checks.csv.gz", "rows/checks.safetensors"}
    assert all(path == good / "data" / name for name, path in found.items())
    assert downloads([tiny_study.result], [], tmp_path) == {}


# ---------------------------------------------------------------- the source


def _git(folder: Path, *arguments: str) -> str:
    named = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    run = subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return run.stdout.strip()


def test_a_source_without_git_has_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert checkout(tmp_path) == Checkout(commit="", dirty=None)


def test_no_git_at_all_is_no_commit_either(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checkout(tmp_path) == Checkout(commit="", dirty=None)


def test_a_commit_is_named_and_a_change_since_makes_it_dirty(tmp_path):
    _git(tmp_path, "init", "--quiet")
    (tmp_path / "study.py").write_text("a = 1\n")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "--message", "First")
    commit = _git(tmp_path, "rev-parse", "HEAD")
    assert checkout(tmp_path) == Checkout(commit=commit, dirty=False)
    (tmp_path / "study.py").write_text("a = 2\n")
    assert checkout(tmp_path) == Checkout(commit=commit, dirty=True)


def test_a_copy_inside_another_repository_has_no_commit_and_a_linked_work_tree_has_its_own(tmp_path):
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "vendor" / "study"
    inner.mkdir(parents=True)
    (inner / "study.py").write_text("a = 1\n")
    _git(outer, "init", "--quiet")
    _git(outer, "add", ".")
    _git(outer, "commit", "--quiet", "--message", "First")
    assert checkout(inner) == Checkout(commit="", dirty=None)
    _git(outer, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    (tmp_path / "link").symlink_to("tree")
    commit = _git(outer, "rev-parse", "HEAD")
    assert checkout(tmp_path / "link") == Checkout(commit=commit, dirty=False)
    _git(
        outer,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(tmp_path / "tree"),
        "sub",
    )
    assert checkout(outer / "sub") == Checkout(commit=commit, dirty=False)


def test_the_repository_of_a_hook_is_not_that_of_the_source(tmp_path, monkeypatch):
    other, source = tmp_path / "other", tmp_path / "source"
    for folder in (other, source):
        folder.mkdir()
    _git(other, "init", "--quiet")
    _git(other, "commit", "--quiet", "--allow-empty", "--message", "First")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert checkout(source) == Checkout(commit="", dirty=None)


def test_a_clone_that_translates_line_ends_has_the_same_bytes(tmp_path):
    """The study key hashes source files, and the site copies some as they are."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        pytest.skip("not under git")
    clone = tmp_path / "clone"
    _git(root, "clone", "--quiet", "--shared", "--config", "core.autocrlf=true", str(root), str(clone))
    listed = [line.split(maxsplit=3) for line in _git(clone, "ls-files", "--stage").splitlines()]
    names = "\n".join(name for *_, name in listed)
    run = subprocess.run(
        ["git", "hash-object", "--no-filters", "--stdin-paths"],
        cwd=clone, input=names, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert len(listed) > 400
    changed = [
        name for (_, blob, _, name), now in zip(listed, run.stdout.split(), strict=True) if blob != now
    ]
    assert changed == []


# ---------------------------------------------------------------- what is altered


def test_what_was_published_passes_with_its_records(good, tiny_study):
    assert check_published(good / "data") == [tiny_study.result]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "name",
    [
        "checks.json",
        "rows/checks.csv.gz",
        "rows/checks.safetensors",
        *OTHERS,
        MANIFEST,
    ],
)
def test_one_flipped_bit_is_found_and_its_file_named(site, name, share):
    path = site / "data" / name
    content = bytearray(path.read_bytes())
    content[round(share * (len(content) - 1))] ^= 1
    path.write_bytes(content)
    assert _refusal(site).startswith(f"{path}: ")


def test_every_single_byte_of_the_manifest_counts(site):
    path = site / "data" / MANIFEST
    content = path.read_bytes()
    for place in range(0, len(content), 97):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert _refusal(site).startswith(f"{path}: ")


def test_a_lost_file_and_one_too_many_are_named(site):
    (site / "data" / "ledger.json").rename(site / "data" / "other.json")
    assert _refusal(site) == f"{site / 'data' / 'ledger.json'}: missing, but listed in {MANIFEST}"
    (site / "data" / "ledger.json").write_text(OTHERS["ledger.json"])
    assert _refusal(site) == f"{site / 'data' / 'other.json'}: not listed in {MANIFEST}"


def test_the_page_that_shares_the_folder_is_no_download(site):
    (site / "data" / "index.html").write_text("<h1>Where does the data come from?</h1>")
    check_published(site / "data")


def test_litter_beside_the_downloads_is_none(site):
    (site / "data" / ".DS_Store").write_bytes(b"\0")
    (site / "data" / "rows" / "._checks.csv.gz").write_bytes(b"\0")
    check_published(site / "data")


def test_a_manifest_of_another_study_does_not_fit_the_record(site):
    path = site / "data" / MANIFEST
    manifest = Manifest.read(path)
    study = manifest.studies["checks"].model_copy(update={"seed": 43})
    path.write_text(manifest.model_copy(update={"studies": {"checks": study}}).signed().to_json())
    assert _refusal(site) == f"{path}: studies, checks: not what checks.json says"


# ---------------------------------------------------------------- the command


def test_the_command_passes_a_good_site_and_good_records(site, capsys):
    assert main(["verify-claims", "--site", str(site)]) == 0
    assert "pgd_ramp" in capsys.readouterr().out
    for name in ("ledger.json", MANIFEST):  # beside records there is no other JSON
        (site / "data" / name).unlink()
    assert main(["verify-claims", "--records", str(site / "data")]) == 0
    assert "pgd_ramp" in capsys.readouterr().out


def test_the_command_names_an_altered_file_and_ends_with_two(site, capsys):
    path = site / "data" / "rows" / "checks.csv.gz"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    assert main(["verify-claims", "--site", str(site)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"error: {path}: altered: expected ")
    assert hashlib.sha256(path.read_bytes()).hexdigest() in err


def test_a_record_forged_together_with_its_hashes_is_refused_by_its_rows(site, tiny_study, capsys):
    from generator.records.results import StudyResult

    def better(record):
        record["proofs"]["choices"][4]["validated"]["value"] += 0.1

    alter_record(site / "data", better)
    write_manifest([StudyResult.read(site / "data" / "checks.json")], site / "data", root=site)
    assert main(["verify-claims", "--site", str(site)]) == 2
    assert capsys.readouterr().err.startswith(
        "error: checks.json, choice against T0: validated.value: expected 0."
    )


def test_a_site_without_a_manifest_says_so(tmp_path, capsys):
    assert main(["verify-claims", "--site", str(tmp_path)]) == 2
    assert f"{tmp_path / 'data' / MANIFEST}: no such" in capsys.readouterr().err
