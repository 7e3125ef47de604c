"""Calculators of tables of one's own in a real browser: two of them, beside those of the studies of this project."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from browser import answered, mistyped, soon, typed, waited
from offenders import all_hold
from report_fixture import tiny_project, tiny_result
from selenium.webdriver.support.select import Select
from server import serving
from test_calculator import LIVE, number, press
from validation_fixture import tiny_validation

from generator.findings.breakeven import verdict_sentence
from generator.impact.measured import BUDGET, Choice
from generator.impact.whatif import answer
from generator.publish.site import build_site
from generator.tools.calculator.own import own_bench

OWN = {
    "claims": tiny_validation(),
    "loans": tiny_validation(
        "loans", title="Card default", deployed=(), amount=False, time=False, typical_loss=80_000.0,
        currency="SEK", prior=0.08,
    ),
}  # fmt: skip
BENCHES = {name: own_bench(found) for name, found in OWN.items()}
VERDICT = "return document.querySelector('.calculator-verdict').textContent"
CELLS = (
    "return [...document.querySelectorAll('.calculator td, .calculator-verdict')].map((e) => e.textContent)"
)
CLIPBOARD = (
    "window.copied = []; Object.defineProperty(navigator, 'clipboard', "
    "{ value: { writeText: async (text) => { copied.push(text) } } })"
)
# study, and what is unlike its opening choice and scenario
SCENARIOS = [
    ("claims", {}, {}),
    ("claims", {}, {"attack_prevalence": 0.0}),
    ("claims", {"hardened": "pgd_tier1", "tier": "T2"}, {"attack_prevalence": 0.37, "review_cost": 12.5}),
    ("claims", {"hardened": "trees_left_out", "tier": "T3", "point": "matched/0.01"}, {"friction_cost": 3.75}),
    ("claims", {"point": BUDGET}, {"analysts": 3, "fraud_share": 0.2, "recovered_share": 0.25}),
    ("claims", {"hardened": "logistic_regression"}, {"review_cost": 40, "loss_per_fraud": 30}),
    ("loans", {}, {}),
    ("loans", {"hardened": "standard", "point": "matched/0.1"}, {"attack_prevalence": 0.5, "hardening_cost": 9e6}),
    ("loans", {"point": BUDGET}, {"analysts": 20, "attack_prevalence": 0.2, "friction_cost": 80}),
]  # fmt: skip


@pytest.fixture(scope="module")
def beside(shared):
    """A site of a study of this project and of two tables of one's own."""

    def make(folder: Path):
        tiny_project(folder, (tiny_result("checks"),), validations=tuple(OWN.values()))
        build_site(folder / "mkdocs.yml", folder / "site")

    with serving(shared("beside", make) / "site") as running:
        yield running


def opened(browser, beside, name: str, link: str = "", **how):
    """The page of a calculator, awake."""
    browser.open(f"{beside.base}{name}-calculator/{link}", **how)
    wake(browser)


def wake(browser):
    browser.run("document.querySelector('.calculator').scrollIntoView()")
    waited(browser, LIVE)


def link(name: str, choice: Choice, scenario) -> str:
    return f"#calculator&{urlencode({'dataset': name, **vars(choice), **scenario.model_dump()})}"


def shown(browser, *names: str) -> list[str]:
    return browser.run(
        "return arguments[0].map((name) => document.getElementById(`calculator-${name}`).value)", names
    )


def test_every_output_and_interval_is_that_of_the_python_reference(browser, beside):
    def agrees(case: tuple):
        name, chosen, changes = case
        bench = BENCHES[name]
        choice = Choice(**{**vars(bench.opening), **chosen})
        scenario = bench.scenario.model_copy(update=changes)
        expected = answer(bench.measured, choice, scenario)
        sentence = verdict_sentence(expected, scenario, bench.looks[choice.hardened].title)
        opened(browser, beside, name, link(name, choice, scenario))
        browser.run(CLIPBOARD)
        answered(browser, VERDICT, lambda found: found == sentence)

        def copied() -> dict:
            found = json.loads(press(browser, "json"))
            assert found["choice"] == {"dataset": name, **vars(choice)}
            assert found["scenario"] == pytest.approx(scenario.model_dump())
            return found

        found = soon(copied)
        assert tuple(found["points"]) == expected.points
        sides = {"standard": expected.standard, "hardened": expected.hardened, "benefit": expected.benefit}
        bands = {(side, output): band for side, each in sides.items() for output, band in each.items()}
        for (side, output), band in bands.items():
            ends = [number(found[side][output][end]) for end in ("value", "low", "high")]
            wanted = [band.value, band.low, band.high]
            assert [str(end) if end is None else end for end in ends] == pytest.approx(
                wanted, rel=1e-6, abs=1e-6, nan_ok=True
            ), (side, output)
        for output, band in (
            ("prevalence", expected.break_even.prevalence),
            ("count_only", expected.count_only),
        ):
            ends = [number(found[output][end]) for end in ("value", "low", "high")]
            assert ends == pytest.approx([band.value, band.low, band.high], rel=1e-6, abs=1e-9, nan_ok=True)
        assert browser.errors() == []

    all_hold(agrees, SCENARIOS)


