"""The report of a validation: right figures in its sentences, nothing empty, nothing quoted that may not be."""

import argparse
import json
import re
from pathlib import Path

import pytest
from report_fixture import ROOT, tiny_result
from test_pages import contents, empty_headings
from validation_fixture import CAUGHT, INPUTS, calculators, tiny_validation, validated_site

from generator.commands import common
from generator.figures.validation import validation as validation_chart
from generator.findings.validation import find_validation
from generator.pages.rendering import PageError, render_pages
from generator.publish.manifest import check_published
from generator.publish.metadata import OF_VALIDATIONS, SCHEMA
from generator.publish.paper import printed
from generator.records.base import RecordError
from generator.records.files import OF_VALIDATION, record_file, sums, sums_file
from generator.records.proofs import ProvedMonotone
from generator.records.validation import Notice
from generator.runs.headline_table import validation_table

TEMPLATES = ROOT / "templates"
BARE = {"deployed": (), "amount": False, "time": False, "groups": False, "prior": None}
"""A validation of a table with nothing but inputs and a label."""


def pages(folder: Path, *validations, results=()) -> dict[str, str]:
    tools = calculators(validations, folder)
    render_pages(list(results), TEMPLATES, folder / "docs", validations=validations, **tools)
    return {path.stem: path.read_text(encoding="utf-8") for path in (folder / "docs").glob("*.md")}


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> dict[str, str]:
    """The pages of one validation with every part, and nothing else."""
    return pages(tmp_path_factory.mktemp("report"), tiny_validation())


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> dict[str, str]:
    return pages(tmp_path_factory.mktemp("bare"), tiny_validation(**BARE))


