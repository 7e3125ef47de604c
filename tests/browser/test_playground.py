"""The playground in a real browser: its scores and proofs are those of Python, and a reader can work it."""

import base64
import itertools
import json
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
import pytest
from browser import answered, mistyped, typed
from browser import waited as wait
from offenders import all_hold
from playground_fixture import stack, with_trees
from playing import OUTCOME, SETTLED, choose, outcome, text, visit
from report_fixture import ROOT, tiny_result
from selenium.webdriver.common.keys import Keys
from threat_fixture import FRAUDSTERS

from generator.models.folds import Folds
from generator.proofs.relu.kernels import PROVED
from generator.proofs.relu.network import Network, from_arrays, margins
from generator.proofs.relu.search import TAU, radius
from generator.proofs.relu.verifier import decide
from generator.records.features import Feature
from generator.records.spec import ProofSpec
from generator.records.threat import surface
from generator.threats.surface import boxes
from generator.tools.playground import make_offers, registration
from generator.tools.playground.form import page
from generator.tools.playground.making import tier_of

TARGET = 44
"""Least height in px of whatever is pressed or dragged."""
ROWS = 200
EPSILONS = (0.05, 0.1, 0.25, 0.35, 0.8)
CODES = {1: "proved", -1: "broken", 0: "unresolved"}
TOLERANCE = 1e-3
SCRIPTS = (
    "playground",
    "tool",
    "tool-drawing",
    "playground-model",
    "playground-proof",
    "playground-trees",
    "playground-output",
    "playground-page",
)

# Everything of one case, worked out by the scripts of the page: arguments are the case and what to call when done.
WORK = """
const [given, done] = arguments, { study, rows, labels, epsilons } = given;
const M = studyModel, P = studyProof, rule = { tau: study.tau, limit: study.box_limit };
const found = { scores: [], settled: {}, boxes: {}, radii: [], attacks: 0, beaten: [], escaped: [] };
const net = M.network(given.weights, study.widths);
rows.forEach((raw) => found.scores.push(M.margin(net, M.encode(study, raw))));
for (const tier of study.tiers) {
  for (const epsilon of epsilons) {
    const outcomes = [], faces = [];
    rows.forEach((raw, i) => {
      const fraud = labels[i] === 1, place = M.reach(study, tier.name, raw, fraud), box = place.box(epsilon);
      const signed = M.towardsRight(net, fraud, given.cut), answer = P.finish(P.settle(signed, box, place, rule));
      outcomes.push([answer.outcome, answer.boxes]);
      faces.push([[...box.lower], [...box.upper]]);
      for (const tried of [M.fgsm(signed, place, epsilon), M.pgd(signed, place, epsilon, 20, 0.1)]) {
        found.attacks++;
        if (answer.outcome === "proved" && tried.margin <= 0) found.beaten.push([tier.name, epsilon, i]);
        const outside = tried.point.some((x, k) => x < box.lower[k] - 1e-12 || x > box.upper[k] + 1e-12);
        if (outside || place.distance(tried.point) > epsilon + 1e-9) found.escaped.push([tier.name, epsilon, i]);
      }
      if (!answer.witness) return;
      const flips = M.margin(signed, answer.witness) <= 2 * study.tau;
      const within = place.distance(answer.witness) <= epsilon + 1e-9;
      if (!flips || !within) found.escaped.push(["witness", tier.name, epsilon, i]);
    });
    found.settled[`${tier.name}/${epsilon}`] = outcomes;
    found.boxes[`${tier.name}/${epsilon}`] = faces;
  }
}
for (const name of given.radii) {
  rows.forEach((raw, i) => {
    const fraud = labels[i] === 1, place = M.reach(study, name, raw, fraud);
    const signed = M.towardsRight(net, fraud, given.cut);
    const { proved, broken } = P.finish(P.radius(signed, place, 1, given.tolerance, rule));
    found.radii.push([name, i, proved, broken === Infinity ? null : broken]);
  });
}
done(found);
"""


