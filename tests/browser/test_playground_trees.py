"""Decision trees in the playground: scores, proofs and limits are those of Python, and a reader can work them."""

import base64
import itertools
import json
from dataclasses import dataclass

import numpy as np
import pytest
from browser import answered
from browser import waited as wait
from offenders import all_hold
from playground_fixture import TREES, with_trees
from playing import OUTCOME, SETTLED, choose, outcome, text, visit
from report_fixture import tiny_result
from selenium.webdriver.common.keys import Keys
from threat_fixture import FRAUDSTERS

from generator.models.folds import Folds
from generator.models.trees.boosting import train_trees
from generator.notation import palette
from generator.proofs.trees import verifier
from generator.proofs.trees.forest import Forest
from generator.records.features import Feature
from generator.records.spec import ProofSpec, TreesSpec
from generator.records.threat import surface
from generator.threats.surface import ball, boxes
from generator.tools.playground import make_offers
from generator.tools.playground.making import PACKED, tier_of

ROWS = 200
SEARCHED = 10
"""One row in as many is attacked, too."""
EPSILONS = (0.05, 0.1, 0.25, 0.35, 0.8)
CODES = {1: "proved", -1: "broken", 0: "unresolved"}
TOLERANCE = 1e-3
SPEC = ProofSpec(radius_tolerance=TOLERANCE)

# Everything of one case, worked out by the scripts of the page: arguments are the case and what to call when done.
WORK = """
const [given, done] = arguments, { study, rows, labels, epsilons } = given;
const K = studyKinds.trees, M = studyModel, P = studyProof, rule = { tau: study.tau, limit: study.box_limit };
const found = { settled: {}, radii: [], attacks: 0, beaten: [], escaped: [] };
const trees = K.make(given, study), signed = rows.map((_, i) => K.towardsRight(trees, labels[i] === 1, given.cut));
found.signs = trees.signs;
found.scores = rows.map((raw) => studyTrees.score(trees, raw));
for (const tier of study.tiers) {
  for (const epsilon of epsilons) {
    found.settled[`${tier.name}/${epsilon}`] = rows.map((raw, i) => {
      const place = M.reach(study, tier.name, raw, labels[i] === 1), box = place.box(epsilon), net = signed[i];
      const answer = P.finish(K.settle(net, box, place, rule));
      const { low, high } = place.region(box), outside = (point) => point.some((x, k) => x < low[k] || x > high[k]);
      if (i % given.searched === 0) {
        const tried = K.attack().run(net, place, epsilon);
        found.attacks += 1;
        if (answer.outcome === "proved" && K.wrong(net, tried.margin)) found.beaten.push([tier.name, epsilon, i]);
        if (outside(tried.point)) found.escaped.push(["attack", tier.name, epsilon, i]);
      }
      if (answer.witness && (outside(answer.witness) || !K.wrong(net, K.margin(net, answer.witness)))) {
        found.escaped.push(["witness", tier.name, epsilon, i]);
      }
      return [answer.outcome, answer.boxes];
    });
  }
}
for (const [name, step] of given.limits) {
  rows.forEach((raw, i) => {
    if (i % step) return;
    const place = M.reach(study, name, raw, labels[i] === 1);
    const { proved, broken } = P.finish(K.radius(signed[i], place, 1, given.tolerance, rule));
    found.radii.push([name, i, proved, broken === Infinity ? null : broken]);
  });
}
done(found);
"""


@dataclass(frozen=True)
class Case:
    """Trees of the study's size, transactions around their cut and on their thresholds, features of a dataset."""

    features: tuple[Feature, ...]
    study: dict
    folds: Folds
    forest: Forest
    packed: str
    cut: float
    monotone: bool


@pytest.fixture(scope="module")
def offers(project):
    """As the site of these tests has them."""
    return make_offers([with_trees(tiny_result(name)) for name in ("checks", "kaggle")], project / "records")


