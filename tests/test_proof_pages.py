"""What the pages say of proofs follows their numbers; a record with empty parts loses those only."""

import re
from pathlib import Path

import pytest
from report_fixture import templates_of, tiny_result

from generator import findings
from generator.findings import exact, recipes, tiers
from generator.findings.gate import blocked
from generator.findings.gate_words import GATE
from generator.pages.rendering import render_pages
from generator.records.results import Estimate, StudyResult
from generator.records.roles import Roles

ORIGINAL = Roles().original

TEMPLATES = Path(__file__).parents[1] / "templates"


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=1000, seeds=10, method="bootstrap")


def with_proofs(result: StudyResult, **changes) -> StudyResult:
    return result.model_copy(update={"proofs": result.proofs.model_copy(update=changes)})


def compared(result: StudyResult, baseline: str, low: float, high: float) -> StudyResult:
    """The result with the proved accuracy of the original recipe minus `baseline` replaced."""
    direction = "higher" if low > 0 else "lower" if high < 0 else "no difference"
    changed = {"difference": estimate((low + high) / 2, low, high), "direction": direction}
    asked = (ORIGINAL, baseline, "accuracy", "exact")
    rows = tuple(
        c.model_copy(update=changed) if (c.model, c.baseline, c.metric, c.attack) == asked else c
        for c in result.comparisons
    )
    return result.model_copy(update={"comparisons": rows})


def gated(result: StudyResult, status: str) -> StudyResult:
    """The result in which every check has this status."""
    return with_proofs(
        result, gate=tuple(c.model_copy(update={"status": status}) for c in result.proofs.gate)
    )


def original(result: StudyResult) -> recipes.RecipeRow:
    return recipes.original_row(result, recipes.recipe_rows(result))


def texts(docs: Path) -> dict[str, str]:
    """Page name -> text."""
    return {path.stem: path.read_text(encoding="utf-8") for path in docs.glob("*.md")}


@pytest.fixture(scope="module")
def pages(tiny_docs) -> dict[str, str]:
    """Page name -> text of both tiny results, with proofs."""
    return texts(tiny_docs)


# ---------------------------------------------------------------- the trap


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (
            -0.25,
            -0.15,
            "below the standard model's 53.1\u202f% (by 20.0 points",
        ),
        (
            0.05,
            0.15,
            "above the standard model's 53.1\u202f% (by 10.0 points",
        ),
        (
            -0.1,
            0.1,
            "no measurable difference from the standard model's 53.1",
        ),
    ],
)
def test_the_truth_stands_beside_the_standard_model_as_its_difference_says(low, high, words):
    result = compared(tiny_result(), "standard", low, high)
    # hand-made behaviour: 90.0 % under FGSM, 33.8 % proved
    sentence = exact.trap_sentence(result, original(result))
    assert sentence.startswith("FGSM says that the original recipe keeps 90.0\u202f%.")
    assert f"Verified: 33.8\u202f%, 56.3 points less, {words}" in sentence


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.01, 0.1, "above"), (-0.1, -0.01, "below"), (-0.1, 0.1, "level with")],
)
def test_approving_everything_is_beside_what_is_proved(low, high, word):
    result = compared(tiny_result(), "approve_everything", low, high)
    assert (
        exact.beside_trivial(result, ORIGINAL) == f"That is {word} the 80.0\u202f% of approving everything."
    )


def test_where_fgsm_tells_the_truth_nothing_is_called_a_trap():
    result = tiny_result()
    row = next(r for r in recipes.recipe_rows(result) if r.name == "crown_ibp")
    assert "here it does not mislead" in exact.trap_sentence(result, row)
    assert exact.masking_sentence(result, row).endswith("No warning.")


def test_catastrophic_overfitting_is_called_by_its_name():
    result = tiny_result()
    # 90.05 - 33.75 points
    assert exact.masking_sentence(result, original(result)).endswith(
        "FGSM overstates what is kept by 56.3 points: catastrophic overfitting."
    )


# ---------------------------------------------------------------- settled, or not


def test_no_row_left_open_is_said_with_its_counts():
    proofs = tiny_result().proofs.model_copy(update={"rows_proved": 7000, "rows_broken": 3000})
    assert exact.unresolved_sentence(proofs) == (
        "10,000 questions were asked, one for each transaction, model, repetition and budget. All were "
        "settled: 7,000 proved, 3,000 broken by an example, none left open."
    )


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (None, "none left open."),
        (0, "none left open. No answer is decided by rounding alone."),
        (1, "none left open. 1 answer is decided by rounding alone; it counts as broken."),
        (1200, "none left open. 1,200 answers are decided by rounding alone; they count as broken."),
    ],
)
def test_answers_that_only_rounding_decides_are_counted_where_a_record_has_them(answers, words):
    proofs = tiny_result().proofs.model_copy(update={"rows_by_rounding": answers})
    assert exact.unresolved_sentence(proofs).endswith(words)