@dataclass(frozen=True)
class Case:
    """A network of full size, transactions around its cut, and the features of a dataset."""

    features: tuple[Feature, ...]
    study: dict
    folds: Folds
    network: Network
    weights: dict[str, np.ndarray]
    cut: float

    @property
    def x(self) -> np.ndarray:
        return self.folds.test_x()[0].astype(np.float64)


def _case(name: str, weights: dict[str, np.ndarray], cut: float, offers, seed: int) -> Case:
    """Whole numbers move in whole steps here, and every tier but T0 has something it may do."""
    result = tiny_result(name)
    features = tuple(
        f.model_copy(update={"integer": f.decimals == 0 and f.high > 1}) for f in result.data.features
    )
    data = result.data.model_copy(update={"features": features})
    offer = json.loads(offers[name].to_json())
    offer["features"] = [f | {"integer": g.integer} for f, g in zip(offer["features"], features, strict=True)]
    traced = result.model_copy(update={"data": data})
    offer["tiers"] = [tier_of(traced, tier).model_dump(mode="json") for tier in FRAUDSTERS.tiers]
    means, scales = np.array(offer["means"]), np.array(offer["scales"])
    rng = np.random.default_rng(seed)
    raw = means + scales * rng.normal(0, 1.2, (ROWS, len(features)))
    raw = np.clip(raw, [f.low for f in features], [f.high for f in features])
    raw = np.where([f.integer for f in features], np.round(raw), raw)
    network = from_arrays(weights, 0)
    label = (margins(network, ((raw - means) / scales).astype(np.float32)) > cut).astype(int)
    label[::17] = 1 - label[::17]  # some are wrong to begin with
    folds = Folds(
        train_rows=np.zeros((1, 1), int), test_rows=np.arange(ROWS)[None], test_counts=np.array([ROWS]),
        means=means[None], scales=scales[None], x=raw, y=label, seeds=1,
    )  # fmt: skip
    return Case(features, offer, folds, network, weights, cut)


def _packed(weights: dict[str, np.ndarray]) -> str:
    parts = [weights[f"{kind}.{i}"][0].ravel() for i in range(3) for kind in ("weights", "biases")]
    return base64.b64encode(np.concatenate(parts).astype("<f4").tobytes()).decode()


@pytest.fixture(scope="module")
def offers(project):
    """As the site of these tests has them."""
    return make_offers([with_trees(tiny_result(name)) for name in ("checks", "kaggle")], project / "records")


@pytest.fixture(scope="module", params=["trained", "steep"])
def case(request, offers, small_models, small_folds) -> Case:
    """A trained network on checks, and an untrained one with large weights on whole numbers."""
    if request.param == "trained":
        weights = small_models.weights
        cut = float(np.median(margins(from_arrays(weights, 0), small_folds.test_x()[0])))
        return _case("checks", weights, cut, offers, 3)
    return _case("kaggle", stack(np.random.default_rng(5), 5, 1, scale=3.0), 0.1, offers, 4)


@pytest.fixture(scope="module")
def worked(case, browser, base) -> dict:
    """What the scripts of the page make of a case."""
    visit(browser, base + "playground/")
    wait(browser, SETTLED)
    given = {
        "study": case.study, "weights": _packed(case.weights), "cut": case.cut, "rows": case.folds.x.tolist(),
        "labels": case.folds.y.tolist(), "epsilons": EPSILONS, "radii": FRAUDSTERS.names, "tolerance": TOLERANCE,
    }  # fmt: skip
    return browser.driver.execute_async_script(WORK, given)


@pytest.fixture
def playground(browser, base):
    """The page as it opens for a reader who has picked no budget on another one."""
    visit(browser, base + "playground/")
    wait(browser, SETTLED)
    return browser


# ---------------------------------------------------------------- the same as Python


def test_every_score_is_that_of_python(case, worked):
    assert worked["scores"] == pytest.approx(margins(case.network, case.x), abs=1e-9)


