"""What was proved: exact rates, tiers, radii, the limit, what the battery of attacks adds, and the sanity gate."""

from typing import Literal

from generator.records.base import Record


class Estimate(Record):
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int
    """Rows behind the value (not rows times seeds)."""
    seeds: int
    """Independent repetitions behind the value; 0 where no model is involved."""
    method: Literal["wilson", "bootstrap", "clopper-pearson", "delong"]


class Reach(Record):
    """What a tier may do to one feature at the headline budget, raw units; 0 where it may do nothing."""

    tier: str
    feature: str
    down: float
    up: float


class TierResult(Record):
    """Frauds caught by one model when a fraudster of one tier evades, at a matched false-positive rate.

    The cut of each replicate is set so that this share of its genuine test rows alarms: a
    point of the ROC curve. Genuine rows do not evade.
    """

    model: str
    tier: str
    epsilon: float
    false_positive_rate: float
    """The share matched."""
    caught_clean: Estimate
    caught_proved: Estimate
    """Share of frauds that no input within the tier's box lets through: a proof, not an attack."""
    unresolved: int
    """Rows (over all seeds) that were neither proved nor broken; counted as not caught."""
    by_rounding: int | None = None
    """Rows (over all seeds) that count as broken, although no example is wrong by more than rounding; None in records
    from before they were counted."""
    caught_fgsm: Estimate | None = None
    """Share of frauds caught where fraudsters take one gradient sign step in the tier's box: an attack, so no proof. At
    the quoted rate and the headline budget alone; None where the model has no gradients."""


class TierComparison(Record):
    """`model` minus `standard` in proved frauds caught, same rows and seeds."""

    model: str
    tier: str
    epsilon: float
    false_positive_rate: float
    difference: Estimate
    direction: Literal["higher", "lower", "no difference"]


class Choice(Record):
    """The model that kept most on rows it was chosen on, and what it kept on rows it was not."""

    tier: str
    epsilon: float
    measure: Literal["robust_accuracy", "caught_proved"]
    model: str
    """The model chosen for most folds."""
    agreeing: int
    """Folds (over all seeds) whose own validation rows chose this model."""
    folds: int
    validated: Estimate
    """The measure on each fold's rows for the model its other folds chose: no row takes part in its own choice."""


class RadiusSummary(Record):
    """Exact radius of the rows of one model, plain box: how far each holds, in standard deviations."""

    model: str
    seeds: int
    edges: tuple[float, ...]
    legitimate: tuple[int, ...]
    """Rows (over the seeds) per bin, already wrong ones in the first; rows beyond the last edge are `beyond`."""
    fraud: tuple[int, ...]
    beyond: int
    """Rows proved up to the largest budget asked."""
    median_legitimate: float
    median_fraud: float
    widest_bracket: float
    """Largest distance between the largest budget proved and the smallest broken, over all rows."""
    mean_boxes: float
    """Boxes of the search per row."""


class PopulationLimit(Record):
    """The limit on any further rows, where the dataset can be drawn from; at the budgets of `Limit`."""

    rows: int
    """Fresh rows it is estimated on, labelled by the study's rule and cut."""
    best: tuple[float, ...]
    """No classifier whatever keeps more of further rows, up to `margin`."""
    margin: tuple[float, ...]
    """What chance in the rows drawn may add to `best`, at a confidence of 95 %."""
    known: tuple[float, ...]
    """Kept of the fresh rows by the classifier of `Limit.known`, which has not seen them."""


class Limit(Record):
    """What no classifier whatever can pass under the plain box, and what one that is known reaches."""

    epsilons: tuple[float, ...]
    best: tuple[float, ...]
    """Best robust accuracy any classifier could have on these rows."""
    known: tuple[float, ...]
    """Kept of these rows by a rule behind the labels with its own cut and inputs pulled to their mean, or by approving
    everything."""
    population: PopulationLimit | None
    """None where there is nothing to draw further rows from, or no rule that labels them."""

    @property
    def ceiling(self) -> tuple[float, ...]:
        """The limit to draw: that of any further rows where it is known, else that of these rows."""
        return self.population.best if self.population else self.best

    @property
    def reached(self) -> tuple[float, ...]:
        """What a known classifier reaches below that ceiling, on the same rows."""
        return self.population.known if self.population else self.known


class ProvedMonotone(Record):
    """Inputs that every replicate of a model is proved to be monotone in, whatever the others are.

    One that no replicate depends on neither raises nor lowers the margin: it is named both times.
    """

    model: str
    rises: tuple[str, ...]
    """The margin never falls as one of these rises."""
    falls: tuple[str, ...]


