"""What is proved, beside what attacks said: the sentences a risk committee reads first."""

from generator.findings.evaluations import MASKING_POINTS, comparison, exact, trivial_accuracy
from generator.findings.recipes import RecipeRow
from generator.notation import formats
from generator.records.proofs import ProofResult
from generator.records.results import Comparison, Evaluation, StudyResult

BESIDE = {"higher": "which is less", "lower": "which is more", "no difference": "no measurable difference"}
"""Where another model stands beside one, by the direction of the difference of that one from it."""


def overstated(result: StudyResult, model: str) -> float:
    """FGSM minus what is proved, at the headline budget; zero for approving everything, and where FGSM says nothing."""
    fgsm = result.model(model).final.find("fgsm", result.spec.attack.headline_epsilon)
    if model == result.roles.trivial or not fgsm:
        return 0.0
    return fgsm.accuracy.value - exact(result, model).accuracy.value


def trap_sentence(result: StudyResult, row: RecipeRow) -> str:
    """What FGSM says of one recipe, what is true of it, and where that leaves it."""
    fgsm, true = (formats.percent(e.value) for e in (row.gap.fgsm, row.exact.accuracy))
    size = overstated(result, row.name)
    start = f"Under FGSM, {row.words.phrase} has an accuracy of {fgsm}"
    if size > MASKING_POINTS:
        said = f"{start}. Verified: {true}, {formats.loss(size)} less."
    elif row.blocked:
        said = f"{start}, and {true} is proved, {formats.loss(size)} less."
    else:
        said = f"{start}, and {true} is proved: here FGSM does not mislead."
    return f"{said} {_beside_standard(result, row)} {beside_trivial(result, row.name)}"


def standing_sentence(result: StudyResult, row: RecipeRow) -> str:
    """The proved accuracy of a recipe, beside the standard model and approving everything; quotes no attack."""
    true = formats.percent(row.exact.accuracy.value)
    return (
        f"{formats.capital(row.words.phrase)} has a proved accuracy of {true}. {_beside_standard(result, row)} "
        f"{beside_trivial(result, row.name)}"
    )


def beside_trivial(result: StudyResult, model: str) -> str:
    """Approving everything, beside the proved accuracy of `model`."""
    epsilon = result.spec.attack.headline_epsilon
    found = comparison(result, model, result.roles.trivial, "accuracy", "exact", epsilon)
    trivial = formats.percent(trivial_accuracy(result))
    side = f", {BESIDE[found.direction]}" if found else ""
    return f"Approving everything, which catches no fraud, would score {trivial}{side}."


def masking_sentence(result: StudyResult, row: RecipeRow) -> str:
    """FGSM, the iterative attack and the proof on one recipe; catastrophic overfitting by name."""
    name, proved = formats.capital(row.words.phrase), row.exact.accuracy.value
    figures = (
        f"{name}: {formats.percent(row.gap.fgsm.value)} under FGSM, {formats.percent(row.gap.pgd.value)} "
        f"under {row.gap.title}, {formats.percent(proved)} proved"
    )
    size = overstated(result, row.name)
    if size > MASKING_POINTS:
        return f"{figures}. FGSM overstates accuracy by {formats.loss(size)}: catastrophic overfitting."
    if row.blocked:
        return f"{figures}, {formats.loss(size)} less than under FGSM. No warning."
    return f"{figures}. No warning."


def standard_sentence(result: StudyResult, proved: Evaluation) -> str:
    """The proved accuracy of the standard model at the headline budget."""
    epsilon = formats.epsilon(result.spec.attack.headline_epsilon)
    said = (
        f"With every input free to move by {epsilon}, the standard model has a proved accuracy of "
        f"{formats.percent(proved.accuracy.value)} ({formats.interval(proved.accuracy)})."
    )
    known = "" if proved.unresolved else " For every other transaction, an attack is known that gets through."
    return f"{said}{known} {beside_trivial(result, result.roles.baseline)}"


