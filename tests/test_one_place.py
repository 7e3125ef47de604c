"""The README's table is true: what is added in the one place it names comes to stand on the site."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from generator.program import PROGRAM
from tests.benchmarks.checkout import copied

TINY = """
[training]
seeds = 1
folds = 3
epochs = 2

[battery]
pgd_steps = 3
restarts = 1
apgd_steps = 3
apgd_restarts = 1
boundary_steps = 3
search_queries = 20
noise_draws = 5
hop_skip_jump_rows = 2
hop_skip_jump_steps = 2
hop_skip_jump_queries = 500
zoo_rows = 2
zoo_steps = 2
tree_copy_rows = 4
"""

DATASET = """\"\"\"Deposits: checks of which everybody knows the signature.\"\"\"

from generator.datasets.checks.dataset import fresh, load, summarise

__all__ = ["fresh", "load", "summarise"]
"""

ATTACK = '''def one_step(classifier, x, y, epsilon, spec):
    """Half a step along the gradient."""
    targets = np.eye(2, dtype=np.float32)[y]
    return x + np.float32(epsilon / 2) * np.sign(classifier.loss_gradient(x, targets))


ATTACKS: '''

ATTACK_LOOK = '"one_step": Look("Half a step", "#5b4b8a", "#b9a9ee", "dot", "cross"),'

RECIPE = '''def short_fgsm(trainer, x, y, spec):
    """One epoch a round on the examples of that round."""
    return _rounds_on_sets(
        trainer, x, y, spec.model_copy(update={"epochs_per_round": 1}), epsilons=spec.epsilons, keep_earlier=False
    )


RECIPES: '''

RECIPE_LOOK = """"short_fgsm": ModelLook(
        "Short FGSM", "#a3320b", "#ff9e7a", "dot", "cross",
        phrase="short FGSM training",
        made="One epoch a round.",
    ),"""

CHART = '''def class_sizes(result: StudyResult) -> Chart:
    """Rows of each class."""
    label = result.data.label
    sizes = (result.data.n_rows - label.n_fraud, label.n_fraud)
    return Chart(
        slug=f"{result.data.name}-class-sizes", title="Rows of each class", caption="Genuine rows and frauds.",
        summary=f"{formats.count(sizes[1])} frauds.",
        figure=figure(
            [{"type": "bar", "x": ["Genuine", "Fraud"], "y": list(sizes), "marker": {"color": "@fraud"},
              "showlegend": False}],
            xaxis=axis(), yaxis=axis("Rows"),
        ),
        headers=("Class", "Rows"), rows=(("Genuine", sizes[0]), ("Fraud", sizes[1])), height=300,
    )


def _outline('''

TIER = """
[[tiers]]
name = "T4"
title = "frauds only: what is written by hand"
attacker = "a fraudster with a steady hand"
short = "steady hand"
reaches = ["effort"]
moves = "frauds"
bounded = true
"""

PAGE = """# Is there room for one more page?

{% for found in findings %}
{{ found.result.data.title|md }} has {{ found.result.data.label.n_fraud|count }} frauds.

