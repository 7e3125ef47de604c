"""What follows the attacker a reader picks: written out for everyone that was measured, and traced like the page."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown import markdown
from report_fixture import templates_of, tiny_result

from generator.notation import formats
from generator.notation.attackers import Attacker, at_budget, attackers
from generator.pages import following
from generator.pages.rendering import PageError, render_pages

TEMPLATES = Path(__file__).parents[1] / "templates"
RESULTS = [tiny_result("checks"), tiny_result("kaggle")]
BUDGETS = (0.1, 0.35, 0.5)
TIERS = ("T0", "T1", "T2", "T3")
FOLLOWING = ("index", "attacks", "hardening", "proof", "brief")


def registered(path: Path) -> dict:
    """What a script of a page hands over."""
    return json.loads(re.fullmatch(r"studyAt\((.*)\);\n", path.read_text(encoding="utf-8"), re.S)[1])


def bare(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text)


@pytest.fixture(scope="module")
def index(tiny_docs) -> dict:
    return registered(tiny_docs / "data" / "at-index.js")


def told(place, epsilon: float, tier: str = "T1") -> str:
    """What stands in one place for one attacker."""
    own = place if isinstance(place, str) else place[BUDGETS.index(epsilon)]
    return own if isinstance(own, str) else own[TIERS.index(tier)]


def said(scripts: dict, part: str, epsilon: float, tier: str = "T1") -> str:
    """What the places of a part say for one attacker, without markup."""
    return bare(" ".join(told(place, epsilon, tier) for place in scripts["parts"][part]))


def exact(epsilon: float) -> str:
    return formats.percent(RESULTS[0].model("standard").final.at("exact", epsilon).accuracy.value)


def caught(model: str, epsilon: float, tier: str) -> str:
    """Straight from the record: frauds provably caught at the quoted false-alarm rate."""
    record = json.loads(RESULTS[0].to_json())
    rate = record["spec"]["proof"]["quoted_false_positive_rate"]
    (found,) = (
        row["caught_proved"]["value"]
        for row in record["proofs"]["tiers"]
        if (row["model"], row["epsilon"], row["tier"], row["false_positive_rate"])
        == (model, epsilon, tier, rate)
    )
    return f"{100 * found:.1f}\u202f%"


def without_other_budgets(result):
    kept = tuple(c for c in result.comparisons if c.epsilon in (0.0, 0.35))
    return result.model_copy(update={"comparisons": kept})


def test_the_budgets_are_those_that_all_records_compare_models_at():
    assert attackers(RESULTS).budgets == BUDGETS
    assert attackers([without_other_budgets(RESULTS[0]), RESULTS[1]]) is None


def test_the_tiers_are_those_that_all_records_measured_at_every_budget():
    assert attackers(RESULTS).tiers == TIERS
    proofs = RESULTS[0].proofs
    lacking = tuple(row for row in proofs.tiers if (row.tier, row.epsilon) != ("T3", 0.5))
    one = RESULTS[0].model_copy(update={"proofs": proofs.model_copy(update={"tiers": lacking})})
    assert attackers([one, RESULTS[1]]).tiers == ("T0", "T1", "T2")


def test_the_quoted_attacker_is_that_of_the_study():
    assert attackers(RESULTS).quoted == Attacker(0.35, "T1")


def test_another_budget_changes_what_is_quoted_and_nothing_else():
    moved = at_budget(RESULTS[0], 0.1)
    assert moved.spec.attack.headline_epsilon == 0.1
    assert at_budget(moved, 0.35) == RESULTS[0]


@pytest.mark.parametrize("epsilon", BUDGETS)
def test_a_part_says_at_each_budget_what_the_record_holds_there(index, epsilon):
    text = said(index, "checks-found", epsilon)
    assert f"free to move by {formats.epsilon(epsilon)}" in text
    assert exact(epsilon) in text


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("epsilon", BUDGETS)
def test_a_part_says_for_each_tier_what_the_record_holds_for_it(tiny_docs, epsilon, tier):
    for page, name in (("index", "checks-verdict"), ("proof", "checks-matched"), ("brief", "checks-matched")):
        text = said(registered(tiny_docs / "data" / f"at-{page}.js"), name, epsilon, tier)
        assert (
            f"threat-matched training provably catches {caught('pgd_tier1', epsilon, tier)} of frauds" in text
        )
        assert f"against {caught('standard', epsilon, tier)} by the standard model" in text
    table = said(registered(tiny_docs / "data" / "at-hardening.js"), "checks-matched", epsilon, tier)
    assert caught("standard", epsilon, tier) in table


@pytest.mark.parametrize("page", FOLLOWING)
def test_for_the_quoted_attacker_a_part_is_that_of_the_page(tiny_docs, page):
    text = (tiny_docs / f"{page}.md").read_text(encoding="utf-8")
    scripts = registered(tiny_docs / "data" / f"at-{page}.js")
    for name in scripts["parts"]:
        numbers = set(re.findall(r"\d[\d.,]*", said(scripts, name, 0.35)))
        assert numbers <= set(re.findall(r"\d[\d.,]*", bare(text))), name


def test_a_part_that_no_tier_changes_is_kept_once_a_budget(index):
    for place in index["parts"]["checks-claim"]:
        assert isinstance(place, str) or all(isinstance(own, str) for own in place)


def test_every_budget_is_said_in_the_units_of_each_dataset(index):
    assert index["said"][0] == formats.epsilon(0.1)
    spread = next(f for f in RESULTS[0].data.features if f.name == "amount").standard_deviation
    for place, epsilon in enumerate(BUDGETS):
        assert f"{formats.significant(epsilon * spread)}{formats.JOIN}USD" in index["units"][place]
        assert 'data-of="kaggle"' in index["units"][place]


def test_numbers_for_other_attackers_are_claims_of_the_ledger(index, tiny_docs):
    text = (tiny_docs / "data" / "claims-at-index.js").read_text(encoding="utf-8")
    known = json.loads(re.fullmatch(r'studyClaims\("index",(.*)\);\n', text, re.S)[1])["claims"]
    ledger = json.loads((tiny_docs / "data" / "ledger.json").read_text())["claims"]
    ledger |= json.loads((tiny_docs / "data" / "ledger-at.json").read_text())["claims"]
    texts = [
        told(place, epsilon, tier)
        for places in index["parts"].values() for place in places for epsilon in BUDGETS for tier in TIERS
    ]  # fmt: skip
    asked = re.findall(r'data-claim="([^"]*)"', " ".join(texts))
    assert len(set(asked)) > 50
    for name in asked:
        assert known[name]["paths"] == ledger[f"index/{name}"]["paths"]


@pytest.mark.parametrize("page", FOLLOWING)
def test_the_page_holds_every_part_for_the_quoted_attacker_and_one_control(tiny_docs, page):
    text = (tiny_docs / f"{page}.md").read_text(encoding="utf-8")
    parts = registered(tiny_docs / "data" / f"at-{page}.js")["parts"]
    followed = re.findall(r'data-follow="([^"]*)"', text)
    assert followed == list(dict.fromkeys(followed))
    assert set(followed) == set(parts)
    assert text.count('<form class="at"') == 1
    assert not re.search("[\ue000-\ue003]", json.dumps(parts, ensure_ascii=False))


@pytest.mark.parametrize("page", FOLLOWING)
def test_what_is_about_one_dataset_says_so_at_its_source(tiny_docs, page):
    text = (tiny_docs / f"{page}.md").read_text(encoding="utf-8")
    assert set(re.findall(r'data-of="([^"]*)"', text)) == {"checks", "kaggle"}
    for name in re.findall(r'data-follow="((?:checks|kaggle)-[^"]*)"', text):
        assert re.search(rf'data-follow="{name}" data-of="{name.split("-")[0]}"', text)
    for slug in re.findall(r'data-chart="([^"]*)"', text):
        assert re.search(rf'data-chart="{slug}"[^>]* data-of="{slug.split("-")[0]}"', text)


def test_records_without_other_budgets_have_neither_parts_nor_control(tmp_path):
    render_pages([without_other_budgets(RESULTS[0])], templates_of(tmp_path, *FOLLOWING), tmp_path / "docs")
    assert not list((tmp_path / "docs" / "data").glob("*at-*.js"))
    assert not list((tmp_path / "docs" / "data").glob("*-at.js"))
    assert "data-follow" not in (tmp_path / "docs" / "index.md").read_text(encoding="utf-8")


# ---------------------------------------------------------------- figures


def chart_at(docs: Path, slug: str, epsilon: float, tier: str = "T1") -> dict:
    """The fields of a figure that follow the attacker, for one."""
    text = (docs / "data" / f"{slug}-at.js").read_text(encoding="utf-8")
    fields = json.loads(re.fullmatch(rf'studyChartAt\("{slug}",(.*)\);\n', text, re.S)[1])
    return {
        name: json.loads("".join(told(each, epsilon, tier) for each in made)) for name, made in fields.items()
    }


@pytest.mark.parametrize("epsilon", BUDGETS)
def test_a_figure_without_an_axis_of_budgets_is_there_for_each(tiny_docs, epsilon):
    counts = RESULTS[0].model("standard").final.at("pgd", epsilon).confusion
    missed = counts.false_negatives / (counts.true_positives + counts.false_negatives)
    found = chart_at(tiny_docs, "checks-confusion", epsilon)
    assert [row[5] for row in found["table"] if row[0] == "PGD"][1] == pytest.approx(100 * missed, rel=1e-3)
    assert f"ε = {formats.epsilon(epsilon)}" in found["summary"]
    assert f"{counts.false_negatives:,}" in found["drawings"][""]
    (heatmap,) = (trace for trace in found["figure"]["data"] if trace["name"] == "PGD")
    assert heatmap["z"][0][1] == pytest.approx(100 * missed, rel=1e-3)


def test_a_figure_of_the_tiers_marks_the_picked_one_and_sums_it_up(tiny_docs):
    found = chart_at(tiny_docs, "checks-tiers", 0.1, "T2")
    rate = f"{formats.percent(RESULTS[0].spec.proof.quoted_false_positive_rate, 0)} false alarms"
    said = f"Provably caught under T2 at {rate}: Standard {caught('standard', 0.1, 'T2')}"
    assert said in found["summary"]
    assert "▸ T2" in found["drawings"][rate]
    assert "▸ T1" not in found["drawings"][rate]


def test_along_an_axis_of_budgets_only_the_summary_follows(tiny_docs):
    found = chart_at(tiny_docs, "checks-exact-curves", 0.5)
    assert set(found) == {"summary"}
    assert exact(0.5) in found["summary"]


def test_a_figure_that_cannot_follow_says_for_whom_it_is_drawn(tiny_docs):
    text = (tiny_docs / "proof.md").read_text(encoding="utf-8")
    figures = re.findall(r'<figure class="chart" id="([^"]*)"(.*?)</figure>', text, re.S)
    told = {slug: re.findall(r'class="chart-drawn">(.*?)</span>\n?(?:<|$)', body) for slug, body in figures}
    told = {slug: [html.unescape(bare(each)) for each in found] for slug, found in told.items()}
    assert told["checks-trap-accumulating-fgsm"] == [
        "Drawn for the original study's attacker, T0 (every input, both ways, on every row), by up to 0.35\u202fσ."
    ]
    assert told["checks-tiers"] == []


# ---------------------------------------------------------------- pieces


def placed_part(*texts: str) -> tuple[str, list[dict[float, str]]]:
    """A part whose text is given for rising budgets, the first one quoted; and what stands in its places."""
    at = [Attacker(float(place), "T1") for place in range(len(texts))]
    marked = {
        each: re.sub(r"<<(.*?)>>", rf"{following.OPEN}\1{following.CLOSE}", text)
        for each, text in zip(at, texts, strict=True)
    }
    text, places = following.part("a", marked, at[0])
    return text, [[place.texts[each] for each in at] for place in places]


def test_what_an_expression_writes_is_a_place_only_where_it_is_not_the_same_for_all():
    text, places = placed_part("keeps <<41 %>> of <<500>>", "keeps <<38 %>> of <<500>>")
    assert text == "keeps <span data-place>41 %</span> of 500"
    assert places == [["41 %", "38 %"]]


def test_a_cell_is_one_place_whatever_it_is_written_of():
    text, places = placed_part("| a | <<1>> (<<2>>) |", "| a | none |")
    assert text == "| a | <span data-place>1 (2)</span> |"
    assert places == [["1 (2)", "none"]]


def test_items_that_come_and_go_are_one_place_in_their_element():
    one, two = "<ul data-place><li><<a>></li></ul>", "<ul data-place><li><<a>></li><li><<b>></li></ul>"
    text, places = placed_part(one, two)
    assert text == "<ul data-place><li>a</li></ul>"
    assert places == [["<li>a</li>", "<li>a</li><li>b</li>"]]


@pytest.mark.parametrize(
    ("texts", "wrong"),
    [
        (("- <<a>>", "- <<a>>\n- <<b>>"), "has other lines at 1 σ under T1"),
        (('<p class="<<a>>">', '<p class="<<b>>">'), "where no element may stand"),
        (("## How <<a>>?", "## How <<b>>?"), "where no element may stand"),
        (('!!! note "<<a>>"', '!!! note "<<b>>"'), "where no element may stand"),
    ],
)
def test_a_part_that_differs_elsewhere_than_in_places_is_refused(texts, wrong):
    with pytest.raises(following.FollowingError, match=wrong):
        placed_part(*texts)


class Places(HTMLParser):
    """The inside of every place of a page, by the part it is in, as it stands in the source."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=False)
        self.found: dict[str, list[str]] = {}
        self.part, self.depth, self.inside = "", 0, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.part = given.get("data-follow", self.part)
        if self.inside is not None:
            self.inside += self.get_starttag_text()
            self.depth += tag == self.tag
        elif "data-place" in given:
            self.inside, self.tag, self.depth = "", tag, 1

    def handle_endtag(self, tag):
        if self.inside is None:
            return
        self.depth -= tag == self.tag
        if self.depth:
            self.inside += f"</{tag}>"
        else:
            self.found.setdefault(self.part, []).append(self.inside)
            self.inside = None

    def handle_data(self, data):
        if self.inside is not None:
            self.inside += data

    def handle_entityref(self, name):
        self.handle_data(f"&{name};")

    def handle_charref(self, name):
        self.handle_data(f"&#{name};")