@pytest.mark.parametrize("name", OWN)
def test_the_opening_state_is_written_into_the_page_as_the_script_writes_it(browser, beside, name):
    opened(browser, beside, name)
    live = browser.run(CELLS)
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.driver.get(f"{beside.base}{name}-calculator/?still")
        cells = browser.driver.find_elements("css selector", ".calculator td, .calculator-verdict")
        assert [cell.get_attribute("textContent") for cell in cells] == live
    finally:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("name", OWN)
def test_every_field_keeps_what_is_typed_key_by_key_and_says_what_does_not_count(browser, beside, name):
    opened(browser, beside, name)
    inputs = BENCHES[name].inputs
    fields = browser.driver.find_elements("css selector", ".calculator-bank input:not([type=range])")
    names = [field.get_attribute("name") for field in fields]
    factors = [100 if each.unit == "percent" else 1 for each in inputs]
    assert names == [each.name for each in inputs]
    assert mistyped(
        browser, fields,
        fits=lambda i, value: factors[i] * inputs[i].low <= value <= factors[i] * inputs[i].high,
        counted=lambda i, link: factors[i] * float(link[names[i]]),
    ) == []  # fmt: skip


def test_a_reader_changes_the_model_reloads_and_comes_back_to_what_he_had(browser, beside):
    opened(browser, beside, "claims")
    opening = browser.run(VERDICT)
    Select(browser.driver.find_element("id", "calculator-hardened")).select_by_value("pgd_tier1")
    typed(browser, browser.driver.find_element("id", "calculator-fraud_share"), "2.5")
    waited(
        browser,
        "location.hash.includes('fraud_share=0.025&') && location.hash.includes('hardened=pgd_tier1')",
    )
    changed = answered(browser, VERDICT, lambda found: "Neural net, hardened" in found)
    browser.driver.refresh()
    wake(browser)
    assert answered(browser, VERDICT, lambda found: found != opening) == changed
    browser.run("document.querySelector('article a[href=\"../claims/\"]').click()")
    waited(browser, "location.pathname.endsWith('/claims/')")
    browser.driver.back()
    waited(browser, "document.querySelector('.calculator')")
    wake(browser)
    answered(browser, VERDICT, lambda found: found == changed)
    browser.run("document.querySelector('[data-act=reset]').click()")
    answered(browser, VERDICT, lambda found: found == opening)
    assert browser.errors() == []


def test_its_buttons_set_who_evades_and_leave_the_rest(browser, beside):
    opened(browser, beside, "claims")
    typed(browser, browser.driver.find_element("id", "calculator-review_cost"), "12.5")
    browser.run("document.querySelector('[data-preset=nobody]').click()")
    answered(browser, VERDICT, lambda found: "You set 0.0\u202f%" in found)
    assert shown(browser, "attack_prevalence", "review_cost") == ["0", "12.5"]


def test_what_is_chosen_in_one_calculator_is_no_choice_of_another_one_nor_of_the_site(browser, beside):
    opened(browser, beside, "claims")
    Select(browser.driver.find_element("id", "calculator-tier")).select_by_value("T3")
    waited(browser, "location.hash.includes('tier=T3')")
    assert browser.run("return sessionStorage.getItem('study-at')") is None
    for page, tier in (("calculator/", "T1"), ("loans-calculator/", "T1")):
        browser.driver.get(beside.base + page)
        wake(browser)
        assert shown(browser, "tier") == [tier]
    browser.driver.get(f"{beside.base}calculator/")
    wake(browser)
    Select(browser.driver.find_element("id", "calculator-tier")).select_by_value("T2")
    waited(browser, "window.study.chosen().by === 'T2'")
    browser.driver.get(f"{beside.base}claims-calculator/")
    wake(browser)
    assert shown(browser, "tier", "dataset") == ["T1", "claims"]


def test_a_choice_of_one_study_is_not_offered_and_a_link_to_another_one_says_what_counts(browser, beside):
    opened(browser, beside, "claims")
    offered = (
        "return ['dataset', 'epsilon', 'tier']"
        ".map((name) => document.getElementById(`calculator-${name}`).checkVisibility())"
    )
    assert browser.run(offered) == [False, True, True]
    opened(browser, beside, "claims", "#calculator&dataset=loans&fraud_share=0.03")
    assert "“loans” is not offered" in browser.run(
        "return document.getElementById('calculator-dataset-said').innerText"
    )
    assert shown(browser, "dataset", "fraud_share") == ["claims", "3"]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_fits_its_window_and_its_paper(browser, beside, width, scheme):
    opened(browser, beside, "claims", width=width, scheme=scheme)
    assert browser.overflow() <= 0
    assert browser.axe() == []
    browser.cdp("Page.printToPDF")
    plots = browser.run(
        "return [...document.querySelectorAll('.calculator-plot')].map((e) => e.childElementCount)"
    )
    assert plots == [1] * 5
    assert browser.errors() == []
