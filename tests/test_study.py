"""A tiny study, end to end: whole, consistent with itself, and the same whoever computes it."""

import json

import numpy as np
import pytest
from threat_fixture import FRAUDSTERS

from generator.engine import parallel
from generator.records.results import StudyResult
from generator.records.spec import HardeningSpec
from generator.threats.evasion.battery import FIRST_ROWS, FULL_COVERAGE
from generator.threats.evasion.outcomes import CLEAN

ROWS, FRAUDS, SEEDS = 300, 60, 2
RECIPES = HardeningSpec().recipes
FOLLOWED = HardeningSpec().followed


@pytest.fixture(scope="module")
def result(tiny_study) -> StudyResult:
    return tiny_study.result


@pytest.fixture(scope="module")
def evaluations(result):
    return [e for model in result.models for state in model.rounds for e in state.evaluations]


# ---------------------------------------------------------------- the same every time


def test_two_workers_and_a_fresh_cache_give_the_same_bytes(tiny_study, tmp_path):
    assert tiny_study.again(tmp_path, workers=2).to_json() == tiny_study.result.to_json()


def test_a_second_run_computes_nothing_and_gives_the_same_bytes(tiny_study, recorder, monkeypatch):
    computed = []
    run = parallel.run

    def watched(tasks, workers):
        computed.extend(tasks)
        return run(tasks, workers)

    monkeypatch.setattr(parallel, "run", watched)
    assert tiny_study.again(tiny_study.cache, recorder=recorder).to_json() == tiny_study.result.to_json()
    assert computed == []
    assert recorder.done == tiny_study.recorder.done


def test_a_lost_stage_result_is_computed_again_to_the_same_bytes(tiny_study, tmp_path, recorder):
    kept = sorted(tiny_study.cache.iterdir())
    for path in kept[1::2]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert tiny_study.again(tmp_path, recorder=recorder).to_json() == tiny_study.result.to_json()
    assert sorted(path.name for path in tmp_path.iterdir()) == [path.name for path in kept]


def test_the_reporter_hears_of_every_stage_and_every_task(tiny_study):
    # 9 recipes, 5 of them attacked after both rounds; all seeds are settled in one task
    assert tiny_study.recorder.totals == {
        ("checks", "train"): 1,
        ("checks", "harden"): 9,
        ("checks", "attack"): 1 + 5 * 2 + 4,
        ("checks", "settle"): 10 + 1,  # and the first round of the original recipe
        ("checks", "tiers"): 10,
        ("checks", "radius"): 4,
        ("checks", "cross-check"): 10,
        ("checks", "battery"): 10,
        ("checks", "limit"): 2,  # of all classifiers, and of monotone ones
    }
    assert tiny_study.recorder.done == tiny_study.recorder.totals


# ---------------------------------------------------------------- whole


def test_every_recipe_is_there_beside_the_standard_and_the_trivial_model(result):
    names = [model.name for model in result.models]
    assert set(names) == {"standard", *RECIPES, "approve_everything"}
    assert len(names) == len(set(names))
    assert names[0] == "standard"


@pytest.mark.parametrize("recipe", RECIPES)
def test_rounds_are_numbered_from_the_standard_model_on(result, recipe):
    rounds = result.model(recipe).rounds
    assert [state.round for state in rounds] == ([0, 1, 2] if recipe in FOLLOWED else [0, 2])
    for condition in (CLEAN, ("fgsm", 0.1), ("pgd", 0.35), ("exact", 0.35)):
        assert rounds[0].at(*condition) == result.model("standard").final.at(*condition)


# 200 training rows a replicate in batches of 64 are 4 steps an epoch; 400 rows are 7, 600 are 10
@pytest.mark.parametrize(
    ("model", "training_rows", "gradient_steps"),
    [
        ("standard", [200], [8]),
        ("approve_everything", [0], [0]),
        ("accumulating_fgsm", [200, 400, 600], [8, 15, 25]),
        ("extra_epochs", [200, 400, 600], [8, 15, 25]),
        ("current_round_fgsm", [200, 400, 400], [8, 15, 22]),
        ("half_batch_fgsm", [200, 200, 200], [8, 12, 16]),
        ("pgd_ramp", [200, 200, 200], [8, 12, 16]),
        ("fgsm_random_start", [200, 200], [8, 16]),
        ("trades", [200, 200], [8, 16]),
        ("crown_ibp", [200, 200], [8, 16]),
        ("pgd_tier1", [200, 200], [8, 16]),
    ],
)
def test_the_cost_of_every_round_is_as_worked_by_hand(result, model, training_rows, gradient_steps):
    rounds = result.model(model).rounds
    assert [state.training_rows for state in rounds] == training_rows
    assert [state.gradient_steps for state in rounds] == gradient_steps