@pytest.fixture(scope="module", params=["boosted", "monotone"])
def case(request) -> Case:
    """Whole numbers move in whole steps here, and every tier but T0 has something it may do."""
    monotone = request.param == "monotone"
    result = tiny_result("kaggle" if monotone else "checks")
    features = tuple(
        f.model_copy(update={"integer": f.decimals == 0 and f.high > 1}) for f in result.data.features
    )
    rng, d = np.random.default_rng(8), len(features)
    means, scales = np.array([[f.mean, f.standard_deviation] for f in features]).T
    low, high = np.array([[f.low, f.high] for f in features]).T
    raw = np.clip(means + scales * rng.normal(0, 1.2, (1_500, d)), low, high)
    raw = np.where([f.integer for f in features], np.round(raw), raw)
    risk = ((raw - means) / scales) @ np.linspace(1, -1, d) + rng.normal(0, 0.5, len(raw))
    signs = [1, *[0] * (d - 2), -1] if monotone else None
    deep = TreesSpec(depths=(4,), learning_rates=(0.1,))
    model = train_trees([raw], [(risk > 0.8).astype(int)], deep, monotone=signs)
    forest, raw = verifier.read(model.arrays(), 0), raw[:ROWS]
    for j in range(d):  # every third row stands on thresholds
        limits = forest.limits[forest.offset[j] : forest.offset[j + 1]]
        raw[::3, j] = rng.choice(limits, len(raw[::3]))
    margins = model.margins(raw[None])[0]
    cut = float(np.quantile(margins, 0.6))
    label = (margins > cut).astype(int)
    label[::17] = 1 - label[::17]  # some are wrong to begin with
    folds = Folds(
        train_rows=np.zeros((1, 1), int), test_rows=np.arange(ROWS)[None], test_counts=np.array([ROWS]),
        means=means[None], scales=scales[None], x=raw, y=label, seeds=1,
    )  # fmt: skip
    data = result.data.model_copy(update={"features": features})
    traced = result.model_copy(update={"data": data})
    study = {
        "features": [f.model_dump(mode="json") for f in features], "means": means.tolist(), "scales": scales.tolist(),
        "tiers": [tier_of(traced, tier).model_dump(mode="json") for tier in FRAUDSTERS.tiers],
        "tau": SPEC.tau, "box_limit": 200_000,
    }  # fmt: skip
    one = {name: part[0] for name, part in model.arrays().items()}
    return Case(
        features, study, folds, forest, base64.b64encode(PACKED["trees"](one)).decode(), cut, monotone
    )


@pytest.fixture(scope="module")
def worked(case, browser, base) -> dict:
    """What the scripts of the page make of a case."""
    visit(browser, base + "playground/")
    wait(browser, SETTLED)
    given = {
        "study": case.study, "weights": case.packed, "cut": case.cut, "rows": case.folds.x.tolist(),
        "labels": case.folds.y.tolist(), "epsilons": EPSILONS, "tolerance": TOLERANCE, "searched": SEARCHED,
        "limits": [["T0", 1], ["T1", 4]],
    }  # fmt: skip
    return browser.driver.execute_async_script(WORK, given)


# ---------------------------------------------------------------- the same as Python


def test_every_score_is_that_of_python_to_the_last_bit(case, worked):
    there = verifier.margins(case.forest, ball(case.folds, slice(0, 1), 0.0).of(0))
    np.testing.assert_array_equal(worked["scores"], there)


def test_inputs_proved_monotone_are_those_of_python(case, worked):
    assert worked["signs"] == case.forest.signs.tolist()
    assert any(worked["signs"]) == case.monotone


def test_outcomes_and_boxes_of_200_rows_are_those_of_python(case, worked):
    def agrees(asked: tuple[str, float]):
        tier, epsilon = asked
        box = boxes(surface(case.features, FRAUDSTERS.tier(tier)), case.folds, slice(0, 1), epsilon).of(0)
        found = verifier.decide(case.forest, box, case.folds.y, SPEC, case.cut)
        outcomes, looked = zip(*worked["settled"][f"{tier}/{epsilon:g}"], strict=True)
        assert list(outcomes) == [CODES[code] for code in found.outcome]
        assert list(looked) == found.boxes.tolist()

    all_hold(agrees, itertools.product(FRAUDSTERS.names, EPSILONS))


def test_the_cases_are_not_easy(worked):
    said = [each for outcomes in worked["settled"].values() for each, _ in outcomes]
    assert set(said) == {"proved", "broken"}
    assert min(said.count("proved"), said.count("broken")) > 0.1 * len(said)