def test_boxes_and_outcomes_of_200_rows_are_those_of_python(case, worked):
    def agrees(asked: tuple[str, float]):
        tier, epsilon = asked
        box = boxes(surface(case.features, FRAUDSTERS.tier(tier)), case.folds, slice(0, 1), epsilon).of(0)
        found = decide(case.network, box, case.folds.y, ProofSpec(), case.cut)
        faces = np.array(worked["boxes"][f"{tier}/{epsilon:g}"])
        np.testing.assert_array_equal(faces[:, 0], box.lower)
        np.testing.assert_array_equal(faces[:, 1], box.upper)
        outcomes, looked = zip(*worked["settled"][f"{tier}/{epsilon:g}"], strict=True)
        assert list(outcomes) == [CODES[code] for code in found.outcome]
        proved = found.outcome == PROVED  # Python alone hunts for witnesses, and narrows the network to a box
        assert np.mean((np.array(looked) == found.boxes)[proved]) > 0.95  # but for its rounding, one search

    all_hold(agrees, itertools.product(FRAUDSTERS.names, EPSILONS))


def test_the_cases_are_not_easy(worked):
    said = [each for outcomes in worked["settled"].values() for each, _ in outcomes]
    assert min(said.count("proved"), said.count("broken")) > 0.1 * len(said)
    assert max(looked for outcomes in worked["settled"].values() for _, looked in outcomes) > 10


def test_no_attack_beats_a_proof_or_leaves_the_box_of_its_tier(worked):
    assert worked["attacks"] == 2 * ROWS * len(EPSILONS) * len(FRAUDSTERS.names)
    assert worked["beaten"] == []
    assert worked["escaped"] == []


def test_the_exact_limit_is_that_of_python_in_the_plain_box(case, worked):
    ones = np.ones_like(case.x)
    found = radius(
        case.network, case.x, case.folds.y, ones, ones, 1.0, tolerance=TOLERANCE, threshold=case.cut
    )
    mine = [each for each in worked["radii"] if each[0] == "T0"]
    for (_, row, proved, broken), there in zip(mine, found.proved, strict=True):
        assert proved == pytest.approx(there, abs=1.01 * TOLERANCE), row
        assert (broken is None) == np.isinf(found.broken[row])
        assert broken is None or broken - proved <= TOLERANCE + 1e-12


def test_in_every_tier_the_limit_parts_what_is_proved_from_what_is_broken(worked):
    for tier, row, proved, broken in worked["radii"]:
        assert broken is None or broken - proved <= 1.01 * TOLERANCE
        for epsilon in EPSILONS:
            said = worked["settled"][f"{tier}/{epsilon:g}"][row][0]
            assert epsilon > proved or said == "proved" or proved == broken == 0
            assert broken is None or epsilon < broken or said == "broken"


def test_the_tolerance_of_proofs_is_that_of_python(offers):
    assert all(offer.tau == TAU for offer in offers.values())


# ---------------------------------------------------------------- the page


def test_it_opens_on_the_worked_example_and_agrees_with_the_record(playground, offers):
    offer = offers["checks"]
    example = offer.example
    assert (
        playground.run("return document.querySelector('[name=transaction]').value") == example.transaction.id
    )
    for side, name in (("standard", offer.standard.name), ("hardened", example.hardened)):
        found = example.transaction.found[name]
        assert outcome(playground, side) == found.outcome
        limit = text(playground, f"[data-side={side}] .playground-limit")
        assert "The study recorded the same." in limit
        if found.broken:
            assert f"{found.proved:.2f}" in limit
    assert playground.errors() == []


def test_each_transaction_of_the_list_gets_the_outcome_that_was_recorded(playground, offers):
    for dataset, offer in offers.items():
        choose(playground, "dataset", dataset)
        wait(
            playground, f"document.querySelector('.playground-source').textContent.includes({offer.origin!r})"
        )
        for each in offer.transactions[::4]:
            choose(playground, "transaction", each.id)
            found = each.found[offer.standard.name]
            right = (found.margin > 0) == (each.label == "fraud")
            assert outcome(playground, "standard") == (found.outcome if right else "wrong"), each.id


