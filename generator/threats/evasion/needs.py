"""What an attack needs of a model; where that is missing, it does not apply."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from generator.models.folds import Folds
from generator.models.model import Differentiable, Model

Need = Literal["gradients", "scores", "answers", "another replicate", "few inputs"]
"""Slopes of the margin, the margin, its sign; a second replicate to make examples on; at most FEW_INPUTS inputs."""

FEW_INPUTS = 12
"""An input more doubles the corners of a box: these have 4,096, each a call of the model for every row."""


class Attack(NamedTuple):
    """An attack as it is declared."""

    propose: Callable
    needs: tuple[Need, ...]
    carries_over: bool = False
    """A row that it breaks counts as broken at every larger budget, and is not attacked there again."""

    def applies(self, model: Model, folds: Folds) -> bool:
        """Whether `model`, one replicate of it for each of `folds`, has all that the attack needs."""
        has = {
            "gradients": isinstance(model, Differentiable),
            "scores": True,
            "answers": True,
            "another replicate": folds.replicates > 1,
            "few inputs": folds.x.shape[1] <= FEW_INPUTS,
        }
        return all(has[need] for need in self.needs)