@pytest.mark.parametrize("page", FOLLOWING)
def test_markdown_leaves_the_places_of_a_page_as_the_script_has_them(tiny_docs, page):
    text = (tiny_docs / f"{page}.md").read_text(encoding="utf-8").partition("\n# ")[2]
    made = markdown(text, extensions=["admonition", "attr_list", "md_in_html", "tables"])
    scripts = registered(tiny_docs / "data" / f"at-{page}.js")
    found = {name: [whole(each) for each in places] for name, places in Places(made).found.items()}
    assert found == {
        name: [whole(told(place, 0.35)) for place in places]
        for name, places in scripts["parts"].items()
        if places
    }


def whole(text: str) -> str:
    """Without elements around numbers, which in tables the page alone has, and without blanks between elements."""
    text = re.sub(r"<span data-claim=[^>]*>([^<]*)</span>", r"\1", text)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r">\s+<", "><", text))).strip()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (
            '{% call(each) m.follow("a", findings, whose="T0") %}\n{{ chart("trap", results[0]) }}\n{% endcall %}',
            "holds a chart",
        ),
        (
            '{% call(each) m.follow("a", findings, by="tier") %}b{% endcall %}\n' * 2,
            "two parts called 'a'",
        ),
    ],
)
def test_a_chart_in_a_part_and_two_parts_of_one_name_end_the_build(tmp_path, text, wrong):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "_macros.md.j2").write_text((TEMPLATES / "_macros.md.j2").read_text("utf-8"), encoding="utf-8")
    (folder / "page.md.j2").write_text(f'{{% import "_macros.md.j2" as m with context %}}\n# ?\n\n{text}\n')
    with pytest.raises(PageError, match=wrong):
        render_pages(RESULTS, folder, tmp_path / "docs")


RENDER = """
import sys
from pathlib import Path
from test_economics import RESULTS, SAMPLES
from generator.tools import calculator
from generator.pages.rendering import render_pages
render_pages(
    RESULTS, Path(sys.argv[1]), Path(sys.argv[2]), documents=calculator.DOCUMENTS,
    extras=lambda results: calculator.values(results, SAMPLES),
)
"""


def test_other_attackers_have_the_same_bytes_however_python_orders_its_sets(tmp_path):
    templates = tmp_path / "templates"
    templates.mkdir()
    for name in ("_macros.md.j2", "impact.md.j2"):
        shutil.copy(TEMPLATES / name, templates)
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", RENDER, templates, tmp_path / seed],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}, check=True,
        )  # fmt: skip
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / seed / "data").iterdir()} for seed in "12"
    )
    assert "at-impact.js" in first
    assert second == first
