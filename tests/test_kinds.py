"""Kinds of model are told apart by what is proved of each, and none is called better than its interval says."""

import re

import pytest
from kinds_fixture import KINDS, LIMIT, with_kinds
from report_fixture import templates_of, tiny_result

from generator import findings
from generator.figures import CHARTS
from generator.findings import kinds
from generator.pages.rendering import render_pages

RESULT = with_kinds()
FOUND = kinds.kinds(RESULT, "T1")


def rows_of(chart, **wanted) -> list[dict]:
    rows = [dict(zip(chart.headers, row, strict=True)) for row in chart.rows]
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def trace(chart, name: str) -> dict[str, float]:
    """Model --> what is drawn of it."""
    (found,) = (each for each in chart.figure["data"] if each["name"] == name)
    return dict(zip(found["y"], found["x"], strict=True))


def bare(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text)


# ---------------------------------------------------------------- sentences


def test_a_study_of_fraudnet_alone_says_nothing_of_kinds():
    assert kinds.kinds(tiny_result(), "T1") is None
    assert findings.find(tiny_result()).kinds is None


def test_the_verdict_names_attacker_rate_baseline_and_the_chosen_model_with_their_difference():
    assert FOUND.verdict.startswith(
        "Against a fraudster who changes only what anybody can change, the standard model provably catches 48.0\u202f% "
        "of frauds at 5\u202f% false alarms."
    )
    # 70 - 48, and 4 points either way
    assert FOUND.verdict.endswith("22.0 points more (interval 18.0 to 26.0 points).")
    assert "The monotone tree ensemble catches 70.0\u202f%: " in FOUND.verdict
    assert "(5 of 6 folds agree)" in FOUND.chosen


def test_a_price_within_the_intervals_is_no_measurable_difference():
    # of 200 frauds 90 % and 97 % are apart (Wilson: 93.4 against 93.6), 96 % and 97 % are not
    assert FOUND.price.endswith("catches 90.0\u202f% instead of 97.0\u202f%.")
    other = kinds.kinds(with_kinds(chosen="boosted_trees"), "T1")
    assert other.price.endswith("no measurable difference.")


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ("boosted_trees", "8.0 points fewer (interval 4.0 to 12.0 points)."),
        ("logistic_regression", "no measurable difference (\u22123.0 to +5.0 points)."),
    ],
)
def test_a_model_that_does_not_win_is_not_said_to(chosen, words):
    assert kinds.kinds(with_kinds(chosen=chosen), "T1").verdict.endswith(words)


def test_the_best_of_every_other_kind_stands_beside_the_one_that_is_named():
    # of the recipes threat-matched training has 67 %, 19 points more; linear 49 %, one point more
    assert FOUND.others.endswith(
        "threat-matched training 67.0\u202f% (more) and logistic regression 49.0\u202f% (no measurable difference)."
    )
    named_recipe = kinds.kinds(with_kinds(chosen="pgd_tier1"), "T1")
    assert named_recipe.others.endswith("and the monotone tree ensemble 70.0\u202f% (more).")


def test_leaving_out_what_can_be_attacked_stands_beside_with_its_price():
    assert "provably catches 30.0\u202f% (" in FOUND.left_out
    assert "and 30.0\u202f% when nobody evades" in FOUND.left_out


def test_without_a_choice_for_the_tier_the_page_says_that_the_figure_is_flattered():
    found = kinds.kinds(RESULT, "T3")
    assert "No choice was made on validation rows" in found.chosen
    assert "The monotone tree ensemble catches 60.0\u202f%: " in found.verdict


@pytest.mark.parametrize(
    ("limit", "words"), [(LIMIT, "can catch more than 85.0\u202f% of these frauds"), (1.0, "set no limit")]
)
def test_the_limit_is_of_monotone_rules_and_needs_a_model_that_is_one(limit, words):
    bound = RESULT.proofs.monotone.model_copy(
        update={
            "limits": tuple(x.model_copy(update={"by_fold": limit}) for x in RESULT.proofs.monotone.limits)
        }
    )
    changed = RESULT.model_copy(update={"proofs": RESULT.proofs.model_copy(update={"monotone": bound})})
    assert words in kinds.kinds(changed, "T1").limit
    unproved = changed.model_copy(
        update={"proofs": changed.proofs.model_copy(update={"proved_monotone": ()})}
    )
    assert kinds.kinds(unproved, "T1").limit == ""


def test_frauds_left_open_are_counted_over_all_kinds():
    assert FOUND.unresolved.endswith("none is left open.")
    first, *rest = RESULT.proofs.tiers
    open_rows = (first.model_copy(update={"unresolved": 3}), *rest)
    left = RESULT.model_copy(update={"proofs": RESULT.proofs.model_copy(update={"tiers": open_rows})})
    assert kinds.kinds(left, "T1").unresolved.startswith("3 frauds")


