"""The words of the report follow its numbers: each case here is worked by hand from the numbers it sets."""

from typing import get_args

import pytest
from report_fixture import tiny_result

from generator import findings
from generator.findings import data, evaluations, impact, original, recipes
from generator.notation.names import MODELS
from generator.records.results import Estimate, StudyResult
from generator.records.roles import Roles
from generator.records.spec import Beside

ORIGINAL = Roles().original


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=1000, seeds=10, method="bootstrap")


def full_run(dataset: str = "checks", status: str | None = None) -> StudyResult:
    """The tiny result as if it came from a full run on the original's own data."""
    result = tiny_result(dataset)
    status = status or {"checks": "synthetic", "kaggle": "kaggle_verified"}[dataset]
    source = result.data.source.model_copy(update={"status": status})
    return result.model_copy(
        update={
            "spec": result.spec.model_copy(update={"quick": False}),
            "data": result.data.model_copy(update={"source": source}),
        }
    )


def with_direction(result: StudyResult, model: str, metric: str, attack: str, low: float, high: float):
    """The result with one comparison replaced, its direction worked out from its ends."""
    direction = "higher" if low > 0 else "lower" if high < 0 else "no difference"
    changed = {"difference": estimate((low + high) / 2, low, high), "direction": direction}
    comparisons = tuple(
        c.model_copy(update=changed)
        if (c.model, c.baseline, c.metric, c.attack) == (model, "standard", metric, attack)
        else c
        for c in result.comparisons
    )
    return result.model_copy(update={"comparisons": comparisons})


def with_reduction(result: StudyResult, model: str, attack: str, low: float, high: float) -> StudyResult:
    direction = "lower" if low > 0 else "higher" if high < 0 else "no difference"
    changed = {"reduction": estimate((low + high) / 2, low, high), "direction": direction}
    reductions = tuple(
        r.model_copy(update=changed) if (r.model, r.attack) == (model, attack) else r
        for r in result.impact.reductions
    )
    return result.model_copy(update={"impact": result.impact.model_copy(update={"reductions": reductions})})


def row(result: StudyResult, name: str) -> recipes.RecipeRow:
    return next(row for row in recipes.recipe_rows(result) if row.name == name)


# ---------------------------------------------------------------- the verdict


@pytest.mark.parametrize(
    ("accuracy", "caught", "words"),
    [
        ((0.01, 0.05), (0.01, 0.05), "raises that accuracy to 33.8\u202f%, and catches more of the frauds"),
        (
            (0.01, 0.05),
            (-0.02, 0.02),
            "raises that accuracy to 33.8\u202f%, but catches no more of the frauds",
        ),
        (
            (0.01, 0.05),
            (-0.05, -0.01),
            "raises that accuracy to 33.8\u202f%, but catches fewer of the frauds",
        ),
        ((-0.05, -0.01), (-0.05, -0.01), "lowers that accuracy further, to 33.8\u202f%, and catches fewer"),
        ((-0.05, -0.01), (0.01, 0.05), "lowers that accuracy further, to 33.8\u202f%, but catches more"),
        (
            (-0.02, 0.02),
            (-0.02, 0.02),
            "no measurable difference to that accuracy: 33.8\u202f%, and catches no",
        ),
    ],
)
def test_the_answer_takes_its_verbs_from_both_differences(accuracy, caught, words):
    result = with_direction(full_run(), ORIGINAL, "accuracy", "exact", *accuracy)
    result = with_direction(result, ORIGINAL, "true_positive_rate", "exact", *caught)
    assert words in findings.find(result).headline.answer


# ---------------------------------------------------------------- evaluation


def test_a_drop_is_the_rate_of_rows_lost_with_its_own_interval():
    result = full_run()
    standard = evaluations.model_row(result, result.model("standard"))
    cell = standard.attacked[1]
    lost = standard.clean.accuracy.value - cell.evaluation.accuracy.value
    assert cell.drop.value == pytest.approx(lost)
    assert cell.drop.low < lost < cell.drop.high


@pytest.mark.parametrize(
    ("direction", "word"),
    [("higher", "above"), ("lower", "below"), ("no difference", "level with"), (None, "not compared with")],
)
def test_approving_everything_is_beside_every_model(direction, word):
    result = full_run().model_copy(update={"comparisons": ()})
    if direction:
        known = full_run().comparisons[0].model_copy(
            update={
                "model": "standard", "baseline": "approve_everything", "metric": "accuracy", "attack": "exact",
                "epsilon": 0.35, "direction": direction,
            }
        )  # fmt: skip
        result = result.model_copy(update={"comparisons": (known,)})
    assert evaluations.model_row(result, result.model("standard")).against_trivial == word


def test_a_missing_comparison_is_named():
    bare = full_run().model_copy(update={"comparisons": ()})
    with pytest.raises(KeyError, match="no comparison of pgd_ramp with standard"):
        evaluations.against_standard(bare, "pgd_ramp", "accuracy", "pgd", 0.35)


