"""Models in use say of a table's rows what their library says of its own data frame, whatever codes and order."""

import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import skops.io
from deployed_fixture import (
    NAMED,
    NUMBERS,
    N,
    cat,
    forest,
    histogram,
    lgb,
    net,
    pipeline,
    scores,
    spec,
    spread,
    table,
    taken,
    xgb,
)
from mixed_fixture import INPUTS, features, folds
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from generator.models import matching
from generator.models.deployed import flags_too_few_or_all, own_cut, take_over
from generator.models.encoded import Encoded
from generator.models.kinds import KINDS
from generator.models.readers import ModelFileError, read
from generator.models.readers.deployed import Link
from generator.models.reproducing import ScoresError, read_scores, reproduce
from generator.proofs.verifiers import VERIFIERS
from generator.records.validation import Scores


def _spread(make, folder, frame, y):
    return make(folder, spread(frame), y)


MAKERS = {
    "XGBoost": xgb,
    "XGBoost one-hot": partial(_spread, xgb),
    "LightGBM": lgb,
    "LightGBM one-hot": partial(_spread, lgb),
    "CatBoost one-hot": partial(_spread, cat),
    "HistGradientBoosting": histogram,
    "forest in a pipeline": forest,
    "logistic regression in a pipeline": pipeline,
    "ONNX net": net,
}
NO_GAPS = ("forest in a pipeline", "logistic regression in a pipeline", "ONNX net")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """By name: folder, rows of the table, what the owner made."""
    found = {}
    for name, make in MAKERS.items():
        folder = tmp_path_factory.mktemp("model")
        x, frame, y = table(missing=name not in NO_GAPS)
        found[name] = folder, x, make(folder, frame, y)
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("name", MAKERS)
def test_the_owners_scores_are_reproduced_whatever_the_format(made, name):
    folder, x, owner = made[name]
    model = taken(owner, folder, x, scores=scores(folder, owner.probability))
    read = reproduce(read_scores(model.spec.scores, folder), model, folder, features(x), x)
    assert read.rows == N
    assert read.tolerance < 1e-5
    if owner.margin is not None:
        single = np.float32 if name.startswith(("XGBoost", "ONNX")) else np.float64
        own, said = (each.astype(single) for each in (model.margins(x), owner.margin))
        if model.file.tolerance:
            np.testing.assert_allclose(own, said, atol=1e-5)
        else:
            np.testing.assert_array_equal(own, said)
    ids = np.array([f"C{row:04}" for row in range(N)])
    some = np.random.default_rng(0).permutation(N)[:50]
    asked = scores(folder, owner.probability[some].round(4), ids[some], "some.csv", sep=";")
    model = taken(owner, folder, x, scores=asked)
    read = reproduce(read_scores(model.spec.scores, folder), model, folder, features(x), x, ids)
    assert (read.rows, round(read.tolerance, 5)) == (50, 0.00005)


@pytest.mark.parametrize("name", ["XGBoost", "LightGBM one-hot"])
def test_one_replicate_serves_every_fold_in_model_and_proof(made, name):
    folder, x, owner = made[name]
    model, given = taken(owner, folder, x), folds()
    arrays = model.arrays(0.0)
    assert len(arrays["trees"]) == 1
    whole = KINDS[model.kind].restored(arrays, given)
    assert whole.replicates == given.replicates == 2
    np.testing.assert_array_equal(whole.margins(given.test_raw())[1], model.margins(given.test_raw()[1]))
    subject = VERIFIERS[model.kind].read(arrays, 1)
    assert len(subject.roots) == 15


def test_nets_are_the_same_after_they_were_stored(made):
    folder, x, owner = made["ONNX net"]
    model = taken(owner, folder, x)
    again = Encoded.restored(model.arrays(0.0), folds())
    np.testing.assert_array_equal(again.margins(np.stack((x, x)))[1], model.margins(x))


# ---------------------------------------------------------------- what does not fit


