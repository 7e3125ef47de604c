#!/usr/bin/env bash
# Package: adversarial-robustness-toolbox 1.20.1, with numpy 2.4.6 and Python 3.11.
#
# A good guess: ZooAttack keeps examples within the classifier's clip_values, and within them goes wherever the scores fall.
#
# Seen, on scores that rise with two inputs in [0, 1], and a row at (0.6, 0.6) that is flagged above (0.5, 0.5):
#     clip_values None:     the row ends below 0.5 in both, another label
#     clip_values (0, 1):   the row ends at (0.6, 0.6), the same label
#     clip_values (-1, 1):  the row ends below 0.5 in both, another label
# Cause: the optimiser clips what it adds to the row, not the row, to clip_values (zoo.py, _optimizer_adam_coordinate). With
# a range from 0 upwards nothing can be taken away from an input, whatever the slope; with one that leaves 0 out, something
# has to be added.
#
# For us: ZOO moves in shares of the budget, from nothing, within -1 and 1, where a step and a point have the same range
# (generator/threats/queries.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check adversarial-robustness-toolbox==1.20.1 packaging==26.3 \
    scikit-learn==1.9.1 numpy==2.4.6

cat > "$folder/zoo.py" <<'PYTHON'
import numpy as np
from art.attacks.evasion import ZooAttack
from art.estimators.classification import BlackBoxClassifierNeuralNetwork


def scores(rows):
    margin = rows.sum(axis=1) - 1
    return np.stack([-margin, margin], axis=1)


for range_ in (None, (0, 1), (-1, 1)):
    np.random.seed(0)
    classifier = BlackBoxClassifierNeuralNetwork(scores, (2,), 2, channels_first=False, clip_values=range_)
    attack = ZooAttack(
        classifier, max_iter=100, learning_rate=0.01, initial_const=1000.0, nb_parallel=2, use_resize=False,
        use_importance=False, verbose=False,
    )
    found = attack.generate(np.array([[0.6, 0.6]], np.float32), np.array([1]))[0]
    print(range_, "moved" if found.max() < 0.6 else "stayed", "another label" if scores(found[None])[0, 1] < 0 else "same label")
PYTHON

said=$("$folder/venv/bin/python" "$folder/zoo.py" 2> /dev/null)
echo "$said"
expected="None moved another label
(0, 1) stayed same label
(-1, 1) moved another label"
[[ "$said" == "$expected" ]] || { echo "changed"; exit 1; }
echo "stands"
