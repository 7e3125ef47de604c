"""The calculator in a real browser: it agrees with the Python reference, and a reader can work it."""

import json
import math
import time
from urllib.parse import urlencode

import pytest
from browser import answered, mistyped, soon, typed
from browser import waited as wait
from offenders import all_hold
from rates_fixture import HEADLINE, tiny_measured
from report_fixture import tiny_result
from selenium.webdriver.common.keys import Keys

from generator.findings.breakeven import verdict_sentence
from generator.findings.scenarios import INPUTS
from generator.impact.measured import BUDGET, Choice
from generator.impact.whatif import answer
from generator.notation import palette
from generator.records.impact import Scenario

TARGET = 44
"""Least height in px of whatever is pressed or dragged."""
BUDGETS = tiny_result("checks").rates.epsilons
MEASURED = {name: tiny_measured(name, BUDGETS) for name in ("checks", "kaggle")}

# dataset, hardened model, tier, budget, operating point, and what is unlike the opening scenario
SCENARIOS = [
    ("checks", "pgd_tier1", "T1", HEADLINE, "matched/0.05", {}),
    ("kaggle", "pgd_tier1", "T1", HEADLINE, "matched/0.05", {}),
    ("kaggle", "pgd_tier1", "T1", HEADLINE, "own", {"attack_prevalence": 1.0, "fraud_share": 0.15}),
    ("kaggle", "pgd_tier1", "T0", 0.1, "own", {"fraud_share": 0.000045, "transactions_per_day": 1_000_000}),
    ("checks", "pgd_ramp", "T0", 1.0, "matched/0.01", {"fraud_share": 0.011, "attack_prevalence": 0.45}),
    ("checks", "pgd_ramp", "T2", 0.5, "matched/0.1", {"recovered_share": 0.9, "review_cost": 50}),
    ("kaggle", "pgd_ramp", "T3", 0.25, "own", {"loss_per_fraud": 20_000, "friction_cost": 0}),
    ("kaggle", "accumulating_fgsm", "T1", HEADLINE, "matched/0.05", {"fraud_share": 0.25}),
    ("checks", "accumulating_fgsm", "T3", 1.0, "own", {"attack_prevalence": 0.0, "hardening_cost": 0}),
    ("checks", "pgd_tier1", "T2", 0.25, BUDGET, {"analysts": 3, "alerts_per_analyst": 55}),
    ("kaggle", "pgd_ramp", "T1", HEADLINE, BUDGET, {"transactions_per_day": 123_456, "analysts": 500}),
    ("kaggle", "pgd_tier1", "T1", HEADLINE, BUDGET, {"transactions_per_day": 500_000, "analysts": 1}),
    ("checks", "pgd_tier1", "T1", HEADLINE, "matched/0.05", {"loss_per_fraud": 10, "review_cost": 20}),
    ("checks", "pgd_tier1", "T1", 1.0, "matched/0.02", {"attack_prevalence": 1.0, "review_cost": 0.5}),
]


def asked(dataset: str, changes: dict) -> Scenario:
    mean = round(MEASURED[dataset].rates.mean_fraud_amount)
    return Scenario(**{"loss_per_fraud": mean, **changes})


def link(dataset: str, choice: Choice, scenario: Scenario) -> str:
    state = {
        "dataset": dataset, "hardened": choice.hardened, "tier": choice.tier, "epsilon": f"{choice.epsilon:g}",
        "point": choice.point, **scenario.model_dump(),
    }  # fmt: skip
    return f"#calculator&{urlencode(state)}"


LIVE = "document.querySelector('.calculator').dataset.state === 'live'"
WAKE = "document.querySelector('.calculator').scrollIntoView()"


@pytest.fixture
def calculator(browser, base):
    """The page with the calculator awake, and a clipboard that can be read."""
    browser.open(base + "calculator/")
    browser.run(WAKE)
    wait(browser, LIVE)
    browser.run(
        "window.copied = []; Object.defineProperty(navigator, 'clipboard', "
        "{ value: { writeText: async (text) => { copied.push(text) } } })"
    )
    return browser


def press(browser, act: str) -> str:
    """Press a button of the calculator and give back what it copied."""
    before = browser.run("return copied.length")
    browser.run(f"document.querySelector('.calculator [data-act={act}]').click()")
    wait(browser, f"copied.length > {before}")
    return browser.run("return copied.at(-1)")


def number(value) -> float:
    return float(value.replace("Infinity", "inf")) if isinstance(value, str) else value


