"""Trees on numbers, names and gaps: what is proved of them is what trying every combination says."""

import numpy as np
import pytest
from mixed_fixture import belongs, features, folds, question, ways
from threat_fixture import FRAUDSTERS

from generator.models.asked import Asked
from generator.models.kinds import TRAINED
from generator.proofs.trees import kernels, verifier
from generator.proofs.verdicts import BROKEN, PROVED
from generator.records.spec import ProofSpec, TrainingSpec, TreesSpec


@pytest.fixture(scope="module")
def given():
    return folds()


@pytest.fixture(scope="module")
def trained(given):
    spec = TreesSpec(rounds=8, depths=(3,), learning_rates=(0.1,), smallest_leaf=10)
    asked = Asked(features(given.x), FRAUDSTERS, TrainingSpec(), spec, worst_epsilon=0.5, seed=7)
    return {
        name: TRAINED[name].train(given, asked)
        for name in ("boosted_trees", "monotone_trees", "trees_left_out")
    }


@pytest.mark.parametrize("name", ["boosted_trees", "monotone_trees"])
@pytest.mark.parametrize("fraudsters", [True, False])
def test_brute_force_over_places_and_cells_agrees(given, trained, name, fraudsters):
    model = trained[name].select(slice(0, 1))
    subject, (around, y) = verifier.read(trained[name].arrays(), 0), question(given, 0.4, fraudsters)
    asked = np.arange(60)
    found = verifier.decide(subject, around.only(asked), y[asked], ProofSpec(), threshold=-0.3)
    (trees,) = model.ensembles
    cuts = {j: trees.threshold[(trees.feature == j) & ~np.isnan(trees.threshold)] for j in range(7)}
    near = {j: np.concatenate((cut, np.nextafter(cut, np.inf))) for j, cut in cuts.items()}
    for row in asked:
        tried = ways(around, row, near)
        margins = model.margins(tried[None])[0]
        wrong = (margins <= -0.3).any() if y[row] else (margins > -0.3).any()
        assert found.outcome[row] == (BROKEN if wrong else PROVED), row
        if wrong:
            margin = model.margins(found.witness[None, [row]])[0, 0]
            assert (margin > -0.3) != bool(y[row])
            assert belongs(found.witness[row], around, row)
    assert {BROKEN, PROVED} == set(found.outcome)
    ours, theirs = verifier.cross_check(subject, around.only(asked), y[asked], ProofSpec())
    np.testing.assert_array_equal(ours, theirs)


def test_values_of_an_input_that_do_not_fit_are_told(trained):
    forest = verifier.read(trained["boosted_trees"].arrays(), 0)
    whole = np.empty(0, bool)
    for j, allowed in ((0, whole), (6, whole), (1, np.array([True, False, True, True]))):
        asked = forest, j, -1e9, 1e9, 0.0, True, len(allowed) > 0, allowed, False
        count = kernels._list_values(*asked, np.empty(1000), 0)
        assert count > 1
        assert kernels._list_values(*asked, np.empty(count), 0) == count
        for few in range(count):
            assert kernels._list_values(*asked, np.empty(few), 0) == -1


def test_monotone_trees_see_an_order_of_bands_and_flags_and_no_name_that_can_be_any(trained):
    (one, _), (left, _) = trained["monotone_trees"].ensembles, trained["trees_left_out"].ensembles
    assert 1 not in set(one.feature)
    assert 6 in set(one.feature)  # both ways, but two days at most
    assert set(left.feature) <= {-1, 4}
    subject = verifier.read(trained["monotone_trees"].arrays(), 0)
    assert subject.signs[[0, 2, 3]].tolist() == [1, -1, 1]
    assert {3, 4} <= set(one.feature)
