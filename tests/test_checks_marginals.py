"""How likely a check is equals how often it is drawn, and the density of its normal scores."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from generator.datasets import dataset
from generator.datasets.checks import dataset as checks
from generator.datasets.checks.marginals import probability

STUDY = dataset("checks").study
LOADINGS = checks.SIGNS * checks.LATENT


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    return checks.simulate(200_000, np.random.default_rng(8))[list(checks.COLUMNS)].to_numpy(float)


@pytest.mark.parametrize("j", range(5))
def test_each_marginal_adds_up_to_one_over_its_grid(j):
    marginal = checks.MARGINALS[j]
    grid = np.arange(round(marginal.low / marginal.step), round(marginal.high / marginal.step) + 1)
    below, above = marginal.scores_around(grid * marginal.step)
    assert (norm.cdf(above) - norm.cdf(below)).sum() == pytest.approx(1)
    np.testing.assert_allclose(below[1:], above[:-1], atol=1e-6)
    assert (below[0], above[-1]) == (-np.inf, np.inf)


@pytest.mark.parametrize("j", range(5))
def test_each_marginal_gives_the_frequencies_drawn(drawn, j):
    marginal = checks.MARGINALS[j]
    for value in np.quantile(drawn[:, j], (0.1, 0.5, 0.9), method="nearest"):
        near = np.abs(drawn[:, j] - value) <= 50.5 * marginal.step
        grid = value + marginal.step * np.arange(-50, 51)
        below, above = marginal.scores_around(grid)
        expected = (norm.cdf(above) - norm.cdf(below)).sum() if j != 2 else 1.0
        assert near.mean() == pytest.approx(expected, abs=0.004)


def test_what_is_cut_off_sits_at_the_ends_of_the_range_and_beyond_them_is_nothing():
    amount = checks.MARGINALS[0]
    below, above = amount.scores_around(np.array([10.0, 25_000.0, 9.0, 25_001.0]))
    assert below[0] == -np.inf
    assert above[1] == np.inf
    assert (norm.cdf(above) - norm.cdf(below))[2:].tolist() == [0, 0]


def test_counts_are_as_likely_as_they_are_drawn(drawn):
    counts = np.arange(13.0)
    below, above = checks.MARGINALS[2].scores_around(counts)
    seen = np.array([(drawn[:, 2] == k).mean() for k in counts])
    assert norm.cdf(above) - norm.cdf(below) == pytest.approx(seen, abs=0.004)


def test_rows_are_as_likely_as_the_density_of_their_normal_scores_times_a_cell(drawn):
    """Away from the ends and from counts: P(x) = φ(z(x)) Π |dz_j|, correlations the products of the loadings."""
    used = [0, 1, 3, 4]
    marginals, loadings = [checks.MARGINALS[j] for j in used], LOADINGS[used]
    x = drawn[:200, used]
    x = x[(np.abs(x - [m.low for m in marginals]) > 1e-3).all(1) & (x[:, 3] < 0.99) & (x[:, 2] > 2)]
    cells = [np.subtract(*m.scores_around(column)[::-1]) for m, column in zip(marginals, x.T, strict=True)]
    z = np.column_stack([m.score(column) for m, column in zip(marginals, x.T, strict=True)])
    covariance = np.outer(loadings, loadings) + np.diag(1 - loadings**2)
    expected = multivariate_normal(np.zeros(4), covariance).pdf(z) * np.prod(cells, axis=0)
    assert probability(x, tuple(marginals), loadings) == pytest.approx(expected, rel=0.02)


def test_inputs_are_rounded_as_they_are_shown():
    assert [m.decimals for m in checks.MARGINALS] == [given.decimals for given in STUDY.inputs]


def test_fresh_rows_are_not_those_of_the_table_and_fit_their_description():
    fresh = checks.fresh(STUDY)
    table = checks.simulate(STUDY.rows, np.random.default_rng(0))[list(checks.COLUMNS)].to_numpy(float)
    assert len(fresh.x) == STUDY.proof.population_rows
    assert not (fresh.x[: len(table)] == table).all(1).any()
    assert (fresh.probability(fresh.x[:1000]) > 0).all()
    assert ((fresh.x >= fresh.low) & (fresh.x <= fresh.high)).all()
    assert np.abs(fresh.x / fresh.step - np.round(fresh.x / fresh.step)).max() < 1e-6


def test_a_label_with_noise_has_no_fresh_rows():
    noisy = STUDY.label.model_copy(update={"noise": 0.1})
    assert checks.fresh(STUDY.model_copy(update={"label": noisy})) is None
