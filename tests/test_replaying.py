"""What stays with the owner of a table is replayed, and whatever was changed in it is noticed."""

import re
from dataclasses import replace
from types import SimpleNamespace

import claims_fixture
import numpy as np
import own_fixture
import pytest
from study_fixture import Recorder

from generator.audit import AuditError, layers
from generator.audit.kept import Kept
from generator.audit.reach import reach
from generator.audit.replaying import replay
from generator.audit.validation import verify
from generator.commands.validating import asked_of
from generator.engine.cache import StageCache
from generator.engine.stages import Engine
from generator.models.folds import Folds
from generator.models.kinds import KINDS
from generator.models.readers import ModelFileError
from generator.proofs import encoded as verifier
from generator.proofs.verdicts import BROKEN, PROVED
from generator.records.threat import surface
from generator.study.replaying import again
from generator.study.validation import run_validation
from generator.threats.surface import boxes

pytest.importorskip("xgboost")

MOVED = {
    "Claimed": {"control": "effort", "helps": "down"},
    "Days since policy": {"control": "costly", "helps": "up", "reach": 20.0},
    "Price": {"control": "insider", "helps": "down"},
    "Make": {"control": "free", "helps": "both", "reachable": ("Audi", "BMW")},
    "Witness": {"control": "free", "helps": "up"},
}
BESIDE = ("standard", "logistic_regression", "boosted_trees", "monotone_trees")
QUOTED = "T1"
OPTIONS = SimpleNamespace(quick=True, download=False, offline=True)


@pytest.fixture(scope="module")
def honest(tmp_path_factory) -> Kept:
    """A validation of 400 claims with budgets, fixed reaches and names, whose model in use has its scores."""
    folder = tmp_path_factory.mktemp("replayed")
    claims_fixture.asked(folder, 400)
    asked = asked_of(folder / "claims.toml", OPTIONS)
    inputs = tuple(each.model_copy(update=MOVED.get(each.name, {})) for each in asked.spec.inputs)
    proof = asked.spec.proof.model_copy(update={"epsilons": (0.1, 0.35)})
    spec = asked.spec.model_copy(update={"inputs": inputs, "beside": BESIDE, "proof": proof})
    table = replace(
        asked.table,
        features=tuple(each.measured(asked.table.x[:, place]) for place, each in enumerate(inputs)),
    )
    engine = Engine(StageCache(folder / "cache"), 1, Recorder())
    found = run_validation(spec, table, asked.used, asked.origin, engine)
    return Kept(folder / "claims.npz", found.result, dict(found.private))


@pytest.fixture(scope="module")
def in_folds(tmp_path_factory) -> Kept:
    """Two kinds of models in folds, with weights, alerts, gaps and dates, so that later rows are judged too, and T0."""
    folder, table = tmp_path_factory.mktemp("folds"), own_fixture.cells()
    table["Weight"] = [str(1 + row % 3) for row in range(own_fixture.ROWS)]
    said = """
weights = "Weight"
prior = 0.02
alert_budgets = [0.03]
beside = ["boosted_trees", "logistic_regression"]
threat = "fraudsters"
"""
    path = own_fixture.written(
        folder,
        table,
        ("[reading]", f"{said}\n\n[reading]"),
        ('control = "nobody"\nhelps = "none"', 'control = "free"\nhelps = "both"'),
    )
    asked = asked_of(path, OPTIONS)
    engine = Engine(StageCache(folder / "cache"), 1, Recorder())
    found = run_validation(asked.spec, asked.table, asked.used, asked.origin, engine)
    return Kept(folder / "claims.npz", found.result, dict(found.private))


def ways(kept: Kept) -> dict:
    return {
        each.name: again(
            each,
            kept.files(each.name),
            kept.result.model(each.name).sha256,
            kept.features,
            kept.x,
            kept.y,
            kept.arrays["weights"],
            kept.arrays["in_life"],
        )
        for each in kept.spec.deployed
    }


def folds(kept: Kept) -> Folds:
    """As the study had them; nobody asks here who trained."""
    replicates = range(len(kept.arrays["means"]))
    rows = [np.flatnonzero((kept.replicate == each).any(0)) for each in replicates]
    longest = max(map(len, rows))
    return Folds(
        train_rows=np.zeros((len(rows), 1), int),
        test_rows=np.array([np.r_[each, each[: longest - len(each)]] for each in rows]),
        test_counts=np.array(list(map(len, rows))),
        means=kept.arrays["means"], scales=kept.arrays["scales"], x=kept.x, y=kept.y, seeds=len(kept.replicate),
    )  # fmt: skip


