#!/usr/bin/env bash
# Package: skl2onnx 1.20.0 with onnx 1.23.2, onnxruntime 1.32.0, scikit-learn 1.9.1, numpy 2.4.6, Python 3.11.
#
# A good guess: a forest behind a StandardScaler answers in ONNX what it answers in scikit-learn, but for the last digits
# of a probability; and the more so if the graph works in doubles, as it does for a matrix of doubles.
#
# Seen: a fourth of new rows of whole numbers get other votes, without a warning. In doubles there are more of them:
#     no scaler, float32: 0 of 4000 rows have other votes, by up to 0.00
#     scaler, float32:    943 of 4000 rows have other votes, by up to 0.10
#     no scaler, float64: 0 of 4000 rows have other votes, by up to 0.00
#     scaler, float64:    1402 of 4000 rows have other votes, by up to 0.12
# Cause: a tree splits half-way between two values that it saw. Between 3 and 5 that is 4, scaled, and every row with a
# 4 lies on the threshold, to within rounding. scikit-learn subtracts and divides, rounds to float32 and compares with a
# double. The graph of float32 multiplies by one over the scale instead of dividing; the graph of doubles compares a
# double, not rounded, with a threshold that was rounded to float32. Each sends such rows to a side of its own.
#
# For us: a forest that is used as ONNX is judged as the runtime judges it, in the float types of the graph, and not as
# the scikit-learn that trained it; and its owner's scores have to be those of the runtime (generator/models/readers/onnx).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 scikit-learn==1.9.1 numpy==2.4.6

cat > "$folder/half_way.py" <<'PYTHON'
import sys

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROWS = 4000
rng = np.random.default_rng(0)


def drawn():
    """Whole numbers: an age, days, an amount in thousands, and how often."""
    x = np.column_stack([rng.integers(low, high, ROWS) for low, high in ((18, 90), (0, 365), (1, 200), (0, 30))])
    return x, (x[:, 0] / 30 + x[:, 1] / 200 + x[:, 2] / 90 + x[:, 3] / 12 + rng.normal(size=ROWS) > 6).astype(int)


trained, y = drawn()
new, _ = drawn()
seen = {}
for kind in ("float32", "float64"):
    for scaled in (False, True):
        forest = RandomForestClassifier(100, random_state=0)
        # else one that does nothing, so that the rest is the same
        scaler = StandardScaler(with_mean=scaled, with_std=scaled)
        model = make_pipeline(scaler, forest).fit(trained.astype(kind), y)
        rows = new.astype(kind)
        graph = to_onnx(model, rows[:1], options={"zipmap": False}).SerializeToString()
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        _, votes = session.run(None, {session.get_inputs()[0].name: rows})
        away = np.abs(votes[:, 1] - model.predict_proba(rows)[:, 1])
        other = int((away > 1e-4).sum())
        seen[kind, scaled] = other
        name = f"{'scaler' if scaled else 'no scaler'}, {kind}:"
        print(f"{name:19} {other} of {ROWS} rows have other votes, by up to {away.max():.2f}")
stands = not seen["float32", False] and not seen["float64", False]
stands = stands and min(seen["float32", True], seen["float64", True]) > ROWS / 100
print("stands" if stands else "changed")
sys.exit(not stands)
PYTHON

"$folder/venv/bin/python" "$folder/half_way.py"
