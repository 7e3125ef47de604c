"""Stolen models, invented: few enough that what is said of them can be worked out by hand."""

from generator.records.extraction import (
    BoxAgreement,
    Copy,
    Defence,
    ExtractionResult,
    ExtractionSpec,
    Stolen,
    Transfer,
)
from generator.records.metrics import wilson
from generator.records.proofs import Estimate
from generator.records.results import StudyResult

ASKED = ExtractionSpec(
    models=("standard", "pgd_ramp"),
    seeds=2,
    queries=(50, 500, 10_000),
    compared_queries=500,
    epsilons=(0.1, 0.35),
)
ROWS, FLAGGED = 200, 40
"""Judged in a seed, and of these flagged."""
SAME = {
    ("own", "scores", 50): (0.94, 0.80),
    ("own", "scores", 500): (0.98, 0.95),
    ("own", "scores", 10_000): (0.99, 0.98),
    ("own", "rounded", 500): (0.98, 0.94),
    ("own", "reverse_sigmoid", 500): (0.96, 0.90),
    ("own", "labels", 500): (0.97, 0.93),
    ("knockoff_nets", "labels", 50): (0.90, 0.70),
    ("knockoff_nets", "labels", 500): (0.96, 0.92),
    ("knockoff_nets", "labels", 10_000): (0.98, 0.96),
}
"""Thief, answers and questions -> agreement on all rows and on flagged ones."""


def share(value: float, rows: int = ROWS) -> Estimate:
    low, high = wilson(value, rows)
    return Estimate(value=value, low=low, high=high, n=rows, seeds=2, method="wilson")


def tiny_stolen(model: str = "standard", constant: float = 0.8) -> Stolen:
    """A net of which 40 of 200 rows are flagged, and its copies."""
    copies = tuple(
        Copy(
            thief=thief, answers=answers, queries=count, drawn=max(0, count - 500), agreement=share(every),
            on_flagged=share(flagged, FLAGGED),
        )
        for (thief, answers, count), (every, flagged) in SAME.items()
    )  # fmt: skip
    boxes = tuple(
        BoxAgreement(
            epsilon=epsilon, agree=share(agree, 60), disagree=share(0.15, 60), open=share(0.85 - agree, 60),
            points=1000, points_agreeing=1000,
        )
        for epsilon, agree in zip(ASKED.epsilons, (0.8, 0.4), strict=True)
    )  # fmt: skip
    lost = {"scores": 0.0, "rounded": -0.01, "reverse_sigmoid": -0.04, "labels": -0.12}
    defences = tuple(
        Defence(
            answers=answers, ranking=0.99 + less / 2, caught=share(0.95 + less, FLAGGED),
            difference=Estimate(
                value=less, low=less - 0.03 * (less < 0), high=less + 0.03 * (less < 0), n=FLAGGED, seeds=2,
                method="bootstrap",
            ),
        )
        for answers, less in lost.items()
    )  # fmt: skip
    transfer = Transfer(
        attack="pgd", epsilon=0.35, from_copy=share(0.78, FLAGGED), by_chance=share(0.15, FLAGGED),
        white_box=share(0.79, FLAGGED), not_proved=share(0.83, FLAGGED), past_proof=0,
    )  # fmt: skip
    return Stolen(
        model=model, kind="relu", constant=share(constant), copies=copies, boxes=boxes, transfer=transfer,
        defences=defences,
    )  # fmt: skip


def tiny_extraction(*stolen: Stolen) -> ExtractionResult:
    """Of these models; of the standard one and PGD training where none is given."""
    return ExtractionResult(
        real_rows=500,
        judged_rows=ROWS,
        stolen=stolen or (tiny_stolen(), tiny_stolen("pgd_ramp", 0.9)),
        not_applicable=(),
    )


def with_extraction(result: StudyResult, found: ExtractionResult | None = None) -> StudyResult:
    """The same study where models were stolen too."""
    spec = result.spec.model_copy(update={"extraction": ASKED})
    return result.model_copy(update={"spec": spec, "extraction": found or tiny_extraction()})