def test_everything_that_is_kept_holds_for_files_and_library_too(honest):
    import xgboost

    found = verify(honest, ways(honest))
    asked = {(each.model, each.by): each for each in found.models}
    (deployed,) = honest.spec.deployed
    assert (deployed.name, f"XGBoost {xgboost.__version__}") in asked
    assert (deployed.name, "its file read again") in asked
    for name in BESIDE:
        one = asked[name, "stored arrays"]
        assert one.judged == honest.replicate.size
        assert one.examples > 0
    assert sum(each.proofs for each in found.models) > 100
    assert found.shares > 100


def test_the_box_that_moves_every_input_is_studied_where_it_is_asked_for(honest, in_folds):
    assert [tier.name for tier in honest.spec.threat.tiers] == ["T1", "T2", "T3"]
    caught = {
        (t.model, t.epsilon, t.false_positive_rate, t.tier): t.caught_proved.value
        for t in in_folds.result.tiers
    }
    points = [point[:-1] for point in caught if point[-1] == "T0"]
    assert points
    assert all(caught[*point, "T0"] <= caught[*point, "T3"] for point in points)
    T0, *_, T3 = (
        boxes(surface(in_folds.features, tier), folds(in_folds), slice(None), 0.1)
        for tier in in_folds.spec.threat.tiers
    )
    known = ~np.isnan(T0.raw)
    assert (T0.lower <= T3.lower)[known].all()
    assert (T0.upper >= T3.upper)[known].all()
    assert (T0.lower < T3.lower).any()
    assert (T0.upper > T3.upper).any()


def test_rounding_is_allowed_as_far_as_float32_goes_in_the_units_of_the_table(honest):
    """Amounts in millions leave less to a float32 than a fixed tolerance does."""
    arrays, raw = honest.replicate_of("standard", 0), honest.x[:100]
    doubles = {
        name: part.astype(np.float64) if part.dtype == np.float32 else part for name, part in arrays.items()
    }
    bound = layers.rounding(arrays, raw, raw)
    assert 0 < np.abs(layers.margins(arrays, raw) - layers.margins(doubles, raw)).max() <= bound
    wider = layers.rounding(arrays, raw - 1e6, raw + 1e6)
    assert wider > 100 * bound
    subject = verifier.read({name: part[None] for name, part in arrays.items()}, 0)
    around = next(
        boxes(surface(honest.features, tier), folds(honest), slice(None), 0.1).of(0)
        for tier in honest.spec.threat.tiers
    )
    inner = verifier._inner(subject, around, [], around.raw)
    assert verifier._rounding(subject, inner) <= layers.rounding(arrays, *around.raw_faces()) * (1 + 1e-6)
    assert layers.rounding(doubles, raw, raw) == 0


def test_boxes_are_worked_out_again_to_the_last_bit(honest):
    around = folds(honest)
    for tier in honest.spec.threat.tiers:
        for epsilon in honest.spec.proof.epsilons:
            study = boxes(surface(honest.features, tier), around, slice(None), epsilon)
            for replicate, count in enumerate(around.test_counts):
                rows = around.test_rows[replicate, :count]
                fraud = honest.y[rows] == 1
                one = study.of(replicate).only(np.flatnonzero(fraud))
                mean, scale = (
                    np.tile(part[replicate], (fraud.sum(), 1)) for part in (around.means, around.scales)
                )
                own = reach(
                    honest.features,
                    tier,
                    np.full((fraud.sum(), 1), epsilon),
                    honest.x[rows[fraud]],
                    mean,
                    scale,
                )
                numbers = [j for j in range(honest.x.shape[1]) if j not in own.places]
                for ours, theirs in zip((own.low, own.high), one.raw_faces(), strict=True):
                    assert np.array_equal(ours[:, numbers], theirs[:, numbers])
                assert own.places.keys() == one.allowed.keys()
                for j, places in own.places.items():
                    assert np.array_equal(places, one.allowed[j])


def test_points_are_drawn_in_their_boxes_and_reach_their_ends(honest):
    tier, rows = honest.spec.threat.tiers[-1], np.flatnonzero(honest.y == 1)
    mean, scale = (np.tile(honest.arrays[part][0], (len(rows), 1)) for part in ("means", "scales"))
    where = reach(honest.features, tier, np.full((len(rows), 1), 0.35), honest.x[rows], mean, scale)
    points = where.drawn(60, np.random.default_rng(1))
    assert all(where.holds(points[:, place]).all() for place in range(60))
    claimed = [each.name for each in honest.features].index("Claimed")
    assert (points[:, :, claimed].min(1) == where.low[:, claimed]).all()
    make = [each.name for each in honest.features].index("Make")
    assert (np.sort(np.unique(points[:, :, make])) == np.unique(np.nonzero(where.places[make])[1])).all()


