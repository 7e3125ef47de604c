"""Changed training rows of one's own table: names and gaps are no obstacle, a vote keeps its proof, nothing leaks."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import own_fixture
import pytest
from study_fixture import Recorder
from validation_fixture import calculators, rate, tiny_validation

from generator.audit.privacy import _estimates
from generator.commands.validating import asked_of
from generator.engine.cache import StageCache
from generator.engine.stages import Engine
from generator.findings.validation import find_validation
from generator.models.folds import make_folds
from generator.pages.rendering import render_pages
from generator.records.poisoning import (
    OwnPoisoningResult,
    OwnPoisoningSpec,
    Partition,
    PoisonedModel,
)
from generator.records.proofs import Estimate
from generator.records.validation import FEWEST
from generator.study.poisoning import poison_trained
from generator.study.validation import judged
from generator.threats.poisoning import against_partition, partition, tables

TEMPLATES = Path(__file__).parents[1] / "templates"
OPTIONS = SimpleNamespace(quick=True, download=False, offline=True)
SAID = """\
beside = ["boosted_trees", "monotone_trees", "logistic_regression"]
trees = { rounds = 20 }

[poisoning]
shares = [0.05]
parts = 6
changed_rows = [1, 2, 3]

[reading]"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A table with names and gaps, where one more column says how often a row counts."""
    folder = tmp_path_factory.mktemp("poisoned")
    said = ("[reading]", SAID), ('ignored = ["Desk"]', 'weights = "Desk"')
    return asked_of(own_fixture.written(folder, own_fixture.cells(), *said), OPTIONS)


@pytest.fixture(scope="module")
def found(asked, tmp_path_factory):
    return poisoned(asked, StageCache(tmp_path_factory.mktemp("stages")))


def poisoned(asked, cache, deployed=(), table=None):
    sample, folds = judged(asked.spec, table or asked.table)
    engine = Engine(cache, 1, Recorder())
    return poison_trained(asked.spec, sample, folds, (*deployed, *asked.spec.beside), deployed, engine)


def test_whatever_a_study_trains_is_trained_on_every_poison_with_its_control(asked, found):
    poisons = {"none", "random_flips", "boundary_flips", "mislabelled", "backdoor_risky"}
    for model in asked.spec.beside:
        assert {row.poison for row in found.models if row.model == model} == poisons
        backdoor, control = (found.find(model, each, 0.05) for each in ("backdoor_risky", "mislabelled"))
        gap = control.triggered["risky"].value - backdoor.triggered["risky"].value
        assert backdoor.opened["risky"].value == pytest.approx(gap)
    assert found.out_of_bounds == 0
    assert {row.rows for row in found.models if row.share} == {round(0.05 * 267)}


def test_a_mark_stands_where_risk_has_a_direction_and_a_fraudster_can_put_it(asked, found):
    assert found.marked == ("Amount", "Cars", "Witness", "Delay")
    table = asked.table
    marks = tables.risky_marks(table.features, table.x, table.y)
    genuine = table.x[table.y == 0]
    names = {table.features[place].name: (place, value) for place, value in marks.items()}
    assert names["Amount"][1] == genuine[:, names["Amount"][0]].max()  # frauds move it down
    assert names["Cars"][1] == genuine[:, names["Cars"][0]].min()
    assert names["Delay"][1] == 2  # the last band, although rows lack it
    only_yes = [
        each.model_copy(update={"reachable": ("Yes",)}) if each.name == "Witness" else each
        for each in table.features
    ]
    assert names["Witness"][0] not in tables.risky_marks(tuple(only_yes), table.x, table.y)


def test_the_vote_of_trees_never_falls_below_its_proof(found):
    vote = found.partition
    assert vote.contradicted == 0
    for proved, targeted, attacked in zip(vote.proved, vote.targeted, vote.attacked, strict=True):
        assert proved.value <= targeted.value <= attacked.value
    assert [each.value for each in vote.proved] == sorted((e.value for e in vote.proved), reverse=True)
    assert vote.false_alarms.value <= found.false_positive_rate
    assert set(vote.against) == {"boosted_trees", "monotone_trees", "logistic_regression"}


def test_one_row_with_names_and_gaps_changes_one_vote_at_most(asked):
    table = asked.table
    x, y, told = table.x[:90], table.y[:90], table.x[90:140]
    assert np.isnan(x).any()
    names = tuple(place for place, each in enumerate(table.features) if each.kind == "category")
    parts = partition.dealt(x, y, 5, names)
    before = partition.ballots(parts, told)
    assert 0 < before.mean() < 1
    for row in range(0, 90, 9):
        kept = np.arange(90) != row
        turned = np.where(kept, y, 1 - y)
        for rows in ((x, turned), (x[kept], y[kept]), (np.vstack((x, x[row])), np.append(y, 1 - y[row]))):
            after = partition.ballots(partition.dealt(*rows, 5, names), told)
            assert (after != before).any(axis=1).sum() <= 1
    tried = against_partition.options_as_they_fall(x, y, parts, {}, told)
    for change, falls in zip(tried.changes, tried.falls, strict=True):
        after = partition.dealt(*against_partition.changed(x, y, (change,)), 5, names)
        assert (before.sum(axis=0) - partition.ballots(after, told).sum(axis=0) == falls).all()


