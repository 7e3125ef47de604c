"""From a file to a site as a validator goes: a study file is proposed, edited, checked, studied, read and verified."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claims_fixture import RARE, write
from report_fixture import ROOT

pytest.importorskip("xgboost")

MOVED = {
    "Claimed": ("effort", "down"),
    "Witness": ("free", "up"),
    "Price": ("insider", "down"),
}
"""Input -> who changes it, and which way."""
ASKED = """
amount = "Claimed"
currency = "EUR"
"""
SCORES = 'scores = { file = "scores.csv", column = "score", id = "Claim" }'
FILES = ("claims.csv", "claims.toml", "model.json", "scores.csv")


def _run(folder: Path, *words: str, fails: bool = False) -> str:
    """What a command says, in both streams."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OFFLINE": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "generator", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment,
    )
    said = done.stdout + done.stderr
    assert done.returncode == (2 if fails else 0), said
    assert "Traceback" not in said
    return said


def _edited(text: str) -> str:
    """A proposed study file with what its comments ask for."""
    head, *blocks = re.split(r"(?=^\[\[inputs\]\]$|^# -{20,})", text, flags=re.M)
    for place, block in enumerate(blocks):
        for name, (control, helps) in MOVED.items():
            if f'name = "{name}"' in block:
                block = re.sub(r"^control = .*$", f'control = "{control}"', block, flags=re.M)
                blocks[place] = re.sub(r"^helps = .*$", f'helps = "{helps}"', block, flags=re.M)
    text = head.replace("[reading]", f"{ASKED}\n[reading]", 1) + "".join(blocks)
    text = text.replace('saw = "unknown"', 'saw = "rows that train"')
    return re.sub(r"^# scores = .*$", SCORES, text, flags=re.M)


@pytest.fixture(scope="module")
def studied(tmp_path_factory) -> tuple[Path, pd.DataFrame, dict[str, str]]:
    """The folder after the commands, its table, and what each command said."""
    folder = tmp_path_factory.mktemp("own")
    table = write(folder)
    said = {"new": _run(folder, "new", "claims.csv", "--label", "Outcome=fraud", "--model", "model.json")}
    proposal = folder / "claims.toml"
    said["proposed"] = proposal.read_text()
    proposal.write_text(_edited(said["proposed"]))
    said["check"] = _run(folder, "check", "claims.toml")
    said["all"] = _run(folder, "all", "claims.toml", "--quick")
    said["verify"] = _run(folder, "verify-claims", "--site", "site")
    return folder, table, said


def test_nothing_can_be_attacked_by_a_guess(studied):
    controls = re.findall(r"^control = (\S+)", studied[2]["proposed"], re.M)
    assert set(controls) == {'"nobody"'}
    assert 'split = { column = "Part", trains = ["build"], judged = ["holdout"] }' in studied[2]["proposed"]


def test_checking_tells_what_was_understood_and_that_all_scores_are_reproduced(studied):
    said = studied[2]["check"]
    assert "700 rows" in said
    assert "700 scores of its owner reproduced" in said
    for name, (control, helps) in MOVED.items():
        assert f"a fraudster moves {name}: {control}, {helps}" in said


def test_the_site_answers_with_the_model_in_use_and_every_share_is_worked_out_again(studied):
    folder, _, said = studied
    page = (folder / "site" / "claims" / "index.html").read_text()
    assert "the model in use provably catches" in page
    assert "EUR" in page
    assert re.search(r"\d+ shares worked out again", said["verify"])


def test_no_row_of_the_table_leaves_the_private_folder(studied):
    """Ids, amounts to the cent, and a make that four rows have: in no byte of record, site or log."""
    folder, table, said = studied
    canaries = _canaries(table)
    assert len(canaries) >= 200
    calculator = (
        folder / "site" / "data" / "calculator-claims.js",
        folder / "site" / "claims-calculator" / "index.html",
    )
    assert all(path.is_file() for path in calculator)  # so that it is searched too
    assert _told(folder, said, canaries) == set()


def test_rows_are_published_only_where_the_study_file_says_so_and_the_page_tells(studied, tmp_path):
    project, table = _copied(studied[0], tmp_path), studied[1]
    study = project / "claims.toml"
    study.write_text("publish_rows = true\n" + study.read_text())
    said = {"all": _run(project, "all", "claims.toml", "--quick")}
    judged = _canaries(table[table["Part"] == "holdout"])
    assert len(_told(project, said, judged)) > 0.9 * len(judged)
    assert "publishes rows" in (project / "site" / "claims" / "index.html").read_text()
    study.write_text(study.read_text().replace("publish_rows = true", "publish_rows = false"))
    said = {"all": _run(project, "all", "claims.toml", "--quick")}
    assert _told(project, said, _canaries(table)) == set()


