"""What follows the budget a reader picks: written out for every measured budget, and traced like the page itself."""

import json
import re
from pathlib import Path

import pytest
from report_fixture import tiny_result

from generator.report import formats
from generator.report.following import at_budget, budgets, part
from generator.report.pages import PageError, render_pages

TEMPLATES = Path(__file__).parents[1] / "templates"
RESULTS = [tiny_result("checks"), tiny_result("kaggle")]
HOME = 1


def registered(path: Path) -> dict:
    """What a script of a page hands over."""
    return json.loads(re.fullmatch(r"studyAt\((.*)\);\n", path.read_text(encoding="utf-8"), re.S)[1])


@pytest.fixture(scope="module")
def docs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("following") / "docs"
    render_pages(RESULTS, TEMPLATES, folder)
    return folder


@pytest.fixture(scope="module")
def index(docs) -> dict:
    return registered(docs / "data" / "at-index.js")


def exact(epsilon: float) -> str:
    value = RESULTS[0].model("standard").final.at("exact", epsilon).accuracy.value
    return formats.percent(value)


def test_the_budgets_are_those_that_all_records_compare_models_at():
    assert budgets(RESULTS) == (0.1, 0.35, 0.5)
    old = RESULTS[0].model_copy(
        update={"comparisons": tuple(c for c in RESULTS[0].comparisons if c.epsilon in (0.0, 0.35))}
    )
    assert budgets([old, RESULTS[1]]) == ()


def test_another_budget_changes_what_is_quoted_and_nothing_else():
    moved = at_budget(RESULTS[0], 0.1)
    assert moved.spec.attack.headline_epsilon == 0.1
    assert at_budget(moved, 0.35) == RESULTS[0]


def test_a_part_says_at_each_budget_what_the_record_holds_there(index):
    texts = index["parts"]["checks-verdict"]
    assert texts[HOME] is None
    for place, epsilon in ((0, 0.1), (2, 0.5)):
        assert f"free to move by {formats.epsilon(epsilon)}" in re.sub(r"<[^>]*>", "", texts[place])
        assert exact(epsilon) in re.sub(r"<[^>]*>", "", texts[place])


def test_every_budget_is_said_in_the_units_of_each_dataset(index):
    assert index["said"][0] == formats.epsilon(0.1)
    spread = next(f for f in RESULTS[0].data.features if f.name == "amount").standard_deviation
    for place, epsilon in enumerate((0.1, 0.35, 0.5)):
        assert f"{formats.significant(epsilon * spread)}{formats.JOIN}USD" in index["units"]["checks"][place]
    assert len(index["units"]["kaggle"]) == 3


def test_numbers_at_other_budgets_are_claims_of_the_ledger(index, docs):
    text = (docs / "data" / "claims-at-index.js").read_text(encoding="utf-8")
    known = json.loads(re.fullmatch(r'studyClaims\("index",(.*)\);\n', text, re.S)[1])["claims"]
    ledger = json.loads((docs / "data" / "ledger.json").read_text())["claims"]
    asked = re.findall(r'data-claim="([^"]*)"', " ".join(t for p in index["parts"].values() for t in p if t))
    assert len(asked) > 50
    for name in asked:
        assert known[name]["paths"] == ledger[f"index/{name}"]["paths"]


@pytest.mark.parametrize("page", ["index", "attacks", "hardening", "proof"])
def test_the_page_holds_every_part_at_the_quoted_budget_and_one_control(docs, page):
    text = (docs / f"{page}.md").read_text(encoding="utf-8")
    parts = registered(docs / "data" / f"at-{page}.js")["parts"]
    assert re.findall(r'data-follow="([^"]*)"', text) == list(
        dict.fromkeys(re.findall(r'data-follow="([^"]*)"', text))
    )
    assert set(re.findall(r'data-follow="([^"]*)"', text)) == set(parts)
    assert text.count('<form class="at"') == 1
    assert not re.search("[\ue000-\ue003]", json.dumps(parts, ensure_ascii=False))


def test_records_without_other_budgets_have_neither_parts_nor_control(tmp_path):
    old = RESULTS[0].model_copy(
        update={"comparisons": tuple(c for c in RESULTS[0].comparisons if c.epsilon in (0.0, 0.35))}
    )
    render_pages([old], TEMPLATES, tmp_path / "docs")
    assert not list((tmp_path / "docs" / "data").glob("at-*"))
    assert "data-follow" not in (tmp_path / "docs" / "index.md").read_text(encoding="utf-8")


def test_tables_and_lists_of_a_part_become_html():
    text = part(
        '- **a**\n\n<div class="x" markdown="1">\n\n| a | b |\n| --- | ---: |\n| 1 | 2 |\n\n</div>\n', {}
    ).html
    assert "<strong>a</strong>" in text
    assert re.search(r'<td style="text-align: right;">2</td>', text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{% call m.follow("a") %}\n{{ chart("trap", results[0]) }}\n{% endcall %}', "holds a chart"),
        (
            '{% call m.follow("a") %}b{% endcall %}\n{% call m.follow("a") %}c{% endcall %}',
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