def test_the_depths_that_copies_chose_are_counted_model_by_model():
    assert FOUND.settings == ""
    models = tuple(
        model.model_copy(update={"chosen": (3, 7)}) if model.name == "boosted_trees" else model
        for model in RESULT.models
    )
    told = kinds.kinds(RESULT.model_copy(update={"models": models}), "T1").settings
    assert told.endswith("Depths and copies: the boosted tree ensemble 2 in 3 and 4 in 7.")


def test_frauds_that_only_rounding_decides_are_counted_over_all_kinds():
    rounded = tuple(row.model_copy(update={"by_rounding": 2}) for row in RESULT.proofs.tiers[:3])
    rows = (*rounded, *RESULT.proofs.tiers[3:])
    told = RESULT.model_copy(update={"proofs": RESULT.proofs.model_copy(update={"tiers": rows})})
    assert kinds.kinds(told, "T1").unresolved.endswith(
        " 6 answers are decided by rounding alone; they count as broken."
    )


# ---------------------------------------------------------------- monotone, and how the worst case is found


def test_only_models_monotone_with_risk_in_every_input_of_the_limit_are_under_it():
    assert kinds.limited(RESULT) == {"logistic_regression", "monotone_trees"}
    turned = tuple(
        row.model_copy(update={"rises": row.falls, "falls": row.rises})
        for row in RESULT.proofs.proved_monotone
    )
    against = RESULT.model_copy(
        update={"proofs": RESULT.proofs.model_copy(update={"proved_monotone": turned})}
    )
    assert kinds.limited(against) == set()


def test_the_proof_is_an_evaluation_only_where_all_that_moves_is_proved_monotone():
    found = {row.words.name: row.proof for row in FOUND.rows}
    assert found["standard"] == found["boosted_trees"] == "search"
    assert found["logistic_regression"] == "closed form"
    assert found["monotone_trees"] == "one evaluation (proved monotone)"
    # the amount changes nothing, bounced checks are monotone, and an insider reaches two inputs more
    assert found["trees_left_out"] == "search over Distance to branch and Signature match alone"


def test_every_model_is_in_the_table_with_its_kind_and_its_training():
    assert [row.words.name for row in FOUND.rows][-4:] == list(KINDS)
    told = {row.words.name: (row.kind, row.trained) for row in FOUND.rows}
    assert told["standard"] == ("ReLU net", "clean rows")
    assert told["pgd_tier1"] == ("ReLU net", "attacked rows")
    assert told["extra_epochs"] == ("ReLU net", "clean rows, for longer")
    assert told["monotone_trees"] == ("Trees", "frauds at their worst corner")
    assert [column.tier for column in FOUND.columns] == ["T1", "T2", "T3"]


def test_the_models_proved_monotone_are_listed_with_their_inputs():
    rows = {row.words.name: row for row in kinds.monotone_rows(RESULT)}
    assert list(rows) == ["logistic_regression", "monotone_trees", "trees_left_out"]
    assert rows["monotone_trees"].rises == "Check amount, Bounced checks and Distance to branch"
    assert rows["monotone_trees"].falls == "Signature match"
    assert rows["monotone_trees"].without == ""
    blind = rows["trees_left_out"]
    assert (blind.rises, blind.falls, blind.without) == ("Bounced checks", "", "Check amount")
    assert not blind.limited


# ---------------------------------------------------------------- the chart


def test_the_chart_draws_every_model_and_the_limit_beside_monotone_ones_alone():
    chart = CHARTS["kinds"](RESULT)
    assert trace(chart, "Exact (proved)")["Monotone trees"] == 70
    assert trace(chart, "Nobody evades")["Monotone trees"] == 90
    assert len(trace(chart, "Exact (proved)")) == 14
    assert trace(chart, "Limit: best monotone rule") == {"Logistic regression": 85, "Monotone trees": 85}
    (line,) = chart.figure["layout"]["shapes"]
    assert line["x0"] == 48
    assert "most is proved of Monotone trees: 70.0\u202f% of frauds" in chart.summary


def test_the_chart_of_another_tier_shows_that_one_and_its_table_has_all():
    chart = CHARTS["kinds"](RESULT, tier="T3")
    assert trace(chart, "Exact (proved)")["Monotone trees"] == 60
    assert {row["Tier"] for row in rows_of(chart)} == {"T0", "T1", "T2", "T3"}
    (row,) = rows_of(chart, Tier="T1", Model="Boosted trees")
    assert (row["Proved (%)"], row["No monotone rule above (%)"]) == (40, "")