def part(text: str, heading: str) -> str:
    """What stands below a heading of the second level."""
    (found,) = re.findall(rf"^## {heading}[^\n]*\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return found


def read(text: str) -> str:
    """What a reader sees of Markdown: no markup, no tables, no figures, no tool."""
    apart = r"^---\n.*?^---\n|<figure.*?</figure>|<section.*?</section>|^\|.*?$|^```.*?^```"
    text = re.sub(apart, "", text, flags=re.M | re.S)
    return re.sub(r"<button.*?</button>|<[^>]+>|\{[^}]*\}|\[([^\]]*)\]\([^)]*\)", r"\1", text)


# ---------------------------------------------------------------- sentences


def test_the_verdict_says_who_what_how_much_and_how_sure(report):
    said = (
        "Against a fraudster who changes only what anybody can change, Champion (in use) provably catches 5.5 % "
        "(4.2 to 7.2 %) of frauds at 5 % false alarms; the monotone tree ensemble catches 27.1 % (24.3 to 30.1 %), "
        "and, when nobody evades, not measurably fewer than Champion (in use)."
    )  # fmt: skip
    for page in ("claims", "index"):
        assert said in read(report[page]).replace("\u202f", " ")


@pytest.mark.parametrize(
    ("clean", "said"),
    [
        (0.271, "and, when nobody evades, not measurably fewer than Champion (in use)."),
        (0.35, "and more when nobody evades (35.0 % instead of 24.9 %)."),
        (0.15, "but fewer when nobody evades (15.0 % instead of 24.9 %)."),
    ],
)
def test_what_a_defence_costs_when_nobody_evades_is_told_by_its_interval(clean, said):
    caught = CAUGHT | {"monotone_trees": (clean, 0.14, 0.14, 0.14)}
    found = find_validation(tiny_validation(caught=caught))
    assert found.verdict.replace("\u202f", " ").endswith(said)


def test_a_dearer_defence_is_advised_from_the_share_of_evading_frauds_at_which_it_pays():
    # (.249 - .15) lost clean and (.14 - .055) gained proved: .099 / (.099 + .085) = 53.8 %
    caught = CAUGHT | {"monotone_trees": (0.15, 0.14, 0.14, 0.14)}
    found = find_validation(tiny_validation(caught=caught))
    first, *_, last = (row.advice.replace("\u202f", " ") for row in found.decisions)
    assert (
        first
        == "Replace Champion (in use) by the monotone tree ensemble where more than 53.8 % of frauds evade"
    )
    assert last == "Do nothing only if fewer than 53.8 % of frauds evade"


def test_where_leaving_inputs_out_was_chosen_the_monotone_model_is_the_other_way():
    found = find_validation(tiny_validation(chosen="trees_left_out"))
    assert "; the tree ensemble without attackable inputs catches 28.2" in found.verdict
    first, other, _ = (row.advice for row in found.decisions)
    assert first == "Replace Champion (in use) by the tree ensemble without attackable inputs"
    assert other == "Or take the monotone tree ensemble: it does as well"


def test_where_validation_rows_chose_the_model_in_use_it_is_kept():
    assert find_validation(tiny_validation(chosen="champion")).decisions[0].advice == "Keep Champion (in use)"


def test_the_verdict_names_the_budget_where_every_input_moves_by_one():
    result = tiny_validation()
    inputs = tuple(
        each.model_copy(update={"control": "effort" if each.name == "claim" else "nobody"}) for each in INPUTS
    )
    result = result.model_copy(update={"spec": result.spec.model_copy(update={"inputs": inputs})})
    start = "Against a fraudster who changes only what anybody can change, by up to 0.35 σ, Champion"
    assert find_validation(result).verdict.replace("\u202f", " ").startswith(start)


def with_inputs(result, *changes: dict):
    """The same, were its inputs asked for otherwise: a change for each, or one for all."""
    changes = changes if len(changes) > 1 else changes * len(INPUTS)
    inputs = tuple(each.model_copy(update=change) for each, change in zip(INPUTS, changes, strict=True))
    return result.model_copy(update={"spec": result.spec.model_copy(update={"inputs": inputs}).settled()})


def test_who_can_change_nothing_is_in_no_headline_table_or_chart(tmp_path):
    costly = [
        {"control": "costly" if each.control in ("free", "effort") else each.control} for each in INPUTS
    ]
    result = with_inputs(tiny_validation(), *costly)
    found, made = find_validation(result), pages(tmp_path, result)
    # 4.1 % under T2, 5.5 % under T1
    start = "Against a fraudster who also changes what takes money or patience, Champion (in use) provably catches 4.1"
    assert found.verdict.startswith(start)
    assert found.cards[0].label.endswith("even if a patient fraudster evades")
    assert found.alike == "T1 can change no input here, so it is not shown."
    assert [tier.name for tier in found.tiers] == ["T2", "T3"]
    for name in ("claims", "index"):
        assert "realistic fraudster" not in made[name]
    caption = validation_table(result).caption
    assert caption.endswith("proved against a fraudster who also changes what takes money or patience")


def test_where_nobody_can_change_anything_no_attacker_and_no_proof_is_told(tmp_path):
    asked = tiny_validation(alert_budgets=(0.02,), later=True)
    result = with_inputs(asked, {"control": "nobody", "helps": "none"})
    found, made = find_validation(result), pages(tmp_path, result)
    assert found.verdict.replace("\u202f", " ") == (
        "Nobody can change an input of this study, so that nothing can be attacked: Champion (in use) catches 24.9 % "
        "(22.2 to 27.8 %) of frauds at 5 % false alarms."
    )
    assert len(found.cards) == 1
    assert [row.advice for row in found.decisions] == [
        "Say in the study file who can change which input, and study again"
    ]
    for name in ("claims", "index"):
        assert not re.search(r"realistic|patient|insider|[Pp]rov(ed,|ably)|all evade", made[name]), name
        assert empty_headings(made[name]) == []
    assert [column.header for column in validation_table(result).columns] == ["model", "nobody evades"]
    chart = validation_chart(result)
    assert [trace["name"] for trace in chart.figure["data"]] == ["Nobody evades"]
    assert {len(row) for row in chart.rows} == {len(chart.headers)}


def test_leaving_inputs_out_holds_against_who_was_left_out_and_no_further():
    inputs_of_t1 = [{} if each.control in ("free", "effort") else {"control": "nobody"} for each in INPUTS]
    for result, said in (
        (tiny_validation(), " against T1; T2 and T3 change inputs that it sees."),
        (with_inputs(tiny_validation(), *inputs_of_t1), ", whatever is done to them."),
    ):
        (row,) = (row for row in find_validation(result).decisions if row.advice.startswith("Or leave out"))
        assert row.ground.endswith(said)


def test_a_direction_is_spoken_of_where_an_input_has_one():
    ways = [{"helps": "none" if each.control == "nobody" else "both"} for each in INPUTS]
    for result, spoken in ((tiny_validation(), True), (with_inputs(tiny_validation(), *ways), False)):
        change = find_validation(result).decisions[0].change
        assert ("or one moves the other way" in change) == spoken


def test_a_name_that_few_rows_have_is_told_as_the_other_value():
    named = {"police": ("no", "others"), "make": ("Ford", "Honda", "others")}
    result = with_inputs(
        tiny_validation(),
        *(
            {"categories": named[each.name], "control": "free", "helps": "both"} if each.name in named else {}
            for each in INPUTS
        ),
    )
    notes = tuple(
        note.model_copy(update={"merged": 1}) if note.name in named else note for note in result.table.inputs
    )
    result = result.model_copy(update={"table": result.table.model_copy(update={"inputs": notes})})
    ways = {row.title: row.way for row in find_validation(result).inputs}
    assert ways["Police report filed"] == "to its other value (few rows, not named)"
    assert ways["Make"] == "to Ford, Honda and others (few rows, not named)"
    assert ways["Witness present"] == "to yes"


def test_where_nothing_is_in_use_the_advice_is_what_to_take():
    first, *_, last = find_validation(tiny_validation(deployed=())).decisions
    assert first.advice == "Take the monotone tree ensemble rather than the boosted tree ensemble"
    assert last.advice == "Take the boosted tree ensemble only if hardly anybody evades"


def test_without_a_measurable_gain_the_model_in_use_is_kept():
    alike = {name: CAUGHT["champion"] for name in CAUGHT}
    found = find_validation(tiny_validation(caught=alike))
    assert found.verdict.endswith("; no other model here provably catches measurably more.")
    assert found.decisions[0].advice == "Keep Champion (in use)"
    assert {row.against for row in found.rows} == {
        "the others are compared with it", "no measurable difference", "not compared: it may have seen these rows",
    }  # fmt: skip


def test_a_model_that_may_have_seen_the_rows_is_in_no_headline_and_never_shown_without_a_warning(report):
    page, summary = report["claims"], report["index"]
    assert "Challenger" not in summary
    above = page.partition("!!! warning")[0]
    assert "Challenger" not in above
    named = re.compile(r"Challenger(?! \(in use, unchecked, trained on unknown rows)")
    tables = [line for line in page.splitlines() if line.startswith("| Challenger")]
    assert len(tables) > 3
    hashes = [line for line in tables if "`eeee" in line]
    assert [line for line in tables if named.search(line)] == hashes
    assert "some of the rows judged may be among them" in page
    assert "Challenger" not in part(page, "What should we do")
    assert "Challenger" not in part(page, "Who is judged differently")


def test_where_the_only_model_in_use_may_have_seen_the_rows_one_trained_here_is_quoted(tmp_path):
    found = find_validation(tiny_validation(deployed=("challenger",)))
    assert "the boosted tree ensemble provably catches 5.8" in found.verdict
    assert "Challenger" not in found.verdict + "".join(f"{card.label}" for card in found.cards)


def test_scores_that_were_reproduced_are_counted_and_a_model_without_is_called_unchecked(report):
    made = read(part(report["claims"], "Which models are these"))
    assert "Its owner's scores were reproduced to the last bit on 15,420 of 15,420 rows." in made
    assert "Challenger**: Trees, from a file of lightgbm. **Unchecked**" in made


def test_what_is_proved_monotone_is_told_of_inputs_that_can_be_changed(report):
    known = read(part(report["claims"], "How do we know"))
    which = "Number of supplements, Deductible, Claim and Witness present"
    assert f"“Monotone trees” is proved monotone in {which}, whatever the other inputs are." in known
    everything = ProvedMonotone(model="monotone_trees", rises=tuple(each.name for each in INPUTS), falls=())
    found = find_validation(tiny_validation().model_copy(update={"proved_monotone": (everything,)}))
    assert found.monotone == (
        "“Monotone trees” is proved monotone in all inputs that can be changed, whatever the other inputs are.",
    )


def test_how_we_know_names_the_models_that_each_sentence_is_about(report):
    known = read(part(report["claims"], "How do we know"))
    trees = (
        "“Champion”, “Challenger”, “Boosted trees”, “Monotone trees” and “Trees without attackable inputs”"
    )
    assert f"{trees}: each row is settled by a search over the cells between its own thresholds." in known
    assert "“Logistic regression”: each row is settled in closed form." in known
    rounding = "Answers that hang on rounding alone count as missed: 3 of “Neural net” and 3 of “Neural net, hardened”."
    assert rounding in known


def test_inputs_that_nobody_can_change_are_counted_and_not_listed(report):
    told = part(report["claims"], "Who can change what")
    assert "Number of supplements | anybody, at no cost | down | anywhere in the range of the data" in told
    assert "Deductible | a fraudster, with effort | up | by up to 200\u202fUSD" in told
    # .35 σ of 1,200
    assert "by up to 0.35\u202fσ, about 420\u202fUSD" in told
    assert "to yes |" in told
    assert "| Make |" not in told
    assert "Nobody can change the other 2 inputs of 8." in read(told)


def test_a_reason_that_nobody_gave_is_told_as_none(tmp_path):
    found = tiny_validation()
    silent = [each.model_copy(update={"note": " "}) for each in found.spec.inputs]
    spec = found.spec.model_copy(update={"inputs": tuple(silent)})
    told = part(pages(tmp_path, found.model_copy(update={"spec": spec}))["claims"], "Who can change what")
    assert told.count("| no reason given |") == 6


def test_missed_frauds_and_precision_use_the_share_of_fraud_in_life(report):
    # of 10,000 cases 100 are frauds and 9,900 genuine, of which 5 % are stopped
    money = part(report["claims"], "What is it worth").replace("\u202f", " ")
    (line,) = re.findall(r"^\| Champion \(in use\) \|.*$", money, re.M)
    # 100 (1 - .249), 100 (1 - .055), 24.9 / (24.9 + 495); 100 x 5,300 x (1 - .9 x .249) in three digits
    assert line == "| Champion (in use) | 75 | 94 | 4.8 % | USD 411,000 | USD 507,000 |"
    assert "Among 10,000 cases are 100 frauds (1 %, as the study file says)" in read(money)
    # 100 (.271 - .055)
    gained = "the monotone tree ensemble provably catches 22 more of them than Champion (in use)."
    assert f"If all evade, {gained}" in read(money)
    assert "transactions" not in money


def test_with_so_many_alerts_precision_uses_the_share_of_fraud_in_life(tmp_path, report):
    assert "alerts" not in re.findall(r"^### .*\{ #(\w+) \}", report["claims"], re.M)
    found = pages(tmp_path, tiny_validation(alert_budgets=(0.02, 0.05), prior=0.01))["claims"]
    (table,) = re.findall(r"^### And with so many alerts.*?(?=^## )", found, re.M | re.S)
    tables = table.split("Alerts on ")[1:]
    assert [read(each.split(" of all")[0]) for each in tables] == ["2\u202f%", "5\u202f%"]
    for each in tables:  # a table a budget, so that none outgrows what is read at a glance
        assert len(
            [line for line in each.splitlines() if line.startswith("| ") and "---" not in line]
        ) == len(CAUGHT)
    caught, stopped = CAUGHT["monotone_trees"][0], 0.02
    precision = 0.01 * caught / (0.01 * caught + 0.99 * stopped)
    monotone = [line for line in tables[1].splitlines() if line.startswith("| Monotone trees")]
    assert f"{100 * precision:.1f}" in read_cell(monotone[0], -2)
    assert "as the study file says of life" in table


def test_why_a_telling_input_is_known_in_time_is_repeated_with_its_warning(tmp_path):
    result = tiny_validation()
    noticed = Notice(slug="known_in_time", column="claim", facts={"pairs": 0.993})
    result = result.model_copy(
        update={
            "spec": result.spec.model_copy(update={"known_in_time": {"claim": "Asked *before* the desk."}}),
            "table": result.table.model_copy(update={"notices": (noticed,)}),
        }
    )
    found = part(pages(tmp_path, result)["claims"], "What is in the table")
    assert "it alone tells" in found
    assert "claim is known in time, the study file says: Asked &#42;before&#42; the desk." in found


def test_what_comes_later_stands_beside_the_folds_and_tells_no_day_of_a_row(tmp_path, report):
    assert "rows that come later? {" not in report["claims"]
    found = pages(tmp_path, tiny_validation(later=True))["claims"]
    (section,) = re.findall(r"^### And of rows that come later.*?(?=^## )", found, re.M | re.S)
    assert "The last 4,626 rows by day are judged, 277 of them frauds" in read(section)
    row = next(line for line in section.splitlines() if line.startswith("| Monotone trees"))
    folds, late = CAUGHT["monotone_trees"][1], 0.5 * CAUGHT["monotone_trees"][1]
    assert f"{100 * folds:.1f}" in read_cell(row, 4)
    assert f"{100 * late:.1f}" in read_cell(row, 5)
    assert "nothing is said of rows that come later" not in found
    folds_only = tiny_validation(later=True).model_copy(update={"later": None})
    assert any(
        "nothing is said of rows that come later" in each for each in find_validation(folds_only).limits
    )


def read_cell(row: str, place: int) -> str:
    """The text of one cell of a line of Markdown."""
    return re.sub(r"<[^>]+>", "", row.split("|")[place])


def test_a_tier_that_can_do_no_more_here_is_not_shown_twice():
    result = tiny_validation()
    inputs = tuple(each for each in INPUTS if each.control in ("free", "effort", "nobody"))
    found = find_validation(
        result.model_copy(update={"spec": result.spec.model_copy(update={"inputs": inputs})})
    )
    assert [tier.name for tier in found.tiers] == ["T1"]
    assert found.alike.startswith("T2 and T3 can change no more inputs than T1 here")


def test_a_notice_without_words_is_told_by_its_name_and_facts(report):
    noticed = read(part(report["claims"], "What is in the table"))
    assert "12 rows are copies of others." in noticed
    assert "Something new, age: share 0.0200." in noticed


# ---------------------------------------------------------------- the page as a whole


@pytest.mark.parametrize("kept", ["amount", "time", "groups", "prior", "deployed", None])
def test_a_part_that_the_study_does_not_have_leaves_no_heading_and_no_empty_cell(tmp_path, kept):
    full = {
        "deployed": ("champion", "challenger"),
        "amount": True,
        "time": True,
        "groups": True,
        "prior": 0.01,
    }
    asked = BARE | ({kept: full[kept]} if kept else {})
    made = pages(tmp_path, tiny_validation(**asked))
    for name, text in made.items():
        assert empty_headings(text) == [], name
        assert not re.search(r"n/a|\bNone\b|\bnan\b|\| +\||\(\)", text.replace("| Which", "")), name
        assert not re.search(r"accura", read(text), re.I), name
    worth = "What is it worth" in made["claims"]
    assert worth == (kept in ("amount", "prior"))
    assert ("Lost at most" in made["claims"]) == (kept == "amount")
    assert ("Who is judged differently" in made["claims"]) == (kept == "groups")
    assert ("cut that is in use" in made["claims"]) == (kept == "deployed")
    assert ("Folds mix the times" in made["claims"]) is False


def test_what_an_executive_reads_is_short(report):
    for name, most in (("claims", 600), ("index", 450), ("claims-calculator", 300)):
        title, *sections = re.split(r"^(?=## )", report[name], flags=re.M)
        opened = [each for each in sections if not re.match(r"[^\n]*\{[^}]*\.(analyst|engineer)", each)]
        words = len(re.findall(r"\w[\w.,%’'-]*", read("".join([title, *opened]))))
        assert words <= most, (name, words)


def test_a_quick_validation_says_so_on_its_page_and_on_the_summary_of_validations_alone(tmp_path):
    made = pages(tmp_path, tiny_validation(quick=True), tiny_validation("loans", **BARE))
    assert {name for name, text in made.items() if "banner quick" in text} == {
        "index", "own", "claims", "claims-calculator",
    }  # fmt: skip


def test_two_models_of_one_title_have_a_row_each(tmp_path):
    result = tiny_validation(deployed=("champion",))
    alike = tuple(
        model.model_copy(update={"title": "Boosted trees"} if model.deployed else {})
        for model in result.models
    )
    titles = [row.title for row in find_validation(result.model_copy(update={"models": alike})).rows]
    assert titles[0] == "Boosted trees (in use)"
    assert len(set(titles)) == len(titles)


def test_text_from_the_table_is_never_markup(tmp_path):
    hostile = '<img src=x onerror=alert(1)> **bold** [a](b) {{ 7 }} | "q"'
    result = tiny_validation(title=hostile)
    models = tuple(
        model.model_copy(update={"title": hostile}) if model.deployed else model for model in result.models
    )
    groups = tuple(row.model_copy(update={"group": f"{hostile}{row.group}"}) for row in result.groups)
    site = validated_site(tmp_path, [result.model_copy(update={"models": models, "groups": groups})])
    for name in ("index.html", "claims/index.html"):
        html = (site / name).read_text(encoding="utf-8")
        assert len(re.findall(r"alert\(1\)", html)) > 10
        assert not re.search(r"<img[^>]*\bsrc=.?x\b|<strong>bold</strong>|>a</a>", html)


def test_rows_that_are_published_are_announced_and_else_nothing_by_row_is_there(tmp_path, report):
    assert "No row of the table is published here" in report["claims"]
    docs = tmp_path / "docs"
    made = pages(tmp_path, tiny_validation(publish_rows=True))
    assert "The study file publishes rows" in made["claims"]
    assert {path.name for path in (docs / "data").rglob("*")} == {
        "claims.json", "claims-claims.js", "claims-claims-calculator.js", "claims-index.js", "claims-own.js",
        "calculator-claims.js",
        "report.json", "ledger.json", "ledger-at.json",
        *(f"claims-validation{which}.{kind}" for which in ("", "-quotable") for kind in ("js", "csv", "xlsx", "svg")),
    }  # fmt: skip


# ---------------------------------------------------------------- the site


def tabs(site: Path, page: str = "index.html") -> list[str]:
    html = (site / page).read_text(encoding="utf-8")
    return re.findall(r'<li class="md-tabs__item[^"]*">\s*<a[^>]*>\s*(.*?)\s*</a>', html, re.S)


def test_a_site_of_validations_alone_has_their_pages_and_none_about_studies(tmp_path):
    loans = tiny_validation("loans", title="Card default", **BARE)
    site = validated_site(tmp_path, [tiny_validation(), loans])
    assert tabs(site) == ["Summary", "Vehicle claims", "Card default", "Try it"]
    assert {path.parent.name for path in site.glob("*/index.html")} == {
        "claims", "claims-calculator", "loans", "own",
    }  # fmt: skip
    assert (site / OF_VALIDATIONS).exists()
    assert not (site / SCHEMA).exists()
    guide = (site / "llms.txt").read_text(encoding="utf-8")
    assert "> Vehicle claims. Against a fraudster" in guide
    assert "[Record of Card default](data/loans.json)" in guide
    check_published(site / "data")


def test_on_paper_comes_the_page_of_each_validation_and_the_brief_where_there_is_one(tmp_path):
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    pages(alone, tiny_validation())
    pages(beside, tiny_validation(), results=[tiny_result("checks")])
    own = {"summary.pdf": "index.html", "claims.pdf": "claims.html"}
    assert printed(alone / "docs") == own
    assert printed(beside / "docs") == own | {"brief.pdf": "brief.html"}


def test_a_validation_beside_studies_changes_nothing_of_theirs_but_the_way_to_it(tmp_path):
    results = [tiny_result("checks")]
    without = pages(tmp_path / "without", results=results)
    beside = pages(tmp_path / "beside", tiny_validation(), results=results)
    assert beside.keys() - without.keys() == {"claims", "claims-calculator"}
    assert {name for name in without if without[name] != beside[name]} == {"index"}
    added = set(beside["index"].splitlines()) - set(without["index"].splitlines())
    assert added == {"- [Vehicle claims: does it hold when fraudsters evade?](claims.md)"}


def test_one_validation_removed_leaves_the_other_as_it_was(tmp_path):
    cars, loans = tiny_validation("cars"), tiny_validation("loans", title="Card default", **BARE)
    both, one = tmp_path / "both", tmp_path / "one"
    pages(both, cars, loans)
    pages(one, cars)
    whole, left = contents(both / "docs"), contents(one / "docs")
    own = [name for name in left if name.startswith(("cars", "data/cars", "data/claims-cars"))]
    assert len(own) > 8
    assert [name for name in own if whole[name] != left[name]] == []
    assert not [name for name in left if "loans" in name]


def test_a_validation_with_the_name_of_a_page_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(PageError, match=r"'own' would have the address .* rename its file, as my_own\.toml"):
        pages(tmp_path, tiny_validation("own"))


# ---------------------------------------------------------------- records


def test_records_of_studies_and_of_validations_are_told_apart(tmp_path):
    study, validation = tiny_result("checks"), tiny_validation()
    for record, kinds in ((study, (record_file,)), (validation, OF_VALIDATION)):
        record_file(tmp_path, record.name).write_text(record.to_json())
        if record is validation:
            sums_file(tmp_path, record.name).write_text(sums(tmp_path, record.name, kinds))
    options = argparse.Namespace(records=tmp_path)
    assert common.stored_results(options) == [study]
    assert common.stored_validations(options) == [validation]
    record_file(tmp_path, "checks").unlink()
    assert common.stored_results(options) == []
    changed = json.loads(record_file(tmp_path, "claims").read_text()) | {"unresolved": 5}
    record_file(tmp_path, "claims").write_text(json.dumps(changed))
    with pytest.raises(RecordError, match=r"claims\.json is not what claims\.sha256 says"):
        common.stored_validations(options)
    record_file(tmp_path, "claims").rename(tmp_path / "copy.json")
    with pytest.raises(RecordError, match="a second record of 'claims'"):
        common.stored_validations(options)