@pytest.mark.parametrize(("pgd", "warns"), [(0.70, True), (0.849, True), (0.851, False), (0.95, False)])
def test_fgsm_more_than_five_points_above_pgd_is_a_warning(pgd, warns):
    result = full_run()
    model = result.model(ORIGINAL)
    level = {"fgsm": 0.90, "pgd": pgd}
    evaluated = tuple(
        e.model_copy(update={"accuracy": estimate(level[e.attack], 0.0, 1.0)}) if e.attack in level else e
        for e in model.final.evaluations
    )
    rounds = (*model.rounds[:-1], model.final.model_copy(update={"evaluations": evaluated}))
    gap = evaluations.gap(result, model.model_copy(update={"rounds": rounds}))
    assert gap.warns is warns


def test_confusion_counts_of_one_pass_add_up_to_the_rows():
    result = full_run()
    model = result.model("standard")
    found = evaluations.confusion_row(result, model, model.final.at("pgd", 0.35))
    assert found.caught + found.missed + found.stopped + found.passed == result.data.n_rows


# ---------------------------------------------------------------- the original's claims


def test_every_claim_of_the_original_is_compared():
    reported = {claim.stated for claim in original.CLAIMS}
    assert reported == {
        "about 98 %", "15 to 20 %", "78 to 80 points", "96 to 98 %", "85 to 92 %", "4 to 10 points",
        "1 to 2 points", "74 to 85 %", "500 or more", "100 to 150",
    }  # fmt: skip
    assert len(original.compare_claims(full_run())) == len(original.CLAIMS)


CLAIM = original.Claim("Accuracy", "robust accuracy", "original", "85 to 92 %", 0.85, 0.92, "percent")
OPEN = original.Claim("Missed", "missed a day", "standard", "500 or more", 500.0, None, "count")


@pytest.mark.parametrize(
    ("claim", "low", "high", "verdict"),
    [
        (CLAIM, 0.86, 0.90, "reproduced"),
        (CLAIM, 0.80, 0.86, "reproduced"),
        (CLAIM, 0.91, 0.99, "reproduced"),
        (CLAIM, 0.10, 0.99, "reproduced"),
        (CLAIM, 0.80, 0.84, "not reproduced"),
        (CLAIM, 0.93, 0.99, "not reproduced"),
        (OPEN, 400.0, 499.0, "not reproduced"),
        (OPEN, 900.0, 990.0, "reproduced"),
    ],
)
def test_a_claim_is_reproduced_if_the_interval_meets_its_range(claim, low, high, verdict):
    assert original.judge(claim, estimate((low + high) / 2, low, high)) == verdict


def test_the_reasons_say_which_side_and_what_the_stronger_attack_leaves():
    rows = {row.claim.title: row for row in original.compare_claims(full_run())}
    # hand-made behaviour: 61.0 % under FGSM against 15 to 20; 90.0 % against 85 to 92, but 47.8 % under PGD
    standard, secured = rows["Standard, accuracy under FGSM"], rows["Secured, accuracy under FGSM"]
    assert (standard.verdict, standard.why) == (
        "not reproduced",
        "The whole interval lies above the reported range.",
    )
    assert (secured.verdict, secured.why) == (
        "reproduced",
        "Under FGSM only: under PGD-10 it is 47.8\u202f%.",
    )


def test_a_cost_that_may_be_zero_says_so():
    result = with_direction(full_run(), ORIGINAL, "accuracy", "clean", -0.03, 0.01)
    cost = next(r for r in original.compare_claims(result) if r.claim.quantity == "clean cost")
    assert (cost.measured, cost.interval) == ("1.0 points", "−1.0 to 3.0 points")
    assert cost.why == "The interval meets the reported range, and zero as well."


@pytest.mark.parametrize(
    ("status", "quick", "reason"),
    [
        ("stand_in", False, "simulated stand-in"),
        ("kaggle_columns", False, "different file"),
        ("kaggle_verified", True, "quick run"),
    ],
)
def test_other_data_or_less_training_is_not_comparable(status, quick, reason):
    result = full_run("kaggle", status)
    result = result.model_copy(update={"spec": result.spec.model_copy(update={"quick": quick})})
    rows = original.compare_claims(result)
    assert {row.verdict for row in rows} == {"not comparable"}
    assert all(reason in row.why for row in rows)
    assert findings.find(result).claims_sentence.startswith("None of the original's 10 figures")


def test_the_headline_counts_the_verdicts():
    found = findings.find(full_run())
    kept = sum(row.verdict == "reproduced" for row in found.claims)
    assert found.claims_sentence == (
        f"Of the original's 10 figures: {kept} reproduced and {10 - kept} not reproduced."
    )


