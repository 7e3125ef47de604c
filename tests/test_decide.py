"""What the search gives up, the mixed-integer program settles, and says the same as a patient search."""

import numpy as np
import pytest

from generator.proofs.relu.search import BROKEN, PROVED, UNRESOLVED, verify
from generator.proofs.relu.verifier import decide
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec
from tests.test_search import case


def _boxes(x: np.ndarray, epsilon: float) -> Boxes:
    d = x.shape[1]
    return Boxes(x, x, x - epsilon, x + epsilon, np.zeros(d, bool), np.zeros(d), np.ones(d))


@pytest.mark.parametrize("seed", range(3))
def test_rows_over_the_box_limit_get_the_answer_of_a_patient_search(seed):
    net, x, y = case(seed)
    x, y = x[:40], y[:40]
    box = x - 0.3, x + 0.3
    hurried, patient = verify(net, *box, y, box_limit=1), verify(net, *box, y)
    assert (hurried.outcome == UNRESOLVED).any()
    found = decide(net, _boxes(x, 0.3), y, ProofSpec(box_limit=1))
    np.testing.assert_array_equal(found.outcome, patient.outcome)
    assert set(found.outcome) == {PROVED, BROKEN}
    np.testing.assert_array_equal(np.isfinite(found.witness).all(1), found.outcome == BROKEN)


def test_what_neither_settles_stays_open():
    net, x, y = case(0)
    found = decide(net, _boxes(x, 0.3), y, ProofSpec(box_limit=1, milp_seconds=1e-9))
    assert (found.outcome == UNRESOLVED).any()
