"""What a model tells whoever asks: its probability of fraud, or what a defence makes of it."""

import numpy as np
from art.defences.postprocessor import ReverseSigmoid, Rounded
from scipy.special import expit

from generator.records.extraction import Answers, ExtractionSpec


def probabilities(margins: np.ndarray) -> np.ndarray:
    """Probability of fraud, float64, of margins that are log-odds; above a half where the margin is above 0."""
    return expit(margins.astype(np.float64))


def answered(probability: np.ndarray, answers: Answers, spec: ExtractionSpec) -> np.ndarray:
    """What is told of probabilities of fraud of any shape: a number from 0 to 1, fraud where above a half.

    Rounding and the reverse sigmoid are ART's. Its labels are not: of a batch with both answers it gives every row
    both, and so no fraud is left.

    Raises:
        ValueError: These answers are unknown.
    """
    if answers == "scores":
        return probability
    if answers == "labels":
        return (probability > 0.5).astype(np.float64)
    defences = {
        "rounded": Rounded(spec.decimals),
        "reverse_sigmoid": ReverseSigmoid(spec.reverse_beta, spec.reverse_gamma),
    }
    if answers not in defences:
        raise ValueError(f"unknown answers {answers!r}; known: scores, labels, {', '.join(defences)}")
    both = np.stack((1 - probability.ravel(), probability.ravel()), axis=1)
    return defences[answers](both)[:, 1].reshape(probability.shape)