def test_rows_left_open_are_counted_and_their_consequence_named():
    changed = {"rows_proved": 6990, "rows_broken": 3000, "rows_unresolved": 10}
    said = exact.unresolved_sentence(tiny_result().proofs.model_copy(update=changed))
    assert "10 of them (0.100\u202f%) were left open" in said
    assert "lower limits" in said
    assert "settled" not in said


def test_a_contradiction_takes_the_proofs_back():
    proofs = tiny_result().proofs
    assert exact.contradiction_sentence(proofs) == "No attack broke a transaction that was proved safe."
    broken = exact.contradiction_sentence(proofs.model_copy(update={"contradictions": 3}))
    assert broken.startswith("3 rows were proved safe and yet broken")
    assert "may be relied on" in broken


# ---------------------------------------------------------------- the sanity gate


def test_after_a_failed_check_an_attack_figure_stands_beside_what_is_proved_with_the_gap():
    found = findings.find(tiny_result())
    assert found.proof.gate.sentence == "Of 3 sanity checks, 1 passed, 1 failed and 1 did not apply."
    said = found.headline.hardened
    # 90.05 % under FGSM, 33.75 % proved
    assert said.startswith(
        "FGSM says that the original recipe keeps 90.0\u202f%; proved: 33.8\u202f%, 56.3 points less: a sanity "
        "check that concerns it failed."
    )
    card = next(c for c in found.headline.cards if "under FGSM" in c.label)
    assert card.value == "90.0\u202f%"
    assert card.interval.endswith("; proved: 33.8\u202f%, 56.3 points less")


def test_a_check_that_does_not_apply_casts_no_doubt():
    result = gated(tiny_result(), "N/A")
    assert blocked(result) == frozenset()
    assert "shows 90.0\u202f% under FGSM" in findings.find(result).headline.hardened


def test_in_every_table_a_doubted_figure_has_the_proof_and_the_gap_in_its_cell(pages):
    text = {name: re.sub(r"</?span[^>]*>", "", page) for name, page in pages.items()}
    beside = r"[\d.]+.%; proved: 33\.8.%, [\d.]+ points less"
    assert re.search(rf"\| Original recipe \| [^|]+ \| {beside} \| {beside} \| 33\.8", text["hardening"])
    drop = r"[\d.]+ points; proved: [\d.]+ points, [\d.]+ points more"
    assert re.search(rf"\| Original recipe \| [^|]+ \| {beside} \| {drop} \| {beside} \|", text["attacks"])
    assert re.search(
        r"\| Original recipe \| FGSM; accuracy 56\.3 points above what is proved \|", text["attacks"]
    )
    assert re.search(rf"\| Accuracy \| [\d.]+[^|]+ \| {beside} \| {beside} \| 33\.8", text["cards"])
    assert re.search(r"\| Original recipe \| FGSM \| [\d,]+; proved: [\d,]+, [\d,]+ more \|", text["impact"])
    assert re.search(r"under FGSM.*; proved: .*points (less|more)", text["impact"])
    assert re.search(r"\| Original recipe \| FGSM \|[^|]+\|[^|]+\| [\d.]+.%; proved: ", text["evidence"])
    assert re.search(r"\| PGD training \| [^|]+ \| 82\.\d[^|;]+ \|", text["hardening"])


def test_a_reproduced_figure_of_a_blocked_model_carries_its_caution():
    claims = {row.claim.title: row for row in findings.find(tiny_result()).claims}
    assert claims["Secured, accuracy under FGSM"].caution.startswith(
        "proved: 33.8\u202f%, 56.3 points less; no ev"
    )
    assert not claims["Secured, clean accuracy"].caution
    assert not claims["Standard, accuracy under FGSM"].caution


def test_every_check_is_on_the_evidence_page_with_its_numbers(pages):
    for check in tiny_result().proofs.gate:
        assert GATE[check.slug].title in pages["evidence"]
        assert f"**{check.status}**" in pages["evidence"]
    assert (
        "At worst FGSM shows 50.0 points more than is proved; 1 models exceed 5.0 points."
        in pages["evidence"]
    )


# ---------------------------------------------------------------- the limit, tiers, choices


def test_the_limit_is_named_at_the_quoted_budget():
    result = tiny_result()
    said = exact.limit_sentence(result, result.proofs)
    assert (
        "No single classifier whatever can keep more than 90.0\u202f% of further transactions of this kind at "
        "0.35\u202fσ. One that keeps 83.0\u202f% is known" in said
    )
    assert "the 7.0 points between" in said
    note = exact.limit_note(result, result.proofs)
    assert "estimated on 4,000 fresh rows" in note
    assert "chance adds less than 2.0 points" in note
    assert "the table alone would allow 95.0\u202f%" in note
    assert "keeps 57.0\u202f%" in note