def test_the_last_state_is_attacked_at_every_budget_and_the_others_at_those_of_the_rounds(result):
    for model in result.models:
        for state in model.rounds:
            measured = {(e.attack, e.epsilon) for e in state.evaluations if e.attack != "exact"}
            last = state is model.final or state.round == 0
            epsilons = result.spec.attack.epsilons if last else result.spec.attack.round_epsilons
            assert measured == {CLEAN} | {(a, e) for a in ("fgsm", "pgd") for e in epsilons}


def test_the_last_state_is_proved_at_every_budget_and_the_original_recipe_at_the_headline_on_its_way(result):
    for model in result.models:
        for state in model.rounds:
            proved = {e.epsilon for e in state.evaluations if e.attack == "exact"}
            if model.name == "approve_everything":
                assert proved == set(result.spec.attack.epsilons)
            elif state is model.final or state.round == 0:
                assert proved == {0.0, *result.spec.proof.epsilons}
            else:
                assert proved == ({0.0, 0.35} if model.name == "accumulating_fgsm" else set())


def test_everything_a_page_shows_is_there(result):
    conditions = {CLEAN, ("fgsm", 0.35)} | {(a, e) for a in ("pgd", "exact") for e in (0.1, 0.35, 1.0)}
    against_standard = {
        (c.model, c.attack, c.epsilon) for c in result.comparisons if c.baseline == "standard"
    }
    others = {model.name for model in result.models} - {"standard"}
    assert against_standard == {(name, *condition) for name in others for condition in conditions}
    assert {c.model for c in result.comparisons if c.baseline == "approve_everything"} == {
        "standard",
        *RECIPES,
    }
    assert {cut.model for cut in result.slices} == {"standard", "accumulating_fgsm", "pgd_ramp"}
    assert {row.model for row in result.impact.rows} == {model.name for model in result.models}
    assert result.data.n_rows == ROWS


def test_every_model_is_proved_against_every_tier_and_fought_by_every_attack(result):
    proofs, models = result.proofs, {"standard", *RECIPES}
    # all three budgets at the quoted rate, the headline budget at the three others
    points = {(0.05, 0.1), (0.05, 0.35), (0.05, 1.0), (0.01, 0.35), (0.02, 0.35), (0.1, 0.35)}
    assert {(t.model, t.tier, t.false_positive_rate, t.epsilon) for t in proofs.tiers} == {
        (model, tier, *point) for model in models for tier in FRAUDSTERS.names for point in points
    }
    assert {(c.model, c.tier, c.false_positive_rate, c.epsilon) for c in proofs.tier_comparisons} == {
        (model, tier, *point) for model in RECIPES for tier in FRAUDSTERS.names for point in points
    }
    attacks = {*FULL_COVERAGE, *FIRST_ROWS, "worst_case", "exact"}
    assert {(b.model, b.attack) for b in proofs.battery} == {(m, a) for m in models for a in attacks}
    assert {b.rows for b in proofs.battery if b.attack not in FIRST_ROWS} == {ROWS}
    assert {r.model for r in proofs.radii} == {"standard", "accumulating_fgsm", "pgd_ramp", "pgd_tier1"}
    assert {each.model for each in proofs.rule.label_aware} == models
    assert [(c.epsilon, c.tier, c.measure) for c in proofs.choices] == [
        (epsilon, *asked)
        for epsilon in (0.1, 0.35, 1.0)
        for asked in (("T0", "robust_accuracy"), *((tier, "caught_proved") for tier in ("T1", "T2", "T3")))
    ]
    assert {f.tier for f in proofs.rule.frontiers} == set(FRAUDSTERS.names)


# ---------------------------------------------------------------- consistent with itself


