"""A page depends on all source but that of the findings which nothing on it asks for: tried by watching who asks."""

import sys
from collections import defaultdict
from functools import cached_property
from pathlib import Path

import pytest
from rates_fixture import tiny_draws
from report_fixture import tiny_result

from generator import findings
from generator.engine.unchanged import sources_of
from generator.findings import DatasetFindings, find
from generator.notation.tracing import traced
from generator.pages import sources
from generator.pages.rendering import prepare, render_pages
from generator.tools import calculator

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "templates"
ROOM = Path(findings.__file__).parent
FIELDS = {name for name, each in vars(DatasetFindings).items() if isinstance(each, cached_property)}


def asker() -> str:
    """File of the template or the module of this program that asked for a field."""
    frame = sys._getframe(2)
    while not frame.f_code.co_filename.startswith((str(TEMPLATES), str(ROOT / "generator"))):
        frame = frame.f_back
    return frame.f_code.co_filename


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> dict[str, set[str]]:
    """File --> the fields that it asked for while all pages were rendered, for every attacker."""
    found = defaultdict(set)

    def noted(self, name: str):
        if name in FIELDS:
            found[asker()].add(name)
        return object.__getattribute__(self, name)

    results = [tiny_result(name) for name in ("checks", "kaggle")]
    draws = {result.data.name: tiny_draws(result.rates) for result in results}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatasetFindings, "__getattribute__", noted, raising=False)
        render_pages(
            results,
            TEMPLATES,
            tmp_path_factory.mktemp("asked") / "docs",
            documents=calculator.DOCUMENTS,
            extras=lambda results: calculator.values(results, draws),
        )
    return found


def test_only_templates_ask_for_findings_and_by_names_that_are_found_in_them(asked):
    templates = {Path(file) for file in asked if Path(file).parent == TEMPLATES}
    assert len(templates) > 8
    assert {file for file in map(Path, asked) if file not in templates and file.parent != ROOM} == set()
    wrong = {
        path.name: missed
        for path in templates
        if (missed := asked[str(path)] - sources.asked_for(path.read_text(encoding="utf-8")))
    }
    assert wrong == {}


def test_the_modules_of_a_field_are_all_that_work_on_it():
    result = traced(tiny_result("checks"), "checks")
    wrong = {}
    for field in sorted(FIELDS):
        ran = set()

        def note(frame, event, argument, ran=ran):
            path = Path(frame.f_code.co_filename)
            if path.parent == ROOM:
                ran.add(path)

        fresh = find(result)
        sys.setprofile(note)
        try:
            getattr(fresh, field)
        finally:
            sys.setprofile(None)
        known = set(sources_of(*sources.makers()[field], end=findings.__name__))
        if missed := ran - known - {Path(findings.__file__)}:
            wrong[field] = missed
    assert wrong == {}


def test_a_sentence_is_the_source_of_the_pages_with_its_finding_alone():
    pages = {path.name: sources.source_of_findings([path]) for path in TEMPLATES.glob("[!_]*.j2")}
    assert sources.source_of_findings([TEMPLATES / "speed.md.j2"]) == sources.source_of_findings([])
    assert pages["brief.md.j2"] != pages["data.md.j2"] != pages["speed.md.j2"]
    assert {path.stem for path in sources._apart()} >= {"brief", "data", "proofs", "cards", "impact"}
    assert not {path.stem for path in sources._apart()} & {"economics", "selection", "__init__"}


def test_values_that_follow_no_tier_are_worked_out_once_for_all_tiers():
    found = find(tiny_result("checks"))
    other = findings.at_tier(found, found.result.spec.threat.benchmark)
    assert other.recipes is found.recipes
    assert other.decisions is found.decisions
    assert (other.proof.matched, other.headline.tier_cards) != (
        found.proof.matched,
        found.headline.tier_cards,
    )
    assert other.proof.gate is found.proof.gate
    assert prepare([tiny_result("checks")]).context["findings"][0].tier == found.tier
