"""What is wrong with a study file, its table or a model in use is told in words that name place, cause and mend."""

import json
import os
import re
import shutil
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claims_fixture import STUDY, columns, write
from offenders import all_hold
from own_fixture import changed

from generator.__main__ import main
from generator.commands.common import console
from generator.engine.made import write_list
from generator.models import reproducing
from generator.program import STUDIES

xgboost = pytest.importorskip("xgboost")

NUMBERS = ["Claimed", "Days since policy"]
LONGEST = 20
"""Seconds that a refusal may take."""


@dataclass(frozen=True)
class Case:
    """One thing that is wrong with a folder that was right."""

    name: str
    change: Callable[[Path], object]
    said: tuple[str, ...]
    """Expressions, each of which a message has to match."""
    words: str = "check claims.toml"
    code: int = 2


def edited(*changes: tuple[str, str]) -> Callable[[Path], object]:
    """Other words in the study file."""

    def change(folder: Path):
        study = folder / "claims.toml"
        study.write_text(changed(study.read_text(), *changes))

    return change


def content(name: str, data: bytes) -> Callable[[Path], object]:
    """Another content of a file."""
    return lambda folder: (folder / name).write_bytes(data)


def cut_off(name: str, kept: int) -> Callable[[Path], object]:
    """A file that was not copied in full."""
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:kept])


def renamed(name: str) -> Callable[[Path], object]:
    """A study file of another name."""
    return lambda folder: (folder / "claims.toml").rename(folder / name)


def table(
    made: Callable[[pd.DataFrame], pd.DataFrame], *changes: tuple[str, str]
) -> Callable[[Path], object]:
    """Another table, and other words in the study file."""

    def change(folder: Path):
        cells = pd.read_csv(folder / "claims.csv", dtype=str, keep_default_na=False)
        made(cells).to_csv(folder / "claims.csv", index=False)
        edited(*changes)(folder)

    return change


def cell(column: str, value: str, rows: int = 1) -> Callable[[Path], object]:
    """Another value in the first rows of a column."""
    return table(lambda t: t.assign(**{column: [value] * rows + list(t[column][rows:])}))


def scores(made: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], object]:
    """Another file of scores."""
    return lambda folder: made(pd.read_csv(folder / "scores.csv")).to_csv(folder / "scores.csv", index=False)


def given(made: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], object]:
    """Scores of rows that were made something else before the model had them."""

    def change(folder: Path):
        model = xgboost.XGBClassifier()
        model.load_model(folder / "model.json")
        values = model.predict_proba(made(columns(pd.read_csv(folder / "claims.csv"))))[:, 1]
        scores(lambda t: t.assign(score=values))(folder)

    return change


def trained(made: Callable[[pd.DataFrame], pd.DataFrame], **settings) -> Callable[[Path], object]:
    """A model of XGBoost trained on something else."""

    def change(folder: Path):
        whole = pd.read_csv(folder / "claims.csv")
        model = xgboost.XGBClassifier(n_estimators=3, enable_categorical=True, n_jobs=1, **settings)
        model.fit(made(columns(whole)), whole["Outcome"] == "fraud").save_model(folder / "model.json")

    return change


def another(second: str) -> Callable[[Path], object]:
    """A second model in use, of this name and file."""
    block = STUDY[STUDY.index("[[deployed]]") :].replace("champion", second)
    return lambda folder: (folder / "claims.toml").write_text(STUDY + block)


