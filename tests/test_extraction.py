"""Copies are what their answers allow, agree where it is proved, and fool a model no more than the proof allows."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from generator.engine.cache import StageCache
from generator.engine.stages import Engine
from generator.models.folds import make_folds
from generator.models.fraudnet.network import FraudNet
from generator.models.linear import Linear, logistic_regression
from generator.models.trees.trees import Trees
from generator.proofs.verdicts import PROVED
from generator.records.extraction import ExtractionSpec
from generator.records.metrics import Resamples
from generator.records.spec import ProofSpec, TrainingSpec
from generator.study.extraction import extract
from generator.study.extraction_tasks import AGREE, DISAGREE, OPEN, _box, copy_task
from generator.study.proof_tasks import settle_task
from generator.study.tasks import State, beside_state, beside_task
from generator.threats.extraction import thieves
from generator.threats.extraction.answers import answered, probabilities
from generator.threats.extraction.questions import part, questions, rows_at

SPEC = ExtractionSpec(
    models=("standard", "logistic_regression", "boosted_trees"), seeds=2, queries=(50, 200), compared_queries=50,
    gradient_steps=300, knockoff_steps=100, tree_rounds=20, boxed_rows=15, points=50, search_queries=40,
)  # fmt: skip


@pytest.fixture(scope="module")
def stolen(tiny_spec, small_table, small_folds, small_models, tmp_path_factory, recorder_of):
    """The small table's models, stolen: (engine's answers by task are kept) record, settled outcomes, states."""
    spec = tiny_spec.model_copy(update={"extraction": SPEC})
    states = {"standard": [small_models]}
    for name in ("logistic_regression", "boosted_trees"):
        task = beside_task(spec, small_folds, small_table.features, name)
        states[name] = [beside_state(name, task.function(*task.arguments))]
    settled = {}
    for name, (state,) in states.items():
        task = settle_task(spec, small_folds, state, range(2), spec.proof.epsilons)
        settled[name] = task.function(*task.arguments)
    engine = Engine(StageCache(tmp_path_factory.mktemp("stages")), 1, recorder_of())
    resamples = Resamples(small_folds.y, 2, 100, np.random.default_rng(7))

    def run(settled=settled):
        return extract(spec, small_folds, states, settled, resamples, engine, "checks")

    return run, settled, states


@pytest.fixture(scope="module")
def recorder_of():
    from study_fixture import Recorder

    return Recorder


# ---------------------------------------------------------------- questions and answers


def test_a_thief_asks_about_rows_the_model_never_saw_and_is_judged_on_others(small_folds):
    parts = part(small_folds, 42)
    asked, judged = rows_at(small_folds, parts.asked), rows_at(small_folds, parts.judged)
    for trained, one, other in zip(small_folds.train_rows, asked, judged, strict=True):
        assert len(set(one) | set(other)) == 100  # a third of 300 rows, all of them
        assert not (set(one) | set(other)) & set(trained)


def test_drawn_rows_take_every_input_from_a_real_row_and_follow_the_real_ones(small_folds):
    asked = part(small_folds, 42).asked
    raw = questions(small_folds, asked, 120, 42)
    real = small_folds.x[rows_at(small_folds, asked)]
    assert np.array_equal(raw[:, :50], real)
    for rows, own in zip(raw[:, 50:], real, strict=True):
        assert all(np.isin(rows[:, j], own[:, j]).all() for j in range(rows.shape[1]))
        # an input of one row and another of a second row: hardly a drawn row is a real one
        assert sum((row == own).all(axis=1).any() for row in rows) <= 1
    assert np.array_equal(questions(small_folds, asked, 80, 42), raw[:, :80])


def test_answers_are_probabilities_and_what_a_defence_makes_of_them():
    p = np.array([[0.0, 0.04, 0.52, 0.97, 1.0]])
    assert np.array_equal(answered(p, "scores", SPEC), p)
    assert np.array_equal(answered(p, "labels", SPEC), [[0, 0, 1, 1, 1]])
    assert np.allclose(answered(p, "rounded", SPEC), [[0, 0, 0.5, 1, 1]])
    # by hand for a probability of one, which ART cuts at 1e-9: r = 1 / (1 + e^(-0.1 ln 1e9)) - 0.5
    bend = 1 / (1 + 1e9**-0.1) - 0.5
    assert answered(p, "reverse_sigmoid", SPEC)[0, 4] == pytest.approx(
        (1 - bend) / (1 - bend + bend), abs=1e-6
    )
    bent = answered(p, "reverse_sigmoid", SPEC)[0]
    assert np.array_equal(bent > 0.5, p[0] > 0.5)
    with pytest.raises(ValueError, match="unknown answers 'none'; known: scores, labels, rounded"):
        answered(p, "none", SPEC)


# ---------------------------------------------------------------- thieves


def test_as_many_questions_as_a_linear_model_has_numbers_give_them_to_rounding(small_folds):
    model = logistic_regression(small_folds)
    inputs = small_folds.x.shape[1]
    raw = questions(small_folds, part(small_folds, 42).asked, inputs + 1, 42)
    found = thieves.line(raw, probabilities(model.margins(raw)), small_folds, TrainingSpec(), SPEC, 42)
    assert np.abs(found["weights"] - model.weights).max() < 1e-6
    assert np.abs(found["bias"] - model.bias).max() < 1e-6
    # one question less leaves a line open, and labels alone are not equations
    fewer = raw[:, :inputs]
    for asked, answers in ((fewer, "scores"), (raw, "labels")):
        told = answered(probabilities(model.margins(asked)), answers, SPEC)
        other = thieves.line(asked, told, small_folds, TrainingSpec(), SPEC, 42)
        assert np.abs(other["weights"] - model.weights).max() > 0.1


def test_gradients_of_soft_answers_are_those_of_automatic_differentiation():
    net = FraudNet(2, 3, (5, 4)).initialise(torch.Generator().manual_seed(3))
    x, p = torch.randn(14, 3), torch.rand(14)
    logits = net(x)
    loss = binary_cross_entropy_with_logits(logits[:, 1] - logits[:, 0], p, reduction="sum") / 7
    wanted = torch.autograd.grad(loss, list(net.parameters()))
    for ours, theirs in zip(thieves.soft_gradients(net, x, p), wanted, strict=True):
        assert np.allclose(ours, theirs.numpy(), atol=1e-6)


def test_trees_learn_a_rule_of_one_input_from_its_answers(small_folds):
    raw = questions(small_folds, part(small_folds, 42).asked, 400, 42)
    cut = np.median(raw[:, :, 0])
    answers = (raw[:, :, 0] > cut).astype(float)
    copy = Trees.restored(thieves.trees(raw, answers, small_folds, TrainingSpec(), SPEC, 42), small_folds)
    rows = np.broadcast_to(small_folds.x, (small_folds.replicates, *small_folds.x.shape))
    # only rows between the two questions next to the cut are open, one or two of the 300
    assert ((copy.margins(rows) > 0) == (rows[:, :, 0] > cut)).mean() > 0.98


def test_answers_of_other_rows_teach_a_thief_nothing(small_folds, small_models):
    model, parts = small_models.model(small_folds), part(small_folds, 42)
    raw = questions(small_folds, parts.asked, 50, 42)
    told = np.random.default_rng(1).permuted(probabilities(model.margins(raw)), axis=1)
    judged = small_folds.x[rows_at(small_folds, parts.judged)]
    flagged = model.margins(judged) > 0
    copy = Trees.restored(thieves.trees(raw, told, small_folds, TrainingSpec(), SPEC, 42), small_folds)
    copied = copy.margins(judged) > 0
    assert (copied == flagged).mean() < (~flagged).mean()  # less than the constant answer
    assert abs(copied[flagged].mean() - copied[~flagged].mean()) < 0.15


def test_a_copy_of_one_answer_says_that_answer_everywhere(small_folds):
    raw = questions(small_folds, part(small_folds, 42).asked, 60, 42)
    for thief in (thieves.line, thieves.trees):
        arrays = thief(raw, np.zeros(raw.shape[:2]), small_folds, TrainingSpec(), SPEC, 42)
        kind = Linear if thief is thieves.line else Trees
        assert not (kind.restored(arrays, small_folds).margins(raw) > 0).any()


# ---------------------------------------------------------------- boxes


def test_a_box_is_told_as_geometry_has_it():
    """Two lines at right angles to the first input, at 0 and at 0.5 standard deviations; boxes reach 0.2 around."""
    rng = np.random.default_rng(5)
    x, y = rng.standard_normal((60, 2)), np.repeat((0, 1), 30)
    folds = make_folds(x, y, TrainingSpec(seeds=1, folds=2), seed=5)
    raw = folds.test_x()[0, :, 0].astype(float)  # in standard deviations of the first replicate

    def at(place: float) -> State:
        return State("linear", {"weights": np.array([[1.0, 0.0]] * 2), "bias": np.array([-place] * 2)})

    spec, places = SPEC.model_copy(update={"boxed_rows": 30, "points": 200}), np.arange(30)
    verdict, same = _box(folds, at(0.0), at(0.5), places, 0, 0.2, spec, ProofSpec(), 42)
    between = (raw > -0.2) & (raw < 0.7)
    assert np.array_equal(verdict == AGREE, ~between)
    assert between.any()
    assert not between.all()
    assert set(verdict[between]) <= {DISAGREE, OPEN}
    assert (verdict[(raw > 0.05) & (raw < 0.45)] == DISAGREE).all()
    assert (same[verdict == AGREE] == 200).all()
    assert (same[verdict == DISAGREE] < 200).any()
    # with itself it disagrees nowhere; where its answer changes in the box, nothing is proved either
    verdict, same = _box(folds, at(0.0), at(0.0), places, 0, 0.2, spec, ProofSpec(), 42)
    assert np.array_equal(verdict == OPEN, np.abs(raw) < 0.2)
    assert (same == 200).all()


# ---------------------------------------------------------------- the record


def test_no_evasion_passes_the_proof_and_no_point_the_agreement(stolen):
    run, _, _ = stolen
    found = run()
    assert [(each.model, each.kind) for each in found.stolen] == [
        ("standard", "relu"), ("logistic_regression", "linear"), ("boosted_trees", "trees"),
    ]  # fmt: skip
    for each in found.stolen:
        assert each.transfer.past_proof == 0
        worst = max(
            each.transfer.from_copy.value, each.transfer.white_box.value, each.transfer.by_chance.value
        )
        assert worst <= each.transfer.not_proved.value
        assert all(box.points_agreeing == box.points for box in each.boxes)
        assert any(box.points for box in each.boxes)
        for box in each.boxes:
            assert box.agree.value + box.disagree.value + box.open.value == pytest.approx(1)


def test_an_evasion_past_a_proof_would_be_counted(stolen):
    run, settled, _ = stolen
    lies = {
        model: {**arrays, "outcome": np.full_like(arrays["outcome"], PROVED)}
        for model, arrays in settled.items()
    }
    assert all(each.transfer.past_proof > 0 for each in run(lies).stolen)


def test_fifty_questions_are_told_from_the_constant_answer(stolen):
    run, _, _ = stolen
    for each in run().stolen:
        few = each.find(50)
        assert few.drawn == 0
        assert few.on_flagged.low > 0  # where the constant answer has nothing
    net, linear, _ = run().stolen
    for each in (net, linear):
        assert each.find(50).agreement.low > each.constant.high, each.model
    assert linear.find(50).agreement.value == linear.find(200).agreement.value == 1


def test_art_steals_nets_alone_and_from_the_first_fold_of_each_seed(stolen):
    run, _, _ = stolen
    nets, *others = run().stolen
    assert nets.find(50, "labels", "knockoff_nets").agreement.n == 50
    assert not any(copy.thief == "knockoff_nets" for each in others for copy in each.copies)


def test_defences_keep_labels_and_cost_what_ranking_says(stolen):
    run, _, _ = stolen
    for each in run().stolen:
        cost = {defence.answers: defence for defence in each.defences}
        assert list(cost) == ["scores", "rounded", "reverse_sigmoid", "labels"]
        assert cost["scores"].difference.value == 0
        # labels rank worse than what they are cut from, and a cut on them cannot catch more
        assert cost["labels"].ranking < cost["scores"].ranking
        assert cost["labels"].caught.value <= cost["scores"].caught.value


def test_the_same_seed_gives_the_same_copies(tiny_spec, small_folds, small_models):
    small = SPEC.model_copy(update={"queries": (50,), "gradient_steps": 50, "knockoff_steps": 20})
    task = copy_task(tiny_spec, small, small_folds, small_models)
    first, second = (task.function(*task.arguments) for _ in range(2))
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
    other = replace(task, arguments=(*task.arguments[:-1], 43))
    third = other.function(*other.arguments)
    assert not np.array_equal(first["copy/weights.0"], third["copy/weights.0"])


def test_a_kind_without_a_thief_is_named_and_nothing_is_made_where_nothing_is_asked(
    tiny_spec, small_folds, small_models, tmp_path, recorder
):
    engine = Engine(StageCache(tmp_path), 1, recorder)
    states = {"standard": [small_models]}
    resamples = Resamples(small_folds.y, 2, 100, np.random.default_rng(7))
    assert extract(tiny_spec, small_folds, states, {}, resamples, engine, "checks") is None
    asked = tiny_spec.model_copy(update={"extraction": SPEC})
    states = {"standard": [replace(small_models, kind="smooth")]}
    found = extract(asked, small_folds, states, {}, resamples, engine, "checks")
    assert (found.stolen, found.not_applicable) == ((), ("standard",))


def test_what_is_asked_of_thieves_holds_together_and_a_quick_study_asks_less():
    for wrong in ({"queries": (200, 50, 500)}, {"queries": (50, 200), "compared_queries": 500}):
        with pytest.raises(ValueError, match="must rise and hold compared_queries"):
            ExtractionSpec(**wrong)
    assert ExtractionSpec().quickened().queries == (50, 500)
    assert ExtractionSpec(queries=(500,)).quickened().queries == (500,)


def test_the_first_seeds_keep_their_rows(small_folds):
    one = small_folds.first_seeds(1)
    assert (one.replicates, one.seeds, one.folds) == (3, 1, 3)
    assert np.array_equal(one.test_rows, small_folds.test_rows[:3])