def test_every_output_and_band_is_that_of_the_python_reference(calculator):
    def agrees(case: tuple):
        dataset, hardened, tier, epsilon, point, changes = case
        choice, scenario = Choice(hardened, tier, epsilon, point), asked(dataset, changes)
        expected = answer(MEASURED[dataset], choice, scenario)
        sentence = verdict_sentence(expected, scenario, palette.model(hardened).title)
        calculator.run(f"location.hash = {json.dumps(link(dataset, choice, scenario))}")
        wait(
            calculator,
            f"document.querySelector('.calculator-verdict').textContent === {json.dumps(sentence)}",
        )

        def copied() -> dict:
            found = json.loads(press(calculator, "json"))
            assert found["choice"] == {"dataset": dataset, **vars(choice)}
            assert found["scenario"] == pytest.approx(scenario.model_dump())
            return found

        found = soon(copied)  # the sentence may be that of the case before
        assert tuple(found["points"]) == expected.points
        assert found["verdict"] == expected.break_even.verdict
        bands = {
            ("prevalence",): expected.break_even.prevalence,
            ("count_only",): expected.count_only,
            **{("standard", name): each for name, each in expected.standard.items()},
            **{("hardened", name): each for name, each in expected.hardened.items()},
            **{("benefit", name): each for name, each in expected.benefit.items()},
        }
        assert len(bands) == 2 + 2 * 14 + 4
        for path, band in bands.items():
            given = found
            for key in path:
                given = given[key]
            ends = [number(given[end]) for end in ("value", "low", "high")]
            assert ends == pytest.approx(
                [band.value, band.low, band.high], rel=1e-6, abs=1e-9, nan_ok=True
            ), path

    all_hold(agrees, SCENARIOS)


def test_the_opening_state_is_written_into_the_page_as_the_script_writes_it(calculator, base):
    tables = "return [...document.querySelectorAll('.calculator td, .calculator-verdict')].map((e) => e.textContent)"
    live = calculator.run(tables)
    calculator.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        calculator.driver.get(base + "calculator/?still")
        cells = calculator.driver.find_elements("css selector", ".calculator td, .calculator-verdict")
        assert [cell.get_attribute("textContent") for cell in cells] == live
    finally:
        calculator.cdp("Emulation.setScriptExecutionDisabled", value=False)


def test_without_scripts_the_presets_stand_in_its_place(browser, base):
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(base + "calculator/")
        root = browser.driver.find_element("id", "calculator")
        assert not root.find_element("tag name", "form").is_displayed()
        assert "needs JavaScript" in root.text
        assert "not a forecast" in root.text
        browser.open(base + "impact/")
        browser.driver.find_element("css selector", "h2#presets + details > summary").click()
        table = browser.driver.find_element("css selector", "[aria-label^='Presets:']").text
        assert "The original's world" in table
    finally:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)


def test_its_old_address_leads_on_with_the_state_that_it_holds(browser, base):
    browser.open(f"{base}impact/#calculator&dataset=kaggle&tier=T2&fraud_share=0.03")
    wait(browser, "location.pathname.endsWith('/calculator/')")
    wait(browser, LIVE)
    assert shown(browser, "dataset", "tier", "fraud_share") == ["kaggle", "T2", "3"]


def test_business_impact_opens_it_at_the_condition_of_each_decision(browser, base):
    browser.open(f"{base}impact/")
    links = browser.run(
        "return [...document.querySelectorAll('a[href*=\"#calculator&\"]')].map((each) => each.href)"
    )
    assert len(links) >= 8
    assert all("attack_prevalence=" in each and "data-state" not in each for each in links)
    half = next(each for each in links if "dataset=checks" in each and "loss_per_fraud=1040.5" in each)
    browser.open(half)
    wait(browser, LIVE)
    assert shown(browser, "dataset", "loss_per_fraud") == ["checks", "1040.5"]
    assert said(browser) == {}


def test_from_the_summary_it_is_a_click_away(browser, base):
    browser.open(base)
    browser.driver.find_element("partial link text", "What would it cost us").click()
    browser.run(WAKE)
    wait(browser, LIVE)
    assert browser.errors() == []


@pytest.mark.parametrize("width", [1280, 390])
def test_every_control_has_a_name_a_size_and_a_place_in_the_order(calculator, base, width):
    calculator.open(base + "calculator/", width=width)
    calculator.run(WAKE)
    wait(calculator, LIVE)
    assert calculator.overflow() <= 0
    controls = calculator.run(
        "return [...document.querySelectorAll('.calculator :is(input, select, button)')].map((e) => "
        "({ name: e.labels?.[0]?.textContent ?? e.ariaLabel ?? e.textContent, height: e.offsetHeight, "
        "inside: e.offsetWidth <= document.documentElement.clientWidth, tab: e.tabIndex }))"
    )
    assert len(controls) == 5 + 2 * 10 + 8 + 3
    for control in controls:
        assert control["name"].strip(), control
        assert control["height"] >= TARGET, control
        assert control["inside"], control
        assert control["tab"] == 0, control


