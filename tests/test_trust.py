"""What this project trusts: pinned packages and actions, its own scripts, and no data that could be a program."""

import ast
import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
import yaml
from offenders import all_hold
from packaging.specifiers import SpecifierSet

from generator.engine.files import visible_files

ROOT = Path(__file__).parents[1]
SOURCES = visible_files(ROOT / "generator", "*.py", deep=True)
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
TEMPLATES = sorted((ROOT / "templates").glob("[!.]*.j2"))
SCRIPTS = sorted(path for path in (ROOT / "docs" / "assets").glob("*.js") if "plotly-" not in path.name)
OF_DATA = (
    "row_id",
    "source.origin",
    "source.licence",
    "column.low",
    "column.high",
    "column.name",
    "category",
)
"""Ends of the expressions in templates whose text a file may choose."""
CROSSING = ROOT / "generator" / "engine" / "cluster.py"
"""Hands tasks to workers that were found to run this very source, and takes their answers."""
SAFE_CONTEXT = re.compile(r"github\.(repository_owner|event\.repository\.name)")
"""What a stranger cannot choose: names of the repository itself."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# ---------------------------------------------------------------- source


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def given(node: ast.Call, name: str) -> object:
    found = [each.value for each in node.keywords if each.arg == name]
    return found[0].value if found and isinstance(found[0], ast.Constant) else None


def wrong_call(node: ast.Call) -> bool:
    """Whether a call runs text, or makes objects of bytes that may be a program."""
    name = called(node)
    return (
        name
        in ("eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "pd.read_pickle")
        or name.split(".")[0] in ("pickle", "cPickle", "dill", "shelve", "marshal")
        or (name.endswith("np.load") and given(node, "allow_pickle") is True)
        or (name.endswith("torch.load") and given(node, "weights_only") is not True)
        or given(node, "shell") is True
    )


def test_nothing_is_unpickled_and_no_text_is_run():
    def is_harmless(path):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        wrong = {called(node) for node in calls if wrong_call(node)}
        assert wrong == ({"pickle.loads"} if path == CROSSING else set())
        names = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        unsafe = names & {"pickle", "dill", "cloudpickle", "shelve", "marshal", "joblib.numpy_pickle"}
        assert unsafe == ({"pickle", "cloudpickle"} if path == CROSSING else set())

    all_hold(is_harmless, SOURCES, name_of)


@pytest.mark.parametrize(
    "call",
    [
        "eval(x)", "pickle.loads(x)", "np.load(f, allow_pickle=True)", "torch.load(f)", "yaml.load(x)", "os.system(x)",
        "torch.load(f, weights_only=False)", "subprocess.run(x, shell=True)",
    ],
)  # fmt: skip
def test_the_search_for_such_calls_finds_them(call):
    assert wrong_call(ast.parse(call).body[0].value)


@pytest.mark.parametrize(
    "call", ["np.load(f)", "torch.load(f, weights_only=True)", "yaml.safe_load(x)", "re.compile(x)"]
)
def test_the_search_for_such_calls_leaves_others_alone(call):
    assert not wrong_call(ast.parse(call).body[0].value)


# ---------------------------------------------------------------- pages


def test_text_of_data_passes_the_filter_that_disarms_it():
    def disarms(path):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape", text)
        for expression in re.findall(r"\{\{(.*?)\}\}", text, re.DOTALL):
            value, *filters = (part.strip() for part in expression.split("|"))
            if value.endswith(OF_DATA):
                assert filters[:1] == ["md"], expression

    all_hold(disarms, TEMPLATES, name_of)


def test_a_script_runs_no_text_and_makes_no_handler_of_one():
    def runs_itself_alone(path):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML\s*=|setAttribute\(\"on", text
        )
        assert not re.search(r"https?://(?!www\.w3\.org/)", text)
        markup = re.findall(r"innerHTML\s*=\s*([^;]+)", text)
        # HTML that this project rendered itself, like the page around it: what changes with the attacker
        assert markup == (["text", "written.units[at]"] if path.name == "epsilon.js" else [])

    all_hold(runs_itself_alone, SCRIPTS, name_of)


def test_plotly_never_offers_to_send_a_chart_away():
    text = (ROOT / "docs" / "assets" / "charts.js").read_text(encoding="utf-8")
    assert re.search(r"CONFIG = \{[^}]*showSendToCloud: false", text)
    assert text.count("Plotly.react(") == text.count("layout, CONFIG)") == 1


# ---------------------------------------------------------------- workflow and packages


def every_step(path: Path) -> list[dict]:
    return [step for job in yaml.safe_load(path.read_text())["jobs"].values() for step in job["steps"]]


def test_a_workflow_has_the_least_rights_and_no_trigger_of_strangers():
    def is_modest(path):
        held = yaml.safe_load(path.read_text())
        triggers = held[True]  # YAML takes `on` for a truth value
        assert set(triggers) <= {"push", "workflow_dispatch", "schedule", "pull_request"}
        assert held["permissions"] == {}
        for name, job in held["jobs"].items():
            rights = job["permissions"]
            writing = {right for right, level in rights.items() if level == "write"}
            assert writing <= ({"pages", "id-token"} if name == "deploy" else set()), name
            assert job["timeout-minutes"] <= 60
            assert not (
                {"pages", "id-token"} & set(rights) and any("run" in step for step in job["steps"])
            ), name

    all_hold(is_modest, WORKFLOWS, name_of)


def test_every_action_is_pinned_to_a_commit_and_keeps_no_token():
    def pins_all(path):
        for step in every_step(path):
            if "uses" in step:
                assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), step
                if step["uses"].startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False

    all_hold(pins_all, WORKFLOWS, name_of)


def test_no_command_of_a_workflow_is_put_together_from_what_others_wrote():
    def puts_none_together(path):
        for step in every_step(path):
            assert "${{" not in step.get("run", ""), step
        for inside in re.findall(r"\$\{\{(.*?)\}\}", path.read_text()):
            if "github." in inside:
                assert SAFE_CONTEXT.fullmatch(inside.strip()), inside

    all_hold(puts_none_together, WORKFLOWS, name_of)


def test_every_package_is_locked_to_one_version():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines)
    names = [re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines]
    assert len(names) == len(set(names))


def test_what_replays_a_model_is_the_version_that_tests_hold_its_reader_against():
    held = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    lock = set(re.findall(r"^[\w.-]+==[\w.]+", (ROOT / "requirements-models.txt").read_text(), re.MULTILINE))
    assert {each.partition(";")[0] for extra in held.values() for each in extra} <= lock


def test_every_locked_package_allows_every_python_that_make_takes():
    pythons = ("3.11.0", "3.12.0", "3.13.0", "3.14.0")
    lines = "".join((ROOT / f"requirements{which}.txt").read_text() for which in ("", "-cluster"))
    refused = {
        name: asked
        for name in re.findall(r"^([\w.-]+)==", lines, re.MULTILINE)
        if (asked := metadata(name).get("Requires-Python"))
        and not all(SpecifierSet(asked).contains(python) for python in pythons)
    }
    assert refused == {}


def test_what_the_makefile_installs_besides_is_locked_too():
    text = (ROOT / "Makefile").read_text()
    for line in text.splitlines():
        if " pip install " in line:
            assert re.search(r" -r requirements(-cluster|-models)?\.txt$", line) or re.search(
                r" [\w-]+==\$\([A-Z_]+\)$", line
            ), line
    assert re.findall(r"^(PIP_AUDIT|ZENSICAL) := [0-9.]+$", text, re.MULTILINE) == ["PIP_AUDIT", "ZENSICAL"]