def test_without_fresh_rows_the_limit_is_that_of_the_rows_at_hand():
    result = tiny_result()
    own = result.proofs.limit.model_copy(update={"population": None})
    proofs = result.proofs.model_copy(update={"limit": own})
    said = exact.limit_sentence(result, proofs)
    assert "95.0\u202f% of these rows at 0.35\u202fσ. One that keeps 84.0\u202f%" in said
    assert exact.limit_note(result, proofs).startswith("This dataset has no generator")


def test_rows_that_set_no_limit_are_said_to_set_none():
    result = tiny_result()
    free = result.proofs.limit.model_copy(update={"best": (1.0,) * 6, "population": None})
    said = exact.limit_sentence(result, result.proofs.model_copy(update={"limit": free}))
    assert said.startswith("These rows alone set no limit")


@pytest.mark.parametrize(
    ("low", "high", "direction", "words"),
    [
        (0.1, 0.3, "higher", "20.0 points more (interval 10.0 to 30.0 points)"),
        (-0.3, -0.1, "lower", "20.0 points fewer (interval 10.0 to 30.0 points)"),
        (-0.1, 0.1, "no difference", "no measurable difference"),
    ],
)
def test_a_tier_is_compared_in_the_direction_of_its_interval(low, high, direction, words):
    changed = {"difference": estimate((low + high) / 2, low, high), "direction": direction}
    result = tiny_result()
    proofs = result.proofs
    rows = tuple(c.model_copy(update=changed) for c in proofs.tier_comparisons)
    said = tiers.tier_sentence(
        result, proofs.model_copy(update={"tier_comparisons": rows}), "pgd_tier1", 0.05, "T1"
    )
    assert said.startswith(
        "threat-matched training provably catches 67.0\u202f% of frauds against 48.0\u202f%"
    )
    assert words in said


def test_reach_is_told_in_the_unit_of_each_input():
    rows = {row.feature.name: row.cells for row in findings.find(tiny_result()).proof.reach}
    # 0.35 standard deviations of 1,208 USD; an account's age nobody changes
    assert rows["amount"][:2] == ("up to 422.80\u202fUSD either way", "up to 422.80\u202fUSD down")
    assert rows["account_age"][1:] == ("nothing", "nothing", "nothing")


def test_tiers_at_other_budgets_do_not_reach_the_sentences():
    result = tiny_result()
    other = tuple(
        row.model_copy(update={"epsilon": 1.0, "caught_proved": row.caught_clean})
        for row in result.proofs.tiers
    )
    doubled = with_proofs(result, tiers=(*other, *result.proofs.tiers))
    assert findings.find(doubled).proof.matched == findings.find(result).proof.matched
    assert findings.find(doubled).proof.by_tier == findings.find(result).proof.by_tier


@pytest.mark.parametrize(
    ("low", "high", "side"), [(0.81, 0.83, "above"), (0.75, 0.79, "below"), (0.79, 0.83, "level with")]
)
def test_the_choice_is_named_with_its_side_of_approving_everything(low, high, side):
    result = tiny_result()
    first, *rest = result.choices
    chosen = first.model_copy(update={"validated": estimate((low + high) / 2, low, high)})
    said = findings.find(with_proofs(result, choices=(chosen, *rest))).proof.choice
    assert said.startswith(
        "Chosen on validation rows, the model to take against this attacker is PGD training"
    )
    assert f"and {side} the 80.0\u202f% of approving everything" in said


def test_a_fraud_that_gave_up_its_gain_is_told_apart():
    row = findings.find(tiny_result()).proof.label_aware[0]
    # 230 of 380 caught frauds evaded, 76 of them still frauds
    assert (row.evaded, row.still_fraud, row.gave_up) == pytest.approx((230 / 380, 76 / 380, 154 / 230))


# ---------------------------------------------------------------- pages


def test_the_summary_speaks_in_exact_figures(pages):
    head = re.sub(r"</?span[^>]*>", "", pages["index"].partition("## ")[0])
    assert "at its proved worst, accuracy falls from 98.0\u202f% to 53.1\u202f%" in head
    assert "](evidence.md)" in pages["index"]


def test_the_proof_page_has_every_part(pages):
    for name in ("exact-curves", "trap", "radius", "proof-walk", "tiers", "frontier", "label-aware"):
        assert f'id="checks-{name}' in pages["proof"], name
    assert 'id="checks-battery"' in pages["evidence"]


def test_a_record_with_empty_parts_loses_only_those(tmp_path):
    parts = ("reach", "tiers", "tier_comparisons", "choices", "radii", "battery")
    bare = with_proofs(tiny_result(), walk=None, rule=None, **dict.fromkeys(parts, ()))
    render_pages([bare], templates_of(tmp_path, "proof", "evidence"), tmp_path / "docs")
    text = texts(tmp_path / "docs")
    assert 'id="checks-exact-curves"' in text["proof"]
    assert "radius" not in "".join(re.findall(r'id="([^"]+)"', text["proof"]))
