"""Cost of one trained replicate: the stack against a plain loop of ART's `PyTorchClassifier.fit`.

Same rows, epochs, batch size and optimiser. The loop costs the same for each model, so a few
of them give its cost per model; they also give the accuracies that the stack must match.
"""

import time
from itertools import pairwise

import numpy as np
import torch
from art.estimators.classification import PyTorchClassifier
from scipy.stats import ks_2samp
from torch import nn

from generator.engine.seeding import global_seed, stage_rng
from generator.models.fraudnet.training import margins, train_standard
from tests.benchmarks.data import checks

LOOPED = 10
"""Models trained one by one; every fifth replicate of the stack, one for each seed."""


def measure() -> dict:
    """CPU seconds per replicate both ways, their ratio, and the test accuracies both ways."""
    spec, folds = checks()
    x, y, test_x, test_y = folds.train_x(), folds.train_y(), folds.test_x(), folds.test_y()
    began = time.process_time()
    net, steps = train_standard(x, y, spec.training, stage_rng(spec.seed, "train"))
    stacked = (time.process_time() - began) / folds.replicates
    stacked_accuracy = ((margins(net, test_x) > 0) == test_y).mean(1)
    looped, looped_accuracy = [], []
    for replicate in range(0, folds.replicates, folds.replicates // LOOPED):
        seconds, accuracy = _one_by_art(
            spec, x[replicate], y[replicate], test_x[replicate], test_y[replicate]
        )
        looped.append(seconds)
        looped_accuracy.append(accuracy)
    per_loop = float(np.median(looped))
    return {
        "replicates": folds.replicates,
        "training_rows": x.shape[1],
        "epochs": spec.training.epochs,
        "gradient_steps": steps,
        "seconds_per_replicate_stacked": stacked,
        "seconds_per_model_looped": per_loop,
        "models_looped": len(looped),
        "ratio": per_loop / stacked,
        "accuracy_stacked": _distribution(stacked_accuracy),
        "accuracy_looped": _distribution(np.array(looped_accuracy)),
        "kolmogorov_smirnov_p": float(ks_2samp(stacked_accuracy, looped_accuracy).pvalue),
    }


def _one_by_art(spec, x, y, test_x, test_y) -> tuple[float, float]:
    """CPU seconds and test accuracy of one FraudNet as one would write it, trained by ART."""
    training = spec.training
    with global_seed(spec.seed, f"benchmark/{x[0, 0]}"):
        widths = (x.shape[1], *training.hidden)
        hidden = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
        net = nn.Sequential(*hidden, nn.Linear(widths[-1], 2))
        classifier = PyTorchClassifier(
            net,
            nn.CrossEntropyLoss(),
            input_shape=(x.shape[1],),
            nb_classes=2,
            optimizer=torch.optim.Adam(net.parameters(), lr=training.learning_rate),
            device_type="cpu",
        )
        began = time.process_time()
        classifier.fit(x, y, batch_size=training.batch_size, nb_epochs=training.epochs)
        seconds = time.process_time() - began
    return seconds, float((classifier.predict(test_x).argmax(1) == test_y).mean())


def _distribution(values: np.ndarray) -> dict[str, float]:
    return {
        "mean": float(values.mean()),
        "standard_deviation": float(values.std(ddof=1)),
        "least": float(values.min()),
        "most": float(values.max()),
    }


def rows(measured: dict) -> list[tuple[str, str]]:
    stacked, looped = measured["accuracy_stacked"], measured["accuracy_looped"]
    return [
        ("replicates in the stack", str(measured["replicates"])),
        ("training rows, epochs", f"{measured['training_rows']}, {measured['epochs']}"),
        ("CPU seconds per replicate, stacked", f"{measured['seconds_per_replicate_stacked']:.3f}"),
        (
            f"CPU seconds per model, ART's fit ({measured['models_looped']} models, median)",
            f"{measured['seconds_per_model_looped']:.3f}",
        ),
        ("ratio (aim: at least 15)", f"{measured['ratio']:.1f}"),
        ("test accuracy, stacked", _words(stacked)),
        ("test accuracy, ART's fit", _words(looped)),
        ("Kolmogorov-Smirnov p that both are one distribution", f"{measured['kolmogorov_smirnov_p']:.2f}"),
    ]


def _words(d: dict[str, float]) -> str:
    return f"{d['mean']:.4f} ± {d['standard_deviation']:.4f} ({d['least']:.4f} to {d['most']:.4f})"
