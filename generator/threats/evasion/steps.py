"""One step of the fast gradient sign method in boxes that are no cubes, which ART's own does not know."""

import numpy as np
import torch

from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.slopes import margin_and_gradient
from generator.records.boxes import Boxes


def stepped(stack: FraudNet, around: Boxes) -> np.ndarray:
    """(replicates, rows, d) raw units: the face of every input that lowers the margin, by the slope at the row itself.

    An input without a slope, or whose box has no width, stays (Goodfellow et al. 2015, with a box in place of a cube).

    Args:
        around: (replicates, rows, d), of the replicates of `stack`.
    """
    _, slopes = margin_and_gradient(stack, torch.from_numpy(around.x.astype(np.float32)))
    points = around.raw.copy()
    for replicate, slope in enumerate(slopes.numpy()):
        low, high = around.of(replicate).raw_faces()
        points[replicate] = np.where(slope > 0, low, np.where(slope < 0, high, points[replicate]))
    return points