def test_a_slider_moved_by_the_keyboard_moves_field_charts_and_address(calculator):
    slider = calculator.driver.find_element("css selector", "[data-for=attack_prevalence]")
    net = "return document.querySelector('[data-draw=net] .own').getAttribute('cx')"
    before = calculator.run(net)
    slider.send_keys(Keys.END)
    wait(calculator, "document.querySelector('#calculator-attack_prevalence').value === '100'")
    wait(calculator, "location.hash.includes('attack_prevalence=1&')")
    answered(calculator, net, lambda found: found != before)
    verdict = "return document.querySelector('.calculator-verdict').textContent"
    answered(calculator, verdict, lambda found: "You set 100.0\u202f%" in found)
    answered(
        calculator,
        "return document.querySelector('.calculator').dataset.redraw",
        lambda redraw: float(redraw) > 0,
    )


def test_a_preset_sets_the_day_and_reset_brings_the_opening_back(calculator):
    verdict = "return document.querySelector('.calculator-verdict').textContent"
    opening = calculator.run(verdict)
    calculator.run("document.querySelector('[data-preset=original]').click()")
    wait(calculator, "document.querySelector('#calculator-fraud_share').value === '15'")
    wait(calculator, f"document.querySelector('.calculator-verdict').textContent !== {json.dumps(opening)}")
    calculator.run("document.querySelector('[data-act=reset]').click()")
    wait(calculator, f"document.querySelector('.calculator-verdict').textContent === {json.dumps(opening)}")
    wait(calculator, "location.hash === ''")


def test_another_dataset_brings_its_own_loss_unless_the_reader_has_set_one(calculator):
    loss = "document.querySelector('#calculator-loss_per_fraud').value"
    choose = (
        "const s = document.querySelector('#calculator-dataset'); s.value = '{}'; "
        "s.dispatchEvent(new Event('change', {{ bubbles: true }}))"
    )
    calculator.run(choose.format("kaggle"))
    wait(calculator, f"{loss} === '671'")
    calculator.run(
        "const f = document.querySelector('#calculator-loss_per_fraud'); f.value = '500'; "
        "f.dispatchEvent(new Event('input', { bubbles: true }))"
    )
    calculator.run(choose.format("checks"))
    wait(calculator, "document.querySelector('#calculator-dataset').value === 'checks'")
    time.sleep(0.3)
    assert calculator.run(f"return {loss}") == "500"


def test_a_copied_link_opens_the_same_state(calculator, base):
    choice, scenario = Choice("pgd_ramp", "T2", 0.5, "matched/0.01"), asked("kaggle", {"fraud_share": 0.002})
    calculator.run(f"location.hash = {json.dumps(link('kaggle', choice, scenario))}")
    expected = verdict_sentence(answer(MEASURED["kaggle"], choice, scenario), scenario, "PGD training")
    shown = f"document.querySelector('.calculator-verdict').textContent === {json.dumps(expected)}"
    wait(calculator, shown)
    address = press(calculator, "link")
    calculator.open("about:blank")
    calculator.driver.get(address)
    wait(calculator, shown)


def said(browser) -> dict[str, str]:
    """The words beside the controls, by the name of the control."""
    return browser.run(
        "return Object.fromEntries([...document.querySelectorAll('.calculator .tool-said')]"
        ".filter((each) => each.textContent).map((each) => [each.id.slice(11, -5), each.textContent]))"
    )


def shown(browser, *names: str) -> list[str]:
    return browser.run(
        "return arguments[0].map((name) => document.getElementById(`calculator-${name}`).value)", names
    )


def mistyped_numbers(browser, most: int | None = None) -> list[str]:
    """What goes wrong when a reader types into the ten fields, or into `most` of them."""
    fields = browser.driver.find_elements("css selector", ".calculator-bank input:not([type=range])")
    names = [field.get_attribute("name") for field in fields]
    assert names == [each.name for each in INPUTS]
    factors = [100 if each.unit == "percent" else 1 for each in INPUTS]
    return mistyped(
        browser,
        fields[:most],
        fits=lambda i, number: factors[i] * INPUTS[i].low <= number <= factors[i] * INPUTS[i].high,
        counted=lambda i, link: factors[i] * float(link[names[i]]),
    )


def test_every_field_keeps_what_is_typed_and_says_what_does_not_count(calculator):
    assert mistyped_numbers(calculator) == []