def test_a_net_says_the_same_from_its_arrays_alone(honest):
    for name in ("standard", "logistic_regression"):
        prefix = f"{name}/model/"
        arrays = {n.removeprefix(prefix): a for n, a in honest.arrays.items() if n.startswith(prefix)}
        model = KINDS["encoded"].restored(arrays, folds(honest))
        for replicate in range(model.replicates):
            own = honest.stored(name)(honest.x, replicate)
            study = model.select(slice(replicate, replicate + 1)).margins(honest.x[None])[0]
            np.testing.assert_allclose(own, study, rtol=1e-5, atol=1e-5)


def changed(kept: Kept, name: str, change) -> Kept:
    array = kept.arrays[name].copy()
    made = change(array)
    return replace(kept, arrays=dict(kept.arrays) | {name: array if made is None else made})


def settled(kept: Kept, model: str, verdict: int) -> np.ndarray:
    """(m, 4) seed, row, budget and point of frauds that are flagged and have this verdict in the quoted tier."""
    flagged = kept.of(model, "flagged")[:, :, None]
    return np.argwhere((kept.of(model, QUOTED) == verdict) & flagged & (kept.y == 1)[:, None, None])


def put(value, where):
    def change(array: np.ndarray):
        array[tuple(where)] = value

    return change


def beyond_its_box(kept: Kept, model: str) -> Kept:
    """The first example that was moved to the face of a number, one float further."""
    column = [each.name for each in kept.features].index("Claimed")
    at, points = kept.of(model, f"found_at/{QUOTED}"), kept.of(model, f"found/{QUOTED}")
    seed, row, e = at.T
    epsilon, replicate = np.array(kept.spec.proof.epsilons)[e][:, None], kept.replicate[seed, row]
    box = reach(
        kept.features, kept.spec.threat.tier(QUOTED), epsilon, kept.x[row],
        kept.arrays["means"][replicate], kept.arrays["scales"][replicate],
    )  # fmt: skip
    assert box.holds(points).all()
    value = np.nextafter(box.low[0, column], -np.inf)
    return changed(kept, f"{model}/found/{QUOTED}", put(value, (0, column)))


def unreachable_name(kept: Kept, model: str) -> Kept:
    column = [each.name for each in kept.features].index("Make")
    fiat = kept.features[column].categories.index("Fiat")
    _, row, _ = kept.of(model, f"found_at/{QUOTED}").T
    other = np.flatnonzero(kept.x[row, column] != fiat)[0]
    return changed(kept, f"{model}/found/{QUOTED}", put(fiat, (other, column)))


def example_that_changes_nothing(kept: Kept, model: str) -> Kept:
    """Every example is the row itself, which is in its box, and flagged."""
    _, row, _ = kept.of(model, f"found_at/{QUOTED}").T
    return changed(kept, f"{model}/found/{QUOTED}", lambda _: kept.x[row])


def broken_called_proved(kept: Kept, model: str) -> Kept:
    return changed(kept, f"{model}/{QUOTED}", put(PROVED, settled(kept, model, BROKEN)[0]))


def broken_called_proved_and_examples_gone(kept: Kept, model: str) -> Kept:
    """In all tiers, as a forger would: what is left are the examples of other models, and points that are drawn."""
    for tier in kept.spec.threat.names:
        outcome, flagged = kept.of(model, tier).copy(), kept.of(model, "flagged")[:, :, None]
        outcome[(outcome == BROKEN) & flagged & (kept.y == 1)[:, None, None]] = PROVED
        kept = changed(kept, f"{model}/{tier}", lambda _, made=outcome: made)
        for name in (f"{model}/found/{tier}", f"{model}/found_at/{tier}"):
            kept = changed(kept, name, lambda array: array[:0])
    return kept


def proved_called_broken(kept: Kept, model: str) -> Kept:
    seed, row, e, point = settled(kept, model, PROVED)[-1]
    outcome = kept.of(model, QUOTED).copy()
    outcome[seed, row, e:, point] = BROKEN
    return changed(kept, f"{model}/{QUOTED}", lambda _: outcome)


def another_flag(kept: Kept, model: str) -> Kept:
    genuine = np.flatnonzero(kept.y == 0)[0]
    return changed(kept, f"{model}/flagged", lambda array: put(~array[0, genuine, 1], (0, genuine, 1))(array))


def another_cut(kept: Kept, model: str) -> Kept:
    return changed(kept, f"{model}/cuts", lambda array: put(array[0, 2] + 0.5, (0, 2))(array))


def another_leaf(kept: Kept, model: str) -> Kept:
    return changed(kept, f"{model}/model/start", lambda array: array + 0.25)


TAMPERED = {
    beyond_its_box: "an example in the box",
    unreachable_name: "an example in the box",
    example_that_changes_nothing: "an example that is not flagged",
    broken_called_proved: "an example is not flagged|as was proved",
    broken_called_proved_and_examples_gone: "as was proved",
    proved_called_broken: "an example that is not flagged",
    another_flag: "flagged where the margin exceeds|broken, as the fraud",
    another_cut: "to stop at most|flagged where the margin exceeds",
}


