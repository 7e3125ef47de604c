#!/usr/bin/env bash
# Package: xgboost 3.2.0 (here as xgboost-cpu, the same Python code), pandas 3.0.0, numpy 2.4.1, Python 3.11.
#
# A good guess: a model that was trained on a data frame finds a category by its name, in whatever order a later frame
# lists them. That is what categories in the file are for (since 3.1), and the documentation says so.
#
# Seen: it does with Bonn, Essen, Koeln, Trier, Ulm. With one umlaut, Köln, the same rows in reversed order of categories
# get other labels, without a warning:
#     Koeln: 0 of 400 labels differ; names in the file: Bonn Essen Koeln Trier Ulm
#     Köln:  172 of 400 labels differ; names in the file: Bonn Essen Köl nTrie rUl
# Cause: names are handed over as one string of UTF-8 with offsets, and the offsets count characters, not bytes. From the
# first name with an umlaut on, every name is cut at a wrong place; the last one loses its end. Both frames are cut, in
# different ways, so names of the one meet others of the other. In the order of training nothing shows.
# github.com/dmlc/xgboost/pull/12371 (merged in July 2026) counts bytes.
#
# For us: names beyond ASCII in a file are not believed. The reader asks for them in the order of their codes, and says
# why (generator/models/readers/xgboost.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  xgboost-cpu==3.2.0 pandas==3.0.0 numpy==2.4.1 scipy==1.17.0

cat > "$folder/names.py" <<'PYTHON'
import json
import sys

import numpy as np
import pandas as pd
import xgboost

ROWS = 400
rng = np.random.default_rng(0)
city, amount = rng.integers(0, 5, ROWS), rng.normal(size=ROWS)
y = (city % 2 + amount / 10 > 0.5).astype(int)


def attempt(cologne):
    """Labels that differ once the categories are listed in reverse, and the names in the file."""
    names = ["Bonn", "Essen", cologne, "Trier", "Ulm"]
    frame = pd.DataFrame({"city": pd.Categorical.from_codes(city, names), "amount": amount})
    rows = xgboost.DMatrix(frame, y, enable_categorical=True)
    model = xgboost.train({"objective": "binary:logistic", "nthread": 1}, rows, 5)
    reversed_ = frame.assign(city=frame["city"].cat.set_categories(names[::-1]))
    assert (reversed_["city"].astype(str) == frame["city"].astype(str)).all()
    file = json.loads(model.save_raw("json"))
    held = file["learner"]["gradient_booster"]["model"]["cats"]["enc"][0]
    text, offsets = bytes(value % 256 for value in held["values"]), held["offsets"]
    kept = [text[a:b].decode(errors="replace") for a, b in zip(offsets, offsets[1:])]
    again = model.predict(xgboost.DMatrix(reversed_, enable_categorical=True))
    return int(((model.predict(rows) > 0.5) != (again > 0.5)).sum()), kept


plain, plain_names = attempt("Koeln")
umlaut, umlaut_names = attempt("Köln")
print(f"Koeln: {plain} of {ROWS} labels differ; names in the file: {' '.join(plain_names)}")
print(f"Köln:  {umlaut} of {ROWS} labels differ; names in the file: {' '.join(umlaut_names)}")
stands = plain == 0 and umlaut > ROWS / 10 and umlaut_names == ["Bonn", "Essen", "Köl", "nTrie", "rUl"]
print("stands" if stands else "changed")
sys.exit(not stands)
PYTHON

"$folder/venv/bin/python" "$folder/names.py"
