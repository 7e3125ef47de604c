"""What a study of one's own table trains can be stolen too, where its file asks; a model in use is not."""

from pathlib import Path
from types import SimpleNamespace

import own_fixture
import pytest
from extraction_fixture import ASKED, tiny_stolen
from study_fixture import Recorder
from validation_fixture import calculators, tiny_validation

from generator.audit.privacy import _estimates
from generator.commands.validating import asked_of
from generator.engine.cache import StageCache
from generator.engine.stages import Engine
from generator.findings.validation import find_validation
from generator.pages.rendering import render_pages
from generator.records.extraction import ExtractionResult
from generator.records.validation import FEWEST
from generator.study.validation import run_validation

TEMPLATES = Path(__file__).parents[1] / "templates"
OPTIONS = SimpleNamespace(quick=True, download=False, offline=True)
SAID = """\
beside = ["boosted_trees", "logistic_regression"]

[extraction]
queries = [20, 60]
compared_queries = 60

[reading]"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The record of a table with names and gaps."""
    folder = tmp_path_factory.mktemp("stolen")
    asked = asked_of(own_fixture.written(folder, own_fixture.cells(), ("[reading]", SAID)), OPTIONS)
    engine = Engine(StageCache(folder / "cache"), 1, Recorder())
    return run_validation(asked.spec, asked.table, asked.used, asked.origin, engine).result


def test_what_is_trained_is_stolen_whatever_its_kind_and_inputs(found):
    kinds = {each.model: each.kind for each in found.extraction.stolen}
    assert kinds == {"boosted_trees": "trees", "logistic_regression": "encoded"}
    for each in found.extraction.stolen:
        assert each.find(60).agreement.value >= 0.5
        assert (each.boxes, each.transfer, each.defences) == ((), None, ())


def test_no_share_of_few_rows_leaves_the_study(found):
    shares = dict(_estimates(found))
    assert any("copied by 60 scores: agreement" in name for name in shares)
    assert min(share.n for name, share in shares.items() if "copied" in name) >= FEWEST


def test_the_report_gives_copies_and_says_that_a_model_in_use_was_not_asked(tmp_path):
    result = tiny_validation()
    assert find_validation(result).stealing is None
    used = tuple(model.name for model in result.models if model.deployed)
    stolen = ExtractionResult(
        real_rows=500, judged_rows=200, stolen=(tiny_stolen("boosted_trees"),), not_applicable=used
    )
    spec = result.spec.model_copy(update={"extraction": ASKED})
    asked = result.model_copy(update={"spec": spec, "extraction": stolen})
    told = find_validation(asked).stealing
    assert (
        "agrees on 98.0\u202f% (87.9 to 99.7\u202f%) of the rows that it flags, and on all rows more than"
        in told.sentence
    )
    assert [row.few is None for row in told.rows] == [False, *(True for _ in used)]

    for each, there in ((asked, True), (result, False)):
        folder = tmp_path / str(there)
        render_pages([], TEMPLATES, folder, validations=[each], **calculators([each], tmp_path))
        page = (folder / f"{each.name}.md").read_text("utf-8")
        assert ("Can these models be copied through their answers?" in page) == there
        assert ("| not applicable | not applicable |" in page) == there