def limit_sentence(result: StudyResult, proofs: ProofResult) -> str:
    """What no classifier can pass at the headline budget, what a known one reaches, and what lies between."""
    epsilon, limit = result.spec.attack.headline_epsilon, proofs.limit
    if epsilon not in limit.epsilons:
        return ""
    place = limit.epsilons.index(epsilon)
    best, known = limit.ceiling[place], limit.reached[place]
    if best >= 1:
        return (
            "These rows alone set no limit: no fraud and genuine payment can be moved onto the same point at "
            f"{formats.epsilon(epsilon)}. An accuracy of {formats.percent(known)} is known to be possible."
        )
    rows = "further transactions of this kind" if limit.population else "these rows"
    return (
        f"No classifier whatever can have an accuracy above {formats.percent(best)} on {rows} at "
        f"{formats.epsilon(epsilon)}. One with {formats.percent(known)} is known, so the best possible accuracy "
        f"lies in the {formats.loss(best - known)} between."
    )


def limit_note(result: StudyResult, proofs: ProofResult) -> str:
    """How the limit of `limit_sentence` was found, and what the rule reaches itself."""
    epsilon, limit = result.spec.attack.headline_epsilon, proofs.limit
    if epsilon not in limit.epsilons:
        return ""
    place = limit.epsilons.index(epsilon)
    rule = ""
    if proofs.rule:
        kept = formats.percent(proofs.rule.kept[place])
        rule = f" The rule that made the labels, with labels held fixed, has an accuracy of {kept}."
    if not limit.population:
        return (
            "This dataset has no generator to draw further rows from, so the limit is that of its own rows; "
            f"on more rows it would be lower.{rule}"
        )
    return (
        f"The limit is estimated on {formats.count(limit.population.rows)} fresh rows from the generator, "
        f"labelled by the same rule and cut; at {formats.LEVEL} confidence chance adds less than "
        f"{formats.loss(limit.population.margin[place])}. The rows of the table alone would allow "
        f"{formats.percent(limit.best[place])}: the fewer the rows, the looser the limit.{rule}"
    )


def unresolved_sentence(proofs: ProofResult) -> str:
    """How many questions were asked, and how each ended."""
    proved, broken, left = proofs.rows_proved, proofs.rows_broken, proofs.rows_unresolved
    total = proved + broken + left
    asked = (
        f"{formats.count(total)} questions were asked, one for each transaction, model, repetition and budget"
    )
    rounding = rounding_sentence(proofs.rows_by_rounding)
    if not left:
        return (
            f"{asked}. All were answered: {formats.count(proved)} proved, {formats.count(broken)} broken by "
            f"an example, none left open.{rounding}"
        )
    return (
        f"{asked}. {formats.count(left)} of them ({formats.percent(left / total, 3)}) were left open: "
        f"neither proved nor broken. They count as broken, so the proved figures are lower limits.{rounding}"
    )


def rounding_sentence(answers: int | None) -> str:
    """How many answers no example decides, with a space before it; empty where they were not counted."""
    if answers is None:
        return ""
    if not answers:
        return " No answer is decided by rounding alone."
    are, they = ("answer is", "it counts") if answers == 1 else ("answers are", "they count")
    return f" {formats.count(answers)} {are} decided by rounding alone; {they} as broken."


def contradiction_sentence(proofs: ProofResult) -> str:
    """Whether any attack broke what was proved."""
    if not proofs.contradictions:
        return "No attack broke a transaction that was proved safe."
    return (
        f"{formats.count(proofs.contradictions)} rows were proved safe and yet broken by an attack. One of "
        "the two is wrong, so no proved figure on these pages may be relied on."
    )


def _beside_standard(result: StudyResult, row: RecipeRow) -> str:
    """The standard model's proved accuracy, and the paired difference."""
    theirs = formats.percent(exact(result, result.roles.baseline).accuracy.value)
    return f"The standard model has {theirs}: {_difference(row.exact_change)}."


def _difference(found: Comparison) -> str:
    """By how much the baseline lies above or below."""
    size = formats.loss(abs(found.difference.value))
    low, high = sorted((abs(found.difference.low), abs(found.difference.high)))
    ends = f"interval {formats.between(low, high, 'loss')}"
    return {
        "lower": f"{size} more ({ends})",
        "higher": f"{size} less ({ends})",
        "no difference": "no measurable difference",
    }[found.direction]