def everything(*changes: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda folder: [change(folder) for change in changes]


def twice(folder: Path):
    """The same study in a folder below."""
    (folder / "again").mkdir()
    for name in ("claims.csv", "claims.toml", "model.json", "scores.csv"):
        shutil.copy(folder / name, folder / "again")


def stopped_early(folder: Path):
    whole = pd.read_csv(folder / "claims.csv")
    inputs, fraud, build = columns(whole), whole["Outcome"] == "fraud", whole["Part"] == "build"
    model = xgboost.XGBClassifier(
        n_estimators=60, max_depth=3, enable_categorical=True, early_stopping_rounds=5, n_jobs=1
    )
    model.fit(inputs[build], fraud[build], eval_set=[(inputs[~build], fraud[~build])], verbose=False)
    model.save_model(folder / "model.json")
    rounds = (0, model.get_booster().num_boosted_rounds())
    values = model.predict_proba(inputs, iteration_range=rounds)[:, 1]
    scores(lambda t: t.assign(score=values))(folder)


def booster(change: Callable[[dict], object]) -> Callable[[Path], object]:
    """The file of XGBoost with something else in it."""

    def changed(folder: Path):
        model = json.loads((folder / "model.json").read_text())
        change(model["learner"]["gradient_booster"])
        (folder / "model.json").write_text(json.dumps(model))

    return changed


def other_keys(booster: dict):
    for tree in booster["model"]["trees"]:
        tree["splits"] = tree.pop("split_indices")


def of_lightgbm(change: Callable[[str], str]) -> Callable[[Path], object]:
    def made(folder: Path):
        lightgbm = pytest.importorskip("lightgbm")
        whole = pd.read_csv(folder / "claims.csv")
        model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1)
        model.fit(columns(whole), whole["Outcome"] == "fraud")
        (folder / "model.json").write_text(change(model.booster_.model_to_string()))

    return made


def pipe(name: str) -> Callable[[Path], object]:
    """In the place of a file, what one would wait for forever."""
    return lambda folder: [(folder / name).unlink(), os.mkfifo(folder / name)]


def of_sklearn(model: str, kept: int | None = None, *, fit: bool = True) -> Callable[[Path], object]:
    def made(folder: Path):
        import importlib

        import skops.io

        room, name = model.split(".")
        whole = pd.read_csv(folder / "claims.csv")
        fitted = getattr(importlib.import_module(f"sklearn.{room}"), name)()
        if fit:
            fitted.fit(whole[NUMBERS], whole["Outcome"] == "fraud")
        skops.io.dump(fitted, folder / "model.json")
        cut_off("model.json", kept)(folder)

    return made


def of_catboost(folder: Path):
    catboost = pytest.importorskip("catboost")
    whole = pd.read_csv(folder / "claims.csv")
    model = catboost.CatBoostClassifier(iterations=2, verbose=0, thread_count=1, allow_writing_files=False)
    model.fit(whole[NUMBERS], whole["Outcome"] == "fraud")
    model.save_model(str(folder / "model.json"), format="cbm")


def of_onnx(outputs: int, kept: int | None = None) -> Callable[[Path], object]:
    def made(folder: Path):
        onnx = pytest.importorskip("onnx")
        helper, kind = onnx.helper, onnx.TensorProto.FLOAT
        weight = onnx.numpy_helper.from_array(np.ones((5, outputs), np.float32), "w")
        bias = onnx.numpy_helper.from_array(np.zeros(outputs, np.float32), "b")
        graph = helper.make_graph(
            [helper.make_node("Gemm", ["x", "w", "b"], ["y"])],
            "net",
            [helper.make_tensor_value_info("x", kind, [None, 5])],
            [helper.make_tensor_value_info("y", kind, [None, outputs])],
            [weight, bias],
        )
        (folder / "model.json").write_bytes(helper.make_model(graph).SerializeToString())
        cut_off("model.json", kept)(folder)

    return made


def pickled(compress: int) -> Callable[[Path], object]:
    def made(folder: Path):
        import joblib

        joblib.dump({"model": list(range(1000))}, folder / "model.json", compress=compress)

    return made


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0\nsize 12345\n"
PAGE = b"<!DOCTYPE html>\n<html><body>Sign in</body></html>\n"
ZIP = b"PK\x03\x04" + bytes(range(256))
NOBODY = (('control = "effort"', 'control = "nobody"'), ('control = "insider"', 'control = "nobody"'))
DAYS = pd.date_range("2023-01-01", periods=700).strftime("%Y-%m-%d")
MANY = json.dumps([f"make {number}" for number in range(10_000)])
SPLIT = 'split = { column = "Part", trains = ["build"], judged = ["holdout"] }\n'

