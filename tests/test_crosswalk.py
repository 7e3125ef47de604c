"""A test counts as made only if the record holds it; the register is whole; every link leads somewhere."""

import re
from pathlib import Path

import pytest
from report_fixture import tiny_result

from generator import findings
from generator.findings.crosswalk import TESTS, UNCOVERED
from generator.findings.frameworks import FRAMEWORKS, MAPPINGS
from generator.findings.limitations import REGISTER, leading
from generator.publish.manifest import MANIFEST
from generator.publish.metadata import CITATION, GUIDE, SCHEMA
from generator.publish.sbom import SBOM
from generator.records.results import StudyResult

TEMPLATES = Path(__file__).parents[1] / "templates"
NEVER = ("V8", "V9", "V11")
"""Tests that the tiny study does not make."""

MINIMUM = (
    "simulated", "label is a formula", "share of frauds", "split by time", "do not persist", "numeric inputs",
    "knows the model", "person tried to evade", "Costs", "few frauds",
)  # fmt: skip
"""What a register of this study may not leave out."""


def statuses(result: StudyResult) -> dict[str, str]:
    return {row.id: row.status for row in findings.find(result).crosswalk.rows}


def with_proofs(result: StudyResult, **changes) -> StudyResult:
    return result.model_copy(update={"proofs": result.proofs.model_copy(update=changes)})


def without_attacks(result: StudyResult, *names: str) -> StudyResult:
    return with_proofs(result, battery=tuple(r for r in result.proofs.battery if r.attack not in names))


def text(docs: Path, name: str) -> str:
    """The page as a reader sees it, without the marks of the ledger."""
    return re.sub(r'<span data-claim="[^"]*">([^<]*)</span>', r"\1", (docs / f"{name}.md").read_text("utf-8"))


def targets(page: str) -> set[str]:
    return {*re.findall(r"\{ #([\w-]+)[ }]", page), *re.findall(r'\bid="([^"]+)"', page)}


def broken_links(folder: Path) -> list[str]:
    """Links between the pages, and to files beside them, that lead nowhere."""
    pages = {path.name: path.read_text("utf-8") for path in folder.glob("*.md")}
    known = {name: targets(page) for name, page in pages.items()}
    found = []
    for name, page in pages.items():
        for link in re.findall(r"\]\(([^)\s]+)\)", page):
            file, _, anchor = link.partition("#")
            if file.startswith("http") or file in (SCHEMA, GUIDE, CITATION, SBOM, f"data/{MANIFEST}"):
                continue
            there = file or name
            if not (folder / there).exists() or (anchor and anchor not in known.get(there, {anchor})):
                found.append(f"{name}: {link}")
    return found


# ---------------------------------------------------------------- tested, or not


def test_every_kind_of_test_has_a_row_and_a_mapping():
    assert [test.id for test in TESTS] == [f"V{number}" for number in range(1, 16)]
    assert set(MAPPINGS) == {test.id for test in TESTS}
    assert {len(mapping.cells) for mapping in MAPPINGS.values()} == {len(FRAMEWORKS)}


def test_a_full_record_shows_what_was_made_and_what_was_not():
    found = statuses(tiny_result())
    assert {name for name, status in found.items() if status == "not tested"} >= set(NEVER)
    for name in ("V1", "V2", "V3", "V4", "V5", "V6", "V7", "V13", "V14"):
        assert found[name] == "tested"


@pytest.mark.parametrize(
    ("removed", "lost"),
    [
        (("hop_skip_jump", "block_search"), {"V3"}),
        (("hop_skip_jump",), set()),
        (("transfer",), {"V4"}),
        (("pgd_margin", "apgd"), set()),
    ],
)
def test_an_attack_that_is_not_in_the_record_was_not_made(removed, lost):
    full, less = statuses(tiny_result()), statuses(without_attacks(tiny_result(), *removed))
    assert {name for name in full if full[name] != less[name]} == lost


@pytest.mark.parametrize(
    ("field", "lost"),
    [("battery", {"V3", "V4"}), ("tiers", {"V5"}), ("gate", {"V7"}), ("radii", set())],
)
def test_an_empty_part_of_the_record_takes_its_tests_away(field, lost):
    full, less = statuses(tiny_result()), statuses(with_proofs(tiny_result(), **{field: ()}))
    assert {name for name in full if full[name] != less[name]} == lost


def test_the_benchmark_box_alone_is_no_test_of_what_a_fraudster_can_change():
    result = tiny_result()
    plain = tuple(row for row in result.proofs.tiers if row.tier == "T0")
    assert statuses(with_proofs(result, tiers=plain))["V5"] == "not tested"


