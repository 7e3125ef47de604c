"""What the page says about money follows its numbers, can be traced, and comes with data that a script can read."""

import base64
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rates_fixture import DRAWS, HEADLINE, LEADING, QUOTED, TIERS, tiny_draws, tiny_measured, tiny_rates
from report_fixture import templates_of, tiny_result

from generator.figures import economics as charts
from generator.findings import find
from generator.findings.breakeven import (
    alone,
    pays,
    rate,
    share,
    share_range,
    verdict_sentence,
)
from generator.findings.breakeven import (
    money as sum_in,
)
from generator.findings.economics import TOLD, favoured, find_economics
from generator.findings.scenarios import ASSUMPTIONS, INPUTS, PRESETS, default_scenario, scenario_of
from generator.impact.bands import Band
from generator.impact.breakeven import BreakEven
from generator.impact.measured import (
    BUDGET,
    Choice,
    Draws,
    drawn_detection,
    mean_detection,
    point_of,
    read_draws,
    relabelled_detections,
)
from generator.impact.model import Amounts, day
from generator.impact.whatif import answer
from generator.notation import marks
from generator.notation.tracing import sources, traced
from generator.pages.rendering import render_pages
from generator.records.base import RecordError
from generator.records.impact import Scenario
from generator.tools import calculator
from generator.tools.calculator.form import position, written

TEMPLATES = Path(__file__).parents[1] / "templates"
RESULTS = tuple(tiny_result(name) for name in ("checks", "kaggle"))
SAMPLES = {result.data.name: tiny_draws(result.rates) for result in RESULTS}
CHOICE = Choice("pgd_tier1", "T1", HEADLINE, QUOTED)
GAP = "\u202f"


@pytest.fixture(scope="module")
def measured():
    return tiny_measured("checks", RESULTS[0].rates.epsilons)


@pytest.fixture(scope="module")
def money(measured):
    return find_economics(measured, ASSUMPTIONS)


# ---------------------------------------------------------------- from records to rates


def test_rates_are_those_of_the_model_tier_budget_and_cut_asked_for(measured):
    found = mean_detection(measured.rates, "pgd_tier1", CHOICE, QUOTED)
    rates = measured.rates.of("pgd_tier1")
    e, p = measured.rates.epsilons.index(HEADLINE), 3
    assert found.caught_clean == rates.caught_clean[p]
    assert found.caught_attacked == rates.caught["T1"][e][p]
    assert found.value_caught_attacked == rates.value_caught["T1"][e][p]
    assert found.given_up == 0
    drawn = drawn_detection(measured.draws, measured.rates, "pgd_tier1", CHOICE, QUOTED)
    np.testing.assert_array_equal(drawn.caught_attacked, measured.draws.arrays["caught/T1"][3, e, p])
    np.testing.assert_array_equal(
        drawn.false_positive_rate, measured.draws.arrays["false_positive_rate"][3, p]
    )


def test_what_evaders_give_up_counts_only_where_it_was_measured(measured):
    def given_up(choice, point):
        return mean_detection(measured.rates, "pgd_tier1", choice, point, measured.priced).given_up

    assert given_up(CHOICE, QUOTED) == pytest.approx(66)
    assert given_up(CHOICE, "own") == 0
    assert given_up(Choice("pgd_tier1", "T1", 1.0, QUOTED), QUOTED) == 0


@pytest.mark.parametrize(
    ("analysts", "point"),
    [(1, "matched/0.01"), (5, "matched/0.01"), (8, "matched/0.02"), (40, "matched/0.1")],
)
def test_an_alert_budget_takes_the_largest_cut_whose_alerts_fit(measured, analysts, point):
    asked = Scenario(analysts=analysts, alerts_per_analyst=40)
    choice = Choice("pgd_tier1", "T1", HEADLINE, BUDGET)
    assert point_of(measured.rates, "standard", choice, asked) == point
    detection = mean_detection(measured.rates, "standard", choice, point)
    fits = day(detection, asked, Amounts(1, 1)).alerts <= asked.capacity
    assert fits == (analysts > 1)