def test_counts_add_up_to_rows_times_seeds_everywhere(evaluations):
    for e in evaluations:
        c = e.confusion
        assert c.true_positives + c.false_negatives == FRAUDS * SEEDS
        assert c.true_negatives + c.false_positives == (ROWS - FRAUDS) * SEEDS


def test_rates_are_those_of_their_counts_and_lie_in_their_intervals(evaluations):
    for e in evaluations:
        c = e.confusion
        right = c.true_positives + c.true_negatives
        assert e.accuracy.value == pytest.approx(right / (ROWS * SEEDS))
        assert e.true_positive_rate.value == pytest.approx(c.true_positives / (FRAUDS * SEEDS))
        assert e.false_positive_rate.value == pytest.approx(c.false_positives / ((ROWS - FRAUDS) * SEEDS))
        for rate in (e.accuracy, e.true_positive_rate, e.false_positive_rate):
            assert 0 <= rate.low <= rate.value + 1e-12
            assert rate.value - 1e-12 <= rate.high <= 1
            assert rate.seeds == SEEDS


def test_no_attack_makes_a_model_better_than_it_is(result):
    for model in result.models:
        for state in model.rounds:
            clean = state.at(*CLEAN)
            for e in state.evaluations:
                assert e.confusion.true_positives <= clean.confusion.true_positives
                assert e.confusion.true_negatives <= clean.confusion.true_negatives


def test_a_budget_of_zero_changes_no_count(result):
    for model in result.models:
        for attack in ("fgsm", "pgd", "exact"):
            assert model.final.at(attack, 0.0).confusion == model.final.at(*CLEAN).confusion


@pytest.mark.parametrize("attack", ["pgd", "exact"])
def test_pgd_and_the_proof_never_recover_with_a_larger_budget(result, attack):
    for model in result.models:
        curve = [model.final.at(attack, e).accuracy.value for e in result.spec.proof.epsilons]
        assert curve == sorted(curve, reverse=True)


def test_no_more_is_proved_than_any_attack_leaves_standing(result):
    for model in result.models:
        for epsilon in result.spec.proof.epsilons:
            proved = model.final.at("exact", epsilon)
            for attack in ("fgsm", "pgd"):
                left = model.final.at(attack, epsilon)
                assert proved.confusion.true_positives <= left.confusion.true_positives
                assert proved.confusion.true_negatives <= left.confusion.true_negatives


def test_every_row_is_settled_and_none_both_ways(result):
    proofs = result.proofs
    assert (proofs.rows_unresolved, proofs.contradictions) == (0, 0)
    assert proofs.rows_proved + proofs.rows_broken == 10 * SEEDS * ROWS * 3  # models, budgets
    assert {t.unresolved for t in proofs.tiers} == {0}
    exact = [e for m in result.models for e in m.final.evaluations if e.attack == "exact" and e.epsilon]
    kept = sum(e.confusion.true_positives + e.confusion.true_negatives for e in exact)
    trivial = result.model("approve_everything").final.at("exact", 0.35).confusion
    assert kept - 3 * trivial.true_negatives == proofs.rows_proved


def test_a_model_is_chosen_against_the_plain_box_and_each_tier_in_which_frauds_alone_move(result):
    threat = result.spec.threat
    moved = [tier.name for tier in threat.tiers if tier.moves == "frauds"]
    assert threat.quoted in moved
    assert len(moved) < len(threat.tiers)
    for epsilon in result.spec.proof.epsilons:
        chosen = [choice.tier for choice in result.proofs.choices if choice.epsilon == epsilon]
        assert chosen == [threat.benchmark, *moved]


def test_a_fraudster_who_can_do_more_is_caught_no_more_often(result):
    caught = {
        (t.model, t.false_positive_rate, t.epsilon, t.tier): t.caught_proved.value
        for t in result.proofs.tiers
    }
    for (*point, tier), value in caught.items():
        if tier != "T0":
            assert caught[*point, "T0"] <= value <= caught[*point, "T1"]
        if tier == "T3":
            assert value <= caught[*point, "T2"] <= caught[*point, "T1"]
    for t in result.proofs.tiers:
        assert t.caught_proved.value <= t.caught_clean.value


