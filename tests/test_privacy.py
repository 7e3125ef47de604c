"""What a published site discloses of a validation is listed, and what should not be there is found, packed or not."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from validation_fixture import tiny_validation, validated_site

from generator.__main__ import main
from generator.audit.privacy import holding, privacy
from generator.records.files import draws_file, record_file, rows_file, weights_file


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """To be read, not changed."""
    return validated_site(tmp_path_factory.mktemp("project"), [tiny_validation()])


def published(folder: Path, result) -> Path:
    """A site of nothing but the record."""
    (folder / "data").mkdir(exist_ok=True)
    record_file(folder / "data", result.name).write_text(result.to_json())
    return folder


def test_every_kind_of_thing_that_is_published_is_listed_with_its_number(site):
    (report,) = privacy(site)
    found = {each.what: each.names for each in report.disclosed}
    assert found["names of columns"][:2] == ("PolicyNumber", "FRAUDFOUND")
    assert set(found["categories"]) == {"no", "yes", "never", "year", "month", "Ford", "Honda", "other"}
    assert found["groups"] == ("sex: Female", "sex: Male")
    assert found["values in the study file"] == ("FRAUDFOUND = Yes", "1996-01-01")
    assert found["names of files"] == (
        "claims.csv",
        "champion.json",
        "champion.scores.csv",
        "challenger.json",
    )
    # 8 models x 3 tiers x 3 rates x 3 budgets, clean and proved; 8 models in 2 groups, of which one has no frauds
    assert len(found["shares with their interval"]) == 8 * 27 * 2 + 8 * 3
    assert report.sizes["data/claims.json"] == (site / "data" / "claims.json").stat().st_size
    assert {"claims/index.html", "data/claims-validation.csv", "data/claims-claims.js"} <= report.sizes.keys()
    assert "assets/claims.js" not in report.sizes
    assert report.problems == ()


@pytest.mark.parametrize("kind", [rows_file, draws_file, weights_file])
def test_files_that_the_study_file_does_not_publish_are_found(tmp_path, kind):
    def problems(**asked) -> tuple[str, ...]:
        base = tiny_validation()
        result = base.model_copy(update={"spec": base.spec.model_copy(update=asked)})
        (report,) = privacy(published(tmp_path, result))
        return report.problems

    path = kind(tmp_path / "data", "claims")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"rows")
    assert [problem for problem in problems() if str(path.relative_to(tmp_path)) in problem]
    assert bool(problems(publish_rows=True)) == (kind is weights_file)


def test_what_is_said_too_exactly_or_of_too_few_rows_is_found(tmp_path):
    base = tiny_validation()
    inputs = tuple(
        note.model_copy(update={"spread": 1234.5} if note.name == "claim" else {})
        for note in base.table.inputs
    )
    few = base.groups[0].model_copy(
        update={"flagged_genuine": base.groups[0].flagged_genuine.model_copy(update={"n": 9})}
    )
    result = base.model_copy(
        update={
            "table": base.table.model_copy(update={"inputs": inputs}),
            "groups": (few, *base.groups[1:]),
            "mean_fraud_amount": 5312.0,
        }
    )
    (report,) = privacy(published(tmp_path, result))
    assert report.problems == (
        "1 shares are of fewer than 10 rows: champion, sex Female: flagged_genuine",
        "spreads have more than two digits: Claim",
        "the mean amount of a fraud has more than two digits",
    )


def _zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("part.xml", content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<td>Zo&#x27;e &amp; Co</td><td>18,301.25</td>"),
        (".hidden/old.js", b'f("Zo\'e & Co",18301.25)'),
        ("data/rows.csv.gz", gzip.compress(b"Zo'e & Co;18301.25\n", mtime=0)),
        ("data/table.xlsx", _zipped(b"<c>Zo&#x27;e &amp; Co</c><c>18301.25</c>")),
        ("offline.zip", _zipped(gzip.compress(b"Zo'e & Co 18301.25", mtime=0))),
    ],
)
def test_a_text_is_found_however_it_is_written_or_packed(tmp_path, name, content):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(content)
    assert holding(tmp_path, ["Zo'e & Co", "18301.25"]) == [("Zo'e & Co", name), ("18301.25", name)]
    # another number that only begins or ends so, and what is too short to mean anything
    assert holding(tmp_path, ["8301.25", "18301.2", "18301", "o'"]) == []


def test_the_command_lists_and_refuses_by_name_what_is_not_to_be_published(site, tmp_path, capsys):
    texts = tmp_path / "texts"
    texts.write_text("never-seen-here\n\n")
    assert main(["audit-privacy", "--site", str(site), "--texts", str(texts)]) == 0
    said = capsys.readouterr()
    assert "1 texts were searched for, 0 found" in said.out
    texts.write_text("champion.scores.csv\n")
    assert main(["audit-privacy", "--site", str(site), "--texts", str(texts)]) == 2
    assert "data/claims.json: holds 'champion.scores.csv'" in capsys.readouterr().err
    assert main(["audit-privacy", "--site", str(tmp_path)]) == 2
    assert "build it first" in capsys.readouterr().err
