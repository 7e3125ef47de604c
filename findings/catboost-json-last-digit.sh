#!/usr/bin/env bash
# Package: catboost 1.2.10, numpy 2.4.6, Python 3.11.
#
# A good guess: a model that was saved as JSON and is loaded again gives the scores that it gave.
#
# Seen: the file is right and its reader is not. Every leaf value in the JSON, read by Python, is the model's to the last
# bit; CatBoost reads about one in twelve of them another way in the last digit, and scores change with them:
#     leaves in the file that differ: 0 of 12,800
#     leaves that CatBoost reads back otherwise: about 1,000
#     scores that change: about one in four, by up to some 2e-15
# The same model from its binary form (cbm) gives every score to the last bit.
#
# For us: the reader of JSON is held to the scores of the model that was trained, not to those of CatBoost after it has read
# its JSON; where verify-claims asks CatBoost, it may differ by 1e-12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check catboost==1.2.10 numpy==2.4.6

cat > "$folder/again.py" <<'PYTHON'
import json
import sys
from pathlib import Path

import catboost
import numpy as np

folder = Path(sys.argv[1])
rng = np.random.default_rng(1)
x = rng.standard_normal((3000, 6))
y = (x[:, 0] + x[:, 1] * x[:, 2] + rng.standard_normal(3000) > 0).astype(int)
asked = {"iterations": 200, "depth": 6, "verbose": False, "thread_count": 1, "allow_writing_files": False}
model = catboost.CatBoostClassifier(**asked).fit(x, y)


def scores(of):
    return of.predict(x, prediction_type="RawFormulaVal")


def again(form):
    path = folder / f"model.{form}"
    model.save_model(str(path), format=form)
    return catboost.CatBoost().load_model(str(path), format=form)


binary, text = again("cbm"), again("json")
trees = json.loads((folder / "model.json").read_text())["oblivious_trees"]
written = np.array([value for tree in trees for value in tree["leaf_values"]])
own = np.array(model.get_leaf_values())
read = np.array(text.get_leaf_values())
change = np.abs(scores(text) - scores(model))

print(f"leaves in the file that differ: {(written != own).sum()} of {len(own):,}")
print(f"leaves that CatBoost reads back otherwise: {(read != own).sum():,}")
print(f"scores that change: {(change > 0).sum():,} of {len(x):,}, by up to {change.max():.1e}")
print(f"scores that change by way of cbm: {(scores(binary) != scores(model)).sum()}")

assert (written == own).all(), "the file is no longer exact"
assert (read != own).sum() > 100, "CatBoost reads its own JSON exactly now"
assert 100 < (change > 0).sum() and change.max() < 1e-12, "scores no longer change, or change by more"
assert (scores(binary) == scores(model)).all(), "cbm is no longer exact"
PYTHON
"$folder/venv/bin/python" "$folder/again.py" "$folder"
