"""The slice of the decision boundary shows the model it cuts."""

from dataclasses import replace

import numpy as np
import pytest

from generator.models.fraudnet.deployed import DeployedNet
from generator.models.slices import GRID, boundary_slice, telling_pair


def test_the_telling_pair_has_the_widest_gaps_in_standard_deviations_widest_first(toy_folds, toy_table):
    x, y = toy_table[0].copy(), toy_table[1]
    spread = x.std(0)
    x[y == 1, 2] += 30 * spread[2]  # wide in spreads
    x[y == 1, 0] += 3 * spread[0]
    assert telling_pair(replace(toy_folds, x=x)) == (2, 0)


def test_on_a_linear_model_the_slice_is_the_logistic_function_of_its_axes(toy_folds, toy_table, toy_features):
    weights, bias = np.array([0.5, -1.0, 2.0]), 0.25
    arrays = {"weights.0": np.zeros((6, 3, 2), np.float32), "biases.0": np.zeros((6, 1, 2), np.float32)}
    arrays["weights.0"][0, :, 1], arrays["biases.0"][0, 0, 1] = weights, bias
    cut = boundary_slice(DeployedNet.restored(arrays, toy_folds), toy_folds, toy_features, (2, 0), "standard")
    assert (cut.model, cut.x_feature, cut.y_feature) == ("standard", "balance", "amount")
    x, y = toy_table
    assert (cut.x[0], cut.x[-1]) == pytest.approx(np.quantile(x[:, 2], (0.01, 0.99)))
    assert (cut.y[0], cut.y[-1]) == pytest.approx(np.quantile(x[:, 0], (0.01, 0.99)))
    assert np.shape(cut.probability) == (GRID, GRID)
    middle = np.median(x[y == 1], axis=0)
    for row, column in ((0, 0), (0, 40), (40, 0), (17, 33)):
        raw = np.array([cut.y[row], middle[1], cut.x[column]])
        margin = ((raw - toy_folds.means[0]) / toy_folds.scales[0]) @ weights + bias
        assert cut.probability[row][column] == pytest.approx(1 / (1 + np.exp(-margin)), abs=1e-6)
