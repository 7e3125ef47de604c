"""FraudNets in safetensors, as a study writes them: weights.0, biases.0, ... of a stack, and the scaler of each."""

import re

import numpy as np
from safetensors.numpy import load

from generator.models.readers.deployed import Asked, Deployed, ModelFileError
from generator.models.readers.layered import Encoding, Layered


def read(data: bytes, asked: Asked) -> Deployed:
    """One replicate of one model."""
    arrays = load(data)
    layer = re.compile(r"(?:(.+)/)?weights\.(\d+)")
    found = [match for name in arrays if (match := layer.fullmatch(name))]
    models = sorted({match[1] or "" for match in found})
    if not models:
        raise ModelFileError("holds no array weights.0; export another net as ONNX, with its scaler in it")
    if asked.model not in models and len(models) > 1:
        raise ModelFileError(f"holds {len(models)} models; say which: {', '.join(models)}")
    model = asked.model if asked.model in models else models[0]
    start = f"{model}/" if model else ""
    depth = sum((match[1] or "") == model for match in found)
    replicates = len(arrays[f"{start}weights.0"])
    if not 0 <= asked.replicate < replicates:
        raise ModelFileError(f"holds {replicates} replicates; ask for one from 0 to {replicates - 1}")
    weights = tuple(arrays[f"{start}weights.{layer}"][asked.replicate] for layer in range(depth))
    biases = tuple(arrays[f"{start}biases.{layer}"][asked.replicate].ravel() for layer in range(depth))
    width = len(weights[0])
    encoding = Encoding.plain(width, np.float64)
    notes = ["Without a scaler: rows are standardised before they are judged."]
    if "means" in arrays:
        encoding = Encoding.scaled(arrays["means"][asked.replicate], arrays["scales"][asked.replicate])
        notes = []
    return Deployed(
        Layered(encoding, weights, biases, "relu", width),
        library="FraudNet",
        classes=(0, 1),
        tolerance=1e-5,
        notes=tuple(notes),
    )