def test_relabelled_rates_are_there_for_every_share_that_holds_both_models(measured):
    found = relabelled_detections(measured.rates, ("standard", "pgd_tier1"), "T1", (QUOTED, QUOTED))
    assert list(found) == [0.01, 0.05, 0.1, 0.2]
    assert relabelled_detections(measured.rates, ("standard", "trades"), "T1", (QUOTED, QUOTED)) == {}


def test_draws_survive_the_file_and_a_missing_or_broken_one_says_what_to_do(tmp_path, measured):
    path = tmp_path / "checks.npz"
    np.savez(path, models=np.array(LEADING), **measured.draws.arrays)
    read = read_draws(path)
    assert read.models == LEADING
    np.testing.assert_array_equal(read.arrays["caught/T2"], measured.draws.arrays["caught/T2"])
    with pytest.raises(RecordError, match="no draws beside the record; run `make study`"):
        read_draws(tmp_path / "nobody.npz")
    path.write_bytes(b"PK broken")
    with pytest.raises(RecordError, match="run `make study`"):
        read_draws(path)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.138, f"13.8{GAP}%"), (-0.2, f"0.0{GAP}%"), (1.2, f"over 100{GAP}%"), (math.inf, f"over 100{GAP}%")],
)
def test_a_share_outside_zero_to_one_is_said_not_printed(value, words):
    assert share(value) == words


def test_the_interval_of_a_share_may_end_beyond_all():
    assert share_range(Band(0.4, -math.inf, math.inf)) == f"0.0{GAP}% to over 100{GAP}%"


@pytest.mark.parametrize(
    ("verdict", "words", "sentence"),
    [
        ("pays above", f"from 13.8{GAP}% (5.0{GAP}% to 47.6{GAP}%)", f"even when 13.8{GAP}% of fraudsters attack"),
        ("pays below", f"up to 60.0{GAP}%: not more robust", f"X pays while at most 60.0{GAP}% of fraudsters attack"),
        ("always pays", f"at any share (5.0{GAP}% to 47.6{GAP}%)", "X pays whatever the share"),
        ("never pays", f"at no share (5.0{GAP}% to 47.6{GAP}%)", "X does not pay even if every fraudster attacks"),
        ("not more robust", "at no share: not more robust", "attacks are no reason for a switch to X"),
        ("catching does not pay", "at no share: a review costs more than a fraud", "no model pays"),
    ],
)  # fmt: skip
def test_every_verdict_has_its_words(money, verdict, words, sentence):
    found = BreakEven(verdict, Band(0.138, 0.05, 0.476), 0.6)
    assert pays(found) == words
    asked = money.lines[0].answer.__class__(**{**vars(money.lines[0].answer), "break_even": found})
    assert sentence in verdict_sentence(asked, money.scenario, "X")
    assert alone(verdict, 0.6).split(" (")[0].split(f" 60.0{GAP}%")[0] in words


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (Band(120.0, 20.0, 300.0), f"the switch saves USD{GAP}120 a day"),
        (Band(-120.4, -300.0, -20.0), f"the switch costs USD{GAP}120 a day"),
        (Band(-120.4, -300.0, 20.0), "no measurable difference from zero"),
    ],
)
def test_the_sentence_takes_its_verb_from_the_net_benefit(money, net, words):
    found = money.lines[0].answer
    changed = found.__class__(**{**vars(found), "benefit": {**found.benefit, "net_usd": net}})
    said = verdict_sentence(changed, money.scenario, "X")
    assert words in said
    assert ("no measurable difference" in said) == (net.low <= 0 <= net.high)


def test_sums_and_rates_keep_three_digits():
    assert [sum_in(v, "USD") for v in (671.0, 12_820.4, -0.886)] == [
        f"USD{GAP}671", f"USD{GAP}12,820", f"USD{GAP}\u22120.886",
    ]  # fmt: skip
    assert [rate(v) for v in (0.15, 0.000045)] == [f"15.0{GAP}%", f"0.00450{GAP}%"]
    assert [written(v, "count") for v in (math.nan, math.inf, 3.644)] == ["–", "never", "3.64"]