def _refused(made, name: str, match: str, features_of=None, **more):
    folder, x, owner = made[name]
    with pytest.raises(ModelFileError, match=match) as error:
        take_over(spec(owner.file, **more), folder, features_of or features(x), x)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("champion: ")


def _renamed(x: np.ndarray, **names: str) -> tuple:
    return tuple(each.model_copy(update={"name": names.get(each.name, each.name)}) for each in features(x))


def test_columns_that_do_not_fit_are_named_with_the_nearest(made):
    x = made["XGBoost"][1]
    _refused(made, "XGBoost", r"no inputs: 'Claimed' \(nearest: 'claimed'\).*no column for the inputs 'claimed'",
             _renamed(x, Claimed="claimed"))  # fmt: skip
    _refused(made, "XGBoost", "has no column for the inputs 'Extra'; list them under `ignored`",
             (*features(x), features(x)[0].model_copy(update={"name": "Extra"})))  # fmt: skip
    _refused(made, "XGBoost", "has columns that are no inputs: 'Days'", features(x)[:-1])
    other = {each.name: f"V{place}" for place, each in enumerate(INPUTS)}
    _refused(made, "XGBoost", "is of another table: none of its 7 columns", _renamed(x, **other))


def test_names_that_a_converter_changed_are_matched_where_they_can_be_no_other(made):
    folder, x, owner = made["ONNX net"]
    net = replace(read(folder / owner.file), inputs=("a_b", "c__d"))
    numbers = [place for place, each in enumerate(features(x)) if each.kind == "number"][:2]

    def matched(*names: str):
        of = zip((features(x)[place] for place in numbers), names, strict=True)
        inputs = tuple(each.model_copy(update={"name": name}) for each, name in of)
        return matching.match(net, spec(owner.file), inputs, x[:, numbers])

    found = matched("c (d", "a:b")
    assert [column.source for column in found.columns] == [1, 0]
    assert found.notes[0].endswith("by what is left: 'a_b' as 'a:b', 'c__d' as 'c (d'.")
    assert matched("a_b", "c__d").notes == ()
    for names, unknown in ((("a:b", "a-b"), "'a_b'.*'c__d'"), (("a_b", "a b"), "'c__d'")):
        with pytest.raises(ModelFileError, match=rf"none of its 2 columns|no inputs: {unknown}"):
            matched(*names)


def test_names_that_the_model_does_not_know_are_refused_in_words(made):
    x = made["XGBoost"][1]
    lada = tuple(
        each.model_copy(update={"categories": ("Audi", "BMW", "Lada", "Seat")}) if each.name == "Make" else each
        for each in features(x)
    )  # fmt: skip
    _refused(
        made,
        "XGBoost",
        r"does not know 'Lada' of \d+ rows in 'Make', only 'Seat', 'Fiat', 'BMW', 'Audi'",
        lada,
    )
    _refused(made, "HistGradientBoosting", "does not know 'Lada'", lada)
    more = tuple(
        each.model_copy(update={"categories": ("Lada", "Skoda", "Fiat", "Seat")}) if each.name == "Make" else each
        for each in features(x)
    )  # fmt: skip
    _refused(
        made,
        "LightGBM one-hot",
        r"no inputs: 'Make_BMW' \('Make' has no name 'BMW': add it\), 'Make_Audi'",
        more,
    )
    _refused(
        made,
        "XGBoost",
        "`categories` names 'Mak', which is no input \\(nearest: 'Make'\\)",
        categories={"Mak": ("a",)},
    )
    _refused(
        made, "XGBoost", "`categories` of 'Make' lacks 'Audi', 'Fiat', 'Seat'", categories={"Make": ("BMW",)}
    )


