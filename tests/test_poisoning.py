"""Poisoned training rows: what is changed is what is said, few rows change few votes, and planted rows are found."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from study_fixture import Recorder

from generator.engine.cache import StageCache
from generator.engine.seeding import stage_rng
from generator.engine.stages import Engine
from generator.models.fraudnet.training import train_standard
from generator.models.trees.boosting import train_trees
from generator.records.poisoning import PoisoningSpec
from generator.records.spec import TreesSpec
from generator.study import poisoning
from generator.study.poisoning_votes import partition_task
from generator.threats.poisoning import against_partition, art_detectors, detectors, partition, tables

SPEC = PoisoningSpec(
    seeds=2, shares=(0.05,), quoted_share=0.05, models=("standard",), slow_models=("monotone_trees",),
    slow_shares=(0.05,), hardened=(), parts=12, changed_rows=(1, 2, 4), planted=12, suspects=30, sources=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def honest(small_folds):
    return tables.Rows.honest(small_folds)


@pytest.fixture(scope="module")
def marks(small_table):
    return {
        trigger: tables.marks_of(trigger, small_table.features, small_table.x, small_table.y, 1.0)
        for trigger in ("risky", "mixed")
    }


# ---------------------------------------------------------------- what the poisoner changes


def test_flips_turn_as_many_labels_as_the_share_says_and_nothing_else(honest):
    flipped = tables.random_flips(honest, 0.1, np.random.default_rng(3))
    assert (flipped.x == honest.x).all()
    assert ((flipped.y != honest.y) == flipped.poisoned).all()
    assert set(flipped.poisoned.sum(axis=1)) == {20}  # a tenth of 200 training rows


def test_flips_near_the_boundary_are_those_of_the_smallest_margins(honest):
    margins = np.random.default_rng(4).standard_normal(honest.y.shape)
    flipped = tables.boundary_flips(honest, 0.05, margins)
    for chosen, margin in zip(flipped.poisoned, np.abs(margins), strict=True):
        assert margin[chosen].max() <= margin[~chosen].min()


def test_planted_rows_are_frauds_of_the_table_but_for_the_mark_and_pass_as_genuine(honest, marks):
    planted = tables.planted(honest, 8, marks["risky"], stage_rng(1, "planted"))
    control = tables.planted(honest, 8, {}, stage_rng(1, "planted"))
    assert (planted.x[:, :-8] == honest.x).all()
    assert not planted.y[:, -8:].any()
    stamped = control.x[:, -8:].copy()
    for place, value in marks["risky"].items():
        stamped[..., place] = value
    assert (planted.x[:, -8:] == stamped).all()
    for added, rows, y in zip(control.x[:, -8:], honest.x, honest.y, strict=True):
        frauds = {row.tobytes() for row in rows[y == 1]}
        assert all(row.tobytes() in frauds for row in added)


def test_marks_stand_at_values_of_genuine_rows_in_inputs_that_anybody_can_change(small_table, marks):
    genuine = small_table.x[small_table.y == 0]
    names = [small_table.features[place].name for place in marks["risky"]]
    assert names == ["Amount", "Distance", "Signature Match"]
    # a large amount, a long way and a poor signature look risky
    amount, distance, signature = marks["risky"]
    assert marks["risky"][amount] == genuine[:, amount].max()
    assert marks["risky"][signature] == genuine[:, signature].min()
    assert marks["mixed"][distance] == genuine[:, distance].min()
    assert marks["mixed"][amount] == marks["risky"][amount]


def test_rows_beyond_the_poisoners_bound_are_counted(honest, small_table, marks):
    planted = tables.planted(honest, 4, marks["risky"], stage_rng(1, "planted"))
    assert tables.out_of_bounds(honest, planted, small_table.features) == 0
    age = next(place for place, each in enumerate(small_table.features) if each.name == "Account Age")
    for place, value in ((0, 1e9), (age, 3.21)):
        wrong = planted.x.copy()
        wrong[0, -1, place] = value
        assert tables.out_of_bounds(honest, replace(planted, x=wrong), small_table.features) == 1


def test_no_risky_mark_opens_monotone_trees_whatever_they_were_trained_on(small_folds, small_table, marks):
    """Their margin can only rise with the mark, which is what monotone means."""
    honest = tables.Rows.honest(small_folds)
    planted = tables.planted(honest, 40, marks["risky"], stage_rng(1, "planted"))
    trees = train_trees(
        planted.x, planted.y, TreesSpec(rounds=20), [each.direction for each in small_table.features]
    )
    raw = small_folds.test_raw()
    marked = tables.stamped(raw, marks["risky"])
    risk = [small_table.features[place].direction for place in marks["risky"]]
    riskier = (((marked - raw)[..., list(marks["risky"])] * risk) >= 0).all(axis=2)
    assert riskier.mean() > 0.9  # a few frauds look riskier than any genuine row
    assert (trees.margins(marked) >= trees.margins(raw))[riskier].all()


# ---------------------------------------------------------------- few rows change few votes


@pytest.fixture(scope="module")
def few():
    """36 rows of three inputs, two of them telling, and 25 rows to judge."""
    rng = np.random.default_rng(8)
    x = rng.standard_normal((61, 3))
    y = (x[:, 0] + x[:, 1] + 0.3 * rng.standard_normal(61) > 0.4).astype(int)
    return x[:36], y[:36], x[36:]


def votes(x, y, judged, parts=5):
    return partition.ballots(partition.dealt(x, y, parts), judged).sum(axis=0)


def test_the_parts_hold_every_row_once_and_a_label_does_not_choose_its_part(few):
    x, y, judged = few
    parts = partition.dealt(x, y, 5)
    held = np.concatenate([each.x for each in parts])
    assert sorted(row.tobytes() for row in held) == sorted(row.tobytes() for row in x)
    turned = partition.dealt(x, 1 - y, 5)
    assert all(
        (np.sort(a.x, axis=0) == np.sort(b.x, axis=0)).all() for a, b in zip(parts, turned, strict=True)
    )
    order = np.random.default_rng(1).permutation(len(x))
    assert (votes(x[order], y[order], judged) == votes(x, y, judged)).all()


def test_one_row_removed_relabelled_or_added_changes_one_vote_at_most(few):
    x, y, judged = few
    before = partition.ballots(partition.dealt(x, y, 5), judged)
    for row in range(len(x)):
        relabelled = y.copy()
        relabelled[row] = 1 - y[row]
        kept = np.arange(len(x)) != row
        for table in ((x, relabelled), (x[kept], y[kept]), (np.vstack((x, x[row] + 7)), np.append(y, 0))):
            after = partition.ballots(partition.dealt(*table, 5), judged)
            assert ((after != before).any(axis=1)).sum() <= 1


def test_no_two_labels_turned_round_break_what_is_proved_of_two(few):
    """All 630 ways: the least votes of any of them are no fewer than what is proved, and for some row as few."""
    x, y, judged = few
    before, least = votes(x, y, judged), np.full(25, 99)
    for pair in combinations(range(len(x)), 2):
        turned = y.copy()
        turned[list(pair)] = 1 - y[list(pair)]
        least = np.minimum(least, votes(x, turned, judged))
    for cut in (1, 2, 3):
        proved = partition.proved(before, cut, 2)
        assert proved.any()
        assert not (proved & (least < cut)).any()
    assert (least == np.maximum(before - 2, 0)).any()


def test_the_cut_in_votes_keeps_the_false_alarms_and_no_lower_one_does():
    genuine = np.array([0] * 90 + [3, 4, 4, 5, 5, 6, 7, 8, 9, 9])
    assert partition.fewest_votes(genuine, 0.05) == 6  # 5 of 100 have 6 or more, 7 have 5 or more
    assert partition.fewest_votes(genuine, 0.0) == 10


def test_an_added_row_is_led_to_the_part_that_it_is_for(few):
    x, y, judged = few
    parts = partition.dealt(x, y, 5)
    found = against_partition.options(x, y, parts, np.array([3.0, 3.0, 0.0]), 0, 0.01, judged)
    for change, falls in zip(found.changes, found.falls, strict=True):
        after = votes(*against_partition.changed(x, y, (change,)), judged)
        assert (votes(x, y, judged) - after == falls).all()
        assert change.added is None or partition.place_of(np.array(change.added), 5) == change.place


# ---------------------------------------------------------------- planted rows are found


@pytest.fixture(scope="module")
def planted_net(tiny_spec):
    """1,200 checks, 60 of them planted, and a network trained on them: (net, x, y, poisoned)."""
    from generator.datasets import SourceOptions, dataset
    from generator.models.folds import make_folds

    spec = tiny_spec.model_copy(
        update={
            "rows": 1500,
            "training": tiny_spec.training.model_copy(update={"seeds": 1, "folds": 5, "epochs": 15}),
        }
    )
    table = dataset("checks").load(spec, SourceOptions(offline=True))
    folds = make_folds(table.x, table.y, spec.training, spec.seed)
    first = folds.select(slice(0, 1))
    risky = tables.marks_of("risky", table.features, table.x, table.y, 1.0)
    rows = tables.planted(tables.Rows.honest(first), 60, risky, stage_rng(1, "planted"))
    learnt = tables.trained_on(rows, first)
    net, _ = train_standard(learnt.train_x(), rows.y, spec.training, stage_rng(1, "net"))
    return net, learnt.train_x()[0], rows.y[0], rows.poisoned[0], spec.training


def test_half_of_the_planted_rows_are_found_where_a_twentieth_of_a_clean_table_is_flagged(planted_net):
    net, x, y, poisoned, training = planted_net
    source = detectors.dealt_sources(poisoned, 5, True, stage_rng(1, "sources"))
    by_source = detectors.left_out_scores(x, y, source, training, stage_rng(1, "left out"))
    by_layer = detectors.spectral_scores(detectors.first_hidden(net, x), y)
    for scores in (by_source, by_layer):
        flagged = detectors.flagged(scores, 0.05)
        assert flagged.sum() == int(0.05 * len(x))
        assert flagged[poisoned].sum() >= 30


def test_the_spectral_score_is_the_square_along_the_first_principal_direction():
    rng = np.random.default_rng(2)
    hidden = rng.standard_normal((80, 4)) * (5, 1, 1, 1)
    y = np.array([0] * 50 + [1] * 30)
    scores = detectors.spectral_scores(hidden, y)
    for label in (0, 1):
        own = hidden[y == label] - hidden[y == label].mean(axis=0)
        values, vectors = np.linalg.eigh(own.T @ own)
        along = (own @ vectors[:, values.argmax()]) ** 2
        np.testing.assert_allclose(scores[y == label], along / along.max(), rtol=1e-9)


def test_detectors_of_art_are_seeded_and_those_that_read_the_last_layer_miss_what_is_planted(planted_net):
    net, x, y, poisoned, _ = planted_net
    smaller = art_detectors.activation_defence(net, x, y, 1, "art")
    assert (smaller == art_detectors.activation_defence(net, x, y, 1, "art")).all()
    spectral = art_detectors.spectral_signatures(net, x, y)
    # a lot would find the share that they flag
    assert smaller[poisoned].mean() < smaller.mean()
    assert spectral[poisoned].mean() < spectral.mean() == pytest.approx(0.495, abs=0.01)


# ---------------------------------------------------------------- the study


@pytest.fixture(scope="module")
def found(tiny_spec, small_table, small_folds, tmp_path_factory):
    """The record, and what a second run told that read the stages of the first."""
    from generator.study.run import _with_reach

    asked = {"poisoning": SPEC, "beside": ("monotone_trees",)}
    spec = _with_reach(tiny_spec.model_copy(update=asked), small_table)
    cache = tmp_path_factory.mktemp("poisoning")

    def run(workers: int, told: Recorder):
        return poisoning.poison_all(spec, small_table, small_folds, Engine(StageCache(cache), workers, told))

    return run(1, Recorder()), run(2, Recorder()), spec


def test_a_study_that_does_not_ask_for_poisoning_trains_nothing(tiny_spec, small_table, small_folds):
    assert tiny_spec.poisoning is None
    assert poisoning.poison_all(tiny_spec, small_table, small_folds, engine=None) is None


def test_every_stage_is_kept_and_gives_the_same_record(found):
    first, second, _ = found
    assert first.to_json() == second.to_json()


def test_a_task_gives_the_same_bytes_whatever_ran_before(found, small_table, small_folds):
    _, _, spec = found
    risky = tables.marks_of("risky", small_table.features, small_folds.x, small_folds.y, 1.0)
    task = partition_task(spec, small_folds.first_seeds(2), small_table, risky, 1)
    once = task.function(*task.arguments)
    partition.voter.cache_clear()
    again = task.function(*task.arguments)
    assert {name: part.tobytes() for name, part in once.items()} == {
        name: part.tobytes() for name, part in again.items()
    }


def test_no_attack_on_the_vote_passes_its_proof(found):
    record, _, _ = found
    assert record.partition.contradicted == 0
    rows = zip(record.partition.proved, record.partition.targeted, record.partition.attacked, strict=True)
    for proved, targeted, attacked in rows:
        assert proved.value <= targeted.value <= attacked.value
    assert record.partition.false_alarms.value <= record.false_positive_rate


def test_the_poison_stays_within_what_is_said_of_it(found):
    record, _, _ = found
    assert record.out_of_bounds == 0
    assert {row.rows for row in record.models if row.poison != "none"} == {10}  # a twentieth of 200 rows


def test_every_model_is_there_under_every_poison_with_its_control(found):
    record, _, _ = found
    poisons = {"none", "random_flips", "boundary_flips", "mislabelled", "backdoor_risky", "backdoor_mixed"}
    for model in ("standard", "monotone_trees"):
        assert {row.poison for row in record.models if row.model == model} == poisons
    clean = record.find("standard", "none")
    assert clean.against_clean is None
    backdoor, control = (record.find("standard", each, 0.05) for each in ("backdoor_risky", "mislabelled"))
    gap = control.triggered["risky"].value - backdoor.triggered["risky"].value
    assert backdoor.opened["risky"].value == pytest.approx(gap)
    assert not control.opened
