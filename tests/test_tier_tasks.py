"""Frauds settled tier by tier: every operating point answers as a verification of its own would."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from threat_fixture import FRAUDSTERS

from generator.models.cuts import matched_cut
from generator.models.folds import Folds
from generator.proofs import linear
from generator.proofs.relu.network import from_arrays
from generator.proofs.relu.network import margins as margins64
from generator.proofs.relu.search import BROKEN, PROVED, Lattice, verify
from generator.records.features import Feature
from generator.records.spec import AttackSpec, FoundLabel, ProofSpec, StudySpec
from generator.records.threat import surface
from generator.study import tier_tasks
from generator.study.proof_tasks import seed_block, settle_task
from generator.study.tasks import State
from generator.study.tier_tasks import operating_points, quoted_point, tier_task
from generator.threats.surface import boxes
from tests.test_tier_records import AMOUNT

EPSILONS, HEADLINE = (0.1, 0.35, 1.0), 0.35
RATES = (0.01, 0.05, 0.1, 0.3)
SEEDS = range(2)
TAU = ProofSpec().tau


def _run(task):
    return task.function(*task.arguments)


@pytest.fixture(scope="module")
def spec(tiny_spec):
    return tiny_spec.model_copy(
        update={"proof": tiny_spec.proof.model_copy(update={"false_positive_rates": RATES})}
    )


@pytest.fixture(scope="module")
def tiers(spec, small_folds, small_table, small_models):
    return _run(tier_task(spec, small_folds, small_table.features, small_models, SEEDS))


def _replicates(folds):
    """(seed, replicate, its test rows) of each replicate."""
    for replicate in range(folds.replicates):
        rows = folds.test_rows[replicate, : folds.test_counts[replicate]]
        yield replicate // folds.folds, replicate, rows


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.1, 0.5])
@pytest.mark.parametrize("n", [1, 19, 20, 100, 137])
def test_exactly_the_matched_share_of_genuine_rows_alarms(rate, n):
    rng = np.random.default_rng(n)
    margin, genuine = rng.standard_normal(2 * n), np.arange(2 * n) % 2 == 0
    cut = matched_cut(margin, genuine, rate)
    assert (margin[genuine] > cut).sum() == int(rate * n)


def test_a_cut_among_equal_margins_lets_fewer_alarm_never_more():
    margin = np.array([5.0, 3.0, 3.0, 3.0, 1.0, 9.0])
    genuine = np.array([True] * 5 + [False])
    assert matched_cut(margin, genuine, 0.4) == 3.0  # two of five may; the second is one of three alike


def test_the_quoted_operating_point_is_the_one_of_the_quoted_rate(spec):
    points = operating_points(spec.proof)
    assert points[0].false_positive_rate is None
    assert points[quoted_point(spec.proof)].false_positive_rate == spec.proof.quoted_false_positive_rate


def test_only_frauds_are_settled_and_those_not_flagged_are_broken(tiers, small_table):
    genuine, missed = small_table.y == 0, ~tiers["flagged"] & (small_table.y == 1)[:, None]
    for tier in FRAUDSTERS.names:
        assert not tiers[tier][:, genuine].any()
        assert (tiers[tier].transpose(2, 0, 1, 3)[:, missed] == BROKEN).all()


def test_no_operating_point_stops_more_genuine_rows_than_it_may(tiers, small_folds, small_table):
    for seed, _, rows in _replicates(small_folds):
        genuine = rows[small_table.y[rows] == 0]
        for place, rate in enumerate(RATES, start=1):
            assert tiers["flagged"][seed, genuine, place].sum() <= rate * len(genuine)


def test_what_holds_against_more_holds_against_less(tiers):
    for tier in FRAUDSTERS.names:
        proved = tiers[tier] == PROVED
        assert (proved[:, :, 1:] <= proved[:, :, :-1]).all()  # a larger budget
        for stricter, looser in itertools.pairwise(range(1, 5)):  # a lower cut catches more
            assert (proved[..., stricter] <= proved[..., looser]).all()
    for weaker, stronger in itertools.pairwise(("T1", "T2", "T3", "T0")):
        assert ((tiers[stronger] == PROVED) <= (tiers[weaker] == PROVED)).all()
    assert (tiers["T1"] == PROVED).sum() > (tiers["T0"] == PROVED).sum()


def test_frauds_that_only_rounding_decides_are_counted_once_each():
    """The margin is the input: two frauds are worst at 1e-5 at .35, which is below tau, one at -.05; at 1 unasked.

    At the cut of the highest genuine row, -1, all of them hold.
    """
    x, y = np.array([[-1.0], [-2.0], [0.35001], [0.3], [0.35001]]), np.array([0, 0, 1, 1, 1])
    folds = Folds(
        train_rows=np.zeros((2, 1), int), test_rows=np.array([[0, 2, 3], [1, 4, 4]]),
        test_counts=np.array([3, 2]), means=np.zeros((2, 1)), scales=np.ones((2, 1)), x=x, y=y, seeds=1,
    )  # fmt: skip
    state = State("linear", {"weights": np.ones((2, 1)), "bias": np.zeros(2)})
    proof = ProofSpec(epsilons=EPSILONS, false_positive_rates=(0.05,))
    feature = Feature(**AMOUNT.model_dump(), low=-9.0, high=9.0, mean=0.0, standard_deviation=1.0)
    asked = StudySpec(
        dataset="line", table="checks", title="", description="", inputs=(AMOUNT,), amount="Amount", columns={},
        threat=FRAUDSTERS, label=FoundLabel(column="", fraud=""), proof=proof,
        attack=AttackSpec(epsilons=(0.0, *EPSILONS), round_epsilons=(0.35,)),
    )  # fmt: skip
    assert _run(settle_task(asked, folds, state, range(1), EPSILONS))["by_rounding"].tolist() == [[0, 2, 2]]
    found = _run(tier_task(asked, folds, (feature,), state, range(1)))["by_rounding"]
    assert found.shape == (1, len(FRAUDSTERS.names), 3, 2)
    assert found[0, :, :, 0].tolist() == [[0, 2, 2]] * len(FRAUDSTERS.names)
    assert not found[..., 1].any()


def test_where_no_input_moves_by_a_budget_all_budgets_are_asked_about_once(monkeypatch):
    """The margin is the input; frauds move .2 down whatever the budget, or by the budget."""
    rng = np.random.default_rng(5)
    y = (np.arange(60) % 3 == 0).astype(int)
    x = (rng.normal(size=60) + 1.5 * y)[:, None]
    folds = Folds(
        train_rows=np.zeros((1, 1), int), test_rows=np.arange(60)[None], test_counts=np.array([60]),
        means=np.zeros((1, 1)), scales=np.ones((1, 1)), x=x, y=y, seeds=1,
    )  # fmt: skip
    state = State("linear", {"weights": np.ones((1, 1)), "bias": np.zeros(1)})

    def settled(epsilons: tuple[float, ...], reach: float | str) -> tuple[int, dict]:
        """How many rows were asked about, and what was found."""
        asked, given = [], AMOUNT.model_copy(update={"reach": reach})
        feature = Feature(**given.model_dump(), low=-9.0, high=9.0, mean=0.0, standard_deviation=1.0)

        def decide(subject, boxes, *more, **others):
            asked.append(len(boxes.raw))
            return linear.decide(subject, boxes, *more, **others)

        spy = SimpleNamespace(**vars(linear) | {"decide": decide})
        monkeypatch.setitem(tier_tasks.VERIFIERS, "linear", spy)
        spec = StudySpec(
            dataset="line", table="checks", title="", description="", inputs=(given,), amount="Amount", columns={},
            threat=FRAUDSTERS.model_copy(update={"tiers": FRAUDSTERS.tiers[1:], "benchmark": None}),
            label=FoundLabel(column="", fraud=""),
            proof=ProofSpec(epsilons=epsilons, false_positive_rates=(0.05,)),
            attack=AttackSpec(epsilons=(0.0, *epsilons), round_epsilons=(epsilons[-1],), headline_epsilon=epsilons[-1]),
        )  # fmt: skip
        found = _run(tier_task(spec, folds, (feature,), state, range(1)))
        return sum(asked), found

    once, alone = settled((1.0,), 0.2)
    thrice, three = settled(EPSILONS, 0.2)
    assert thrice == once > 0
    for tier in ("T1", "T2", "T3"):
        for e in range(3):
            np.testing.assert_array_equal(three[tier][:, :, e], alone[tier][:, :, 0])
    assert {PROVED, BROKEN} <= set(three["T1"].ravel())
    by_budget, _ = settled(EPSILONS, "budget")
    assert by_budget > thrice


@pytest.mark.parametrize("tier", FRAUDSTERS.names)
def test_every_point_and_budget_answers_as_a_verification_of_its_own(
    tiers, small_folds, small_table, small_models, tier
):
    reach, block = surface(small_table.features, FRAUDSTERS.tier(tier)), seed_block(small_folds, SEEDS)
    for e, epsilon in enumerate(EPSILONS):
        around = boxes(reach, small_folds, block, epsilon)
        for seed, replicate, rows in _replicates(small_folds):
            network, fraud = from_arrays(small_models.weights, replicate), small_table.y[rows] == 1
            box = (side[replicate, : len(rows)][fraud] for side in (around.lower, around.upper))
            low, high = box
            x = small_folds.encode(small_folds.x[rows], slice(replicate, replicate + 1))[0][fraud]
            for place, cut in enumerate(tiers["cuts"][replicate]):
                found = verify(
                    network, low, high, np.ones(fraud.sum()), threshold=cut,
                    lattice=Lattice.of_raw(around.whole, around.mean[replicate], around.scale[replicate]),
                )  # fmt: skip
                caught = (found.outcome == PROVED) & (margins64(network, x) > cut)
                np.testing.assert_array_equal(caught, tiers[tier][seed, rows[fraud], e, place] == PROVED)


@pytest.mark.parametrize("tier", FRAUDSTERS.names)
def test_an_example_is_in_the_box_of_its_tier_and_falls_to_the_quoted_cut(
    tiers, spec, small_folds, small_table, small_models, tier
):
    place = quoted_point(spec.proof)
    reach = surface(small_table.features, FRAUDSTERS.tier(tier))
    around = boxes(reach, small_folds, seed_block(small_folds, SEEDS), HEADLINE)
    found = 0
    for seed, replicate, rows in _replicates(small_folds):
        flagged = tiers["flagged"][seed, rows, place] & (small_table.y[rows] == 1)
        broken = flagged & (tiers[tier][seed, rows, 1, place] == BROKEN)
        witness = tiers[f"witness/{tier}"][seed, rows]
        np.testing.assert_array_equal(np.isfinite(witness).all(1), broken)
        scaled = (witness[broken] - small_folds.means[replicate]) / small_folds.scales[replicate]
        assert (scaled >= around.lower[replicate, : len(rows)][broken] - 1e-6).all()
        assert (scaled <= around.upper[replicate, : len(rows)][broken] + 1e-6).all()
        margin = margins64(from_arrays(small_models.weights, replicate), scaled)
        assert (margin <= tiers["cuts"][replicate, place] + 2 * TAU + 1e-9).all()
        found += broken.sum()
    assert found


def test_blocks_of_seeds_say_what_all_seeds_at_once_say(spec, small_folds, small_table, small_models, tiers):
    parts = [
        _run(tier_task(spec, small_folds, small_table.features, small_models, range(s, s + 1))) for s in SEEDS
    ]
    for name, values in tiers.items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), values)