# ---------------------------------------------------------------- recipes


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ([(0.1, 0.2)] * 3, "On proved accuracy the reading does not matter: each is above"),
        ([(-0.2, -0.1)] * 3, "On proved accuracy the reading does not matter: each is below"),
        ([(-0.1, 0.1)] * 3, "the reading does not matter: each is not measurably different"),
        (
            [(0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1)],
            "On proved accuracy the reading matters: Original recipe",
        ),
    ],
)
def test_the_readings_agree_or_the_page_says_that_they_do_not(ends, words):
    result = full_run()
    for name, (low, high) in zip(Roles().readings, ends, strict=True):
        result = with_direction(result, name, "accuracy", "exact", low, high)
    assert words in findings.find(result).readings_sentence


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.03, -0.01, "PGD training costs 2.0 points of clean accuracy (1.0 to 3.0 points)."),
        (0.01, 0.03, "PGD training adds 2.0 points of clean accuracy (1.0 to 3.0 points)."),
        (-0.01, 0.01, "PGD training makes no measurable difference to clean accuracy."),
    ],
)
def test_the_price_of_a_recipe_has_the_direction_of_its_interval(low, high, words):
    result = with_direction(full_run(), "pgd_ramp", "accuracy", "clean", low, high)
    assert recipes.price_sentence(row(result, "pgd_ramp")).startswith(words)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (
            -0.25,
            -0.21,
            "Without an attack it catches only 72.0\u202f% of frauds, against 95.0\u202f% before.",
        ),
        (0.02, 0.04, "Without an attack it catches 72.0\u202f% of frauds, against 95.0\u202f% before."),
        (-0.01, 0.01, "Without an attack it catches 72.0\u202f% of frauds, no measurable difference."),
    ],
)
def test_the_price_of_a_recipe_is_told_in_frauds_too(low, high, words):
    result = with_direction(full_run(), "pgd_ramp", "true_positive_rate", "clean", low, high)
    assert recipes.price_in_frauds(row(result, "pgd_ramp")) == words


def test_the_control_is_compared_with_the_standard_model():
    result = with_direction(full_run(), "extra_epochs", "accuracy", "exact", -0.01, 0.01)
    assert "not measurably different from the standard model" in findings.find(result).control_sentence


# ---------------------------------------------------------------- money


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (
            0.1,
            0.3,
            "The original recipe misses 20.0\u202f% fewer frauds than the standard model under PGD-10",
        ),
        (
            -0.3,
            -0.1,
            "The original recipe misses 20.0\u202f% more frauds than the standard model under PGD-10",
        ),
        (-0.1, 0.3, "Under PGD-10, the original recipe makes no measurable difference to missed frauds"),
    ],
)
def test_fewer_and_more_missed_frauds_follow_the_interval(low, high, words):
    result = with_reduction(full_run(), ORIGINAL, "pgd", low, high)
    assert impact.reduction(result, ORIGINAL, "pgd").sentence.startswith(words)


def test_the_scenario_day_is_told_with_its_price_without_attacks():
    result = with_reduction(full_run(), ORIGINAL, "clean", -2.0, -1.0)
    # 5 % and 12 % of 1,500 frauds
    assert "it misses more frauds: 180 against 75." in impact.day_sentence(result)


def test_bounds_of_an_accuracy_stand_beside_the_count_of_their_model():
    first, second = impact.bounds_lines(full_run())
    assert (first.words.name, second.words.name) == ("standard", ORIGINAL)
    assert first.bounds.missed_least <= first.measured.value <= first.bounds.missed_most


def test_an_unmeasured_day_is_named():
    with pytest.raises(KeyError, match="unknown model 'nobody'"):
        impact.impact_row(full_run(), "nobody", "pgd")


# ---------------------------------------------------------------- data


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("kaggle_verified", "Kaggle file, verified"),
        ("kaggle_columns", "A different file with the Kaggle columns"),
        ("stand_in", "STAND-IN: simulated, not the Kaggle file"),
    ],
)
def test_the_status_line_says_which_data_it_is(status, words):
    assert f": {words}, 1,000 rows, table hash cccccccccccc." in data.status_line(full_run("kaggle", status))


def test_label_flips_are_quoted_up_to_the_budget_of_the_headline():
    # shares of the fixture: 0.48 at 0.3, 0.67 at 0.5; the headline is at 0.35
    assert data.flip_sentence(full_run()).startswith("Within 0.3\u202fσ, 48.0\u202f% of the frauds")


def test_budgets_are_written_in_the_units_of_each_input():
    amount = data.budget_rows(full_run())[0]
    assert amount.budgets == tuple(f"±{text}\u202fUSD" for text in ("120.80", "302.00", "422.80", "604.00"))


def test_every_model_a_spec_may_ask_for_has_a_name_in_prose():
    assert {model.name for model in tiny_result().models} | set(get_args(Beside)) == set(MODELS)


def test_banners_name_stand_ins_and_quick_runs_only():
    shown = findings.banners([full_run(), tiny_result("kaggle")])
    assert shown == findings.Banners(("Bank transactions (Kaggle)",), True)
    assert findings.banners([full_run(), full_run("kaggle")]) == findings.Banners((), False)