def test_no_search_beats_a_proof_and_each_example_flips_within_reach(worked):
    assert worked["attacks"] == ROWS / SEARCHED * len(EPSILONS) * len(FRAUDSTERS.names)
    assert worked["beaten"] == []
    assert worked["escaped"] == []


def test_the_exact_limit_is_that_of_python_in_the_plain_box(case, worked):
    above = case.forest._replace(cut=case.forest.cut + case.cut)
    found = verifier.radius(above, ball(case.folds, slice(0, 1), 0.0).of(0), case.folds.y, 1.0, SPEC)
    mine = [each for each in worked["radii"] if each[0] == "T0"]
    for (_, row, proved, broken), there, end in zip(mine, found.proved, found.broken, strict=True):
        assert proved == pytest.approx(there, abs=1.01 * TOLERANCE), row
        assert (broken is None) == np.isinf(end), row


def test_the_limit_parts_what_is_proved_from_what_is_broken(worked):
    for tier, row, proved, broken in worked["radii"]:
        assert broken is None or broken - proved <= 1.01 * TOLERANCE
        for epsilon in EPSILONS:
            said = worked["settled"][f"{tier}/{epsilon:g}"][row][0]
            assert epsilon > proved or said == "proved" or proved == broken == 0
            assert broken is None or epsilon < broken or said == "broken"


# ---------------------------------------------------------------- the page


@pytest.fixture
def playground(browser, base):
    visit(browser, base + "playground/")
    wait(browser, SETTLED)
    return browser


def pick(browser, name: str, title: str):
    """Type the first letters of an option into a choice that has the keyboard."""
    control = browser.driver.find_element("id", f"playground-{name}")
    control.send_keys(title)
    chosen = f"document.querySelector('[name={name}]').selectedOptions[0].text"
    wait(browser, f"{chosen} === {json.dumps(title)}")
    wait(browser, SETTLED)


def test_trees_are_offered_beside_the_networks_under_their_own_titles(playground, offers):
    titles = playground.run(
        "return [...document.querySelector('[name=hardened]').options].map((o) => o.text)"
    )
    assert titles == [model.title for model in offers["checks"].models[1:]]
    assert {palette.model(name).title for name in TREES} <= set(titles)
    assert any(url.endswith("playground-trees.js") for url in playground.requests())


def test_a_reader_compares_trees_by_the_keyboard_and_flips_them_by_the_example(playground):
    title, side = palette.model("boosted_trees").title, "[data-side=hardened]"
    pick(playground, "hardened", title)
    assert text(playground, f"{side} .playground-name") == title
    slider = playground.driver.find_element("id", "playground-epsilon")
    slider.send_keys(Keys.HOME)
    answered(playground, OUTCOME % "hardened", lambda found: found == "proved")
    slider.send_keys(Keys.END)
    answered(playground, OUTCOME % "hardened", lambda found: found == "broken")
    said = text(playground, f"{side} .playground-scores")
    assert "after greedy search" in said
    assert "Trees have no gradient to follow" in said
    assert "PGD" not in said
    playground.driver.find_element("css selector", "[data-act=hardened]").click()
    wait(playground, "document.querySelector('.playground-try').textContent.includes('you flipped it')")
    assert f"{title} " in text(playground, ".playground-try")
    wait(playground, "location.hash.includes('mine=')")
    wait(playground, SETTLED)
    address, tried = playground.run("return location.href"), text(playground, ".playground-try")
    playground.open("about:blank")
    playground.driver.get(address)
    wait(playground, SETTLED)
    assert text(playground, ".playground-try") == tried
    assert playground.errors() == []


@pytest.mark.parametrize("name", TREES)
def test_each_transaction_of_the_list_gets_the_outcome_and_limit_that_were_recorded(playground, offers, name):
    offer = offers["checks"]
    choose(playground, "hardened", name)
    for each in offer.transactions[::4]:
        choose(playground, "transaction", each.id)
        found = each.found[name]
        right = (found.margin > 0) == (each.label == "fraud")
        assert outcome(playground, "hardened") == (found.outcome if right else "wrong"), each.id
        assert not right or "The study recorded the same." in text(
            playground, "[data-side=hardened] .playground-limit"
        )


def test_the_page_says_how_trees_are_proved(playground):
    assert "cuts the box there and nowhere else" in text(playground, "article")