CASES = (
    # ------------------------------------------------------------ the study file
    Case(
        "five keys mistyped",
        edited(
            ('title = "Claims"', 'titel = "Claims"'),
            ("[reading]\nmissing", "[reading]\nmising"),
            ("decimals = 2", "decimal = 2"),
            ("cut = {", "cutt = {"),
            ('helps = "up"', 'help = "up"'),
        ),
        (
            "claims.toml: ",
            "'titel'.*did you mean 'title'",
            "reading: found 'mising'.*did you mean 'missing'",
            "inputs.Claimed: found 'decimal'.*did you mean 'decimals'",
            "deployed.champion: found 'cutt'.*did you mean",
            "inputs.Witness: found 'help'.*did you mean 'helps'",
        ),
    ),
    Case(
        "unknown control",
        edited(('"free"', '"somebody"')),
        ("inputs.Witness.control: found 'somebody'; known: free",),
    ),
    Case(
        "no scores",
        edited(("scores = {", "# scores = {")),
        ("deployed.champion.scores is missing.*give scores =",),
    ),
    Case(
        "rows that train, unsaid",
        edited((SPLIT, "")),
        ("deployed.champion.saw: .*nothing says which rows.*give split",),
    ),
    Case("one name twice", another("champion"), ("deployed: 'champion' is there twice",)),
    Case(
        "name of one trained here",
        edited(('"champion"', '"boosted_trees"')),
        ("'boosted_trees' is the name of a model",),
    ),
    Case(
        "label as input",
        edited(('name = "Witness"', 'name = "Outcome"')),
        ("inputs: 'Outcome' is the label",),
    ),
    Case(
        "id as input",
        edited(('name = "Days since policy"', 'name = "Claim"')),
        ("inputs: 'Claim' is the id",),
    ),
    Case(
        "unknown column",
        edited(('name = "Witness"', 'name = "Witnes"')),
        ("no column 'Witnes'.*did you mean 'Witness'",),
    ),
    Case("no TOML", content("claims.toml", b"table = claims.csv"), ("claims.toml: it is no TOML.*line 1",)),
    Case(
        "another encoding",
        content("claims.toml", STUDY.encode("utf-16")),
        ("claims.toml: it is not UTF-8; save it",),
    ),
    Case("empty study file", content("claims.toml", b""), ("table: is missing", "label: is missing")),
    Case(
        "a table for a study",
        lambda folder: None,
        ("claims.csv: it is no study file.*`new`",),
        "check claims.csv",
    ),
    Case(
        "not there", lambda folder: None, ("claim.toml: it cannot be read.*check path",), "check claim.toml"
    ),
    Case("a folder", lambda folder: None, ("it cannot be read",), "check ."),
    Case(
        "a study of the project",
        lambda folder: shutil.copy(STUDIES / "checks.toml", folder / "mine.toml"),
        ("mine.toml: table: found 'checks', which this project makes; a study of your own names its file",),
        "check mine.toml",
    ),
    *(
        Case(
            f"called {name}",
            renamed(name),
            (re.escape(name), "rename the file, as my_|call it "),
            f"check {name}",
        )
        for name in (
            "CLAIMS.toml",
            "a.b.toml",
            "index.toml",
            "data.toml",
            "assets.toml",
            "checks.toml",
            "claims.txt",
        )
    ),
    Case(
        "two of one name",
        twice,
        ("two study files are called claims.toml.*rename one",),
        "check claims.toml again/claims.toml",
    ),
    Case(
        "two cuts",
        edited(("= 0.05 }", "= 0.05, score = 0.5 }")),
        ("champion.cut: give one of score, alert_rate",),
    ),
    Case(
        "a share above one", edited(("= 0.05 }", "= 5 }")), ("cut.false_positive_rate: found 5.*less than 1",)
    ),
    Case(
        "a cut that flags nobody",
        edited(("false_positive_rate = 0.05", "score = 0.9999")),
        ("cut flags nobody.*margin",),
    ),
    Case(
        "a cut that flags all",
        edited(("false_positive_rate = 0.05", "score = 0.0")),
        ("cut flags everybody.*margin",),
    ),
    Case(
        "a share that flags nobody",
        edited(("cut = { false_positive_rate = 0.05 }", "cut = { alert_rate = 0.0001 }")),
        ("cut flags nobody.*give another share, or the cut as a score",),
    ),
    Case(
        "split value",
        edited(('["holdout"]', '["Holdout"]')),
        ("'Part' has no 'Holdout'.*did you mean 'holdout'",),
    ),
    Case(
        "both sides",
        edited(('["holdout"]', '["build", "holdout"]')),
        ("split: 'build' both trains and is judged",),
    ),
    Case(
        "one fold",
        edited(
            (SPLIT, ""),
            ('"rows that train"', '"unknown"'),
            ("[reading]", "training = { folds = 1 }\n[reading]"),
        ),
        ("training.folds: found 1.*give 2 or more",),
    ),
    Case(
        "no budget",
        edited(
            ("[reading]", "proof = { epsilons = [0, 0.35], false_positive_rates = [0.05, 5] }\n[reading]")
        ),
        ("proof.epsilons: found 0; give", "proof.false_positive_rates: found 5; give"),
    ),
    Case(
        "options of the project's studies",
        lambda folder: None,
        ("--seeds 3: is said by training.seeds",),
        "study claims.toml --seeds 3",
    ),
    Case(
        "no input moves",
        edited(*NOBODY, ('"free"', '"nobody"')),
        (
            "nobody moves any of the 5",
            "noticed: No fraudster can change an input, so that nothing is attacked",
            "sound, but nothing is attacked: edit control and helps in claims.toml first; as it stands: .* all",
        ),
        code=0,
    ),
    Case(
        "no reason is given",
        edited(('note = "Whoever claims writes it."', 'note = " "')),
        ("noticed: The study file does not say why a fraudster can change Claimed: give the reason",),
        code=0,
    ),
    Case(
        "the quoted fraudster moves none",
        edited(('control = "effort"', 'control = "costly"'), ('control = "free"', 'control = "nobody"')),
        (
            "nobody moves the other 3",
            "the headlines are about T2, .*; T1 can move no input",
        ),
        code=0,
    ),
    Case(
        "a flag is raised to one name alone",
        lambda folder: None,
        (r"a fraudster moves Witness: free, up, to yes\n",),
        code=0,
    ),
    Case("one input moves", edited(*NOBODY), ("noticed: Fraudsters can change 1 of the inputs",), code=0),
    Case(
        "half said",
        edited(('helps = "up"', 'helps = "none"')),
        (r"half said, so that nobody moves it: Witness \(control = 'free', helps = 'none'\)\n",),
        code=0,
    ),
    Case(
        "models by their titles",
        lambda folder: None,
        (
            "trained beside: Neural net; Neural net, hardened; Logistic regression; Boosted trees; Monotone trees",
        ),
        code=0,
    ),
    # ------------------------------------------------------------ what is asked and cannot be answered
    Case(
        "membership with a split",
        edited(("[reading]", "[inference]\nepochs = [1]\n[reading]")),
        (
            "not answered: inference: .*by split every model trains on the same; leave split out, and say saw",
            "not answered: inference.epochs: of a table of your own membership alone is asked; leave it out",
        ),
        code=0,
    ),
    Case(
        "membership with one repetition",
        edited(
            (SPLIT, ""),
            ('"rows that train"', '"unknown"'),
            ("[reading]", "[inference]\n[training]\nseeds = 1\n[reading]"),
        ),
        ("not answered: inference: 1 repetitions of 5 folds leave too few models.*give training.seeds = 2",),
        code=0,
    ),
    Case(
        "nothing to copy, and nothing of what is named to poison",
        edited(
            (
                "[reading]",
                'beside = ["trees_left_out"]\n[extraction]\n[poisoning]\nmodels = ["boosted_trees"]\n[reading]',
            )
        ),
        (
            "not answered: extraction: none of 'standard'.* is trained here.*beside in extraction.models",
            "not answered: poisoning.models: not trained here: 'boosted_trees'; name what is to be tried in beside too",
        ),
        code=0,
    ),
    Case(
        "models that there are not",
        edited(
            (
                "[reading]",
                '[extraction]\nmodels = ["bosted_trees"]\n[poisoning]\nmodels = ["champion"]\n[reading]',
            )
        ),
        (
            "extraction.models: found 'bosted_trees'.*did you mean 'boosted_trees'",
            "poisoning.models: found 'champion'",
        ),
    ),
    Case(
        "groups of few rows, and alerts on less than one",
        table(
            lambda t: t.assign(Region=np.where(t["Part"].eq("holdout").cumsum() < 4, "north", "south")),
            ("[reading]", 'groups = ["Region"]\nalert_budgets = [0.001]\n[reading]'),
        ),
        (
            "not answered: groups: of 2 groups of Region that are judged, 1 have fewer than 10 rows and are not shown",
            "not answered: alert_budgets: 0.001 of ... rows that are judged is less than one; give a larger share",
        ),
        code=0,
    ),
    Case(
        "frauds without money",
        table(
            lambda t: t.assign(Paid=np.where(t["Outcome"] == "fraud", "0", "9")),
            ("[reading]", 'amount = "Paid"\n[reading]'),
        ),
        ("column 'Paid', the amount, is 0 in every fraud that is judged.*or leave amount out",),
    ),
    # ------------------------------------------------------------ the table
    Case(
        "no table",
        lambda folder: (folder / "claims.csv").unlink(),
        ("claims.csv: there is no such file; put it there",),
    ),
    Case(
        "a name too long", edited(("claims.csv", "x" * 400 + ".csv")), ("it cannot be read.*correct table",)
    ),
    Case(
        "a workbook by name",
        edited(("claims.csv", "claims.xlsx")),
        ("found 'claims.xlsx', which is no table.*csv",),
    ),
    Case("a workbook", content("claims.csv", ZIP), ("claims.csv: it is a workbook.*save the table as text",)),
    Case("a web page", content("claims.csv", PAGE), ("claims.csv: it is a web page",)),
    Case(
        "a pointer", content("claims.csv", POINTER), ("claims.csv: it is a pointer of Git LFS.*git lfs pull",)
    ),
    Case("JSON", content("claims.csv", b'[{"a": 1, "b": 2}]'), ("claims.csv: it is JSON",)),
    Case("an empty table", content("claims.csv", b""), ("claims.csv: it is empty",)),
    Case(
        "cut short",
        cut_off("claims.csv", -20),
        ("claims.csv: line 701 has . cells, the header has 8.*cut short",),
    ),
    Case(
        "changed after it was pinned",
        everything(edited(("[reading]", f'[reading]\nsha256 = "{"0" * 64}"')), cell("Claimed", "1.00")),
        ("its sha256 is .*or was changed",),
    ),
    Case(
        "text in a number",
        cell("Claimed", "12 EUR"),
        ("'Claimed' must be a number; found line 2: '12 EUR'; correct",),
    ),
    Case(
        "infinity",
        cell("Claimed", "1e999"),
        ("'Claimed' must be a number; found line 2: '1e999'; give numbers of at most",),
    ),
    Case(
        "nothing in a column", cell("Claimed", "", 700), ("'Claimed' has no value in any row; leave it out",)
    ),
    Case("a gap", cell("Claimed", ""), ("'Claimed' must be filled in; 1 of 700.*missing = true",)),
    Case("one class", cell("Outcome", "fraud", 700), ("'Outcome', the label, is 'fraud' in every row",)),
    Case(
        "no fraud",
        cell("Outcome", "genuine", 700),
        ("'Outcome', the label, has no 'fraud'; it has 'genuine'",),
    ),
    Case(
        "three classes",
        cell("Outcome", "open", 5),
        ("the label, has 3 values: 'open'.*a row is fraud or not",),
    ),
    Case("no label", cell("Outcome", "", 5), ("'Outcome' must be filled in, as the label; 5 rows.*line 2",)),
    Case(
        "a balanced table",
        table(lambda t: t.assign(Outcome=np.where(np.arange(len(t)) % 20 < 11, "fraud", "genuine"))),
        ("noticed: By Outcome, 55.0\\s% of rows are frauds: is it the right value.*in life as `prior`",),
        code=0,
    ),
    Case(
        "label inverted",
        edited(('fraud = "fraud"', 'fraud = "genuine"')),
        ("% of rows are 'genuine'; is it the value of",),
    ),
    Case(
        "ids twice",
        table(lambda t: t.assign(Claim=[t["Claim"][1], *t["Claim"][1:]])),
        ("'Claim' must be different in every row.*line 2",),
    ),
    Case(
        "a column that counts",
        table(lambda t: t.assign(Claimed=range(len(t)))),
        ("'Claimed': its values number the rows",),
    ),
    Case(
        "the label retold",
        table(lambda t: t.assign(Claimed=np.where(t["Outcome"] == "fraud", 9, 5))),
        ("'Claimed': it alone tells 100",),
    ),
    Case(
        "dates as text",
        table(lambda t: t.assign(Day=DAYS), ('name = "Days since policy"', 'name = "Day"')),
        ("'Day' must be a number.*looks like a date; derive a number",),
    ),
    Case(
        "ten thousand categories",
        edited(
            ('["Audi", "BMW", "Fiat", "Zastava 750"]', MANY[:-1] + ', "Audi", "BMW", "Fiat", "Zastava 750"]')
        ),
        ("'Make': 10,004 categories are too many to tell apart; merge",),
    ),
    Case("a make unheard of", cell("Make", "Aud"), ("'Make' must be one of.*'Aud'; .*did you mean 'Audi'",)),
    Case(
        "few frauds",
        table(lambda t: t[(t["Outcome"] != "fraud") | (t.index < 30)]),
        ("are frauds, and the split needs 5; give more rows",),
    ),
    Case(
        "rows on both sides",
        table(
            lambda t: pd.concat(
                [
                    t,
                    t[t["Part"] == "build"]
                    .head(50)
                    .assign(Part="holdout", Claim=[f"n{i}" for i in range(50)]),
                ]
            )
        ),
        ("noticed: 50 of 3.. rows that are judged have the same inputs as a row that trains",),
        code=0,
    ),
    Case(
        "rows on neither side",
        cell("Part", "later", 50),
        ("noticed: 50 rows neither train nor are judged",),
        code=0,
    ),
    # ------------------------------------------------------------ the model
    Case(
        "no model",
        lambda folder: (folder / "model.json").unlink(),
        ("champion: model.json: cannot be read.*check the path",),
    ),
    Case(
        "a folder for a model",
        edited(('file = "model.json"', 'file = "."')),
        ("champion: .*cannot be read: Is a directory",),
    ),
    Case("an empty model", content("model.json", b""), ("model.json: is empty; save",)),
    Case(
        "a pointer to a model",
        content("model.json", POINTER),
        ("model.json: is a pointer of Git LFS.*git lfs pull",),
    ),
    Case("a page for a model", content("model.json", PAGE), ("model.json: is a web page",)),
    Case("a pickle", pickled(0), ("model.json: is a pickle, which runs code.*skops",)),
    Case("joblib", pickled(3), ("model.json: is compressed as joblib does it.*skops",)),
    Case("half a model", cut_off("model.json", 5000), ("model.json: is no JSON.*in full",)),
    Case(
        "never trained",
        of_sklearn("linear_model.LogisticRegression", fit=False),
        ("never trained; save it after",),
    ),
    Case("a pipe for a model", pipe("model.json"), ("model.json: cannot be read: it is a pipe or a device",)),
    Case("a pipe for scores", pipe("scores.csv"), ("scores.csv: cannot be read: it is a pipe or a device",)),
    Case("a pipe for a table", pipe("claims.csv"), ("claims.csv: this is a pipe or a device",)),
    Case("a pipe for a study file", pipe("claims.toml"), ("claims.toml: .*it is a pipe or a device",)),
    Case(
        "keys of another version",
        booster(other_keys),
        ("model.json: is damaged, or of a version without a reader.*save it again",),
    ),
    Case(
        "an unknown booster",
        booster(lambda b: b.update(name="quantum")),
        ("model.json: is a booster 'quantum', not of trees",),
    ),
    Case(
        "a newer LightGBM",
        of_lightgbm(lambda text: text.replace("version=v4", "version=v9")),
        ("LightGBM text of version v9; save it with",),
    ),
    Case(
        "half of LightGBM",
        of_lightgbm(lambda text: text[:600]),
        ("ends before its trees do; save the model again",),
    ),
    Case(
        "half of scikit-learn",
        of_sklearn("linear_model.LogisticRegression", 1500),
        ("is a zip that ends before.*copy it again",),
    ),
    Case(
        "neighbours",
        of_sklearn("neighbors.KNeighborsClassifier"),
        ("is a KNeighborsClassifier, which has no reader; the readers know",),
    ),
    Case("CatBoost, binary", of_catboost, ("is of CatBoost, binary; save it with save_model",)),
    Case("ONNX of three classes", of_onnx(3), ("tells 3 classes apart; export one",)),
    Case("half of ONNX", of_onnx(1, 60), ("model.json: is damaged.*save it again|model.json: is no ONNX",)),
    Case(
        "a model of another table",
        trained(lambda t: pd.DataFrame({"age": range(700), "income": range(700)})),
        ("is of another table: none of its 2 columns \\('age', 'income'\\) is an input",),
    ),
    Case(
        "the label in the model",
        trained(lambda t: t.assign(Outcome=range(700))),
        ("'Outcome' \\(the label of the table.*train it without",),
    ),
    Case(
        "a column too few",
        trained(lambda t: t.drop(columns="Witness")),
        ("has no column for the inputs 'Witness'; list them under `ignored`",),
    ),
    Case(
        "codes in the place of names",
        trained(lambda t: t.assign(Make=t["Make"].cat.codes)),
        (
            "takes 'Make' as a number, and the table has names; give them in the order of their codes: categories = ",
        ),
    ),
    Case(
        "a class unheard of",
        edited(("cut = {", 'fraud = "yes"\ncut = {')),
        ("has the classes 0, 1, none of them 'yes'",),
    ),
    # ------------------------------------------------------------ what its owner says it scored
    Case(
        "no file of scores",
        lambda folder: (folder / "scores.csv").unlink(),
        ("champion: scores.csv: cannot be read.*check the path",),
    ),
    Case("a page for scores", content("scores.csv", PAGE), ("champion: scores.csv: is a web page, no CSV",)),
    Case(
        "a quotation mark left open",
        content("scores.csv", b'Claim,score\n"x,1\n' + b"y,1\n" * 60_000),
        ("scores.csv: cannot be split.*left open",),
    ),
    Case(
        "another column",
        scores(lambda t: t.rename(columns={"score": "Score"})),
        ("no column 'score' \\(nearest: 'Score'\\)",),
    ),
    Case(
        "scores of other rows",
        scores(lambda t: t.assign(Claim="X" + t["Claim"])),
        ("none of its 700 ids is in the table, such as 'XCL-.*score rows",),
    ),
    Case(
        "no id in the study",
        edited(('id = "Claim"\n', 'ignored = ["Claim"]\n')),
        ("ids is in the table.*name the column of ids in `id`",),
    ),
    Case(
        "scores twice", scores(lambda t: pd.concat([t, t.head(2)])), ("names 'CL-.*more than once; keep one",)
    ),
    Case(
        "one digit",
        scores(lambda t: t.round(1)),
        ("'score' is rounded to 0.1, which tells too little; write all digits",),
    ),
    Case(
        "decisions",
        scores(lambda t: t.assign(score=(t["score"] > 0.5).astype(int))),
        ("holds decisions, not scores; save probabilities",),
    ),
    Case(
        "decisions in words",
        scores(lambda t: t.assign(score=np.where(t["score"] > 0.5, "fraud", "genuine"))),
        ("'score' holds 'fraud', 'genuine', no scores; save probabilities",),
    ),
    Case(
        "margins",
        scores(lambda t: t.assign(score=np.log(t["score"] / (1 - t["score"])))),
        ("Likely cause: the scores are margins.*set scores.measure to 'margin'",),
    ),
    Case(
        "the other class",
        scores(lambda t: t.assign(score=1 - t["score"])),
        ("Likely cause: the scores are those of the other class",),
    ),
    Case(
        "ids of other rows",
        scores(lambda t: t.assign(Claim=t["Claim"].to_numpy()[::-1])),
        (
            "Likely cause: the ids beside the scores are not those of their rows. To mend it: write beside each",
        ),
    ),
    Case(
        "columns exchanged",
        given(lambda t: t.rename(columns=dict(zip(NUMBERS, NUMBERS[::-1], strict=True)))[list(t.columns)]),
        ("not reproduced.*Likely cause: the columns 'Claimed' and 'Days since policy' were exchanged",),
    ),
    Case(
        "categories shifted",
        given(
            lambda t: t.assign(
                Make=pd.Categorical.from_codes((t["Make"].cat.codes + 1) % 4, t["Make"].cat.categories)
            )
        ),
        ("not reproduced.*Likely cause: the names of 'Make' are shifted by one",),
    ),
    Case("stopped early", stopped_early, ("not reproduced.*stopped early.*set every_round to true",)),
    Case(
        "another training run",
        trained(lambda t: t, max_depth=2),
        ("not reproduced.*None of the usual mistakes.*another training run",),
    ),
    Case(
        "hardly any scores",
        scores(lambda t: t.head(3)),
        ("3 scores.*give at least 20, so few may agree by chance",),
        code=0,
    ),
    Case(
        "two models wrong",
        everything(another("challenger"), lambda folder: (folder / "model.json").unlink()),
        ("champion: model.json: cannot be read", "challenger: model.json: cannot be read"),
    ),
    # ------------------------------------------------------------ the proposal of a study file
    Case(
        "already there",
        lambda folder: None,
        ("claims.toml: is there already; give another name with --write",),
        "new claims.csv --label Outcome=fraud",
    ),
    Case(
        "no such label",
        lambda folder: None,
        ("no 'Fraud'; it has.*did you mean 'fraud'",),
        "new claims.csv --label Outcome=Fraud --write new.toml",
    ),
    Case(
        "no table to propose for",
        lambda folder: None,
        ("claim.csv: there is no such file; check the path",),
        "new claim.csv --label A=b",
    ),
    Case(
        "a proposal that no page may have",
        lambda folder: None,
        ("'Claims.toml' cannot stand in an address; call it claims.toml",),
        "new claims.csv --label Outcome=fraud --write Claims.toml",
    ),
    Case(
        "a name that pages have",
        lambda folder: (folder / "claims.csv").rename(folder / "data.csv"),
        (
            "'data' is the name of another study, or.*so the study is called my_data",
            "my_data.toml: written",
            r"and why \(note\)",
        ),
        "new data.csv --label Outcome=fraud",
        code=0,
    ),
    Case(
        "a model that is none",
        pickled(0),
        (
            "noticed: model.json: is a pickle",
            r"2. make the model readable, as noticed above, and take the # from its lines.*\n.*3. .*check new.toml",
        ),
        "new claims.csv --label Outcome=fraud --model model.json --write new.toml",
        code=0,
    ),
)