def test_the_budget_moved_by_the_keyboard_moves_answer_chart_and_address(playground):
    slider = playground.driver.find_element("id", "playground-epsilon")
    now = "return document.querySelector('[data-side=standard] .now').getAttribute('x1')"
    before = playground.run(now)
    slider.send_keys(Keys.HOME)
    wait(playground, "/epsilon=0(&|$)/.test(location.hash)")
    answered(playground, OUTCOME % "standard", lambda found: found == "proved")
    answered(playground, now, lambda found: found != before)
    slider.send_keys(Keys.END)
    wait(playground, "/epsilon=1(&|$)/.test(location.hash)")
    answered(playground, OUTCOME % "standard", lambda found: found == "broken")
    assert slider.get_attribute("aria-valuetext") == "1\u202fσ"
    assert "1\u202fσ is: Check amount 1,208.00\u202fUSD" in text(playground, ".playground-raw")
    assert float(playground.run("return document.querySelector('.playground').dataset.frame")) > 0


def test_a_tier_locks_what_its_attacker_cannot_change(playground, offers):
    choose(playground, "tier", "T1")
    locked = playground.run(
        "return [...document.querySelectorAll('.playground-table tbody tr')].map((r) => "
        "[r.classList.contains('locked'), r.querySelector('input[type=range]').disabled, "
        "r.querySelector('[data-cell=range]').textContent])"
    )
    assert [row[0] for row in locked] == [row[1] for row in locked]
    assert [row[0] for row in locked][:3] == [False, True, True]
    assert locked[1][2] == "locked: nobody at the time of the transaction"
    assert locked[2][2] == "locked: an insider only"
    right = (
        t for t in offers["checks"].transactions if t.label == "genuine" and t.found["standard"].margin < 0
    )
    choose(playground, "transaction", next(right).id)
    assert "do not attack" in text(playground, "[data-side=standard] .playground-verdict")


def test_the_reader_flips_what_is_broken_by_the_example_and_sees_it(playground):
    playground.run("document.querySelector('[data-act=standard]').click()")
    wait(playground, "document.querySelector('.playground-try').textContent.includes('you flipped it')")
    assert playground.run("return document.querySelectorAll('[data-side=standard] .mine').length") == 1
    wait(playground, "location.hash.includes('mine=')")
    playground.run("document.querySelector('[data-act=undo]').click()")
    wait(playground, "!document.querySelector('.mine')")


def test_a_missed_attack_is_found_on_demand_and_the_proof_has_the_example(playground):
    choose(playground, "attack", "fgsm")
    playground.run("document.querySelector('[data-act=miss]').click()")
    wait(playground, "location.hash.includes('attack=fgsm')")
    wait(playground, SETTLED)
    said = playground.run(
        "return [...document.querySelectorAll('.playground-scores')].map((e) => e.textContent)"
    )
    assert any("FGSM misses it: the example is from the proof." in each for each in said)


def test_no_place_of_the_readers_sliders_flips_what_is_proved(playground):
    choose(playground, "epsilon", "0.05")
    assert outcome(playground, "standard") == "proved"
    for place in ("0", "200"):
        playground.run(
            f"for (const s of document.querySelectorAll('[data-cell=mine] input')) {{ s.value = {place}; "
            "s.dispatchEvent(new Event('input', { bubbles: true })); }"
        )
        wait(playground, "document.querySelector('.playground-try').textContent.startsWith('Your try')")
        assert "flipped" not in text(playground, ".playground-try").partition(".")[0]


def test_every_field_keeps_what_is_typed_and_says_what_does_not_count(playground, offers):
    features = offers["checks"].features
    fields = playground.driver.find_elements("css selector", "[data-cell=raw] input")
    raw = [float(field.get_attribute("value")) for field in fields]
    assert len(fields) == len(features)

    def fits(place: int, number: float) -> bool:
        feature = features[place]
        return feature.low <= number <= feature.high and not (feature.integer and number % 1)

    def counted(place: int, link: dict) -> float:
        return float(link["values"].split(",")[place]) if "values" in link else raw[place]

    assert mistyped(playground, fields, fits, counted) == []


def test_what_a_reader_does_while_the_data_are_on_their_way_counts(browser, server):
    browser.cdp("Network.clearBrowserCache")
    with browser.busy():  # at rest the data would be there before the reader
        browser.open(server.base + "playground/")
    with server.holding_back(".js"):
        tier = browser.driver.find_element("id", "playground-tier")
        tier.send_keys("T1")
        field = browser.driver.find_elements("css selector", "[data-cell=raw] input")[1]
        field.send_keys(Keys.CONTROL + "a" + Keys.NULL + "12.")
        assert browser.run("return document.querySelector('.playground').dataset.state") is None
    wait(browser, SETTLED)
    field.send_keys("5")
    wait(browser, "/values=[^,]+,12.5,/.test(location.hash)")
    assert (field.get_attribute("value"), tier.get_attribute("value")) == ("12.5", "T1")