# ---------------------------------------------------------------- findings


def test_the_opening_is_the_threat_matched_recipe_in_the_opening_scenario(money, measured):
    expected = answer(measured, CHOICE, default_scenario(measured.rates), TOLD)
    line = next(line for line in money.lines if line.words.name == "pgd_tier1")
    assert line.answer == expected
    assert money.sentence.startswith(line.sentence)
    assert money.scenario.loss_per_fraud == 2081
    draws = Draws(("standard", "trades"), measured.draws.arrays)
    assert favoured(replace(measured, draws=draws)) == "trades"


def test_each_decision_names_the_share_of_attackers_that_would_change_it(money, measured):
    line = next(line for line in money.lines if line.words.name == "pgd_tier1")
    band = line.answer.break_even.prevalence
    assert line.answer.break_even.verdict == "pays above"
    told = {
        "Switch to threat-matched training": (
            f"more than {share(band.high)} of fraudsters",
            band.high,
            band.high < 1,
        ),
        "Keep the standard model": (f"fewer than {share(band.low)} of fraudsters", band.low, band.low > 0),
        "Settle your own estimate first": ("no measurable difference", 0.1, True),
    }
    told = {advice: each for advice, each in told.items() if each[2]}
    assert [row.advice for row in money.decisions] == list(told)
    for row in money.decisions:
        words, at, _ = told[row.advice]
        assert words in row.condition
        assert f"attack_prevalence={float(at)}&" in row.state


def test_conditions_change_false_alarms_and_prices_one_at_a_time(money, measured):
    first, *changed = money.conditions
    assert first.pays == pays(next(x for x in money.lines if x.words.name == "pgd_tier1").answer.break_even)
    states = [dict(part.split("=") for part in row.state.split("&")) for row in money.conditions]
    opening = states[0]
    assert opening == {name: str(value) for name, value in {**vars(CHOICE), **vars(money.scenario)}.items()}
    differing = [{name for name in opening if each[name] != opening[name]} for each in states[1:]]
    points = len(measured.rates.points) - 1
    assert differing == [{"point"}] * points + [{"loss_per_fraud"}, {"review_cost", "friction_cost"}]
    half = money.scenario.model_copy(update={"loss_per_fraud": money.scenario.loss_per_fraud / 2})
    assert changed[-2].pays == pays(answer(measured, CHOICE, half).break_even)


def test_every_preset_is_answered_and_changes_what_it_names_only(money, measured):
    assert [line.preset.name for line in money.presets] == [preset.name for preset in PRESETS]
    for line in money.presets:
        opening, changed = money.scenario.model_dump(), line.scenario.model_dump()
        assert {name for name in opening if opening[name] != changed[name]} <= set(line.preset.changes)
        assert line.answer == answer(measured, CHOICE, scenario_of(line.preset, measured.rates), TOLD)
        assert line.preset.source
        assert line.preset.leaves_out.endswith(".")


def test_presets_and_defaults_lie_within_the_inputs():
    known = {each.name: each for each in INPUTS}
    assert set(known) == set(Scenario.model_fields)
    for preset in PRESETS:
        for name, value in scenario_of(preset, RESULTS[0].rates).model_dump().items():
            assert known[name].low <= value <= known[name].high, (preset.name, name)
            assert 0 <= position(known[name], value) <= 1


def test_the_original_prices_neither_alarms_nor_recovery(money, measured):
    original = next(line for line in money.presets if line.preset.name == "original")
    # 1,500 frauds a day and everybody attacks: cost is leakage, and only missed frauds count
    standard = answer(measured, CHOICE, original.scenario).standard
    assert standard["cost_usd"].value == pytest.approx(standard["leakage_usd"].value)
    assert original.answer.break_even.prevalence.value == pytest.approx(original.answer.count_only.value)


def test_either_catches_no_less_and_both_stops_no_more_than_each(money):
    standard, hardened, either, both = money.policies
    assert either.caught_attacked >= max(standard.caught_attacked, hardened.caught_attacked)
    assert both.caught_attacked <= min(standard.caught_attacked, hardened.caught_attacked)
    assert standard.net == standard.pays == ""
    assert all(" to " in line.net and " to " in line.cost for line in (hardened, either, both))


