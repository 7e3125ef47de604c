"""The simulated checks have the published marginals, signs and label."""

import numpy as np
import pytest
from scipy import stats

from generator.datasets import SourceOptions, dataset
from generator.datasets.checks import dataset as checks

CHECKS = dataset("checks")


@pytest.fixture(scope="module")
def table():
    return CHECKS.load(CHECKS.study, SourceOptions())


@pytest.fixture(scope="module")
def summary(table):
    return CHECKS.summarise(table, CHECKS.study)


def with_noise(noise):
    label = CHECKS.study.label.model_copy(update={"noise": noise})
    return CHECKS.study.model_copy(update={"label": label})


def test_the_same_seed_gives_the_same_table_and_another_seed_another(table):
    again = CHECKS.load(CHECKS.study, SourceOptions())
    assert again.source == table.source
    other = CHECKS.load(CHECKS.study.model_copy(update={"seed": 43}), SourceOptions())
    assert other.source.canonical_sha256 != table.source.canonical_sha256


def test_rows_and_ids_are_as_asked(table):
    assert table.x.shape == (5000, 5)
    assert (table.ids[0], table.ids[-1]) == ("CHK00001", "CHK05000")
    assert table.source.status == "synthetic"


def test_every_marginal_passes_a_test_against_the_distribution_it_was_drawn_from():
    frame = checks.simulate(2000, np.random.default_rng(7))
    marginals = {
        "Amount": stats.lognorm(0.95, scale=650),
        "Account Age": stats.gamma(1.6, scale=4.2),
        "Distance": stats.lognorm(1.25, scale=9),
        "Signature Match": stats.beta(9, 1.6),
    }
    for column, marginal in marginals.items():
        assert stats.kstest(frame[column], marginal.cdf).pvalue > 0.001, column
    bounced = np.bincount(frame["Bounced Checks"], minlength=4)[:4]
    expected = 2000 * stats.nbinom(0.7, 0.7 / 1.25).pmf(np.arange(4))
    assert np.abs(bounced - expected).max() < 4 * np.sqrt(expected.max())


def test_quantiles_are_near_the_published_ones(table):
    medians = np.median(table.x, axis=0)
    np.testing.assert_allclose(medians, (641, 5.3, 0, 9.2, 0.87), rtol=0.05)
    np.testing.assert_allclose(np.quantile(table.x, 0.95, axis=0), (3094, 17.6, 3, 70, 0.98), rtol=0.06)


def test_features_hang_together_only_through_the_latent_riskiness_with_the_stated_signs():
    x = checks.simulate(200_000, np.random.default_rng(1))[list(checks.COLUMNS)].to_numpy()
    spearman = stats.spearmanr(x).statistic
    signs = np.array([1, -1, 1, 1, -1])
    # Normal scores correlate by 0.3²; Spearman of a Gaussian pair is 6/π asin(r/2).
    expected = np.outer(signs, signs) * 6 / np.pi * np.arcsin(0.09 / 2)
    continuous = np.ix_([0, 1, 3, 4], [0, 1, 3, 4])
    off_diagonal = ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(
        spearman[continuous][off_diagonal], expected[continuous][off_diagonal], atol=0.01
    )
    assert (np.sign(spearman) == np.sign(expected)).all()


def test_the_score_is_the_composite_equation_row_by_row(table):
    amount, age, bounced, distance, signature = table.x.T

    def t(values):
        return (values - values.mean()) / values.std()

    t_amount, t_signature = t(np.log(amount)), t(np.log(1.02 - signature))
    expected = (
        0.25 * t_amount
        + 0.15 * t(-np.log(1 + age))
        + 0.20 * t(np.log(1 + bounced))
        + 0.15 * t(np.log(1 + distance))
        + 0.25 * t_signature
        + 0.10 * np.maximum(t_amount, 0) * np.maximum(t_signature, 0)
    )
    np.testing.assert_allclose(table.rule.score, expected, atol=1e-12)
    assert table.y.sum() == 1000
    assert table.rule.score[table.y == 0].max() < table.rule.cut == table.rule.score[table.y == 1].min()


def test_noise_is_off_by_default_and_its_spread_is_the_stated_share_of_the_signal(table):
    noisy = CHECKS.load(with_noise(0.25), SourceOptions())
    assert np.array_equal(noisy.x, table.x)  # noise changes the label, never the features
    noise = noisy.rule.score - table.rule.score
    assert noise.std() / table.rule.score.std() == pytest.approx(0.25, rel=0.05)
    assert abs(np.corrcoef(noise, table.rule.score)[0, 1]) < 0.05


def test_with_noise_a_quarter_the_published_figures_come_back():
    noisy = CHECKS.load(with_noise(0.25), SourceOptions())
    card = CHECKS.summarise(noisy, with_noise(0.25)).label
    assert card.medians["Amount"] == pytest.approx((544, 1392), rel=0.1)
    assert card.medians["Account Age"] == pytest.approx((5.9, 3.3), rel=0.05)
    assert card.fraud_value_share == pytest.approx(0.384, abs=0.03)


def test_the_attack_can_change_the_truth_of_about_as_many_frauds_as_published(summary):
    shares = dict(zip(summary.rule.flip_epsilons, summary.rule.flip_shares, strict=True))
    for epsilon, published in ((0.05, 0.19), (0.1, 0.35), (0.2, 0.56), (0.3, 0.69), (0.5, 0.83)):
        assert shares[epsilon] == pytest.approx(published, abs=0.04)


def test_the_marks_say_that_the_label_is_a_formula(summary, table):
    facts = {card.slug: card.facts for card in summary.anomalies}
    assert facts["label-is-a-formula"]["area"] == 1.0
    assert facts["bounced-checks"]["none"] == (table.frame["Bounced Checks"] == 0).mean()
    assert 0.03 < facts["weak-dependence"]["weakest"] < facts["weak-dependence"]["strongest"] < 0.13


def test_only_one_budget_of_hardening_differs_from_the_defaults():
    assert CHECKS.study.hardening.epsilons == (0.35,)
    assert CHECKS.study.label.noise == 0
