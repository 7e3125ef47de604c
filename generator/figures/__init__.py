"""Every chart of the report, by the name templates use: `{{ chart("confusion", result, model="pgd_ramp") }}`.

Data
    histograms                every numeric column by class, as small multiples
    correlations              Pearson and Spearman, as two views
    breakdown                 rows and fraud rate per value; needs column=, and title= for dates
    calendar                  rows per day; only where data.calendar is there
    anomaly                   bars of one data-quality finding; needs slug=
    score_histogram           the risk score and the cut that makes the label
    label_flip                frauds that stop being frauds within ε
How the attack works
    walkthrough_steps         gradient and step of each feature of one fraud
    walkthrough_probability   its fraud probability before and after
Attacks (model= picks another one than the baseline)
    robust_accuracy           accuracy against ε, FGSM and PGD, and approving everything
    true_positive_rate        frauds still caught against ε
    confusion                 confusion matrices, clean and attacked
    feature_movement          how far the attack moved each feature
Hardening
    robust_accuracy_by_model  accuracy against ε of every model, one view an attack
    progression               round by round, one view an ε; recipe= picks the recipe
    recipes                   three readings of the original side by side; models= picks others
    trade_off                 clean against robust accuracy, one mark a model
    story                     what the models of the argument catch: nobody evades, FGSM says, proved
    kinds                     every kind of model: frauds caught, clean and proved; only where tiers were settled
    boundary                  slice of the decision boundary, a panel a model
Proof (only where the records hold proofs)
    exact_curve               what is proved against ε beside the attacks, the limit and the floor; model=
    exact_curves              the same for the models that matter, one view a model
    trap                      the original recipe round by round: FGSM, PGD, the truth
    radius                    how far each class holds, one view a model
    tiers                     frauds caught by tier at matched false alarms
    frontier                  the rule's frauds caught against false alarms, and the models
    label_aware               frauds that got through: still frauds by the rule, or not
    proof_walk                the boxes of the proof of one transaction; only where there is a walk
    battery                   every attack beside what is proved, one view a model
Business impact
    break_even                share of attackers from which hardening pays, by fraud share; draws= adds strips
    net_benefit               what a switch saves a day, by share of attackers; both only where there are rates
    missed_frauds             missed frauds a day, by model and attack
    leakage_reduction         how many of the standard model's misses each model catches
    false_alarms              genuine payments stopped a day
    accuracy_bounds           what an accuracy alone says about missed frauds
Other threats (only where the study asked for them)
    extraction                how often copies agree with their model, by questions asked
    membership                every model beside a coin: members of the training data told from strangers
    membership_epochs         the same of the standard model against the passes over its rows
    poisoned_models           frauds caught by share of planted training rows, with the mark and without
    votes                     what a vote of models keeps, by the number of changed rows
Validation, of its own record
    validation                every model: frauds caught, clean and proved, one view a tier

A chart is a pure function of the record; `embed` gives its HTML, `files_of` its files, `variants` the file of what
follows the attacker.
"""

from generator.figures import (
    attacks,
    boundary,
    data,
    economics,
    exact,
    extraction,
    hardening,
    impact,
    inference,
    kinds,
    patterns,
    poisoning,
    proofs,
    story,
    tiers,
    validation,
    walkthrough,
)
from generator.figures.chart import Chart
from generator.figures.embedding import FigurePlace, embed, files_of, registration
from generator.figures.variants import variants
from generator.figures.workbook import Told, by_budget

__all__ = [
    "CHARTS",
    "FOLLOWING",
    "QUOTED",
    "WHOSE",
    "Chart",
    "FigurePlace",
    "Told",
    "by_budget",
    "embed",
    "files_of",
    "registration",
    "variants",
]

CHARTS = {
    function.__name__: function
    for function in (
        data.histograms, data.correlations, patterns.breakdown, patterns.calendar, patterns.anomaly,
        data.score_histogram, data.label_flip,
        walkthrough.walkthrough_steps, walkthrough.walkthrough_probability,
        attacks.robust_accuracy, attacks.true_positive_rate, attacks.confusion, attacks.feature_movement,
        hardening.robust_accuracy_by_model, hardening.progression, hardening.recipes, hardening.trade_off,
        boundary.boundary, kinds.kinds, story.story,
        exact.exact_curve, exact.exact_curves, exact.trap, exact.radius,
        tiers.tiers, tiers.frontier, proofs.label_aware, proofs.proof_walk, proofs.battery,
        economics.break_even, economics.net_benefit,
        impact.missed_frauds, impact.leakage_reduction, impact.false_alarms, impact.accuracy_bounds,
        extraction.extraction,
        inference.membership, inference.membership_epochs,
        poisoning.poisoned_models, poisoning.votes,
        validation.validation,
    )
}  # fmt: skip

FOLLOWING = {
    "robust_accuracy": "budget", "true_positive_rate": "budget", "confusion": "budget",
    "robust_accuracy_by_model": "budget", "recipes": "budget", "trade_off": "budget", "exact_curve": "budget",
    "exact_curves": "budget", "missed_frauds": "budget", "tiers": "tier", "kinds": "tier", "story": "tier",
    "frontier": "view",
}  # fmt: skip
"""Charts that follow the attacker a reader picks, and what of him: the budget, the tier as well, or by the view of the
tier. Along an axis of budgets it is the summary that follows."""
QUOTED = {
    "trap", "label_aware", "feature_movement", "frontier", "break_even", "net_benefit", "leakage_reduction",
    "accuracy_bounds", "proof_walk",
}  # fmt: skip
"""Charts that are drawn at the quoted budget alone: the record has no other, or the calculator has."""
WHOSE = {
    name: whose
    for whose, names in {
        "nobody": (
            "histograms", "correlations", "breakdown", "calendar", "anomaly", "score_histogram", "boundary",
            "false_alarms", "extraction", "membership", "membership_epochs",
        ),
        "benchmark": (
            "label_flip", "walkthrough_steps", "walkthrough_probability", "robust_accuracy", "true_positive_rate",
            "confusion", "feature_movement", "robust_accuracy_by_model", "progression", "recipes", "trade_off",
            "exact_curve", "exact_curves", "trap", "radius", "label_aware", "proof_walk", "battery",
            "missed_frauds", "leakage_reduction", "accuracy_bounds",
        ),
        "quoted": ("break_even", "net_benefit"),
        "each": ("tiers", "frontier", "validation", "poisoned_models", "votes"),
        "picked": ("kinds", "story"),
    }.items()
    for name in names
}  # fmt: skip
"""Whom each chart is about, see `notation.attackers.whose`; its caption names him where that is one tier."""