def _copied(folder: Path, to: Path) -> Path:
    """The same project elsewhere, stages and all."""
    return Path(shutil.copytree(folder, to / "project"))


def _canaries(table: pd.DataFrame) -> list[str]:
    amounts = [
        f"{amount:.2f}" for amount in table["Claimed"] if amount > 100 and not float(amount).is_integer()
    ]
    return [*table["Claim"], RARE, *sorted(set(amounts))[:100]]


def _told(folder: Path, said: dict[str, str], canaries: list[str]) -> set[str]:
    """Those that a published file or a log holds, packed files unpacked."""
    texts = [text for name, text in said.items() if name != "proposed"]
    for path in [
        *(folder / "site").rglob("*"),
        *(folder / "docs").rglob("*"),
        *(folder / "data" / "results").rglob("*"),
    ]:
        if not path.is_file() or "assets" in path.parts or "cache" in path.parts:
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                content = b"\n".join(packed.read(name) for name in packed.namelist())
        texts.append(content.decode("utf-8", "replace"))
    whole = "\n".join(texts)
    return {each for each in canaries if re.search(rf"(?<![\d.]){re.escape(each)}(?!\d)", whole)}


def test_another_study_leaves_the_first_as_it_is_and_may_go_again(studied, tmp_path):
    project = _copied(studied[0], tmp_path)
    kept = [project / "data" / "results" / "claims.json", project / "docs" / "claims.md"]
    before = [path.read_bytes() for path in kept]
    others = (project / "claims.toml").read_text().replace('title = "Claims"', 'title = "Others"')
    (project / "others.toml").write_text(others)
    _run(project, "all", "claims.toml", "others.toml", "--quick")
    assert "Others" in (project / "site" / "index.html").read_text()
    assert (project / "site" / "others" / "index.html").exists()
    assert kept[0].read_bytes() == before[0]
    _run(project, "all", "claims.toml", "--quick")
    assert not (project / "site" / "others").exists()
    assert [path.read_bytes() for path in kept] == before


def test_new_words_reach_the_page_and_nothing_is_computed_for_them(studied, tmp_path):
    project = _copied(studied[0], tmp_path)
    study, path = project / "claims.toml", project / "data" / "results" / "claims.json"
    before = json.loads(path.read_text())
    study.write_text(study.read_text().replace('currency = "EUR"', 'currency = "CHF"'))
    said = _run(project, "all", "claims.toml", "--quick")
    assert "(its words; what was computed is kept)" in said
    tasks, from_disk = re.search(r"│ claims: train │[^│]*│ *(\d+) │ *(\d+) │", said).groups()
    assert tasks == from_disk
    assert "CHF" in (project / "site" / "claims" / "index.html").read_text()
    after = json.loads(path.read_text())
    assert (after["tiers"], after["values"]) == (before["tiers"], before["values"])
    assert after["provenance"]["study_key"] == before["provenance"]["study_key"]


def test_a_verdict_that_was_changed_on_disk_is_noticed_by_the_command(studied, tmp_path):
    project = _copied(studied[0], tmp_path)
    path = project / "data" / "private" / "claims.npz"
    with np.load(path) as held:
        arrays = dict(held)
    examples = arrays["model/found/T1"]
    assert len(examples)
    examples[0] = arrays["x"][arrays["model/found_at/T1"][0, 1]]  # the fraud as it was, which is flagged
    np.savez_compressed(path, **arrays)
    said = _run(project, "verify-claims", "--site", "site", fails=True)
    assert "model, T1" in said
    assert "an example that is not flagged" in said


def test_scores_that_are_not_reproduced_stop_everything_and_name_rows_and_cause(studied, tmp_path):
    folder, table, _ = studied
    for name in FILES:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    scores = pd.read_csv(folder / "scores.csv")
    scores.assign(score=1 - scores["score"]).to_csv(tmp_path / "scores.csv", index=False)
    said = _run(tmp_path, "all", "claims.toml", "--quick", fails=True)
    assert "700 of 700 scores are not reproduced" in said
    assert table["Claim"][0] in said
    assert "Likely cause" in said
    assert not (tmp_path / "data" / "results" / "claims.json").exists()
    assert not (tmp_path / "site").exists()
