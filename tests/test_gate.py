"""The gate passes sound evidence, fails each kind of unsound one, and catches a masked model by name."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from generator.findings.gate_words import GATE
from generator.models.folds import make_folds
from generator.models.sampling import Drawn
from generator.proofs.relu.search import BROKEN, PROVED, UNRESOLVED
from generator.records.spec import AttackSpec, BatterySpec, ProofSpec, TrainingSpec
from generator.study.gate import CHECKS, Evidence, sanity_gate
from generator.study.proof_tasks import cross_check_task, settle_task
from generator.study.proving import Settled, with_exact
from generator.threats.evasion.attacks import evaluate
from generator.threats.evasion.battery import FIRST_ROWS, FULL_COVERAGE, BatteryOutcome, run_battery
from generator.threats.evasion.outcomes import CLEAN, Outcomes

EPSILONS = (0.1, 0.35)
MODELS = ("standard", "accumulating_fgsm", "extra_epochs")
SEEDS, ROWS = 5, 300

# of 300 rows every model is right on 280, keeps 250 and 200 under FGSM and PGD, and is proved on 240 and 190
RIGHT = {
    CLEAN: 280, ("exact", 0.0): 280, ("exact", 0.1): 240, ("exact", 0.35): 190,
} | {(a, e): n for a in ("fgsm", "pgd") for e, n in ((0.0, 280), (0.1, 250), (0.35, 200))}  # fmt: skip


def _first(count: int) -> np.ndarray:
    return np.tile(np.arange(ROWS) < count, (SEEDS, 1))


def _settled(proved: dict[float, int]) -> dict[str, np.ndarray]:
    kept = np.stack([_first(proved[e]) for e in EPSILONS], 2)
    return {
        "outcome": np.where(kept, PROVED, BROKEN).astype(np.int8),
        "replayed": np.array([1000]), "flipped": np.array([1000]),
    }  # fmt: skip


def _fought(count: int) -> BatteryOutcome:
    return BatteryOutcome(_first(count)[0], np.arange(ROWS), 1)


def _crossed(search: list[int], milp: list[int]) -> dict[str, np.ndarray]:
    return {"search": np.array(search, np.int8), "milp": np.array(milp, np.int8)}


@pytest.fixture(scope="module")
def sound(tiny_spec, small_table) -> Evidence:
    """Evidence with which nothing is wrong."""
    spec = tiny_spec.model_copy(
        update={
            "training": TrainingSpec(seeds=SEEDS, folds=3),
            "attack": AttackSpec(epsilons=(0.0, *EPSILONS), round_epsilons=EPSILONS),
            "proof": ProofSpec(epsilons=EPSILONS),
        }
    )
    order = np.random.default_rng(0).permutation(ROWS)  # so that the rows kept are of both classes
    table = replace(small_table, x=small_table.x[order], y=small_table.y[order])
    battery = {name: _fought(200) for name in (*FULL_COVERAGE, *FIRST_ROWS)}
    return Evidence(
        spec=spec,
        table=table,
        folds=make_folds(table.x, table.y, spec.training, spec.seed),
        finals={m: Outcomes({c: _first(n) for c, n in RIGHT.items()}) for m in MODELS},
        settled={m: _settled({0.1: 240, 0.35: 190}) for m in MODELS},
        epsilons=EPSILONS,
        battery={m: battery for m in MODELS},
        crossed={m: _crossed([PROVED, BROKEN], [PROVED, BROKEN]) for m in MODELS},
    )


def _judged(evidence: Evidence) -> dict:
    return {check.slug: check for check in sanity_gate(evidence)}


# ---------------------------------------------------------------- each check, by hand


def test_sound_evidence_passes_every_check_and_blocks_nobody(sound):
    checks = sanity_gate(sound)
    assert len(checks) == len(CHECKS)
    assert {check.slug: check.status for check in checks} == {check.slug: "PASS" for check in checks}
    assert not any(check.blocks for check in checks)


def _kept(e: Evidence, model: str, **counts: int) -> Evidence:
    """Other counts for one model: `fgsm_35=260` are the rows it keeps under FGSM at 0.35."""
    right = dict(e.finals[model].right)
    for name, count in counts.items():
        attack, percent = name.split("_")
        right[attack, int(percent) / 100] = _first(count)
    return replace(e, finals=e.finals | {model: Outcomes(right)})


def _fights(e: Evidence, model: str, **counts: int) -> Evidence:
    fought = {name: _fought(count) for name, count in counts.items()}
    return replace(e, battery=e.battery | {model: e.battery[model] | fought})


def _settles(e: Evidence, model: str, **arrays: np.ndarray) -> Evidence:
    return replace(e, settled=e.settled | {model: e.settled[model] | arrays})


def _shared_row(e: Evidence) -> Evidence:
    train = e.folds.train_rows.copy()
    train[4, 0] = e.folds.test_rows[4, 0]
    return replace(e, folds=replace(e.folds, train_rows=train))


def _same_row_twice(e: Evidence) -> Evidence:
    x = e.table.x.copy()
    x[7] = x[3]
    return replace(e, table=replace(e.table, x=x))


def _blind(e: Evidence) -> Evidence:
    """A model that approves everything."""
    right = np.tile(e.table.y == 0, (SEEDS, 1))
    same = {c: right & kept for c, kept in e.finals["extra_epochs"].right.items()} | {CLEAN: right}
    same |= {(a, 0.0): right for a in ("fgsm", "pgd")}
    return replace(e, finals=e.finals | {"extra_epochs": Outcomes(same)})


def _outside(e: Evidence) -> Evidence:
    return replace(e, finals=e.finals | {"standard": replace(e.finals["standard"], violations=3)})


def _unsettled(e: Evidence) -> Evidence:
    outcome = e.settled["extra_epochs"]["outcome"].copy()
    outcome[2, 5:9, 1] = UNRESOLVED
    return _settles(e, "extra_epochs", outcome=outcome)


def _nothing_proved(e: Evidence) -> Evidence:
    return replace(e, settled={m: _settled({0.1: 0, 0.35: 0}) for m in MODELS})


def _without_ablation(e: Evidence) -> Evidence:
    return replace(e, settled={m: e.settled[m] for m in MODELS[:2]})


HAND_MADE: dict[str, tuple[Callable[[Evidence], Evidence], dict[str, float], tuple[str, ...]]] = {
    "disjoint": (_shared_row, {"rows": 1}, ()),
    "duplicates": (_same_row_twice, {"rows": 1}, ()),
    "seeds": (lambda e: replace(e, folds=replace(e.folds, seeds=3)), {"seeds": 3}, ()),
    "degenerate": (_blind, {"mcc": 0}, ("extra_epochs",)),
    "budget": (_outside, {"rows": 3}, ()),
    "zero-budget": (lambda e: _kept(e, "standard", pgd_0=279), {"rows": 5}, ()),
    "pgd-fgsm": (lambda e: _kept(e, "standard", fgsm_35=197), {"gap": 0.01, "limit": 0.002}, ("standard",)),
    "monotone": (lambda e: _kept(e, "standard", pgd_10=198), {"rows": 2 * SEEDS}, ()),
    "collapse": (lambda e: _kept(e, "standard", pgd_35=220), {"kept": 220 / 300, "proved": 190 / 300}, ()),
    "fgsm-exact": (
        lambda e: _kept(e, "accumulating_fgsm", fgsm_35=250),
        {"gap": 0.2, "models": 1, "limit": 0.05},
        ("accumulating_fgsm",),
    ),
    "pgd-exact": (
        lambda e: _kept(_kept(e, "accumulating_fgsm", pgd_35=220), "standard", pgd_35=208),
        {"gap": 0.1, "models": 2, "limit": 0.05},
        ("standard", "accumulating_fgsm"),
    ),
    "black-box": (
        lambda e: _fights(e, "extra_epochs", block_search=194),
        {"gap": 0.02, "models": 1, "limit": 0.002},
        ("extra_epochs",),
    ),
    "noise": (lambda e: _fights(e, "standard", noise=197), {"gap": 0.01, "limit": 0.002}, ("standard",)),
    "battery": (
        lambda e: _fights(e, "standard", **dict.fromkeys(FULL_COVERAGE, 220)),
        {"gap": 0.1, "attacks": 9, "limit": 0.05},
        (),
    ),
    "settled": (_unsettled, {"rows": 4, "all": 3 * SEEDS * ROWS * 2}, ("extra_epochs",)),
    "proved": (_nothing_proved, {"rows": 0}, ()),
    "contradictions": (
        lambda e: _kept(_fights(e, "standard", corners=188), "extra_epochs", fgsm_35=187),
        {"rows": 2 + 3 * SEEDS},
        (),
    ),
    "second-method": (
        lambda e: replace(e, crossed=e.crossed | {"standard": _crossed([PROVED, BROKEN], [BROKEN, BROKEN])}),
        {"rows": 1, "all": 6},
        ("standard",),
    ),
    "witnesses": (
        lambda e: _settles(e, "standard", flipped=np.array([900])),
        {"witnesses": 3000, "share": 2900 / 3000},
        (),
    ),
    "ablation": (_without_ablation, {"models": 2}, ()),
}
"""Check -> what spoils sound evidence, the numbers it is then decided on, the models it blocks."""


def test_every_check_there_is_is_failed_below():
    assert set(HAND_MADE) == set(CHECKS) == set(GATE)


@pytest.mark.parametrize("slug", HAND_MADE)
def test_a_check_fails_on_its_own_kind_of_fault_says_its_numbers_and_names_the_models(sound, slug):
    spoil, facts, blocks = HAND_MADE[slug]
    check = _judged(spoil(sound))[slug]
    assert check.status == "FAIL"
    assert check.facts == pytest.approx(facts)
    assert set(check.blocks) == set(blocks)
    assert GATE[slug].about(check.facts)


@pytest.fixture
def drawn(sound) -> Evidence:
    """The same, judged on a sample: seven more rows train each replicate, numbered from 1000."""
    replicates, count = len(sound.folds.train_rows), 7
    x = np.random.default_rng(1).uniform(5.0, 6.0, (replicates, count, sound.table.x.shape[1]))
    rows = 1000 + np.arange(replicates * count).reshape(replicates, count)
    more = Drawn(rows=rows, judged=np.arange(ROWS), x=x, y=np.zeros((replicates, count), np.int64))
    return replace(sound, folds=replace(sound.folds, drawn=more))


def test_a_sample_that_shares_no_row_with_what_else_trains_passes(drawn):
    judged = _judged(drawn)
    for slug in ("disjoint", "duplicates"):
        assert (judged[slug].status, judged[slug].facts) == ("PASS", {"rows": 0})


def test_judged_rows_that_train_a_replicate_too_are_counted_by_number_and_by_value(drawn):
    more = drawn.folds.drawn
    rows, x = more.rows.copy(), more.x.copy()
    rows[2, 1], x[2, 1] = 40, drawn.table.x[40]  # the row itself
    x[3, 5], x[4, 0] = drawn.table.x[7], drawn.table.x[7]  # one like it, in two replicates
    altered = replace(drawn, folds=replace(drawn.folds, drawn=replace(more, rows=rows, x=x)))
    judged = _judged(altered)
    assert (judged["disjoint"].status, judged["disjoint"].facts) == ("FAIL", {"rows": 1})
    assert (judged["duplicates"].status, judged["duplicates"].facts) == ("FAIL", {"rows": 2})


def test_a_share_of_one_in_a_thousand_examples_may_be_lost_to_rounding(sound):
    most = _settles(sound, "standard", flipped=np.array([998]))
    assert _judged(most)["witnesses"].status == "PASS"


def test_a_model_wrong_on_everything_predicts_after_all(sound):
    """Its answers turned round would be perfect, so the correlation is strong, not absent."""
    right = dict.fromkeys(RIGHT, _first(0))
    wrong = replace(sound, finals=sound.finals | {"standard": Outcomes(right)})
    assert _judged(wrong)["degenerate"].status == "PASS"


# ---------------------------------------------------------------- real models


BATTERY = BatterySpec(
    pgd_steps=40, restarts=2, apgd_steps=5, apgd_restarts=1, boundary_steps=10, search_queries=150,
    noise_draws=50, hop_skip_jump_rows=1, hop_skip_jump_steps=1, hop_skip_jump_queries=200,
    zoo_rows=1, zoo_steps=1, tree_copy_rows=1,
)  # fmt: skip


def _masked(models: dict[str, np.ndarray], gain: float) -> dict[str, np.ndarray]:
    """The same answers everywhere, from logits so far apart that float32 has no gradient of the loss left."""
    last = {"weights.2", "biases.2"}
    return {name: a * np.float32(gain) if name in last else a for name, a in models.items()}


@pytest.fixture(scope="module")
def measured(tiny_spec, small_table, small_folds, small_models) -> Evidence:
    """An undefended model and three copies of it that only hide their gradients, attacked and proved."""
    spec = tiny_spec.model_copy(
        update={
            "attack": AttackSpec(epsilons=(0.0, *EPSILONS), round_epsilons=EPSILONS, pgd_steps=40),
            "proof": ProofSpec(epsilons=EPSILONS),
        }
    )
    masked = {
        f"masked_{gain:g}": replace(small_models, weights=_masked(small_models.weights, gain))
        for gain in (1e3, 1e4, 1e6)
    }
    states = {"standard": small_models} | masked
    outcomes, settled, fought = {}, {}, {}
    for name, state in states.items():
        model = state.model(small_folds)
        outcomes[name] = [evaluate(model, small_folds, spec.attack, spec.attack.epsilons)]
        task = settle_task(spec, small_folds, state, range(small_folds.seeds), EPSILONS)
        settled[name] = task.function(*task.arguments)
        fought[name] = run_battery(model, small_folds, 0, 0.35, BATTERY, spec.seed)
    joined = with_exact(outcomes, Settled(settled, {}, EPSILONS), 0.35)
    finals = {name: rounds[-1] for name, rounds in joined.items()}
    crossed = {}
    for name, state in states.items():
        task = cross_check_task(spec, small_folds, state)
        crossed[name] = task.function(*task.arguments)
    return Evidence(spec, small_table, small_folds, finals, settled, EPSILONS, fought, crossed)


MASKED = {"masked_1000", "masked_10000", "masked_1e+06"}


def test_the_masked_models_answer_as_the_undefended_one_and_hold_no_better(measured):
    for name in MASKED:
        np.testing.assert_array_equal(
            measured.finals[name].right[CLEAN], measured.finals["standard"].right[CLEAN]
        )
        assert measured.kept(name, "exact") == pytest.approx(measured.kept("standard", "exact"), abs=0.005)


def test_to_fgsm_and_pgd_the_masked_models_look_far_more_robust_than_they_are(measured):
    for name in MASKED:
        for attack in ("fgsm", "pgd"):
            assert measured.kept(name, attack) > measured.kept("standard", attack) + 0.05


@pytest.mark.parametrize("slug", ["fgsm-exact", "pgd-exact", "black-box"])
def test_the_gate_fails_the_masked_models_by_name_and_not_the_undefended_one(measured, slug):
    check = _judged(measured)[slug]
    assert check.status == "FAIL"
    assert set(check.blocks) == MASKED


@pytest.mark.parametrize("slug", ["fgsm-exact", "pgd-exact", "black-box", "noise", "pgd-fgsm", "battery"])
def test_the_undefended_model_alone_passes(measured, slug):
    alone = replace(
        measured,
        finals={"standard": measured.finals["standard"]},
        settled={"standard": measured.settled["standard"]},
        battery={"standard": measured.battery["standard"]},
    )
    assert _judged(alone)[slug].status == "PASS"


def test_proofs_of_real_models_masked_or_not_stand_against_every_attack(measured):
    judged = _judged(measured)
    for slug in (
        "contradictions",
        "settled",
        "proved",
        "second-method",
        "witnesses",
        "zero-budget",
        "monotone",
        "budget",
    ):
        assert judged[slug].status == "PASS", slug
