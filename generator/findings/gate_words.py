"""What the checks of the sanity gate say: a title, and a sentence with {name} where a fact of the record goes."""

from generator.notation.formats import Statement

GATE = {
    "disjoint": Statement(
        "No row trains the model that judges it",
        "{rows} rows stand on both sides of a fold.",
        {"rows": "count"},
    ),
    "duplicates": Statement(
        "No row stands in the table twice",
        "{rows} rows repeat the inputs of another.",
        {"rows": "count"},
    ),
    "seeds": Statement(
        "Results come from several seeds",
        "{seeds} independent repetitions.",
        {"seeds": "count"},
    ),
    "degenerate": Statement(
        "Every model predicts better than chance",
        "The weakest model's Matthews correlation without attack is {mcc}.",
        {"mcc": "number"},
    ),
    "budget": Statement(
        "No attacked row leaves its budget",
        "{rows} attacked rows left their budget.",
        {"rows": "count"},
    ),
    "zero-budget": Statement(
        "An attack without a budget changes nothing",
        "{rows} answers changed at a budget of zero.",
        {"rows": "count"},
    ),
    "pgd-fgsm": Statement(
        "PGD breaks at least what FGSM breaks",
        "At worst the accuracy under PGD is {gap} above that under FGSM.",
        {"gap": "points", "limit": "points"},
    ),
    "monotone": Statement(
        "A larger budget never helps the model",
        "{rows} rows were broken at one budget and not at a larger one.",
        {"rows": "count"},
    ),
    "collapse": Statement(
        "The largest budget leaves only what is proved",
        "At the largest budget the standard model has an accuracy of {kept} under PGD, and {proved} is proved.",
        {"kept": "percent", "proved": "percent"},
    ),
    "fgsm-exact": Statement(
        "FGSM does not overstate robustness (catastrophic overfitting)",
        "At worst FGSM shows {gap} more than is proved; {models} models exceed {limit}.",
        {"gap": "points", "models": "count", "limit": "points"},
    ),
    "pgd-exact": Statement(
        "PGD does not overstate robustness (gradient masking)",
        "At worst PGD shows {gap} more than is proved; {models} models exceed {limit}.",
        {"gap": "points", "models": "count", "limit": "points"},
    ),
    "black-box": Statement(
        "Attacks without gradients are no stronger than those with",
        "At worst one without gradients breaks {gap} more; {models} models exceed {limit}.",
        {"gap": "points", "models": "count", "limit": "points"},
    ),
    "noise": Statement(
        "Random noise is weaker than PGD",
        "At worst noise breaks {gap} more than PGD.",
        {"gap": "points", "limit": "points"},
    ),
    "battery": Statement(
        "All attacks together come close to what is proved",
        "The worst case of {attacks} attacks leaves at most {gap} more than is proved.",
        {"gap": "points", "attacks": "count", "limit": "points"},
    ),
    "settled": Statement(
        "Every row is proved or broken",
        "{rows} of {all} rows are neither proved nor broken.",
        {"rows": "count", "all": "count"},
    ),
    "proved": Statement(
        "At least one row is proved",
        "{rows} rows are proved.",
        {"rows": "count"},
    ),
    "contradictions": Statement(
        "No row is both proved and broken",
        "{rows} rows are proved and yet broken by an attack.",
        {"rows": "count"},
    ),
    "second-method": Statement(
        "A second method gives the same verdicts",
        "The search and a mixed-integer program disagree on {rows} of {all} rows put to both.",
        {"rows": "count", "all": "count"},
    ),
    "witnesses": Statement(
        "Examples found by the search fool the deployed pipeline",
        "{share} of {witnesses} examples fool the model in use, after rounding to its inputs.",
        {"share": "percent", "witnesses": "count"},
    ),
    "ablation": Statement(
        "Training longer without attack is compared too",
        "{models} models are compared, one trained longer without attack.",
        {"models": "count"},
    ),
}
"""By the slug of the check."""