def test_a_model_without_names_is_told_by_number_or_by_what_the_study_file_says(tmp_path, made):
    x, _, y = table(missing=False)
    numbers = x[:, [0, 2, 6]]
    kept = tuple(features(x)[j] for j in (0, 2, 6))
    owner = lgb(tmp_path, numbers, y)  # LightGBM then calls its columns Column_0, ...
    with pytest.raises(ModelFileError, match="is of another table: none of its 3 columns"):
        take_over(spec(owner.file), tmp_path, kept, numbers)
    named = take_over(spec(owner.file, columns=("Claimed", "Age", "Days")), tmp_path, kept, numbers)
    np.testing.assert_array_equal(named.margins(numbers), owner.margin)
    owner = xgb(tmp_path, numbers, y)
    plain = take_over(spec(owner.file), tmp_path, kept, numbers)
    np.testing.assert_array_equal(plain.margins(numbers).astype(np.float32), owner.margin)
    assert any("names no columns" in note for note in plain.notes)
    with pytest.raises(ModelFileError, match="takes 3 columns without names, and the table has 7 inputs"):
        take_over(spec(owner.file), tmp_path, features(x), x)
    with pytest.raises(ModelFileError, match="takes 3 columns, and `columns` names 2"):
        take_over(spec(owner.file, columns=("Claimed", "Age")), tmp_path, kept, numbers)


def test_what_counts_as_missing_is_told_where_a_row_lacks_a_value_alone(tmp_path):
    told = {}
    for gaps in (True, False):
        x, frame, y = table(missing=gaps)
        told[gaps] = taken(xgb(tmp_path, frame, y), tmp_path, x).notes
    assert [note for note in told[True] if note not in told[False]] == [
        "A row without a value is given NaN there. Whether the model had missing=... is not in its file."
    ]


def test_numbers_in_the_place_of_names_need_their_order(tmp_path):
    x, frame, y = table(missing=False)
    coded = frame.assign(**{name: frame[name].cat.codes for name in ("Make", "Price", "Base", "Report")})
    owner = xgb(tmp_path, coded, y)
    with pytest.raises(
        ModelFileError, match=r"takes 'Make' as a number.*categories = {Make = \['Audi'.*'Base'"
    ):
        take_over(spec(owner.file), tmp_path, features(x), x)
    order = {name: tuple(frame[name].cat.categories) for name in ("Make", "Base", "Report", "Price")}
    model = take_over(spec(owner.file, categories=order), tmp_path, features(x), x)
    np.testing.assert_array_equal(model.margins(x).astype(np.float32), owner.margin)
    # bands and flags alone may be taken to count from nought, which is said
    some = {name: order[name] for name in ("Make", "Base")}
    model = take_over(spec(owner.file, categories=some), tmp_path, features(x), x)
    assert [note for note in model.notes if "count from 0" in note] == [
        f"{name}: names count from 0 in the order of the study file." for name in ("Price", "Report")
    ]


def test_rows_without_a_value_are_refused_where_the_model_takes_none(made):
    folder, _, owner = made["logistic regression in a pipeline"]
    gaps, _, _ = table()
    with pytest.raises(
        ModelFileError, match=r"takes no row without a value, and \d+ have none in 'Age', the first"
    ):
        take_over(spec(owner.file), folder, features(gaps), gaps)


def test_files_that_cannot_be_read_say_so_with_the_model_and_the_file(made, tmp_path):
    x = made["XGBoost"][1]
    for name in MAKERS:
        folder, _, owner = made[name]
        whole = (folder / owner.file).read_bytes()
        (tmp_path / owner.file).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ModelFileError, match=rf"^champion: {owner.file}: ") as error:
            take_over(spec(owner.file), tmp_path, features(x), x)
        assert "\n" not in str(error.value)
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelFileError, match=r"model.pkl: is a pickle.*skops.io.dump"):
        take_over(spec("model.pkl"), tmp_path, features(x), x)
    with pytest.raises(ModelFileError, match=r"champion: none.json: cannot be read: No such file"):
        take_over(spec("none.json"), tmp_path, features(x), x)


# ---------------------------------------------------------------- scores that are not reproduced


