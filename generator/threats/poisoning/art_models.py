"""FraudNet as ART's defences and attacks on training rows take it: layers of torch, whose names they ask for."""

import logging

import torch
from art.estimators.classification import PyTorchClassifier

from generator.models.fraudnet.network import FraudNet

# they warn at every call that two logits are few, and that a model which is about to be fitted is not
for _name in ("defences.detector.poison.activation_defence", "estimators.scikitlearn",
              "estimators.classification.scikitlearn"):  # fmt: skip
    logging.getLogger(f"art.{_name}").setLevel(logging.ERROR)


def as_torch(net: FraudNet) -> PyTorchClassifier:
    """The only replicate of a stack, over standardised rows."""
    layers = as_layers(net)
    return PyTorchClassifier(
        layers, torch.nn.CrossEntropyLoss(), (layers[0].in_features,), 2, device_type="cpu"
    )


def as_layers(net: FraudNet) -> torch.nn.Sequential:
    """The only replicate of a stack as torch's own layers, whose names libraries ask for."""
    weights, biases = net.layers()
    layers: list[torch.nn.Module] = []
    for weight, bias in zip(weights, biases, strict=True):
        layer = torch.nn.Linear(*weight[0].shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight[0].T.copy()))
            layer.bias.copy_(torch.from_numpy(bias[0, 0].copy()))
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])