def _said(words: str) -> tuple[int, str]:
    """The exit code of a command, and all that it says; a traceback is said too."""
    out, code = StringIO(), -1
    with redirect_stdout(out), redirect_stderr(out), console.capture() as told:
        try:
            code = main(words.split())
        except SystemExit as error:
            code = error.code
        except BaseException:
            traceback.print_exc()
    return code, out.getvalue() + told.get()


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("[!.]*") if path.is_file()}


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    """A folder with a study file, a table, a model and its scores, in which nothing is wrong."""
    folder = tmp_path_factory.mktemp("good")
    write(folder)
    (folder / "claims.toml").write_text(STUDY)
    return folder


def test_what_is_wrong_is_told_with_place_cause_and_mend_and_nothing_is_written(good, tmp_path, monkeypatch):
    """At once, too: who gave a wrong file should not wait."""
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
    monkeypatch.chdir(good)
    code, said = _said("check claims.toml")  # brings the libraries, which is not counted
    assert code == 0, said
    assert "noticed" not in said

    def told(case: Case):
        folder = tmp_path / f"case{CASES.index(case)}"
        shutil.copytree(good, folder)
        monkeypatch.chdir(folder)
        case.change(folder)
        before, began = _files(folder), time.monotonic()
        code, said = _said(case.words)
        took = time.monotonic() - began
        assert "Traceback" not in said, said
        assert code == case.code, f"code {code}: {said}"
        for each in case.said:
            assert re.search(each, said), f"no {each!r} in: {said}"
        assert took < LONGEST, f"{took:.0f} s"
        if case.code:
            assert said.startswith("error: "), said
            assert _files(folder) == before, "files were written or changed"
        shutil.rmtree(folder)

    all_hold(told, CASES, lambda case: case.name)


def test_a_refusal_leaves_records_pages_and_site_of_an_earlier_run(good, tmp_path, monkeypatch):
    for name in good.iterdir():
        shutil.copy(name, tmp_path)
    for place in ("site/index.html", "docs/index.md", "data/results/claims.json", "data/private/claims.npz"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("as it was")
    write_list(tmp_path / "site")
    (tmp_path / "model.json").write_text("{}")
    before = _files(tmp_path)
    monkeypatch.chdir(tmp_path)
    code, said = _said("all claims.toml --quick")
    assert code == 2, said
    assert "champion: model.json: is of no format with a reader" in said
    assert _files(tmp_path) == before


def test_a_cause_that_there_was_no_time_to_look_for_is_not_ruled_out(good, tmp_path, monkeypatch):
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    scores(lambda t: t.assign(score=1 - t["score"]))(tmp_path)
    monkeypatch.setattr(reproducing, "SECONDS", -1)
    monkeypatch.chdir(tmp_path)
    code, said = _said("check claims.toml")
    assert code == 2
    assert "not every usual mistake was tried" in said
    assert "None of the usual mistakes" not in said