def _cause(folder, x, owner, values, match, ids=None, measure="probability", **more):
    asked = scores(folder, values, **({} if ids is None else {"ids": ids})) | {"measure": measure}
    model = taken(owner, folder, x, scores=asked, **more)
    with pytest.raises(ScoresError, match=match) as error:
        reproduce(read_scores(model.spec.scores, folder), model, folder, features(x), x)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["XGBoost", "LightGBM", "ONNX net"])
def test_another_measure_class_scale_or_order_of_rows_is_recognised(made, name):
    folder, x, owner = made[name]
    said = _cause(
        folder, x, owner, owner.margin, "Likely cause: the scores are margins.*set scores.measure to 'margin'"
    )
    assert f"{N} of {N} scores" in said or "scores are not reproduced" in said
    _cause(folder, x, owner, owner.probability, "the scores are probabilities", measure="margin")
    _cause(folder, x, owner, 1 - owner.probability, "those of the other class")
    _cause(folder, x, owner, -owner.margin, "those of the other class", measure="margin")
    _cause(folder, x, owner, (owner.probability > 0.5) * 1, "holds decisions, not scores")
    _cause(folder, x, owner, owner.probability.round(2), "is rounded to 0.01, which tells too little")
    _cause(folder, x, owner, owner.probability * 100, "probabilities times 100")
    _cause(folder, x, owner, owner.probability[::-1], "those of these rows in another order.*scores.id")
    _cause(folder, x, owner, np.random.default_rng(0).random(N), "None of the usual mistakes")


def test_rows_that_differ_are_shown_with_both_scores(made):
    folder, x, owner = made["LightGBM"]
    values = owner.probability.copy()
    values[[7, 9]] = 0.123456789, 0.5
    said = _cause(folder, x, owner, values, "2 of 600 scores are not reproduced")
    assert f"row 8: 0.123456789 said, {owner.probability[7]:.9g} read" in said


def test_what_the_model_was_given_is_recognised(tmp_path):
    x, frame, y = table()
    owner = lgb(tmp_path, frame, y)
    import lightgbm

    booster = lightgbm.Booster(model_file=tmp_path / owner.file)

    def said(given) -> np.ndarray:
        return booster.predict(given, validate_features=False)

    single = frame.astype({"Claimed": np.float32, "Age": np.float32})
    if (said(single) != owner.probability).any():
        _cause(tmp_path, x, owner, said(single), "given float32 numbers")
    _cause(
        tmp_path,
        x,
        owner,
        said(frame.fillna({"Age": -1})),
        r"given (0|-1) where a value is missing.*write \1",
    )
    swapped = frame.assign(Claimed=frame["Days"], Days=frame["Claimed"])
    _cause(tmp_path, x, owner, said(swapped), "the columns 'Claimed' and 'Days' were exchanged|in the order")
    marked = x.copy()
    marked[np.isnan(marked[:, 2]), 2] = -1
    assert "list '-1' under `reading.missing`" in _cause(
        tmp_path, marked, owner, owner.probability, "took -1 for a missing"
    )


def test_codes_that_are_shifted_are_recognised(tmp_path):
    x, frame, y = table(missing=False)
    coded = frame.assign(
        **{name: frame[name].cat.codes.astype(int) + 1 for name in ("Make", "Price", "Base", "Report")}
    )
    owner = xgb(tmp_path, coded, y)
    order = {name: tuple(frame[name].cat.categories) for name in ("Make", "Base", "Report", "Price")}
    said = _cause(
        tmp_path,
        x,
        owner,
        owner.probability,
        "are shifted by one: the codes are one higher",
        categories=order,
    )
    assert "'Make'" in said
    owner = xgb(tmp_path, coded.assign(Base=coded["Base"]) - 0, y)
    forth = order | {"Base": tuple(reversed(order["Base"]))}
    shifted = coded.assign(**{name: coded[name] - 1 for name in order})
    owner = xgb(tmp_path, shifted, y)
    _cause(
        tmp_path,
        x,
        owner,
        owner.probability,
        r"names of 'Base' were coded .*categories = \{Base = \[",
        categories=forth,
    )