def test_frauds_become_rare_and_precision_with_them_while_accuracy_hardly_moves(money):
    precisions = [float(line.precision[0].split(GAP)[0]) for line in money.priors]
    assert precisions == sorted(precisions, reverse=True)
    accuracies = [line.accuracy[0] for line in money.priors]
    assert max(accuracies) - min(accuracies) < 0.02


def test_every_number_in_words_and_cells_names_rates_and_assumptions():
    with marks.recording():
        values = calculator.values([traced(each, each.data.name) for each in RESULTS], SAMPLES)
        money = values["economics"](find(RESULTS[1]))
        texts = [money.sentence, money.assumptions, *(line.net for line in money.presets)]
        texts += [text for line in money.presets for text in (line.fraud_share, line.pays, *line.missed)]
        texts += [text for line in money.policies for text in (line.cost, line.net, line.pays)]
        texts += [
            text for line in money.priors for text in (*line.precision, line.reweighted, line.relabelled)
        ]
        texts += [line.take for line in money.evasion]
        assert [wrong for text in texts if (wrong := marks.untraced(text))] == []
        found = sources(money.lines[-1].answer.break_even.prevalence.low)
    assert "kaggle#/rates/rates/3/caught/T1/2/3" in found
    assert "assumptions#/opening/review_cost" in found
    assert not any("transactions_per_day" in path or "/caught/T0" in path for path in found)


# ---------------------------------------------------------------- charts


@pytest.mark.parametrize("chart", [charts.break_even, charts.net_benefit])
def test_draws_add_strips_and_leave_the_lines_alone(chart):
    bare, banded = chart(RESULTS[0]), chart(RESULTS[0], draws=SAMPLES["checks"])
    lines = [trace for trace in banded.figure["data"] if "fill" not in trace]
    assert lines == bare.figure["data"]
    assert len(banded.figure["data"]) == 2 * len(lines)
    assert all(isinstance(cell, int | float) for row in banded.rows for cell in row[1:5])


def test_the_net_benefit_crosses_zero_where_hardening_begins_to_pay(money):
    rows = [row for row in charts.net_benefit(RESULTS[0]).rows if row[0] == "Threat-matched PGD"]
    line = next(line for line in money.lines if line.words.name == "pgd_tier1")
    share_of = 100 * line.answer.break_even.prevalence.value
    assert [row[2] > 0 for row in rows] == [row[1] > share_of for row in rows]


# ---------------------------------------------------------------- what the page gets


def registered(text: str) -> list:
    """The arguments of the one call a data file makes."""
    call = re.fullmatch(r"(\w+)\((.*)\);\n", text, re.S)
    return [call[1], *json.loads(f"[{call[2]}]")]


def test_the_data_files_hold_the_rates_at_full_precision_and_the_draws_as_rounded(tmp_path):
    files = calculator.write(RESULTS, SAMPLES, tmp_path)
    assert set(files) == {
        f"calculator-{name}{part}.js" for name in SAMPLES for part in ("", *(f"-{tier}" for tier in TIERS))
    }
    function, name, study = registered(files["calculator-checks.js"].read_text())
    assert (function, name) == ("studyRates", "checks")
    rates = RESULTS[0].rates.of("pgd_tier1")
    assert study["rates"]["pgd_tier1"]["caught"]["T3"] == [list(row) for row in rates.caught["T3"]]
    assert study["opening"] == vars(CHOICE)
    function, name, tier, draws = registered(files["calculator-checks-T2.js"].read_text())
    assert (function, name, tier, draws["count"]) == ("studyDraws", "checks", "T2", DRAWS)
    low, high = np.frombuffer(base64.b64decode(draws["arrays"]["caught"]), np.uint8).reshape(2, -1)
    np.testing.assert_array_equal(
        ((low + 256.0 * high) / 10_000).astype(np.float32),
        SAMPLES["checks"].arrays["caught/T2"][: len(draws["models"])].ravel(),
    )
    again = calculator.write(RESULTS, SAMPLES, tmp_path / "again")
    assert all(files[name].read_bytes() == again[name].read_bytes() for name in files)