{{ chart("class_sizes", found.result) }}
{% endfor %}
"""


def _edited(path: Path, *changes: tuple[str, str]):
    text = path.read_text(encoding="utf-8")
    for before, after in changes:
        assert text.count(before) == 1, (path.name, before, text.count(before))
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


def _written(path: Path, text: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _add_dataset(project: Path):
    """A study file, and the folder that it names; what is asked is small, and asks for the additions below."""
    _written(project / "generator" / "datasets" / "deposits" / "__init__.py", '"""Deposits."""\n')
    _written(project / "generator" / "datasets" / "deposits" / "dataset.py", DATASET)
    text = (project / "studies" / "checks.toml").read_text(encoding="utf-8") + TINY
    for before, after in (
        ('table = "checks"', 'table = "deposits"'),
        ('title = "Bank checks"', 'title = "Deposits"'),
        ("rows = 5000", "rows = 300\nbootstrap = 100"),
        ("epsilons = [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 1.0]",
         'epsilons = [0.0, 0.35, 1.0]\npgd_steps = 2\nattacks = ["fgsm", "pgd", "one_step"]'),
        ("epsilons = [0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 1.0]",
         "epsilons = [0.35, 1.0]\nradius_tolerance = 0.05\nradius_seeds = 1\npopulation_rows = 1000"),
        ("[hardening]\n", '[hardening]\nrecipes = ["pgd_ramp", "pgd_tier1", "short_fgsm"]\nfollowed = ["short_fgsm"]\n'
         "rounds = 1\nepochs_per_round = 1\npgd_steps = 2\n"),
    ):  # fmt: skip
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    _written(project / "studies" / "deposits.toml", text)


def _add_attack(project: Path):
    _edited(
        project / "generator" / "threats" / "evasion" / "attacks.py",
        ("ATTACKS: ", ATTACK),
        ('    "pgd": Attack(', '    "one_step": Attack(one_step, ("gradients",)),\n    "pgd": Attack('),
    )
    _edited(
        project / "generator" / "notation" / "palette.py",
        (
            '    "pgd": Look(',
            '    "one_step": Look("Half a step", "#5b4b8a", "#b9a9ee", "dot", "cross"),\n    "pgd": Look(',
        ),
    )


def _add_tier(project: Path):
    path = project / "studies" / "threats" / "fraudsters.toml"
    _written(path, path.read_text(encoding="utf-8") + TIER)


def _add_recipe(project: Path):
    _edited(
        project / "generator" / "models" / "fraudnet" / "hardening.py",
        ("RECIPES: ", RECIPE),
        ("        extra_epochs,\n", "        extra_epochs,\n        short_fgsm,\n"),
    )
    _edited(
        project / "generator" / "notation" / "palette.py",
        ('    "pgd_ramp": ', f'    {RECIPE_LOOK}\n    "pgd_ramp": '),
    )


def _add_chart(project: Path):
    _edited(project / "generator" / "figures" / "data.py", ("def _outline(", CHART))
    _edited(
        project / "generator" / "figures" / "__init__.py",
        ("        data.score_histogram, ", "        data.class_sizes, data.score_histogram, "),
        ('"nobody": (\n', '"nobody": (\n            "class_sizes",\n'),
    )  # fmt: skip


def _add_page(project: Path):
    _written(project / "templates" / "room.md.j2", PAGE)
    _edited(project / "mkdocs.yml", ("  - Reproduce:", "  - Room: room.md\n  - Reproduce:"))


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of this project with one of each added, its tiny study run and its site built."""
    folder = tmp_path_factory.mktemp("added") / "project"
    copied(folder, folder / "none.csv")
    for add in (_add_dataset, _add_attack, _add_tier, _add_recipe, _add_chart, _add_page):
        add(folder)
    run = subprocess.run(
        [sys.executable, "-m", "generator", "all", "--offline", "--datasets", "deposits"],
        cwd=folder, capture_output=True, text=True, check=False,
        env={name: value for name, value in os.environ.items() if name not in ("QUICK", "KAGGLE_CSV")},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def test_what_is_added_in_the_one_place_named_stands_on_the_site(project):
    site = project / "site"
    record = json.loads((project / "data" / "results" / "deposits.json").read_text())
    assert record["data"]["title"] == "Deposits"
    attacked = {each["attack"] for model in record["models"] for each in model["rounds"][-1]["evaluations"]}
    assert "one_step" in attacked
    assert "short_fgsm" in {model["name"] for model in record["models"]}

    def page(name: str) -> str:
        return re.sub(r"<[^>]+>", "", (site / name / "index.html").read_text(encoding="utf-8"))

    assert "Deposits" in page(".")
    assert "Deposits has 60 frauds" in page("room")  # a fifth of 300
    assert "Half a step" in page("attacks")
    assert "Short FGSM" in page("hardening")
    assert "One epoch a round." in page("hardening")
    assert "frauds only: what is written by hand" in page("proof")
    assert "Rows of each class" in page("room")
    for name in ("attacks", "hardening", "proof"):
        assert 'href="../room/"' in (site / name / "index.html").read_text(encoding="utf-8"), name
    assert ".c-short_fgsm" in (project / "docs" / "assets" / "palette.css").read_text(encoding="utf-8")


def test_every_row_of_the_table_is_tried():
    readme = (PROGRAM / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| to add |")[2].partition("\n\n")[0]
    tried = {
        "dataset",
        "attack",
        "tier of attackers",
        "hardening recipe",
        "page",
        "chart",
        "number on a page",
    }
    # test_other_study.py and test_own_study.py take one through a whole study
    elsewhere = {"kind of model", "study of your own table"}
    assert set(re.findall(r"^\| an? ([a-z ]+) \|", table, re.MULTILINE)) == tried | elsewhere