@pytest.mark.parametrize("tampered", TAMPERED, ids=lambda each: each.__name__)
@pytest.mark.parametrize("model", ["boosted_trees", "standard", "champion"])
def test_what_was_changed_is_noticed_with_model_and_row(honest, tampered, model):
    with pytest.raises(AuditError, match=TAMPERED[tampered]) as told:
        replay(tampered(honest, model), {})
    assert model in str(told.value)


def test_a_model_other_than_the_one_that_judged_is_noticed(honest):
    with pytest.raises(AuditError, match="boosted_trees, stored arrays"):
        replay(another_leaf(honest, "boosted_trees"), {})


def test_a_forged_share_is_noticed_though_every_row_agrees(honest):
    row = honest.result.tiers[0]
    forged = row.model_copy(update={"caught_proved": row.caught_proved.model_copy(update={"value": 0.999})})
    result = honest.result.model_copy(update={"tiers": (forged, *honest.result.tiers[1:])})
    with pytest.raises(AuditError, match=re.escape(f"{row.model}, {row.tier}")):
        verify(replace(honest, result=result), {})


def test_a_model_in_use_is_judged_by_its_file_and_not_by_what_was_stored(honest):
    """Stored arrays, flags and verdicts of another model agree with each other; the file does not agree with them."""
    (deployed,) = honest.spec.deployed
    assert honest.replicate.max() == 0  # one model of either
    other = {
        f"{deployed.name}/{name.partition('/')[2]}": array
        for name, array in honest.arrays.items()
        if name.startswith("boosted_trees/")
    }
    kept = replace(honest, arrays=dict(honest.arrays) | other)
    replay(kept, {})
    with pytest.raises(AuditError, match="its file read again"):
        replay(kept, ways(kept))


def test_a_file_that_is_not_the_one_of_the_record_is_refused(honest):
    (deployed,) = honest.spec.deployed
    content = honest.files(deployed.name)
    other = {name: data + b"\n" for name, data in content.items()}
    with pytest.raises(ModelFileError, match="is not the file of the record"):
        again(
            deployed, other, honest.result.model(deployed.name).sha256, honest.features, honest.x, honest.y,
            honest.arrays["weights"], honest.arrays["in_life"],
        )  # fmt: skip


def test_folds_weights_alerts_gaps_and_later_rows_are_replayed_too(in_folds):
    assert np.isnan(in_folds.x).any()
    assert len(np.unique(in_folds.replicate)) == in_folds.spec.training.folds
    found = verify(in_folds, {})
    asked = {(each.model, each.by): each for each in found.models}
    later = asked["boosted_trees", "stored arrays, later rows"]
    assert later.judged == in_folds.result.later.judged.rows < len(in_folds.y)
    assert sum(each.examples for each in found.models) > 0
    (budget,) = {row.budget for row in in_folds.result.alerts}
    row = next(row for row in in_folds.result.alerts if row.model == "boosted_trees")
    share = in_folds.spec.prior
    assert share * row.caught_clean.value + (1 - share) * row.flagged_genuine.value <= budget + 1e-9


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("weights", "boosted_trees"),
        ("in_life", "to stop at most 0.03 of what counts"),
        ("later/boosted_trees/flagged", "boosted_trees"),
        ("later/boosted_trees/model/start", "boosted_trees, stored arrays"),
    ],
)
def test_what_was_changed_of_weights_and_of_later_rows_is_noticed(in_folds, name, told):
    def another(array: np.ndarray) -> np.ndarray:
        if array.dtype == bool:
            return ~array
        return array + 0.5 if array.ndim == 1 and "model" in name else array[::-1] ** 2

    with pytest.raises(AuditError, match=told):
        verify(changed(in_folds, name, another), {})


def test_an_example_of_trees_exactly_on_the_cut_is_not_flagged_and_breaks_the_proof(honest):
    model, told = "monotone_trees", []
    margins = honest.stored(model)
    for tier in ("T2", "T3"):
        at, points = (honest.of(model, f"{name}/{tier}") for name in ("found_at", "found"))
        for (seed, row, e), point in zip(at.astype(int), points, strict=True):
            margin = margins(point[None], int(honest.replicate[seed, row]))[0]
            for on in np.flatnonzero(margin == honest.cuts(model)[seed, row]):
                outcome = honest.of(model, tier).copy()
                outcome[seed, row, : e + 1, on] = PROVED
                with pytest.raises(AuditError) as refused:
                    replay(replace(honest, arrays=dict(honest.arrays) | {f"{model}/{tier}": outcome}), {})
                told.append(str(refused.value))
    assert any("broken, as an example is not flagged" in each for each in told), told
