"""The kinds of model there are, and those trained beside FraudNet. To add one: its class here, its verifier there."""

from collections.abc import Callable
from typing import NamedTuple

from generator.models import encoding
from generator.models.asked import Asked
from generator.models.encoded import Encoded
from generator.models.folds import Folds
from generator.models.fraudnet.deployed import DeployedNet
from generator.models.fraudnet.monotone import monotone_net
from generator.models.linear import Linear, logistic_regression
from generator.models.model import Model
from generator.models.smooth import SmoothNet
from generator.models.trees import recipes as trees
from generator.models.trees.trees import Trees

KINDS: dict[str, type[Model]] = {kind.kind: kind for kind in (DeployedNet, Linear, Trees, SmoothNet, Encoded)}
"""By name; each is restored from arrays and folds. `generator.proofs.verifiers.VERIFIERS` has the same names."""


class Trained(NamedTuple):
    """A model that a spec may list beside FraudNet."""

    kind: str
    train: Callable[[Folds, Asked], Model]
    """All replicates, each on its own training rows."""


TRAINED = {"logistic_regression": Trained(Linear.kind, lambda folds, _: logistic_regression(folds))} | {
    train.__name__: Trained(kind.kind, train)
    for kind, train in (
        (DeployedNet, monotone_net),
        (Trees, trees.boosted_trees),
        (Trees, trees.monotone_trees),
        (Trees, trees.monotone_trees_widest),
        (Trees, trees.trees_left_out),
    )
}
"""By name of the model, as `generator.records.spec.Beside` lists them."""

ENCODED = {
    train.__name__: Trained(Encoded.kind, train)
    for train in (encoding.standard, encoding.pgd_tier1, encoding.logistic_regression, encoding.monotone_net)
}
"""By name: nets and linear models of tables that may have names and gaps."""


def trained(name: str, encoded: bool) -> Trained:
    """The model called `name`; `encoded` where inputs may be names or lacking, which trees take as they are."""
    return ENCODED[name] if encoded and name in ENCODED else TRAINED[name]
