"""FraudNets in safetensors are read as the study deploys them."""

import numpy as np
import pytest
from safetensors.numpy import save

from generator.models.fraudnet.deployed import DeployedNet
from generator.models.fraudnet.training import margins
from generator.models.readers import ModelFileError, read
from generator.models.readers.deployed import Asked


@pytest.fixture
def published(random_stack, linear_stack, toy_folds) -> bytes:
    """Two models and the scaler of each replicate, as a study writes them."""
    arrays = {"means": toy_folds.means, "scales": toy_folds.scales}
    for model, stack in (("standard", random_stack), ("other", linear_stack)):
        arrays |= {f"{model}/{name}": value for name, value in stack.to_arrays().items()}
    return save(arrays)


def test_each_replicate_has_its_own_weights_and_scaler(published, random_stack, toy_folds, toy_table):
    x, _ = toy_table
    deployed = DeployedNet(random_stack, toy_folds.means, toy_folds.scales)
    margins = deployed.margins(np.broadcast_to(x, (toy_folds.replicates, *x.shape)))
    for replicate, own in enumerate(margins):
        found = read(published, asked=Asked(model="standard", replicate=replicate))
        assert (found.kind, found.width) == ("relu", 3)
        np.testing.assert_allclose(found.margins(x), own, atol=1e-6)
        assert ((found.margins(x) > 0) == (own > 0)).all()
    assert (np.abs(margins[0] - margins[1]) > 1e-3).any()


def test_its_layers_are_those_of_a_stack(published, random_stack):
    layers = read(published, asked=Asked(model="standard", replicate=1)).model.arrays()
    for name, value in random_stack.to_arrays().items():
        np.testing.assert_array_equal(layers[name][0], value[1])


def test_one_of_several_is_asked_for(published):
    with pytest.raises(ModelFileError, match="holds 2 models; say which: other, standard"):
        read(published)
    with pytest.raises(ModelFileError, match="holds 6 replicates; ask for one from 0 to 5"):
        read(published, asked=Asked(model="other", replicate=6))


def test_a_stack_alone_judges_standardised_rows(random_stack):
    found = read(save(random_stack.to_arrays()))
    x = np.random.default_rng(1).standard_normal((50, 3)).astype(np.float32)
    np.testing.assert_allclose(
        found.margins(x), margins(random_stack.select(slice(0, 1)), x[None])[0], atol=1e-6
    )
    assert "Without a scaler" in found.notes[0]