def test_the_words_beside_a_field_name_what_counts_and_go_with_what_was_wrong(calculator):
    field = calculator.driver.find_element("id", "calculator-review_cost")
    words = {
        "7)": "“7)” is not a number; 10\u202fUSD still counts.",
        "60": "60 is above the most, 50\u202fUSD; 10\u202fUSD still counts.",
        "": "The field is empty; 10\u202fUSD still counts.",
        "1.250": "Read as 1.25: a point is the decimal mark.",
        "USD 12,5": "",
        "-1": "−1 is below the least, 0\u202fUSD; 12.5\u202fUSD still counts.",
    }
    found = {}
    for text in words:
        typed(calculator, field, text)
        found[text] = said(calculator).get("review_cost", "")
    assert found == words
    assert calculator.axe() == []
    calculator.driver.find_element("css selector", "[data-for=review_cost]").send_keys(Keys.ARROW_RIGHT)
    assert (said(calculator), field.get_attribute("aria-invalid")) == ({}, None)
    field.send_keys(Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_DOWN)
    assert float(field.get_attribute("value")) > 13
    typed(calculator, field, "")
    calculator.run("document.querySelector('.calculator [data-act=reset]').click()")
    wait(calculator, "document.querySelector('#calculator-review_cost').value === '10'")
    assert said(calculator) == {}


def test_what_a_link_says_and_this_page_does_not_understand_stands_beside_the_field(calculator, base):
    calculator.open(base + "calculator/")
    opening = shown(calculator, "dataset", "tier", "hardening_cost", "analysts")
    calculator.driver.get(
        f"{base}calculator/#calculator&dataset=<b>&tier=T9&epsilon=0.33&fraud_share=0,03&review_cost=7.5"
        "&attack_prevalence=7&analysts=-3&x=y&hardening_cost=50000)"
    )
    wait(calculator, LIVE)
    wait(
        calculator, "document.querySelector('.calculator-status').textContent.includes('not understood: “x”')"
    )
    found = said(calculator)
    assert set(found) == {"dataset", "tier", "epsilon", "attack_prevalence", "analysts", "hardening_cost"}
    assert found["hardening_cost"] == "In the link, “50000)” is not a number; 50,000\u202fUSD still counts."
    assert found["attack_prevalence"].startswith("In the link, 700 is above the most, 100\u202f%; 10\u202f%")
    assert "“T9” is not offered" in found["tier"]
    assert shown(calculator, "fraud_share", "review_cost") == ["3", "7.5"]
    assert shown(calculator, "dataset", "tier", "hardening_cost", "analysts") == opening
    assert "NaN" not in calculator.run("return document.querySelector('.calculator').textContent")
    calculator.driver.get(
        f"{base}calculator/#calculator&dataset=kaggle&loss_per_fraud=x"
    )  # its own loss, then
    wait(calculator, "document.querySelector('#calculator-loss_per_fraud').value === '671'")
    assert set(said(calculator)) == {"loss_per_fraud"}
    assert calculator.errors() == []


def test_charts_follow_the_scheme_and_the_width(calculator):
    stroke = "return getComputedStyle(document.querySelector('[data-draw=net] .line')).stroke"
    light = calculator.run(stroke)
    calculator.switch_scheme()
    answered(calculator, stroke, lambda found: found != light)
    calculator.cdp(
        "Emulation.setDeviceMetricsOverride", width=390, height=900, deviceScaleFactor=1, mobile=False
    )
    wait(calculator, "document.querySelector('[data-draw=net] svg').clientWidth < 390")
    assert calculator.overflow() <= 0


def test_it_works_from_the_unpacked_zip(browser, project):
    folder = (project / "unpacked" / "model-security-study").as_uri()
    browser.open(f"{folder}/calculator.html")
    browser.run(WAKE)
    wait(browser, LIVE)
    wait(browser, "document.querySelectorAll('.calculator-plot svg').length === 5")
    browser.run(
        "const s = document.querySelector('[data-for=attack_prevalence]'); s.value = 500; "
        "s.dispatchEvent(new Event('input', { bubbles: true }))"
    )
    wait(browser, "location.hash.includes('attack_prevalence=0.5')")
    assert browser.errors() == []
    assert all(url.startswith(folder) for url in browser.requests())


def test_data_that_does_not_load_is_said_and_the_opening_state_stays(browser, base):
    browser.cdp("Network.setBlockedURLs", urls=["*calculator-checks-T1.js"])
    try:
        browser.open(base + "calculator/")
        before = browser.run("return document.querySelector('.calculator-verdict').textContent")
        browser.run(WAKE)
        wait(browser, "document.querySelector('.calculator-status').textContent.includes('could not load')")
        assert browser.run("return document.querySelector('.calculator-verdict').textContent") == before
    finally:
        browser.cdp("Network.setBlockedURLs", urls=[])


def test_the_scenarios_try_every_verdict_but_one():
    said = {
        answer(MEASURED[d], Choice(h, t, e, p), asked(d, c)).break_even.verdict
        for d, h, t, e, p, c in SCENARIOS
    }
    assert {"pays above", "never pays", "not more robust", "catching does not pay"} <= said
    assert any(math.isinf(answer(MEASURED[d], Choice(h, t, e, p), asked(d, c)).break_even.prevalence.high)
               for d, h, t, e, p, c in SCENARIOS)  # fmt: skip