def test_without_a_model_proved_monotone_no_limit_is_drawn():
    bare_proofs = RESULT.proofs.model_copy(update={"proved_monotone": ()})
    chart = CHARTS["kinds"](RESULT.model_copy(update={"proofs": bare_proofs}))
    assert len(chart.figure["data"]) == 2
    assert "monotone rule" not in chart.caption


# ---------------------------------------------------------------- pages


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    both = [with_kinds("checks"), with_kinds("kaggle")]
    render_pages(both, templates_of(folder, "hardening", "models", "proof", "method"), folder / "docs")
    return folder / "docs"


def test_the_page_of_models_compares_all_kinds(docs):
    text = bare((docs / "models.md").read_text(encoding="utf-8"))
    assert "# Which kind of model resists evasion, and at what price?" in text
    assert "The monotone tree ensemble catches 70.0\u202f%: 22.0 points more" in text
    assert "| Monotone trees | Trees | frauds at their worst corner |" in text
    assert 'id="checks-kinds"' in (docs / "models.md").read_text(encoding="utf-8")


def test_every_page_of_findings_opens_with_the_same_verdict(docs):
    found = [findings.find(with_kinds(name)) for name in ("checks", "kaggle")]
    sure = "The proved difference is 22.0 points (interval 18.0 to 26.0 points)."
    assert found[0].lead_sentence == f"{found[0].summary.answer} {sure}"
    for page in ("hardening", "models", "proof"):
        head = bare((docs / f"{page}.md").read_text(encoding="utf-8").partition("\n## ")[0])
        assert [each.lead_sentence for each in found if each.lead_sentence not in head] == [], page


def test_addresses_of_parts_on_kinds_lead_to_where_they_are_now(docs):
    here = (docs / "models.md").read_text(encoding="utf-8")
    known = {"hardening": {"kinds", "kinds-table", "checks-kinds"}, "proof": {"kinds", "monotone-limit"}}
    for page, old in known.items():
        text = (docs / f"{page}.md").read_text(encoding="utf-8")
        moved = dict(re.findall(r"\]\(models\.md#([\w-]+)\)\{ #([\w-]+) \.moved \}", text))
        assert old <= set(moved.values())
        assert [place for place in moved if not re.search(rf'\{{ #{place}\b|id="{place}"', here)] == []


def test_the_page_of_models_says_which_are_monotone_and_what_binds_them(docs):
    text = bare((docs / "models.md").read_text(encoding="utf-8"))
    assert (
        "| Monotone trees | Check amount, Bounced checks and Distance to branch | Signature match |" in text
    )
    assert "A setting of the training is not taken as evidence." in text
    assert "No monotone rule whatever can catch more than 85.0\u202f% of these frauds." in text


def test_a_study_of_fraudnet_alone_has_no_section_on_kinds(tmp_path):
    render_pages([tiny_result()], templates_of(tmp_path, "hardening", "models", "proof"), tmp_path / "docs")
    for page in ("hardening", "models", "proof"):
        text = (tmp_path / "docs" / f"{page}.md").read_text(encoding="utf-8")
        assert "monotone rule" not in text
        assert ".moved" not in text
    assert "This study trained one kind of model only" in bare(
        (tmp_path / "docs" / "models.md").read_text(encoding="utf-8")
    )


def test_the_chart_of_tiers_draws_the_model_chosen_against_the_quoted_one_of_whatever_kind():
    drawn = {title for each in CHARTS["tiers"](RESULT).figure["data"] for title in each["y"]}
    assert "Monotone trees" in drawn
    assert "Boosted trees" not in drawn


# ---------------------------------------------------------------- advice


def test_the_advice_against_realistic_fraudsters_is_the_model_chosen_of_any_kind():
    advice = {row.situation: row.advice for row in findings.find(RESULT).decisions}
    assert advice["Fraudsters change only what they control"] == "Try the monotone tree ensemble"
    assert findings.find(RESULT).proof.matched.startswith(
        "Against a fraudster who changes only what anybody can change, at a false-alarm rate of 5\u202f%, the monotone "
        "tree ensemble provably catches 70.0\u202f% of frauds against 48.0\u202f% by the standard model"
    )
    (card,) = findings.find(RESULT).headline.tier_cards
    assert card.label.startswith("the monotone tree ensemble, ")


def test_advice_against_an_insider_needs_a_choice_of_its_own():
    insider = "A fraudster with somebody inside"
    assert insider not in {row.situation for row in findings.find(RESULT).decisions}
    choices = [c.model_copy(update={"tier": "T3"}) for c in RESULT.proofs.choices if c.tier == "T1"]
    proofs = RESULT.proofs.model_copy(update={"choices": (*RESULT.proofs.choices, *choices)})
    advice = {
        row.situation: row.advice
        for row in findings.find(RESULT.model_copy(update={"proofs": proofs})).decisions
    }
    # 60 % against 38 % under T3
    assert advice[insider] == "Try the monotone tree ensemble"
