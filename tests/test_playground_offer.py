"""What the playground is given is what the study published: models, tiers, rows; and the page says no more."""

import base64
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from playground_fixture import TREES, tiny_offers
from report_fixture import ROOT, tiny_result
from rows_fixture import lines_of, publish
from safetensors.numpy import load
from threat_fixture import FRAUDSTERS

from generator.datasets import dataset
from generator.models.trees.boosting import train_trees
from generator.pages.rendering import render_pages
from generator.proofs.relu.network import from_arrays, margins
from generator.records.base import RecordError
from generator.records.files import rows_file, weights_file
from generator.records.spec import TreesSpec
from generator.records.threat import surface
from generator.tools import playground
from generator.tools.playground.making import CONSTANTS, OFFERED, PACKED, offered_of, playable, tier_of
from generator.tools.playground.offer import Offer

TEMPLATES = ("_macros.md.j2", "_digits.txt", "playground.md.j2")


@pytest.fixture(scope="module")
def folder(tiny_study, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("records")
    publish(tiny_study.study, folder)
    return folder


@pytest.fixture(scope="module")
def offer(tiny_study, folder) -> Offer:
    return playground.make_offers([tiny_study.result], folder)["checks"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Both tiny results with their offers."""
    results = tiny_result("checks"), tiny_result("kaggle")
    return results, tiny_offers(results, tmp_path_factory.mktemp("tiny"))


# ---------------------------------------------------------------- the offer


@pytest.mark.parametrize(
    "inputs", [dataset(name).study.inputs for name in ("checks", "kaggle")], ids=["checks", "kaggle"]
)
@pytest.mark.parametrize("tier", FRAUDSTERS.tiers, ids=FRAUDSTERS.names)
def test_a_tier_may_do_what_the_threat_model_says(tiny_study, inputs, tier):
    features = tuple(given.measured(np.array([0.0, 1.0])) for given in inputs)
    data = tiny_study.result.data.model_copy(update={"features": features})
    found = tier_of(tiny_study.result.model_copy(update={"data": data}), tier)
    meant = surface(features, tier).intervals
    assert found.down == tuple(meant.down)
    assert found.up == tuple(meant.up)
    assert found.frauds_only == (tier.moves == "frauds")
    assert found.limited == bool(np.isfinite(meant.low).all())
    assert found.limited or not meant.whole.any()


def test_models_scalers_and_cuts_are_the_published_ones_of_the_first_replicate(offer, folder, tiny_study):
    arrays = load(weights_file(folder, "checks").read_bytes())
    assert offer.means == tuple(arrays["means"][0])
    assert offer.scales == tuple(arrays["scales"][0])
    assert [model.name for model in offer.models] == list(playable(tiny_study.result))
    for model in offer.models:
        packed = np.frombuffer(base64.b64decode(model.weights), "<f4")
        parts = [
            arrays[f"{model.name}/{kind}.{i}"][0].ravel() for i in range(3) for kind in ("weights", "biases")
        ]
        np.testing.assert_array_equal(packed, np.concatenate(parts))
        assert [cut.margins[model.name] for cut in offer.cuts] == [0.0, arrays[f"{model.name}/cuts"][0]]


def test_transactions_are_test_rows_as_the_per_row_file_has_them(offer, folder):
    lines = {(line["id"], line["model"]): line for line in lines_of(folder) if line["seed"] == "0"}
    for each in offer.transactions:
        for model, found in each.found.items():
            line = lines[each.id, model]
            assert line["fold"] == "0"
            assert each.label == ("fraud" if line["label"] == "1" else "genuine")
            assert list(each.raw) == [float(line[f"input_{feature.name}"]) for feature in offer.features]
            assert (found.margin, found.outcome) == (float(line["margin"]), line["outcome"])
            assert found.proved == float(line["radius_proved"])
            assert found.broken == (float(line["radius_broken"]) if line["radius_broken"] else None)


def test_networks_of_the_offer_give_the_recorded_margins(offer, folder):
    arrays = load(weights_file(folder, "checks").read_bytes())
    for model in offer.models:
        own = {k.split("/")[1]: v for k, v in arrays.items() if k.startswith(f"{model.name}/")}
        own.pop("cuts")
        raw = np.array([each.raw for each in offer.transactions])
        x = ((raw - offer.means) / offer.scales).astype(np.float32)
        said = [each.found[model.name].margin for each in offer.transactions]
        assert margins(from_arrays(own, 0), x) == pytest.approx(said, abs=1e-4)


def test_trees_of_the_offer_give_the_recorded_margins(tiny):
    for offer in tiny[1].values():
        for name in TREES:
            packed = base64.b64decode(offer.model(name).weights)
            count = (len(packed) - 40) // 9
            constants = dict(zip(CONSTANTS, np.frombuffer(packed, "<f8", 5), strict=True))
            number = np.frombuffer(packed, "<f8", count, offset=40)
            feature = np.frombuffer(packed, "i1", count, offset=40 + number.nbytes)
            for each in offer.transactions:
                total = constants["start"] + _leaves(number.tolist(), feature.tolist(), each.raw)
                margin = (
                    total / constants["divisor"] * constants["scale"] + constants["bias"] - constants["cut"]
                )
                assert margin == pytest.approx(each.found[name].margin, abs=1e-6)


def _leaves(number: list[float], feature: list[int], row: tuple[float, ...]) -> float:
    """The sum of what the trees say of a row; a left side is the next node, a right side comes behind it."""

    def walk(node: int, reached: bool) -> tuple[int, float]:
        if feature[node] < 0:
            return node + 1, number[node] if reached else 0.0
        left = row[feature[node]] <= number[node]
        behind, first = walk(node + 1, reached and left)
        behind, second = walk(behind, reached and not left)
        return behind, first + second

    node, total = 0, 0.0
    while node < len(feature):
        node, part = walk(node, True)
        total += part
    return total


def test_trees_that_the_browser_would_judge_otherwise_are_refused(toy_table):
    x, y = toy_table
    model = train_trees([x], [y], TreesSpec(rounds=3, smallest_leaf=2))
    arrays = {name: part[0] for name, part in model.arrays().items()}
    assert len(PACKED["trees"](arrays)) == 40 + 9 * len(model.ensembles[0].feature)
    for name in ("strict", "single_inputs", "single_sum"):
        with pytest.raises(RecordError, match="float64"):
            PACKED["trees"](arrays | {name: np.array(True)})


def test_both_classes_are_offered_with_the_opening_one_among_them(tiny):
    for offer in tiny[1].values():
        labels = [each.label for each in offer.transactions]
        assert max(labels.count("fraud"), labels.count("genuine")) <= OFFERED + 1
        assert min(labels.count("fraud"), labels.count("genuine")) > 10
        assert offer.example.transaction in offer.transactions
        outcomes = {each.found[offer.standard.name].outcome for each in offer.transactions}
        assert outcomes == {"proved", "broken"}


def test_few_rows_are_all_offered_once(tiny):
    offer = tiny[1]["checks"]
    few = offer.transactions[:5]
    models = [model.name for model in offer.models]
    assert offered_of(few, few[2], models) == list(few)


def test_equal_files_give_equal_bytes_and_a_script_that_registers_the_record(
    offer, tiny_study, folder, tmp_path
):
    again = playground.make_offers([tiny_study.result], folder)
    (path,) = playground.write(again, tmp_path).values()
    assert path.name == "playground-checks.js"
    text = path.read_text()
    assert text == playground.registration(offer)
    assert text.startswith('studyPlay("checks",')
    assert "<" not in text
    assert json.loads(text.removeprefix('studyPlay("checks",').removesuffix(");\n")) == json.loads(
        offer.to_json()
    )
    assert len(text) < 100_000


def test_without_the_files_there_is_no_offer(tiny_study, tmp_path):
    assert playground.make_offers([tiny_study.result], tmp_path) == {}


@pytest.mark.parametrize("file", [rows_file, weights_file])
def test_a_damaged_file_is_named(file, tiny_study, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "records")
    path = file(tmp_path / "records", "checks")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(RecordError, match=path.name):
        playground.make_offers([tiny_study.result], tmp_path / "records")


# ---------------------------------------------------------------- the page


def _page(results, offers, folder: Path) -> tuple[str, dict]:
    """The page as Markdown, and the ledger; no other page is rendered."""
    (folder / "templates").mkdir()
    for name in TEMPLATES:
        shutil.copy(ROOT / "templates" / name, folder / "templates")
    render_pages(
        results, folder / "templates", folder / "docs",
        files=playground.write(offers, folder / "scripts"), documents=playground.documents(offers),
        extras=lambda results: playground.values(offers),
    )  # fmt: skip
    ledger = json.loads((folder / "docs" / "data" / "ledger.json").read_text())
    return (folder / "docs" / "playground.md").read_text(), ledger


def test_the_worked_example_is_on_the_page_and_each_of_its_numbers_is_traced(tiny, tmp_path):
    text, ledger = _page(*tiny, tmp_path)
    for offer in tiny[1].values():
        assert f"Transaction {offer.example.transaction.id} is a" in text
    assert "so the live proof cuts the box there and nowhere else" in text
    paths = {path for claim in ledger["claims"].values() for path in claim["paths"]}
    for wanted in ("example/epsilon", "replicates", "example/transaction/raw/0", "box_limit"):
        assert f"playground-checks#/{wanted}" in paths
    published = json.loads((tmp_path / "docs" / "data" / "playground-kaggle.json").read_text())
    assert published == json.loads(tiny[1]["kaggle"].to_json())


def test_the_form_opens_in_the_state_of_the_worked_example_and_makes_no_claim(tiny, tmp_path):
    text, _ = _page(*tiny, tmp_path)
    example = tiny[1]["checks"].example
    form = text.partition('<section class="playground"')[2].partition("</section>")[0]
    assert f'<option value="{example.transaction.id}" selected>' in form
    assert 'name="epsilon" min="0" max="1" step="0.01" value="0.35"' in form
    assert "data-claim" not in form
    assert "\n\n" not in form
    assert "Licence: Apache-2.0" in form


def test_the_sentence_says_what_the_record_says(tiny):
    offer = tiny[1]["checks"]
    example, name = offer.example, offer.standard.name
    held = example.transaction.found[name].model_copy(update={"outcome": "proved"})
    found = {**example.transaction.found, name: held}
    transaction = example.transaction.model_copy(update={"found": found})
    changed = offer.model_copy(update={"example": example.model_copy(update={"transaction": transaction})})
    start = "Against the standard model, "
    assert f"{start}no change within 0.35\u202fσ" in playground.worked_example(changed).sentence
    wrong = held.model_copy(update={"margin": -held.margin})
    transaction = transaction.model_copy(update={"found": {**found, name: wrong}})
    changed = offer.model_copy(update={"example": example.model_copy(update={"transaction": transaction})})
    assert (
        f"{start}the answer is wrong although nobody attacks" in playground.worked_example(changed).sentence
    )
    assert playground.worked_example(changed).inputs == ()


def test_without_offers_the_page_says_so(tiny, tmp_path):
    text, _ = _page(tiny[0], {}, tmp_path)
    assert "nothing to play with" in text
    assert "playground-off" not in text
