"""The calculator of a table of one's own begins with the figures of its page, and has nothing that is not published."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_fixture import ROOT, tiny_result
from test_validation_pages import BARE, pages, part
from validation_fixture import HEADLINE, QUOTED, tiny_validation, validated_site

from generator.audit.privacy import privacy
from generator.datasets.at_odds import at_odds
from generator.findings.validation import find_validation
from generator.findings.validation.verdict import break_even
from generator.impact.measured import BUDGET, Choice
from generator.impact.whatif import Answer, answer
from generator.pages.rendering import PageError, render_pages
from generator.records.base import WORDS
from generator.records.impact import Scenario
from generator.records.validation import ValidationResult, ValidationSpec
from generator.tools import calculator
from generator.tools.calculator.bench import Bench
from generator.tools.calculator.own import own_bench

BY_AMOUNT = tiny_validation()
BY_LOSS = tiny_validation(amount=False, typical_loss=4200.0, currency="EUR")
COSTLY = {**{name: (0.249, 0.055, 0.041, 0.02) for name in ("champion", "challenger")}, **{
    name: (0.20, 0.18, 0.15, 0.11)
    for name in (
        "standard", "pgd_tier1", "logistic_regression", "boosted_trees", "monotone_trees", "trees_left_out",
    )
}}  # fmt: skip
"""What every other model catches costs frauds where nobody evades."""


def begun(result: ValidationResult) -> Bench:
    bench = own_bench(result)
    assert bench is not None
    return bench


def asked(bench: Bench, **changes) -> Answer:
    scenario = {name: value for name, value in changes.items() if name in Scenario.model_fields}
    choice = {name: value for name, value in changes.items() if name not in scenario}
    return answer(
        bench.measured,
        Choice(**{**vars(bench.opening), **choice}),
        bench.scenario.model_copy(update=scenario),
    )


def rows(found: ValidationResult, folder: Path) -> dict[str, list[str]]:
    """Of the table in money on the page, the cells of each model by its title."""
    text = part(pages(folder, found)["claims"], "What is it worth")
    text = re.sub(r"<[^>]+>", "", text).replace("\u202f", " ")
    table = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), row[0]): row[1:] for row in table[2:]}


# ---------------------------------------------------------------- the same numbers as the page


@pytest.mark.parametrize("found", [BY_AMOUNT, BY_LOSS], ids=["by amount", "by typical loss"])
def test_it_begins_with_the_figures_that_the_page_prints(tmp_path, found):
    bench = begun(found)
    told = rows(found, tmp_path)
    by_preset = {preset.name: sets for preset, sets in bench.presets}
    field = "leakage_by_amount_usd" if found is BY_AMOUNT else "leakage_usd"
    assert bench.scenario.attack_prevalence == 1
    for name, look in bench.looks.items():
        missed, missed_proved, precision, lost, lost_proved = told[look.title]
        for sets, frauds, money in (
            (by_preset["nobody"], missed, lost),
            (by_preset["all"], missed_proved, lost_proved),
            ({}, missed_proved, lost_proved),
        ):
            hardened = bench.opening.hardened if name == bench.measured.roles.baseline else name
            day = asked(bench, hardened=hardened, **sets)
            side = day.standard if name == bench.measured.roles.baseline else day.hardened
            assert f"{side['missed_frauds'].value:,.0f}" == frauds
            assert f"{found.spec.currency} {float(f'{side[field].value:.3g}'):,.0f}" == money
            if sets == by_preset["nobody"]:
                assert f"{100 * side['precision'].value:.1f} %" == precision


def test_it_breaks_even_where_the_page_says():
    found = tiny_validation(caught=COSTLY)
    narrow = tuple(
        row.model_copy(
            update={
                "difference": row.difference.model_copy(
                    update={"low": row.difference.value - 0.01, "high": row.difference.value + 0.01}
                ),
                "direction": "lower",
            }
        )
        for row in found.clean
    )
    found = found.model_copy(update={"clean": narrow})
    share = break_even(found, "monotone_trees")
    assert share == pytest.approx(0.049 / (0.049 + 0.125))
    day = asked(begun(found), hardened="monotone_trees")
    assert day.break_even.prevalence.value == day.count_only.value == pytest.approx(share)


def test_the_model_looked_at_first_is_the_one_that_the_page_names():
    assert begun(BY_AMOUNT).opening == Choice("monotone_trees", "T1", HEADLINE, f"matched/{QUOTED}")
    kept = tiny_validation(chosen="champion")
    most = begun(kept).opening.hardened
    assert most == "trees_left_out"  # nothing is named: the one that proves most


# ---------------------------------------------------------------- intervals without draws


@given(a=st.floats(0, 1), rate=st.sampled_from((0.01, 0.05, 0.1)))
def test_a_net_benefit_lies_between_the_ends_of_both_differences_mixed(a, rate):
    bench = begun(BY_AMOUNT)
    clean = next(
        row.difference for row in BY_AMOUNT.clean if (row.model, row.false_positive_rate) == ("monotone_trees", rate)
    )  # fmt: skip
    proved = next(
        row.difference for row in BY_AMOUNT.comparisons
        if (row.model, row.tier, row.epsilon, row.false_positive_rate) == ("monotone_trees", "T1", HEADLINE, rate)
    )  # fmt: skip
    # 10,000 cases, 1 % of them fraud, USD 5,300 each; no other price
    net = asked(bench, attack_prevalence=a, point=f"matched/{rate}").benefit["net_usd"]
    for end in ("low", "high", "value"):
        mixed = (1 - a) * getattr(clean, end) + a * getattr(proved, end)
        assert getattr(net, end) == pytest.approx(100 * 5300 * mixed, abs=1e-6)


def test_the_interval_of_the_break_even_share_is_where_zero_lies_in_that_of_the_net_benefit():
    bench = begun(tiny_validation(caught=COSTLY))
    share = asked(bench, hardened="monotone_trees").break_even.prevalence
    assert 0 < share.low < share.value < share.high < 1
    at = [
        asked(bench, hardened="monotone_trees", attack_prevalence=a).benefit["net_usd"]
        for a in (share.low, share.high)
    ]
    assert at[0].high == pytest.approx(0, abs=1e-6)
    assert at[1].low == pytest.approx(0, abs=1e-6)


def test_what_one_model_does_has_the_interval_of_its_own_rate():
    day = asked(begun(BY_AMOUNT))
    (own,) = (
        row.caught_proved for row in BY_AMOUNT.tiers
        if (row.model, row.tier, row.epsilon, row.false_positive_rate) == ("champion", "T1", HEADLINE, QUOTED)
    )  # fmt: skip
    missed = day.standard["missed_frauds"]
    assert (missed.low, missed.high) == pytest.approx((100 * (1 - own.high), 100 * (1 - own.low)))


def test_within_an_alert_budget_models_at_different_points_err_against_each_other():
    bench = begun(tiny_validation(prior=0.2))
    found = asked(bench, point=BUDGET, analysts=18, attack_prevalence=0.5)
    assert found.points == ("matched/0.05", "matched/0.01")
    cost = [found.standard["cost_usd"], found.hardened["cost_usd"]]
    net = found.benefit["net_usd"]
    assert net.low == pytest.approx(cost[0].low - cost[1].high)
    assert net.high == pytest.approx(cost[0].high - cost[1].low)


# ---------------------------------------------------------------- where it stands


def test_without_money_an_attacker_or_a_second_model_there_is_none_and_the_page_says_what_to_put_in(tmp_path):
    nobody = tuple(each.model_copy(update={"control": "nobody"}) for each in BY_AMOUNT.spec.inputs)
    spec = BY_AMOUNT.spec.model_copy(update={"inputs": nobody})
    alone = [model for model in BY_AMOUNT.models if model.name == "champion"]
    for lacking in (
        tiny_validation(amount=False),
        BY_AMOUNT.model_copy(update={"spec": spec}),
        BY_AMOUNT.model_copy(update={"models": tuple(alone), "comparisons": ()}),
    ):
        assert own_bench(lacking) is None
        assert find_validation(lacking).calculator == ""
    made = pages(tmp_path, tiny_validation(**BARE))
    assert "claims-calculator" not in made
    (said,) = re.findall(r"^- .*typical.loss.*$", made["claims"], re.M)
    assert "amount" in said
    assert "calculator" in said
    assert "typical" not in "".join(pages(tmp_path / "there", BY_AMOUNT).values()).replace("typical_loss", "")


def test_models_that_may_have_seen_the_rows_are_left_out_and_tiers_that_can_do_no_more_are_not_offered():
    bench = begun(BY_AMOUNT)
    assert "challenger" not in bench.looks
    assert next(iter(bench.looks)) == "champion"
    assert bench.tiers == tuple(tier.name for tier in find_validation(BY_AMOUNT).tiers)


def test_its_sliders_hold_what_the_study_begins_with_in_any_currency():
    for loss in (0.4, 15.0, 671.0, 20_000.0, 167_000.0, 3.2e9):
        for prior in (1e-6, 0.01, 0.4):
            bench = begun(tiny_validation(amount=False, typical_loss=loss, prior=prior))
            for each in bench.inputs:
                value = getattr(bench.scenario, each.name)
                assert each.low <= value <= each.high, (each.name, loss, prior)
                assert each.low > 0 or each.scale != "log"
            assert {each.name: each.high for each in bench.inputs}["fraud_share"] < 1
    assert [each.high for each in begun(BY_AMOUNT).inputs if each.name == "review_cost"] == [50]
    dear = begun(tiny_validation(amount=False, typical_loss=167_000.0)).inputs
    assert [each.high for each in dear if each.name == "review_cost"] == [500]


def test_two_studies_and_those_of_this_project_have_one_each_and_leave_the_others_alone(tmp_path):
    other = tiny_validation("loans", title="Card default", amount=False, typical_loss=900.0)
    both = pages(tmp_path / "both", BY_AMOUNT, other, results=[tiny_result("checks")])
    assert {"claims-calculator", "loans-calculator", "calculator"} <= both.keys()
    assert 'data-datasets="claims" data-apart' in both["claims-calculator"]
    assert 'data-datasets="loans" data-apart' in both["loans-calculator"]
    alone = pages(tmp_path / "one", BY_AMOUNT, results=[tiny_result("checks")])
    assert alone["claims-calculator"] == both["claims-calculator"]
    scripts = [tmp_path / which / "docs" / "data" / "calculator-claims.js" for which in ("both", "one")]
    assert scripts[0].read_bytes() == scripts[1].read_bytes()
    assert (tmp_path / "both" / "docs" / "data" / "calculator-loans.js").exists()


def test_in_the_navigation_it_stands_beside_the_page_that_says_how_to_have_one(tmp_path):
    site = validated_site(tmp_path, [BY_AMOUNT])
    html = (site / "own" / "index.html").read_text(encoding="utf-8")
    assert html.index("Calculator: Vehicle claims") < html.rindex("Your own model")
    page = (site / "claims" / "index.html").read_text(encoding="utf-8")
    assert 'href="../claims-calculator/#calculator"' in page


def test_a_study_that_has_the_address_of_anothers_calculator_is_refused(tmp_path):
    with pytest.raises(
        PageError, match=r"'claims-calculator' would have the address .* my_claims-calculator\.toml"
    ):
        pages(tmp_path, BY_AMOUNT, tiny_validation("claims-calculator"))


# ---------------------------------------------------------------- what is published


def numbers(value) -> set[float]:
    if isinstance(value, dict):
        return set().union(*map(numbers, value.values()))
    if isinstance(value, list):
        return set().union(*map(numbers, value))
    return {float(value)} if isinstance(value, int | float) and not isinstance(value, bool) else set()


@pytest.mark.parametrize("found", [BY_AMOUNT, BY_LOSS], ids=["by amount", "by typical loss"])
def test_every_number_in_its_script_is_one_of_the_record_or_of_the_opening_day(tmp_path, found):
    (path,) = calculator.write([], {}, tmp_path, [found]).values()
    calls = [
        json.loads(f"[{each}]") for each in re.findall(r"^\w+\((.*?)\);$", path.read_text(), re.M | re.S)
    ]
    assert [call[:2] for call in calls] == [
        ["claims", calls[0][1]],
        *(["claims", tier] for tier in ("T1", "T2", "T3")),
    ]
    known = numbers(json.loads(found.to_json())) | numbers(begun(found).scenario.model_dump()) | {0.0, 2.0}
    assert numbers(calls) <= known


def test_the_audit_counts_its_files_and_names_the_loss_that_the_study_file_says(tmp_path):
    (report,) = privacy(validated_site(tmp_path, [BY_LOSS]))
    assert {"data/calculator-claims.js", "claims-calculator/index.html"} <= report.sizes.keys()
    (values,) = (each.names for each in report.disclosed if each.what == "values in the study file")
    assert "typical_loss = 4200" in values
    assert report.problems == ()


def test_text_from_the_study_file_is_never_markup(tmp_path):
    hostile = '</section>\n\n<img src=x onerror=alert(1)> **bold** "q"'
    found = tiny_validation(title=hostile, amount=False, typical_loss=9.0, currency=hostile)
    named = tuple(
        model.model_copy(update={"title": hostile}) if model.deployed else model for model in found.models
    )
    tiers = tuple(tier.model_copy(update={"title": hostile}) for tier in found.spec.threat.tiers)
    threat = found.spec.threat.model_copy(update={"tiers": tiers})
    found = found.model_copy(
        update={"models": named, "spec": found.spec.model_copy(update={"threat": threat})}
    )
    (form,) = calculator.own_values([found])["own_calculators"].values()
    assert "\n\n" not in form
    assert "<img" not in form
    assert form.count("</section>") == 1
    (path,) = calculator.write([], {}, tmp_path, [found]).values()
    assert "<" not in path.read_text()


def test_equal_records_give_equal_bytes(tmp_path):
    written = [calculator.write([], {}, tmp_path / name, [BY_AMOUNT]) for name in ("one", "two")]
    (one,), (two,) = (each.values() for each in written)
    assert one.read_bytes() == two.read_bytes()


# ---------------------------------------------------------------- typical_loss


def test_a_typical_loss_gives_money_where_no_column_does_and_is_said_to_be_stated(tmp_path):
    money = part(pages(tmp_path, BY_LOSS)["claims"], "What is it worth").replace("\u202f", " ")
    money = re.sub(r"<[^>]+>", "", money)
    assert "A fraud is worth EUR 4,200 on average, as the study file says." in money
    # 100 frauds, 24.9 and 5.5 % of them caught
    assert re.search(r"^\| Champion .*\| EUR 315,000 \| EUR 397,000 \|$", money, re.M)


def test_a_typical_loss_beside_a_column_of_amounts_or_of_nothing_is_refused():
    base = BY_AMOUNT.spec.model_dump()
    (both,) = at_odds(ValidationSpec.model_validate(base | {"typical_loss": 5}))
    assert both.startswith("typical_loss: found 5 beside amount = 'claim'; give ")
    with pytest.raises(ValueError, match="greater than 0"):
        ValidationSpec.model_validate(base | {"amount": None, "typical_loss": 0})


def test_a_typical_loss_is_no_part_of_what_is_computed():
    assert WORDS in ValidationSpec.model_fields["typical_loss"].metadata
    dearer = BY_LOSS.spec.model_copy(update={"typical_loss": 8000.0})
    assert dearer.computing() == BY_LOSS.spec.computing()


def test_the_page_needs_no_tool_where_no_study_has_money(tmp_path):
    render_pages([], ROOT / "templates", tmp_path / "docs", validations=[tiny_validation(**BARE)])
    assert not (tmp_path / "docs" / "claims-calculator.md").exists()