class MonotoneLimit(Record):
    """What no monotone rule catches once frauds of one tier have evaded, at a matched share of false alarms."""

    tier: str
    epsilon: float
    false_positive_rate: float
    by_fold: float
    """No rules, one a fold, catch more of the frauds of their own rows: holds for each model drawn beside it."""
    by_one: float
    """No rule judging all these rows at once catches more."""
    drawn: float | None
    """No rule catches more of any further rows, up to `drawn_margin`; None where there is nothing to draw from."""
    drawn_margin: float | None
    """What chance in the rows drawn may add to `drawn`, at a confidence of 95 %."""
    drawn_rows: int


class MonotoneLimits(Record):
    """Limits of rules that never call a row safer when one of some inputs gets riskier; of no other rule."""

    inputs: tuple[str, ...]
    """In which the rules are monotone: those with a direction of risk. In all others they are free."""
    limits: tuple[MonotoneLimit, ...]
    """The quoted rate at all budgets, others at the headline; none where no input has a direction."""

    def at(self, tier: str, epsilon: float, false_positive_rate: float) -> MonotoneLimit:
        """The limit there; KeyError where none was worked out."""
        for limit in self.limits:
            if (limit.tier, limit.epsilon, limit.false_positive_rate) == (tier, epsilon, false_positive_rate):
                return limit
        raise KeyError(f"no limit of monotone rules for {tier} at {epsilon}, {false_positive_rate}")


class Frontier(Record):
    """The rule as a detector: frauds caught under evasion against false alarms, at the headline budget."""

    tier: str
    epsilon: float
    false_positive_rate: tuple[float, ...]
    caught: tuple[float, ...]


class LabelAware(Record):
    """What became of the frauds the search broke: did the example found stay a fraud by the rule?"""

    model: str
    tier: str
    epsilon: float
    frauds: int
    """Frauds caught before, over all seeds."""
    evaded: int
    """Of these, with an example that gets through (the prediction changes)."""
    still_fraud: int
    """Of these, with the rule still calling the example found a fraud."""


class RuleProofs(Record):
    """What the rule that made the labels reaches itself, and what it says of evasions."""

    kept: tuple[float, ...]
    """Robust accuracy of the rule under the plain box, labels held fixed; at the budgets of `Limit`."""
    frontiers: tuple[Frontier, ...]
    label_aware: tuple[LabelAware, ...]


class BatteryRow(Record):
    """One attack of the battery against one model, first seed, plain box, headline budget."""

    model: str
    attack: str
    rows: int
    kept: int | None
    """Rows right before and after; None where the attack does not apply: it needs gradients, another replicate or few
    inputs, and there are none."""
    queries: float
    """Forward passes per row."""


class GateCheck(Record):
    """One sanity check of the evaluation. Its words are the report's."""

    slug: str
    status: Literal["PASS", "FAIL", "N/A"]
    facts: dict[str, float]
    """The numbers it was decided on."""
    blocks: tuple[str, ...]
    """Models whose attack figures may not be quoted as robustness while this fails."""


class ProofStep(Record):
    """One box of the search on one transaction."""

    depth: int
    lower: tuple[float, ...]
    """Raw units, features in the model's order."""
    upper: tuple[float, ...]
    bound: float
    """The answer's margin is proved to be at least this on the whole box, in logits."""
    outcome: Literal["proved", "broken", "halved"]


class ProofWalk(Record):
    """How one transaction was proved, box by box, in the order of the search."""

    row_id: str
    model: str
    epsilon: float
    label: Literal["fraud", "legitimate"]
    margin: float
    """At the transaction itself, in favour of the right answer, logits."""
    boxes: int
    steps: tuple[ProofStep, ...]
    """The first of them."""


class ProofResult(Record):
    """Everything beyond attacks."""

    reach: tuple[Reach, ...]
    tiers: tuple[TierResult, ...]
    tier_comparisons: tuple[TierComparison, ...]
    choices: tuple[Choice, ...]
    radii: tuple[RadiusSummary, ...]
    limit: Limit
    monotone: MonotoneLimits | None = None
    """None in records from before there was such a limit."""
    proved_monotone: tuple[ProvedMonotone, ...] = ()
    """Of every model, also where there is no such input."""
    rule: RuleProofs | None
    """None where the labels were found, not made by a rule."""
    battery: tuple[BatteryRow, ...]
    gate: tuple[GateCheck, ...]
    walk: ProofWalk | None
    rows_proved: int
    """Rows times models times seeds times budgets settled with `proved`, plain box."""
    rows_broken: int
    rows_unresolved: int
    rows_by_rounding: int | None = None
    """Of those broken, where no example is wrong by more than rounding; None in records from before they were
    counted."""
    contradictions: int
    """Rows both proved and broken by an attack: has to be zero."""