def test_a_typed_transaction_is_judged_and_kept_in_the_link(playground, base):
    field = playground.driver.find_element("css selector", "[data-cell=raw] input")
    typed(playground, field, "1 250,5")
    wait(playground, "document.querySelector('[name=transaction]').value === 'typed'")
    wait(playground, SETTLED)
    wait(playground, "location.hash.includes('values=1250.5,')")
    address, said = playground.run("return location.href"), text(playground, "[data-side=standard]")
    playground.open("about:blank")
    playground.driver.get(address)
    wait(playground, SETTLED)
    assert text(playground, "[data-side=standard]") == said


def test_a_link_opens_its_state_and_reset_brings_the_opening_back(browser, base, offers):
    offer = offers["kaggle"]
    chosen = offer.transactions[3].id
    state = {
        "dataset": "kaggle", "transaction": chosen, "tier": "T3", "attack": "fgsm", "steps": "7",
        "hardened": "pgd_tier1", "cut": "matched", "epsilon": "0.2",
    }  # fmt: skip
    browser.open("about:blank")
    browser.driver.get(f"{base}playground/#playground&{urlencode(state)}")
    wait(browser, SETTLED)
    values = "return ['dataset', 'transaction', 'tier', 'attack', 'steps', 'hardened', 'cut', 'epsilon']"
    read = f"{values}.map((name) => document.querySelector(`.playground [name=${{name}}]`).value)"
    assert browser.run(read) == list(state.values())
    assert "Stand-in data" in text(browser, ".playground-source")
    browser.run("document.querySelector('.playground [data-act=reset]').click()")
    wait(browser, "document.querySelector('.playground [name=tier]').value === 'T0'")
    wait(browser, "location.hash === ''")
    assert browser.errors() == []


def test_the_budget_and_data_picked_on_another_page_are_those_it_opens_with(playground):
    playground.run("sessionStorage.setItem('study-at', JSON.stringify({ at: 0.1, of: 'kaggle' }))")
    playground.driver.refresh()
    playground.run("dispatchEvent(new Event('scroll'))")
    wait(playground, SETTLED)
    read = "return ['dataset', 'epsilon'].map((name) => document.querySelector(`.playground [name=${name}]`).value)"
    assert playground.run(read) == ["kaggle", "0.1"]


def said(browser) -> dict[str, str]:
    """The words beside the controls, by the name of the control."""
    return browser.run(
        "return Object.fromEntries([...document.querySelectorAll('.playground .tool-said')]"
        ".filter((each) => each.textContent).map((each) => [each.id.slice(11, -5), each.textContent]))"
    )