def test_the_form_is_whole_and_holds_no_script(tmp_path):
    html = calculator.values(RESULTS, SAMPLES)["calculator"]
    assert "\n\n" not in html
    assert not re.search(r"<script|\son\w+=|javascript:", html)
    for name in Scenario.model_fields:
        assert f'<label for="calculator-{name}">' in html
        assert f'id="calculator-{name}"' in html
    assert "not a forecast" in html


def test_text_from_data_cannot_become_markup(tmp_path):
    hostile = '"><img src=x onerror=alert()>'
    data = RESULTS[0].data.model_copy(update={"title": hostile})
    changed = RESULTS[0].model_copy(update={"data": data})
    assert "<img" not in calculator.values([changed], SAMPLES)["calculator"]
    assert "<" not in calculator.write([changed], SAMPLES, tmp_path)["calculator-checks.js"].read_text()


def test_a_record_without_draws_leaves_all_of_it_out(tmp_path):
    values = calculator.values(RESULTS, {})
    assert values["calculator"] == ""
    assert not any(values["economics"](find(result)) for result in RESULTS)
    assert calculator.write(RESULTS, {}, tmp_path) == {}
    with pytest.raises(RecordError, match=r"draws/checks\.npz"):
        calculator.stored_draws(RESULTS, tmp_path)


def test_the_page_answers_its_question_and_traces_its_numbers(tmp_path):
    render_pages(
        RESULTS, templates_of(tmp_path, "impact", "calculator"), tmp_path / "docs",
        files=calculator.write(RESULTS, SAMPLES, tmp_path / "scripts"), documents=calculator.DOCUMENTS,
        extras=lambda results: calculator.values(results, SAMPLES),
    )  # fmt: skip
    text = (tmp_path / "docs" / "impact.md").read_text()
    assert re.search(r"^# When does a more robust model pay for itself", text, re.M)
    assert text.index("of fraudsters attack (") < text.index("](calculator.md#calculator)")
    assert '<section class="calculator"' not in text
    assert '<section class="calculator"' in (tmp_path / "docs" / "calculator.md").read_text()
    assert (tmp_path / "docs" / "data" / "calculator-kaggle-T1.js").exists()
    assert json.loads((tmp_path / "docs" / "data" / "assumptions.json").read_text())["presets"]
    ledger = json.loads((tmp_path / "docs" / "data" / "ledger.json").read_text())
    cited = [
        path for claim in ledger["claims"].values() for path in claim["paths"] if claim["page"] == "impact"
    ]
    assert any(path.startswith("assumptions#/") for path in cited)


def test_the_fixture_repeats_itself():
    assert tiny_rates("checks", (0.1, HEADLINE)) == tiny_rates("checks", (0.1, HEADLINE))


def test_all_money_is_in_the_currency_that_the_study_declares(tmp_path):
    result = tiny_result("checks")
    features = tuple(
        each.model_copy(update={"unit": each.unit.replace("USD", "EUR")}) for each in result.data.features
    )
    result = result.model_copy(update={
        "spec": result.spec.model_copy(update={"currency": "EUR"}),
        "data": result.data.model_copy(update={"features": features}),
    })  # fmt: skip
    draws, docs = {"checks": tiny_draws(result.rates)}, tmp_path / "docs"
    render_pages(
        [result], templates_of(tmp_path, "impact"), docs,
        documents=calculator.DOCUMENTS, extras=lambda results: calculator.values(results, draws),
    )  # fmt: skip
    written = "".join(
        path.read_text(encoding="utf-8") for path in docs.rglob("*") if path.suffix in (".md", ".csv", ".svg")
    )
    assert written.count("EUR") > 20
    assert "USD" not in written
    bench = calculator.bench_of(result, calculator.measured(result, draws["checks"]))
    assert calculator.rates_of(bench)["currency"] == "EUR"
