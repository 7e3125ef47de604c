"""Nets on names and gaps: columns worked by hand, what a proof says is what trying every combination says."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from deployed_fixture import net, pipeline, table, taken
from mixed_fixture import INPUTS, belongs, features, folds, question, ways
from threat_fixture import FRAUDSTERS

from generator.models.asked import Asked
from generator.models.encoded import Encoded
from generator.models.encoding import columns
from generator.models.fraudnet.moving import Names, worst_names
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import margins
from generator.models.kinds import ENCODED, KINDS
from generator.models.readers.layered import ACTIVATIONS, Encoding, Layered
from generator.proofs import encoded as verifier
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED
from generator.proofs.verifiers import VERIFIERS
from generator.records.boxes import Boxes
from generator.records.spec import HardeningSpec, ProofSpec, TrainingSpec, TreesSpec

SPEC = ProofSpec()
CLAIMED, MAKE, AGE, PRICE, BASE, REPORT, DAYS = range(7)


@pytest.fixture(scope="module")
def given():
    return folds()


@pytest.fixture(scope="module")
def trained(given):
    """Every kind of model on few claims."""
    training = TrainingSpec(seeds=1, folds=2, epochs=15, hidden=(8, 4), batch_size=32)
    hardening = HardeningSpec(rounds=2, epochs_per_round=8, pgd_steps=3)
    asked = Asked(features(given.x), FRAUDSTERS, training, TreesSpec(), 0.5, 7, hardening)
    return {name: made.train(given, asked) for name, made in ENCODED.items()}


def test_numbers_are_scaled_names_spread_and_gaps_said(given):
    made = columns(given, features(given.x))
    assert made.number == (CLAIMED, -1, -1, -1, -1, AGE, -1, PRICE, -1, -1, -1, -1, REPORT, DAYS)
    row = np.array([[150.0, 2, np.nan, np.nan, 0, 1, 3]])
    (found, _) = made.of(np.stack((row, row)))
    mean, scale = given.means[0], given.scales[0]
    scaled = (row[0] - mean) / scale
    expected = [scaled[0], 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, scaled[5], scaled[6]]
    np.testing.assert_allclose(found[0], expected, atol=1e-6)
    row[0, [AGE, PRICE]] = 40.0, 2
    (found, _) = made.of(np.stack((row, row)))
    np.testing.assert_allclose(
        found[0, 5:9], [(40 - mean[2]) / scale[2], 0, (2 - mean[3]) / scale[3], 0], atol=1e-6
    )
    left = columns(given, features(given.x), left_out=[MAKE, AGE])
    assert left.number == (CLAIMED, PRICE, -1, -1, -1, -1, REPORT, DAYS)


def test_rare_names_share_a_column(given):
    rng = np.random.default_rng(0)
    x = given.x[:, [CLAIMED, MAKE]].copy()
    x[:, 1] = np.minimum(rng.geometric(0.05, len(x)) - 1, 99)
    names = tuple(str(place) for place in range(100))
    claimed, make = features(given.x)[:2]
    many = make.model_copy(update={"categories": names, "reachable": None})
    two = replace(given, x=x, means=given.means[:, :2], scales=given.scales[:, :2])
    made = columns(two, (claimed, many))
    own = made.name_of[1]
    assert len(own) == 41
    table = made.encodings[0].tables[list(own), :100]
    assert (table.sum(axis=0) == 1).all()
    assert (table[:40].sum(axis=1) == 1).all()
    counts = np.bincount(x[given.train_rows[0], 1].astype(int), minlength=100)
    assert counts[table[40] > 0].max() <= counts[table[40] == 0].min()


@pytest.mark.parametrize("name", ENCODED)
def test_models_are_the_same_after_they_were_stored_and_a_proof_scores_them_alike(given, trained, name):
    model, raw = trained[name], given.test_raw()
    own = model.margins(raw)
    np.testing.assert_array_equal(KINDS["encoded"].restored(model.arrays(), given).margins(raw), own)
    for replicate in range(2):
        subject = VERIFIERS["encoded"].read(model.arrays(), replicate)
        around, _ = question(given, 0.0)
        np.testing.assert_allclose(
            verifier.margins(subject, replace(around, raw=raw[replicate])), own[replicate], atol=1e-5
        )
    y = given.test_y()[0] == 1
    assert (own[0][y][:, None] > own[0][~y]).mean() > 0.55


@pytest.mark.parametrize("name", ENCODED)
def test_a_proof_scores_against_the_cut_of_the_model(given, trained, name):
    moved = Encoded(tuple(replace(each, cut=each.cut + 0.25) for each in trained[name].models))
    raw, (around, _) = given.test_raw(), question(given, 0.0)
    own = moved.margins(raw)
    np.testing.assert_allclose(own, trained[name].margins(raw) - 0.25, atol=1e-5)
    subject = VERIFIERS["encoded"].read(moved.arrays(), 1)
    np.testing.assert_allclose(verifier.margins(subject, replace(around, raw=raw[1])), own[1], atol=1e-5)


def _answers(model, given, around, y, threshold, numbers, rows, margin=1e-4):
    """Compare with all points of `ways`; rows whose worst point is nearer to the cut than rounding are left out."""
    subject = verifier.read(model.arrays(), 0)
    found = verifier.decide(subject, around.only(rows), y[rows], SPEC, threshold=threshold)
    compared = 0
    for i, row in enumerate(rows):
        tried = ways(around, row, numbers)
        sign = 1 if y[row] else -1
        worst = (sign * (model.select(slice(0, 1)).margins(tried[None])[0] - threshold)).min()
        if abs(worst) > margin:
            compared += 1
            assert found.outcome[i] == (PROVED if worst > 0 else BROKEN), row
        if found.outcome[i] == BROKEN:
            (there,) = model.select(slice(0, 1)).margins(found.witness[None, [i]])[0]
            assert sign * (there - threshold) <= margin
            assert belongs(found.witness[i], around, row)
            np.testing.assert_allclose(sign * (there - threshold), found.margin[i], atol=1e-4)
        else:
            assert np.isnan(found.witness[i]).all()
    assert compared > 0.9 * len(rows)
    assert {BROKEN, PROVED} <= set(found.outcome)


@pytest.mark.parametrize("fraudsters", [True, False])
def test_of_a_line_brute_force_over_names_and_corners_agrees(given, trained, fraudsters):
    around, y = question(given, 0.4, fraudsters)
    _answers(trained["logistic_regression"], given, around, y, -0.5, {}, np.arange(100))


@pytest.mark.parametrize("name", ["standard", "pgd_tier1", "monotone_net"])
def test_of_a_net_brute_force_over_names_and_whole_numbers_agrees(given, trained, name):
    """Numbers that are not whole stay, so that there is an end of points."""
    around, y = question(given, 0.4, fraudsters=False)
    lower, upper = around.lower.copy(), around.upper.copy()
    lower[:, [CLAIMED, AGE]] = upper[:, [CLAIMED, AGE]] = around.x[:, [CLAIMED, AGE]]
    exact = {j: faces for j, faces in around.exact.items() if j == DAYS}
    around = replace(around, lower=lower, upper=upper, exact=exact)
    _answers(trained[name], given, around, y, -0.2, {}, np.arange(150))


@pytest.mark.parametrize("activation", ["tanh", "logistic", "identity"])
def test_nets_of_other_units_are_decided_alike(given, trained, activation):
    around, y = question(given, 0.4, fraudsters=False)
    lower, upper = around.lower.copy(), around.upper.copy()
    lower[:, [CLAIMED, AGE]] = upper[:, [CLAIMED, AGE]] = around.x[:, [CLAIMED, AGE]]
    around = replace(around, lower=lower, upper=upper, exact={DAYS: around.exact[DAYS]})
    model = Encoded(tuple(replace(each, activation=activation) for each in trained["standard"].models))
    cut = float(np.median(model.margins(given.test_raw())[0]))
    _answers(model, given, around, y, cut, {}, np.arange(30))


def test_models_and_proofs_mean_the_same_by_an_activation():
    assert verifier.ACTIVATIONS == ACTIVATIONS


def test_a_net_whose_numbers_move_too_is_decided_as_the_mixed_integer_program_does(given, trained):
    subject = verifier.read(trained["standard"].arrays(), 0)
    around, y = question(given, 0.4, fraudsters=False)
    rows = np.arange(20)
    ours, theirs = verifier.cross_check(subject, around.only(rows), y[rows], SPEC)
    np.testing.assert_array_equal(ours, theirs)
    assert {PROVED, BROKEN} == set(ours)
    found = verifier.decide(subject, around.only(rows), y[rows], SPEC)
    assert (found.outcome[ours == PROVED] == PROVED).all()  # on whole numbers there is less to break
    rng = np.random.default_rng(0)
    low, high = around.raw_faces()
    for i in np.flatnonzero(found.outcome == PROVED):
        tried = ways(around, i, {j: rng.uniform(low[i, j], high[i, j], 8) for j in (CLAIMED, AGE)})
        judged = trained["standard"].select(slice(0, 1)).margins(tried[None])[0] > 0
        assert (judged == bool(y[i])).all()


def test_a_row_over_the_limit_is_unresolved_or_broken_and_never_wrong(given, trained, monkeypatch):
    subject = verifier.read(trained["standard"].arrays(), 0)
    around, y = question(given, 0.4, fraudsters=False)
    whole = verifier.decide(subject, around, y, SPEC)
    monkeypatch.setattr(verifier, "MOST", 1)
    monkeypatch.setattr(verifier, "FEW", 1)
    few = verifier.decide(subject, around, y, SPEC)
    left = few.outcome == UNRESOLVED
    assert left.any()
    assert (around.allowed[MAKE].sum(axis=1) > 1)[left].all()
    np.testing.assert_array_equal(few.outcome[~left], whole.outcome[~left])


def test_thousands_of_combinations_are_settled_by_few_sets():
    """Five categories of six names, all of them reached: 7,776 combinations, whose least margin is known."""
    rng = np.random.default_rng(0)
    m, k = 5, 6
    tables = np.full((m * k, k + 2), np.nan)
    tables[:, :k] = np.tile(np.eye(k), (m, 1))
    encoding = Encoding(
        np.repeat(np.arange(m), k).astype(np.int32), np.ones(m * k, bool), np.zeros(m * k), np.ones(m * k),
        np.ones(m * k), np.zeros(m * k), tables,
    )  # fmt: skip
    weights = rng.normal(0, 0.4, (m * k, 12)), rng.normal(0, 0.4, (12, 6)), rng.normal(0, 0.4, (6, 1))
    net = Encoded((Layered(encoding, weights, (np.zeros(12), np.zeros(6), np.zeros(1)), "relu", m),))
    raw, allowed = np.full((1, m), 2.0), {j: np.ones((1, k), bool) for j in range(m)}
    around = Boxes(
        raw, raw, 0 * raw, 0 * raw + k - 1, np.ones(m, bool), np.zeros(m), np.ones(m), allowed=allowed
    )
    every = np.array(list(itertools.product(range(k), repeat=m)), float)
    least, subject = net.margins(every[None])[0].min(), verifier.read(net.arrays(), 0)
    for threshold, outcome in ((least + 0.01, BROKEN), (least - 0.01, PROVED), (least - 0.3, PROVED)):
        found = verifier.decide(subject, around, np.ones(1), SPEC, threshold=threshold)
        assert found.outcome.tolist() == [outcome]
        assert found.boxes[0] < 2_500


def test_a_monotone_net_is_proved_so_of_numbers_bands_and_flags_and_sees_no_name_that_can_be_any(
    given, trained
):
    subject = verifier.read(trained["monotone_net"].arrays(), 0)
    signs = verifier.monotone(subject)
    assert signs[[CLAIMED, MAKE, AGE, PRICE, REPORT]].tolist() == [1, 1, -1, 1, -1]
    assert signs[BASE] == 0
    assert not (np.array(subject.parts["source"]) == MAKE).any()


def test_a_monotone_net_trains_on_frauds_at_their_worst_corner_and_on_genuine_rows_as_they_are(given):
    training = TrainingSpec(seeds=1, folds=2, epochs=2, hidden=(8, 4), batch_size=32)

    def weights(folds, epsilon: float) -> np.ndarray:
        asked = Asked(features(given.x), FRAUDSTERS, training, TreesSpec(), epsilon, 7, HardeningSpec())
        return ENCODED["monotone_net"].train(folds, asked).arrays()["weights.0"]

    assert not np.array_equal(weights(given, 0.5), weights(given, 0.0))
    genuine = replace(given, y=np.zeros_like(given.y))
    np.testing.assert_array_equal(weights(genuine, 0.5), weights(genuine, 0.0))


def test_hardening_raises_what_is_proved(given, trained):
    """At cuts that flag as many genuine rows, nobody evading."""
    around, y = question(given, 0.4)
    frauds, kept = np.flatnonzero(y == 1), {}
    for name in ("standard", "pgd_tier1"):
        subject = verifier.read(trained[name].arrays(), 0)
        cut = np.quantile(verifier.margins(subject, around)[y == 0], 0.8)
        found = verifier.decide(subject, around.only(frauds), y[frauds], SPEC, threshold=cut)
        kept[name] = (found.outcome == PROVED).mean()
    assert kept["pgd_tier1"] > kept["standard"] + 0.05


def test_names_are_moved_to_those_that_look_worst_among_those_reached():
    """Against trying all: two categories, exactly; many, at least no worse than any single change."""
    rng = np.random.default_rng(0)
    stack = FraudNet(2, 9, (6,)).initialise(torch.Generator().manual_seed(1)).requires_grad_(False)
    names = tuple(
        Names(own, np.repeat((rng.random((len(own), len(own))) < 0.6)[None], 2, axis=0))
        for own in ((1, 2, 3), (5, 6, 7, 8))
    )
    x = rng.normal(size=(2, 40, 9)).astype(np.float32)
    for each in names:
        x[:, :, list(each.columns)] = np.eye(len(each.columns))[rng.integers(0, len(each.columns), (2, 40))]
    x[0, 0, 1:4] = 0  # without a name
    moved = rng.random((2, 40)) < 0.7
    found = worst_names(stack, x, moved, names)
    np.testing.assert_array_equal(found[~moved], x[~moved])
    least = margins(stack, found)
    for r, i in zip(*np.nonzero(moved), strict=True):
        best = np.inf
        own = [x[r, i, list(each.columns)].argmax() for each in names]
        for a in range(3):
            for b in range(4):
                there = x[r, i].copy()
                if (r, i) != (0, 0):
                    if a != own[0] and not names[0].reached[r, own[0], a]:
                        continue
                    there[1:4] = np.eye(3)[a]
                if b != own[1] and not names[1].reached[r, own[1], b]:
                    continue
                there[5:9] = np.eye(4)[b]
                best = min(best, margins(stack.select(slice(r, r + 1)), there[None, None])[0, 0])
        assert least[r, i] == pytest.approx(best, abs=1e-5)


# ---------------------------------------------------------------- models of others


@pytest.mark.parametrize("make", [net, pipeline])
def test_nets_and_pipelines_in_use_are_decided_as_trying_everything_says(tmp_path, make):
    x, frame, y = table(missing=False)
    model = Encoded((taken(make(tmp_path, frame, y), tmp_path, x).model,))
    given = folds()
    given = replace(given, x=x[:400], y=y[:400])
    around, y = question(given, 0.4, fraudsters=False)
    lower, upper = around.lower.copy(), around.upper.copy()
    lower[:, [CLAIMED, AGE]] = upper[:, [CLAIMED, AGE]] = around.x[:, [CLAIMED, AGE]]
    around = replace(around, lower=lower, upper=upper, exact={DAYS: around.exact[DAYS]})
    _answers(model, given, around, y, -0.3, {}, np.arange(80), margin=2e-3)


def test_a_number_in_two_columns_is_one_input_of_the_network():
    """Scaled once and as it is: 3 ((x - 2) / 4) - x / 2 + 1, and a column that says whether x is missing."""
    encoding = Encoding(
        np.array([0, 0, 0], np.int32), np.zeros(3, bool), np.array([2.0, 0, 0]), np.array([4.0, 1, 1]),
        np.array([1.0, 1, 0]), np.zeros(3), np.array([[np.nan, np.nan, 0.0], [np.nan, np.nan, 2.0], [0, 0, 1]]),
    )  # fmt: skip
    line = Layered(encoding, (np.array([[3.0], [-0.5], [7.0]]),), (np.array([1.0]),), "identity", 1)
    subject = verifier.read(Encoded((line,)).arrays(), 0)
    assert subject.number.tolist() == [0, -1]
    raw = np.array([[2.0], [6.0], [np.nan]])
    around = Boxes(raw, raw, raw - 1.0, raw + 4.0, np.zeros(1, bool), np.zeros(1), np.ones(1))
    np.testing.assert_allclose(verifier.margins(subject, around), [0.0, 1.0, 7.0])
    found = verifier.decide(subject, around, np.ones(3), SPEC)
    assert found.outcome.tolist() == [BROKEN, PROVED, PROVED]
    np.testing.assert_allclose(found.witness[0], [1.0])
    np.testing.assert_allclose(found.margin, [-0.25, 0.75, 7.0])


def test_arrays_of_another_kind_are_refused(trained):
    arrays = trained["standard"].arrays()
    with pytest.raises(ValueError, match="no arrays of layers behind an encoder"):
        verifier.read({name: part for name, part in arrays.items() if name != "activation"}, 0)
    assert INPUTS[MAKE].kind == "category"