def test_what_a_link_says_and_this_page_does_not_understand_stands_beside_the_control(browser, base, offers):
    example = offers["checks"].example.transaction
    browser.open("about:blank")
    browser.driver.get(
        f"{base}playground/#playground&dataset=<b>&transaction=x&tier=T9&attack=%00&epsilon=0,2&steps=-4&cut=&q=1"
    )
    wait(browser, SETTLED)
    found = said(browser)
    assert set(found) == {"dataset", "transaction", "tier", "attack", "steps", "cut"}
    assert "“T9” is not offered" in found["tier"]
    assert found["steps"].startswith("In the link, −4 is below the least, 1;")
    values = browser.run("return ['tier', 'epsilon'].map((n) => document.querySelector(`[name=${n}]`).value)")
    assert values == ["T0", "0.2"]
    assert "not understood: “q”" in text(browser, ".playground-status")
    raw = [*map(str, example.raw)]
    link = f"epsilon=0.123&transaction=typed&values={','.join(raw[:-1])},5)&mine=x,{','.join(raw[1:])}"
    browser.driver.get(f"{base}playground/#playground&{link}")
    wait(browser, "document.querySelector('[name=transaction]').value === 'typed'")
    wait(browser, SETTLED)
    found = said(browser)
    assert set(found) == {"epsilon", f"raw-{len(raw) - 1}", "mine-0"}
    assert found["epsilon"] == "In the link, 0.123, but the steps are 0.01: 0.12 counts."
    assert found[f"raw-{len(raw) - 1}"].startswith("In the link, “5)” is not a number;")
    browser.driver.get(f"{base}playground/#playground&transaction=typed&values=1,2")
    wait(browser, f"document.querySelector('[name=transaction]').value === {example.id!r}")
    assert f"“values” is not {len(raw)} numbers" in said(browser)["transaction"]
    words = text(browser, ".playground")
    assert "NaN" not in words
    assert "undefined" not in words
    assert browser.errors() == []


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_every_control_has_a_name_a_size_and_a_place_in_the_order(playground, base, width):
    visit(playground, base + "playground/", width=width)
    wait(playground, SETTLED)
    assert playground.overflow() <= 0
    controls = playground.run(
        "return [...document.querySelectorAll('.playground :is(input, select, button)')].map((e) => "
        "({ name: e.labels?.[0]?.textContent || e.ariaLabel || e.textContent, height: e.offsetHeight, "
        "inside: e.getBoundingClientRect().right <= document.documentElement.clientWidth, tab: e.tabIndex }))"
    )
    assert len(controls) == 9 + 2 * 5 + 6
    for control in controls:
        assert control["name"].strip(), control
        assert control["height"] >= TARGET, control
        assert control["inside"], control
        assert control["tab"] == 0, control
    assert playground.run("return window.shift") <= 0.02
    assert [url for url in playground.requests() if not url.startswith(base)] == []


def test_colours_follow_the_scheme(playground):
    stroke = "return getComputedStyle(document.querySelector('[data-side=hardened] .line')).stroke"
    light = playground.run(stroke)
    playground.switch_scheme()
    answered(playground, stroke, lambda found: found != light)


def test_without_scripts_the_worked_example_stands_in_its_place(browser, base, offers):
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        visit(browser, base + "playground/")
        root = browser.driver.find_element("id", "playground")
        assert "needs JavaScript" in root.text
        assert not root.find_element("tag name", "form").is_displayed()
        assert not root.find_element("tag name", "table").is_displayed()
        browser.driver.find_element("css selector", "h2#worked-example + details > summary").click()
        table = browser.driver.find_element("css selector", "[aria-label^='Worked example']").text
        assert offers["checks"].standard.title in table
    finally:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)


def test_it_works_from_the_unpacked_zip(browser, project):
    folder = (project / "unpacked" / "model-security-study").as_uri()
    visit(browser, f"{folder}/playground.html")
    wait(browser, SETTLED)
    choose(browser, "dataset", "kaggle")
    assert browser.run("return document.querySelectorAll('.playground-plot svg').length") == 2
    assert browser.errors() == []
    assert all(url.startswith(folder) for url in browser.requests())


def test_data_that_does_not_load_is_said(browser, base):
    browser.cdp("Network.setBlockedURLs", urls=["*playground-checks.js"])
    try:
        visit(browser, base + "playground/")
        wait(browser, "document.querySelector('.playground-status').textContent.includes('could not load')")
    finally:
        browser.cdp("Network.setBlockedURLs", urls=[])
        browser.errors()


def test_one_file_that_holds_everything_asks_for_nothing(browser, offers, tmp_path):
    scripts = [(ROOT / "docs" / "assets" / f"{name}.js").read_text() for name in ("study", *SCRIPTS)]
    scripts.insert(2, registration(offers["kaggle"]))
    inline = "".join(f"<script>{script}</script>" for script in scripts)
    (tmp_path / "one.html").write_text(
        f'<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">{page([offers["kaggle"]])}{inline}',
        encoding="utf-8",
    )
    address = (tmp_path / "one.html").as_uri()
    visit(browser, address)
    wait(browser, SETTLED)
    assert outcome(browser, "standard") in ("proved", "broken", "wrong")
    assert browser.requests() == [address]
    assert browser.errors() == []