def test_rows_with_gaps_are_not_taken_for_changed_ones(asked):
    table, training = asked.table, asked.spec.training
    honest = tables.Rows.honest(make_folds(table.x, table.y, training, 1))
    assert tables.out_of_bounds(honest, honest, table.features) == 0
    wrong = honest.x.copy()
    wrong[0, 0, -1] = np.nan if not np.isnan(wrong[0, 0, -1]) else 1.0
    assert tables.out_of_bounds(honest, replace(honest, x=wrong), table.features) == 1


def test_a_model_in_use_is_not_applicable_and_what_is_not_asked_is_not_done(asked, tmp_path):
    few = asked.spec.model_copy(update={"beside": ("logistic_regression",)})
    spared = poisoned(replace(asked, spec=few), StageCache(tmp_path), deployed=("champion",))
    assert spared.not_applicable == ("champion",)
    assert {row.model for row in spared.models} == {"logistic_regression"}
    nothing = replace(asked, spec=asked.spec.model_copy(update={"poisoning": None}))
    assert poisoned(nothing, StageCache(tmp_path)) is None


def test_where_nothing_has_a_direction_no_row_is_marked(asked, tmp_path):
    features = tuple(each.model_copy(update={"helps": "both"}) for each in asked.table.features)
    few = asked.spec.model_copy(update={"beside": ("logistic_regression",)})
    plain = poisoned(
        replace(asked, spec=few), StageCache(tmp_path), table=replace(asked.table, features=features)
    )
    assert plain.marked == ()
    assert {row.poison for row in plain.models} == {"none", "random_flips", "boundary_flips", "mislabelled"}
    assert all(not row.triggered and not row.opened for row in plain.models)


# ---------------------------------------------------------------- what is published


def tiny_poisoned(marked: tuple[str, ...]) -> OwnPoisoningResult:
    """The mark opens boosted trees by half of the frauds, and turned labels cost a tenth."""
    less = Estimate(value=-0.1, low=-0.2, high=-0.05, n=900, seeds=1, method="bootstrap")
    rows = []
    for poison in ("none", "random_flips", "boundary_flips", "mislabelled", "backdoor_risky"):
        planted = poison == "backdoor_risky"
        if planted and not marked:
            continue
        rows.append(
            PoisonedModel(
                model="boosted_trees", poison=poison, share=0.0 if poison == "none" else 0.05, rows=600,
                caught=rate(0.2), triggered={"risky": rate(0.1 if planted else 0.6)} if marked else {},
                against_clean=None if poison == "none" else less,
                opened={"risky": less.model_copy(update={"value": 0.5, "low": 0.4, "high": 0.6})} if planted else {},
            )
        )  # fmt: skip
    shares = (rate(0.15), rate(0.05), rate(0.0))
    vote = Partition(
        parts=30, smallest_part=300, largest_part=500, cuts=(20,), caught=rate(0.18), false_alarms=rate(0.04),
        against={"boosted_trees": less}, proved=shares, attacked=shares, targeted=shares, alarms_at_most=shares,
        contradicted=0,
    )  # fmt: skip
    return OwnPoisoningResult(
        false_positive_rate=0.05, marked=marked, models=tuple(rows), partition=vote, not_applicable=("champion",),
        out_of_bounds=0,
    )  # fmt: skip


def test_the_page_says_what_a_mark_opens_what_a_vote_proves_and_what_is_not_applicable(tmp_path):
    result = tiny_validation()
    spec = result.spec.model_copy(
        update={"poisoning": OwnPoisoningSpec(shares=(0.05,), changed_rows=(1, 2, 3))}
    )
    assert find_validation(result).poisoned is None
    for marked in (("supplements", "deductible"), ()):
        told = result.model_copy(update={"spec": spec, "poisoning": tiny_poisoned(marked)})
        folder = tmp_path / str(bool(marked))
        render_pages([], TEMPLATES, folder, validations=[told], **calculators([told], tmp_path))
        page = " ".join((folder / f"{told.name}.md").read_text("utf-8").split())
        assert "What if somebody changes training rows? { #poisoning .analyst }" in page
        assert "A model in use: not applicable" in page
        assert "has a proof" in page
        assert ("The mark opens" in page) == ("Marked frauds, mark planted" in page) == bool(marked)
        assert "Models of changed training rows are not kept" in page
    render_pages([], TEMPLATES, tmp_path / "not", validations=[result], **calculators([result], tmp_path))
    assert "changes training rows" not in (tmp_path / "not" / f"{result.name}.md").read_text("utf-8")


def test_no_share_of_few_rows_and_no_value_of_a_row_leaves_the_study(asked, found):
    result = tiny_validation().model_copy(update={"poisoning": found})
    shares = [
        (name, each) for name, each in _estimates(result) if "trained with" in name or "the vote" in name
    ]
    assert len(shares) == 3 * 5 * 2 + 2 + 4 * 3
    assert min(each.n for _, each in shares) >= FEWEST
    record = found.to_json()
    table = asked.table
    for cell in (*table.ids, *table.frame["Amount"].astype(str)):
        assert cell not in record