def test_rounds_of_early_stopping_are_recognised(tmp_path):
    x, frame, y = table()
    rng = np.random.default_rng(1)
    noisy = y ^ (rng.random(len(y)) < 0.2)
    import xgboost

    model = xgboost.XGBClassifier(
        n_estimators=60, max_depth=6, enable_categorical=True, early_stopping_rounds=5, n_jobs=1
    )
    model.fit(frame[:400], noisy[:400], eval_set=[(frame[400:], noisy[400:])], verbose=False)
    model.save_model(tmp_path / "xgb.json")
    owner = type("Owner", (), {"file": "xgb.json"})
    every = model.predict_proba(frame, iteration_range=(0, model.get_booster().num_boosted_rounds()))[:, 1]
    assert (every != model.predict_proba(frame)[:, 1]).any()
    _cause(tmp_path, x, owner, every, "stopped early.*all rounds.*set every_round to true")
    _cause(tmp_path, x, owner, model.predict_proba(frame)[:, 1], "set every_round to false", every_round=True)
    few = model.predict_proba(frame, iteration_range=(0, 2))[:, 1]
    _cause(tmp_path, x, owner, few, "those of the first 2 of")


def test_a_file_of_scores_that_does_not_fit_is_refused(made, tmp_path):
    folder, x, owner = made["XGBoost"]
    shutil.copy(folder / owner.file, tmp_path)

    def asked(text: str, **more):
        (tmp_path / "s.csv").write_text(text)
        return read_scores(Scores(file="s.csv", column="score", **more), tmp_path)

    for text, more, match in (
        ("Score\n0.1\n", {}, r"s.csv: has no column 'score' \(nearest: 'Score'\); it has 'Score'"),
        ("claim,score\na,0.1\na,0.2\n", {"id": "claim"}, "names 'a' more than once"),
        ("score\n0.1\nnone\n", {}, "line 3: 'none' in 'score' is no score"),
        ("score\n", {}, "holds no scores"),
        ("claim,score\na\n", {"id": "claim"}, "line 2 has 1 values for 2 columns; is a value .* cut short"),
        (" \n", {}, "s.csv: is empty; put the file"),
    ):
        with pytest.raises(ScoresError, match=match):
            asked(text, **more)
    model = taken(owner, tmp_path, x, scores={"file": "s.csv", "column": "score", "id": "claim"})
    for text, more, ids, match in (
        ("score\n0.1\n", {}, (), "has 1 scores, and the table 600 rows"),
        (
            "claim,score\nz,0.1\n",
            {"id": "claim"},
            ["a"] * N,
            "none of its 1 ids is in the table, such as 'z'",
        ),
        ("claim,score\nz,0.1\n", {"id": "claim"}, (), "the table has no `id`"),
        (
            "claim,score\n7.0,0.1\n",
            {"id": "claim"},
            ["7"] * N,
            "without the point; write 'claim' as whole numbers",
        ),
        (
            "score\n" + "1.512345678\n" * N,
            {},
            (),
            "600 of the scores are no probabilities, such as 1.51234568 of row 1",
        ),
    ):
        with pytest.raises(ScoresError, match=match):
            reproduce(asked(text, **more), model, tmp_path, features(x), x, ids)


@pytest.mark.parametrize("delimiter", [";", ","])
def test_scores_may_have_decimal_commas(made, tmp_path, delimiter):
    folder, x, owner = made["XGBoost"]
    shutil.copy(folder / owner.file, tmp_path)
    lines = [
        f'"{score!r}"{delimiter}{row}'.replace(".", ",")
        for row, score in enumerate(owner.probability.tolist())
    ]
    (tmp_path / "s.csv").write_text("\n".join((f"score{delimiter}claim", *lines)))
    model = taken(owner, tmp_path, x, scores={"file": "s.csv", "column": "score"})
    assert reproduce(read_scores(model.spec.scores, tmp_path), model, tmp_path, features(x), x).rows == N


