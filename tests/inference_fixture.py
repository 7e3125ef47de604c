"""The tiny result with what its models give away about their training rows, few enough to work out by hand."""

from kinds_fixture import with_kinds

from generator.records.inference import (
    Attribute,
    EpochMembership,
    FoundAt,
    InferenceResult,
    InferenceSpec,
    Instrument,
    Membership,
    ModelMembership,
)
from generator.records.proofs import Estimate
from generator.records.results import StudyResult

AREAS = {"standard": 0.506, "pgd_ramp": 0.503, "boosted_trees": 0.57}
"""Model -> area under the curve, with 0.008 either way; that of ART is one half, with 0.04."""


def estimate(value: float, arm: float) -> Estimate:
    return Estimate(value=value, low=value - arm, high=value + arm, n=1000, seeds=2, method="bootstrap")


def membership(area: float, advantage: float = 0.0, least_epsilon: float = 0.0) -> Membership:
    return Membership(
        auc=estimate(area, 0.008),
        at=tuple(
            FoundAt(
                false_positive_rate=rate, found=estimate(2 * rate, rate), mistaken=estimate(rate, rate / 2)
            )
            for rate in (0.01, 0.05)
        ),
        advantage=estimate(advantage, 0.01),
        gap=estimate(0.02, 0.004),
        least_epsilon=least_epsilon,
    )


def with_inference(
    dataset: str = "checks", *, areas: dict[str, float] = AREAS, hardened: float = 0.0, forest: float = 0.75
) -> StudyResult:
    """`hardened`: how much more the one recipe gives away than the baseline, with 0.01 either way."""
    result = with_kinds(dataset)
    against = {"standard": None, "pgd_ramp": hardened, "boosted_trees": 0.064}
    models = tuple(
        ModelMembership(
            model=name,
            membership=membership(area, *((0.1, 0.5) if name == "boosted_trees" else ())),
            against=None if against[name] is None else estimate(against[name], 0.01),
            library_auc=estimate(0.5, 0.04),
            library_accuracy=estimate(0.5, 0.04),
        )
        for name, area in areas.items()
    )
    found = InferenceResult(
        models=models,
        epochs=tuple(
            EpochMembership(
                epochs=epochs, accuracy_members=0.9 + epochs / 2000, accuracy_others=0.9,
                membership=membership(0.5 + epochs / 5000),
            )
            for epochs in (0, 25, 100)
        ),
        instruments=(
            Instrument(name="untrained", auc=estimate(0.502, 0.008), least=None),
            Instrument(name="forest", auc=estimate(forest, 0.01), least=0.72),
            Instrument(name="mislabelled_forest", auc=estimate(0.87, 0.01), least=0.85),
        ),
        attributes=tuple(
            Attribute(
                model="standard", input=feature.name, bands=5, most_frequent=0.2, alone=estimate(0.25, 0.04),
                answered=estimate(0.25 + gain, 0.04), trained_on=estimate(0.26 + gain, 0.04),
                gain=estimate(gain, 0.02),
            )
            for feature, gain in zip(result.data.features, (0.1, 0.01), strict=False)
        ),
    )  # fmt: skip
    spec = result.spec.model_copy(update={"inference": InferenceSpec(epochs=(25, 100))})
    return result.model_copy(update={"spec": spec, "inference": found})