def test_no_model_keeps_more_than_the_limit(result):
    # not a theorem: the limit is that of one classifier for all rows, and each fold has its own
    for epsilon, best in zip(result.proofs.limit.epsilons, result.proofs.limit.best, strict=True):
        for model in result.models:
            assert model.final.at("exact", epsilon).accuracy.value <= best


def test_the_radii_say_the_same_as_the_settled_budgets_of_the_first_seed(result):
    for summary in result.proofs.radii:
        assert sum(summary.legitimate) + sum(summary.fraud) + summary.beyond == ROWS
        assert summary.widest_bracket <= result.spec.proof.radius_tolerance + 1e-9
        (worst,) = (b for b in result.proofs.battery if (b.model, b.attack) == (summary.model, "worst_case"))
        # right within the headline budget at least where the radius is a whole bracket beyond it
        width = summary.edges[1]
        beyond = int(np.ceil((0.35 + result.spec.proof.radius_tolerance) / width))
        held = sum(summary.legitimate[beyond:]) + sum(summary.fraud[beyond:]) + summary.beyond
        assert held <= worst.kept


def test_approving_everything_scores_the_legitimate_share_under_any_attack(result):
    for e in result.model("approve_everything").final.evaluations:
        assert e.accuracy.value == 0.8
        assert (e.confusion.true_positives, e.confusion.false_positives) == (0, 0)


def test_comparisons_are_the_differences_of_the_evaluations(result):
    for c in result.comparisons:
        ours, theirs = (result.model(name).final.at(c.attack, c.epsilon) for name in (c.model, c.baseline))
        gap = getattr(ours, c.metric).value - getattr(theirs, c.metric).value
        assert c.difference.value == pytest.approx(gap, abs=1e-6)


def test_the_day_at_the_bank_is_the_rates_of_the_final_states(result):
    # 10,000 transactions, 15 % fraud
    for row in result.impact.rows:
        state = result.model(row.model).final
        missed = 1500 * (1 - state.at(row.attack, row.epsilon).true_positive_rate.value)
        assert row.missed_frauds.value == pytest.approx(missed)
        assert row.false_alarms.value == pytest.approx(8500 * state.at(*CLEAN).false_positive_rate.value)
        assert row.leakage_usd.value == pytest.approx(missed * result.impact.mean_fraud_amount)


def test_leakage_reductions_are_ratios_of_the_day_at_the_bank(result):
    missed = {(r.model, r.attack, r.epsilon): r.missed_frauds.value for r in result.impact.rows}
    assert result.impact.reductions
    for r in result.impact.reductions:
        ratio = missed[r.model, r.attack, r.epsilon] / missed["standard", r.attack, r.epsilon]
        assert r.reduction.value == pytest.approx(1 - ratio)


def test_the_attacks_kept_their_budgets(result):
    assert result.budget_violations == 0


def test_examples_are_rows_of_the_table_that_evade_within_their_budget(result, tiny_study):
    table = tiny_study.table
    assert result.examples
    for example in result.examples:
        (row,) = np.flatnonzero(table.ids == example.row_id)
        assert table.y[row] == 1
        assert list(example.before.values()) == table.x[row].tolist()
        assert example.probability_after <= 0.5 < example.probability_before
        for feature in result.data.features:
            moved = abs(example.after[feature.name] - example.before[feature.name])
            # a fold's own spread differs from that of all rows by a few per cent
            assert moved <= example.epsilon * feature.standard_deviation * 1.2


def test_the_record_is_plain_json_with_its_spec_and_provenance(tiny_study):
    stored = json.loads(tiny_study.result.to_json())
    assert stored["spec"]["training"]["epochs"] == tiny_study.spec.training.epochs
    assert stored["provenance"]["study_key"] == tiny_study.origin.study_key
    assert stored["schema_version"] == 1


def test_money_is_counted_over_the_frauds(tiny_study):
    rows = zip(tiny_study.table.amounts.tolist(), tiny_study.table.y.tolist(), strict=True)
    lost = [amount for amount, fraud in rows if fraud == 1]
    assert 0 < len(lost) < len(tiny_study.table.y)
    assert tiny_study.result.impact.mean_fraud_amount == pytest.approx(sum(lost) / len(lost))