def test_attacks_are_named_from_the_record():
    rows = {row.id: row for row in findings.find(without_attacks(tiny_result(), "apgd")).crosswalk.rows}
    assert "PGD-10" in rows["V2"].found
    assert "Auto-PGD" not in rows["V2"].found


def test_only_a_test_that_was_made_links_to_results():
    for row in findings.find(tiny_result()).crosswalk.rows:
        assert bool(row.link) == (row.status == "tested")


# ---------------------------------------------------------------- the page


def test_untested_rows_stay_on_the_page(tiny_docs):
    page = text(tiny_docs, "crosswalk")
    for name in NEVER:
        assert re.search(rf'<span id="checks-{name}">{name}</span> \| [^|]+ \| \*\*not tested\*\*', page)
    for each in UNCOVERED:
        assert each.entry in page


def test_every_framework_has_its_edition_its_date_and_what_is_open(tiny_docs):
    page = text(tiny_docs, "crosswalk")
    for each in FRAMEWORKS:
        assert f"| {each.edition} | {each.date} |" in page
        assert each.check
        assert each.check in page
    assert "Check before relying on it" in page
    assert "detecting financial fraud" in page
    assert "voluntary benchmark" in page.lower()


def test_the_page_maps_and_certifies_nothing(tiny_docs):
    page = text(tiny_docs, "crosswalk").lower()
    assert not re.findall(r"complian|complies|certif|approved", page)


def test_the_lines_to_sign_are_empty(tiny_docs):
    block = text(tiny_docs, "crosswalk").partition('<table class="signoff">')[2].partition("</table>")[0]
    assert re.findall(r'scope="row">(\w+)<', block) == ["Developer", "Validator", "Owner"]
    assert set(re.findall(r"<td>(.*?)</td>", block)) == {""}


def test_every_link_of_every_page_resolves(tiny_docs):
    assert broken_links(tiny_docs) == []


# ---------------------------------------------------------------- the register, the threat model, the decisions


def test_the_register_holds_the_minimum():
    for words in MINIMUM:
        assert any(words in entry.statement for entry in REGISTER), words


def test_entries_of_the_register_are_numbered_and_whole():
    assert [entry.id for entry in REGISTER] == [f"L{number:02}" for number in range(1, len(REGISTER) + 1)]
    assert all(entry.effect and entry.mitigation and entry.page for entry in REGISTER)


def test_the_register_is_on_the_method_page_with_empty_owners(tiny_docs):
    page = text(tiny_docs, "method")
    for entry in REGISTER:
        line = next(line for line in page.splitlines() if f'id="{entry.id}"' in line)
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[1:5] == [entry.statement, entry.effect, entry.direction, entry.severity]
        assert cells[6] == ""


def test_the_brief_leaves_out_no_severe_limit(tiny_docs):
    page = text(tiny_docs, "brief")
    assert len(leading()) > 3
    for entry in leading():
        assert entry.statement in page


def test_the_threat_model_is_in_units_a_person_uses(tiny_docs):
    page = text(tiny_docs, "attack").partition("{ #checks-threat ")[2]
    # 0.35 standard deviations of 1,208 USD and of 48 miles; an account's age nobody changes
    assert "up to 422.80\u202fUSD down" in page
    assert "up to 16.8\u202fmiles down" in page
    assert "every attacker but the benchmark's: Account age." in page
    assert "adversarial-robustness-toolbox" in page.replace("&#45;", "-")


def test_an_attack_that_was_not_run_has_no_settings():
    lines = findings.find(without_attacks(tiny_result(), "hop_skip_jump")).threat.attacks
    assert not any("HopSkipJump" in line.title for line in lines)


@pytest.mark.parametrize(
    ("low", "high", "direction", "advice"),
    [
        (0.1, 0.3, "higher", "Try threat-matched training"),
        (-0.3, -0.1, "lower", "Keep the standard model"),
        (-0.1, 0.1, "no difference", "Change models only if it costs nothing"),
    ],
)
def test_advice_follows_the_interval_of_the_comparison(low, high, direction, advice):
    result = tiny_result()
    rows = tuple(
        c.model_copy(
            update={
                "direction": direction,
                "difference": c.difference.model_copy(
                    update={"value": (low + high) / 2, "low": low, "high": high}
                ),
            }
        )
        for c in result.proofs.tier_comparisons
    )
    found = findings.find(with_proofs(result, tier_comparisons=rows)).decisions
    assert (
        next(d for d in found if d.situation == "Fraudsters change only what they control").advice == advice
    )


def test_advice_without_grounds_is_not_given():
    bare = with_proofs(tiny_result(), choices=())
    situations = [d.situation for d in findings.find(bare).decisions]
    assert situations == ["A supplier shows accuracy under FGSM"]