# ---------------------------------------------------------------- the cut


def test_a_cut_is_a_score_a_share_of_all_or_of_genuine_rows():
    margins, y, once = np.arange(10.0), np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]), np.ones(10)
    measured = {"scores": {"file": "s", "column": "c", "measure": "margin"}}

    def cut(weights=once, in_life=once, steepness=1.0, **asked) -> float:
        return own_cut(spec("f", **asked), Link(steepness), margins, y, weights, in_life)

    assert cut() == 0
    assert cut(steepness=2.0, cut={"score": 0.75}) == pytest.approx(np.log(3) / 2)
    assert cut(cut={"score": 0.75}, **measured) == 0.75
    alerts, alarms = {"alert_rate": 0.3}, {"false_positive_rate": 0.25}
    assert (margins > cut(cut=alerts)).sum() == 3
    assert (margins[:8] > cut(cut=alarms)).sum() == 2
    # two frauds that stand for a tenth of a row each: three tenths of 8.2 rows are two genuine ones and both frauds
    assert (margins > cut(in_life=np.r_[np.ones(8), 0.1, 0.1], cut=alerts)).sum() == 4
    # the two surest genuine rows count four times, the other six once: a quarter of 14 is less than one of them
    assert (margins[:8] > cut(weights=np.r_[np.ones(6), 4, 4, 1, 1], cut=alarms)).sum() == 0
    assert [flags_too_few_or_all(at, margins) for at in (9.0, -1.0, 5.0)] == ["nobody", "everybody", None]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    "last", [LogisticRegression(), RandomForestClassifier(20, max_depth=5, random_state=1, n_jobs=1)]
)
def test_names_that_an_encoder_ignores_are_judged_as_it_judges_them(tmp_path, last):
    """A name that no training row had, by an encoder that says what becomes of it."""
    x, frame, y = table(missing=False)
    frame, seen = frame.astype(dict.fromkeys(NAMED, object)), (frame["Make"] != "Seat").to_numpy()
    ready = ColumnTransformer(
        [("n", StandardScaler(), NUMBERS), ("c", OneHotEncoder(handle_unknown="ignore"), NAMED)]
    )
    model = make_pipeline(ready, last).fit(frame[seen], y[seen])
    skops.io.dump(model, tmp_path / "model.skops")
    found = take_over(spec("model.skops"), tmp_path, features(x), x)
    assert [f"Make: {(~seen).sum():,} rows" in note for note in found.notes].count(True) == 1
    own = found.link.probability(found.margins(x))
    np.testing.assert_allclose(own, model.predict_proba(frame)[:, 1], atol=1e-9)
    strict = ColumnTransformer([("n", StandardScaler(), NUMBERS), ("c", OneHotEncoder(), NAMED)])
    skops.io.dump(make_pipeline(strict, last).fit(frame[seen], y[seen]), tmp_path / "model.skops")
    with pytest.raises(ModelFileError, match="does not know 'Seat'"):
        take_over(spec("model.skops"), tmp_path, features(x), x)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_scores_of_rows_that_the_table_does_not_have_are_counted_and_left(made):
    folder, x, owner = made["logistic regression in a pipeline"]
    ids = [f"c{row}" for row in range(N)]
    lines = [f"{name},{score!r}" for name, score in zip(ids, owner.probability.tolist(), strict=True)]
    (folder / "more.csv").write_text("\n".join(("claim,score", "elsewhere,0.5", *lines[:50], "c-1,0.25")))
    asked = {"file": "more.csv", "column": "score", "id": "claim"}
    model = taken(owner, folder, x, scores=asked)
    read = reproduce(read_scores(Scores(**asked), folder), model, folder, features(x), x, ids)
    assert (read.rows, read.elsewhere) == (50, 2)
