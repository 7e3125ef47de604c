"""A study file says what is asked; a wrong one is answered with all of its mistakes, each with a way out."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import own_fixture
import pytest
from own_fixture import changed
from report_fixture import templates_of

from generator.datasets import StudyFileError, dataset, datasets, is_validation
from generator.datasets.study_file import LARGEST, check_columns, read_study, read_validation
from generator.program import PROGRAM, STUDIES
from generator.provenance import provenance
from generator.records.files import unsound
from generator.records.results import StudyResult
from generator.records.spec import StudySpec

CHECKS = (STUDIES / "checks.toml").read_text(encoding="utf-8")


def _written(folder: Path, *changes: tuple[str, str], name: str = "mine") -> Path:
    """The study file of the checks, changed, in `folder`."""
    path = folder / f"{name}.toml"
    path.write_text(changed(CHECKS, *changes), encoding="utf-8")
    return path


def _refused(path: Path) -> str:
    with pytest.raises(StudyFileError) as caught:
        read_study(path)
    return str(caught.value)


def test_a_study_file_is_read_as_it_stands_and_named_after_itself(tmp_path):
    study, asked = read_study(_written(tmp_path)), tomllib.loads(CHECKS)
    assert study.dataset == "mine"
    assert [each.name for each in study.inputs] == [each["name"] for each in asked["inputs"]]
    assert dict(study.label.weights) == asked["label"]["weights"]
    assert study.attack.round_epsilons == (0.35,)
    assert study.threat.names == ("T0", "T1", "T2", "T3")


def test_all_mistakes_of_a_file_are_told_at_once_with_key_finding_and_what_is_allowed(tmp_path):
    path = _written(
        tmp_path,
        ('control = "costly"', 'control = "costley"'),
        ("fraud_share = 0.2\n", 'fraud_share = "a fifth"\n'),
        ("headline_epsilon", "headline_epsilom"),
        ('currency = "USD"\n', 'curency = "USD"\n'),
        ('table = "checks"\n', ""),
        ('title = "Distance"\n', ""),
    )
    assert _refused(path).splitlines() == [
        f"{path}: 6 mistakes",
        "  table: is missing",
        "  inputs.Account Age.control: found 'costley'; known: free (anybody can change it, free of cost), "
        "effort (a fraudster can, with effort), costly (it takes money or patience), "
        "insider (it takes somebody inside), nobody (no fraudster can); did you mean 'costly'?",
        "  inputs.Distance.title: is missing",
        '  label.fraud_share: found "a fifth"; give a number, without quotation marks',
        "  attack: found 'headline_epsilom'; known: epsilons, headline_epsilon, round_epsilons, attacks, pgd_steps, "
        "pgd_relative_step; did you mean 'headline_epsilon'?",
        f"  top level: found 'curency'; known: {', '.join([*type(dataset('checks').study).model_fields][1:])}; "
        "did you mean 'currency'?",
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('amount = "Amount"', 'amount = "Sum"', "amount 'Sum' is no input; inputs: Amount, Account Age"),
        (
            "rows = 5000",
            "rows = 5000\nthreat = 'fraudster'",
            "threat: found 'fraudster'; known: fraudsters, validators; did you",
        ),
        ("rows = 5000", "rows =", "it is no TOML: Invalid value (at line 8"),
        ("[0.35]", "[0.36]", "attack: budgets [0.36] are quoted but not in epsilons"),
    ],
)
def test_a_single_mistake_is_one_line(tmp_path, before, after, told):
    path = _written(tmp_path, (before, after))
    said = _refused(path)
    assert said.startswith(f"{path}: {told}"), said
    assert "\n" not in said


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    assert _refused(tmp_path / "none.toml").endswith("none.toml: it cannot be read (No such file or directory); "
                                                     "check path and permissions")  # fmt: skip
    (tmp_path / "old.toml").write_bytes(b'title = "caf\xe9"')
    assert _refused(tmp_path / "old.toml").endswith("it is not UTF-8; save it as UTF-8")


def test_a_table_that_nobody_makes_and_columns_that_it_does_not_have_are_named(tmp_path):
    _written(tmp_path, ('table = "checks"', 'table = "cheques"'))
    with pytest.raises(StudyFileError, match=r"table: found 'cheques'; known: checks, kaggle"):
        datasets(tmp_path)
    study = read_study(_written(tmp_path, ('"Account Age" = "model', '"Acount Age" = "model')))
    with pytest.raises(StudyFileError) as caught:
        check_columns(study, ("CheckID", *study.input_names), study.input_names)
    assert "columns: found 'Acount Age'; known: CheckID, Amount, Account Age" in str(caught.value)
    assert "did you mean 'Account Age'?" in str(caught.value)
    assert "columns: 'Account Age' is missing" in str(caught.value)


def test_a_study_of_ones_own_may_have_attackers_of_its_own(tmp_path):
    (tmp_path / "threats").mkdir()
    text = (STUDIES / "threats" / "fraudsters.toml").read_text(encoding="utf-8")
    (tmp_path / "threats" / "clerks.toml").write_text(text.replace("T3", "clerk"), encoding="utf-8")
    study = read_study(_written(tmp_path, ("rows = 5000", 'rows = 5000\nthreat = "clerks"')))
    assert study.threat.names[-1] == "clerk"


OWN = (
    changed(
        own_fixture.STUDY,
        ("ignored", 'split = { column = "Day", judged_from = 2024-01-31 }\nignored'),
        ('helps = "down"', 'helps = "down"\nreach = "any"'),
    )
    + """
[[deployed]]
name = "champion"
title = "Champion"
file = "model.json"
cut = { alert_rate = 0.05 }
"""
)


def _own(folder: Path, *changes: tuple[str, str]) -> Path:
    (folder / "mine.toml").write_text(changed(OWN, *changes), encoding="utf-8")
    return folder / "mine.toml"


def test_a_study_file_whose_table_is_a_file_is_a_validation_against_the_validators_tiers(tmp_path):
    path = _own(tmp_path)
    spec = read_validation(path)
    assert is_validation(path)
    assert (spec.dataset, spec.tables, spec.threat.names) == ("mine", ("claims.csv",), ("T1", "T2", "T3"))
    assert (spec.threat.benchmark, spec.split.judged_from, spec.inputs[0].reach) == (
        None,
        "2024-01-31",
        "any",
    )
    assert not is_validation(_written(tmp_path, name="other"))
    assert [each.name for each in datasets(tmp_path)] == ["other"]
    with pytest.raises(StudyFileError, match=r"mine\.toml: it is a validation"):
        datasets(tmp_path, ["mine"])


def test_what_the_page_on_ones_own_model_shows_can_be_asked(tmp_path):
    """Its blocks of TOML, with what they leave out for brevity."""
    page = (PROGRAM / "templates" / "own.md.j2").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```$", page, re.M | re.S)
    inputs, deployed, rare = (
        next(block for block in blocks if block.startswith(start))
        for start in ("[[inputs]]", "split", "prior")
    )
    inputs = re.sub("^name = (.*)$", r"name = \1\ntitle = \1", inputs, flags=re.M)
    inputs = changed(
        inputs, ('control = "free"', 'kind = "flag"\ncategories = ["No", "Yes"]\ncontrol = "free"')
    )
    head = 'table = "claims.csv"\ntitle = "Claims"\nlabel = { column = "FRAUDFOUND", fraud = "Yes" }\n'
    model = 'name = "champion"\ntitle = "Champion"\nfile = "model.json"\n'
    (tmp_path / "mine.toml").write_text(f"{head}{rare}{deployed}{model}{inputs}", encoding="utf-8")
    spec = read_validation(tmp_path / "mine.toml")
    assert [(each.name, each.control) for each in spec.inputs] == [
        ("DEDUCTIBLE", "effort"),
        ("WITNESSPRESENT", "free"),
    ]
    assert (spec.split.column, spec.deployed[0].scores.measure, spec.prior) == ("PART", "probability", 0.006)


def test_a_whole_number_in_the_place_of_a_cell_is_its_digits_and_nothing_else_is(tmp_path):
    spec = read_validation(
        _own(
            tmp_path,
            ('fraud = "Yes"', "fraud = 1"),
            ('missing = ["", "NA"]', 'missing = ["", -999]'),
            ('"Audi", "Fiat", "Saab"', '1, 2, "03"'),
        )
    )
    assert (spec.label.fraud, spec.reading.missing) == ("1", ("", "-999"))
    assert spec.inputs[3].categories == ("1", "2", "03")
    for other in ("1.5", "true"):
        with pytest.raises(StudyFileError, match=r"label\.fraud: found .*give a text in quotation marks"):
            read_validation(_own(tmp_path, ('fraud = "Yes"', f"fraud = {other}")))


MOVERS = (
    ('control = "effort"', 'control = "{0}"'),
    ('control = "free"', 'control = "{0}"'),
    ('control = "free"', 'control = "{0}"'),
    ('control = "effort"', 'control = "{0}"'),
)
"""Every input that a fraudster moves in the study of `own_fixture`, to be given another control."""


@pytest.mark.parametrize(
    ("control", "quoted"), [("effort", "T1"), ("costly", "T2"), ("insider", "T3"), ("nobody", "T1")]
)
def test_the_headlines_are_about_the_first_attacker_who_can_change_an_input(tmp_path, control, quoted):
    path = _own(tmp_path, *((before, after.format(control)) for before, after in MOVERS))
    assert read_validation(path).threat.quoted == quoted


def test_a_tier_that_moves_nothing_is_not_quoted_although_a_wider_one_stands_before_it(tmp_path):
    tiers = "".join(
        f'[[threat.tiers]]\nname = "{name}"\ntitle = "{name}"\nattacker = "{name}"\nshort = "{name}"\n'
        f'reaches = {reaches}\nmoves = "frauds"\nbounded = true\n'
        for name, reaches in {"all": ["free", "effort", "insider"], "few": ["insider"]}.items()
    ).replace("'", '"')
    path = _own(tmp_path)
    path.write_text(f'{path.read_text()}\n[threat]\nquoted = "few"\n{tiers}')
    assert read_validation(path).threat.quoted == "all"


def test_models_that_would_be_another_one_once_more_are_not_trained(tmp_path):
    listed = 'beside = ["standard", "boosted_trees", "monotone_net", "monotone_trees", "trees_left_out"]\n'
    start = ('title = "Claims"', f'{listed}title = "Claims"')
    some, both, nobody = (
        read_validation(_own(tmp_path, start, *changes)).beside
        for changes in (
            (),
            [(f'helps = "{way}"', 'helps = "both"') for way in ("down", "up", "up", "down")],
            [(before, after.format("nobody")) for before, after in MOVERS],
        )
    )
    assert some == ("standard", "boosted_trees", "monotone_net", "monotone_trees", "trees_left_out")
    # without a direction nothing is held monotone: what such models have over others is what they leave out
    assert both == ("standard", "boosted_trees", "trees_left_out")
    # and where nobody changes anything, nothing is left out
    assert nobody == ("standard", "boosted_trees")


def test_what_a_study_file_is_can_be_asked_without_pandas(tmp_path):
    program = (
        "import sys; from pathlib import Path; from generator.datasets import is_validation, read_validation; "
        f"print(read_validation(Path({str(_own(tmp_path))!r})).title, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "Claims False\n"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            [
                ('control = "free"', 'control = "anybody"'),
                ('reach = "any"', 'reach = "all"'),
                ('"claims.csv"', '["claims.csv", 3]'),
                ("alert_rate", "alert_rat"),
                ("helps = \"up\"", "helps = \"upwards\""),
            ],
            [
                "table.2: found 3; give a text in quotation marks",
                "inputs.Amount.reach: found 'all'; known: budget, any, or a number of raw units",
                "inputs.Cars.control: found 'anybody'; known: free (anybody can change it, free of cost), effort "
                "(a fraudster can, with effort), costly (it takes money or patience), insider (it takes somebody "
                "inside), nobody (no fraudster can); did you mean 'free'?",
                "inputs.Cars.helps: found 'upwards'; known: up (a fraudster would raise it), down (he would lower "
                "it), both (either may help him), none (he would leave it)",
                "deployed.champion.cut: found 'alert_rat'; known: score, alert_rate, false_positive_rate; did you "
                "mean 'alert_rate'?",
            ],
        ),
        (
            [
                ('"claims.csv"', '["claims.csv", "claims.xlsx"]'),
                ('reach = "any"', "reach = -3"),
                ('["No", "Yes"]', '["No", "Yes"]\nreachable = ["yes"]'),
                ('groups = ["Sex"]', 'groups = ["Sex", "Policy"]'),
                ('["Desk"]', '["Amount"]'),
                ("2024-01-31", "'31.1.2024'"),
                ('missing = ["", "NA"]', 'delimiter = "::"\nencoding = "utf8x"'),
            ],
            [
                "table: found 'claims.xlsx', which is no table that is read; its name ends in .csv, .tsv, .txt, "
                ".parquet",
                "reading.delimiter: found '::'; give the one sign between two cells, such as ',' or ';'",
                "reading.encoding: found 'utf8x'; known: utf-8, utf-16, cp1252, latin-1, cp1250, cp1251, cp932, "
                "gb18030; did you mean 'utf-8'?",
                "inputs.Amount.reach: found -3; give more than 0, or control = 'nobody'",
                "inputs.Witness.reachable: found 'yes'; known: No, Yes; did you mean 'Yes'?",
                "split.judged_from: found '31.1.2024'; give a day as 2023-12-31",
                "id: 'Policy' is named by groups too; it can be one of them",
                "ignored: 'Amount' is used; take it out of ignored, or out of where it is used",
            ],
        ),
        (  # of single values, and of what does not go together, at once
            [
                ('control = "free"', 'control = "anybody"'),
                ('["No", "Yes"]', '["No", "Yes"]\nreach = "any"'),
                ('groups = ["Sex"]', 'groups = ["Sex", "Sex"]\nprior = 5\nalert_budgets = [2, 0.1]'),
                ('currency = "EUR"', 'currency = "E\\u0007"'),
                ("2024-01-31", "3"),
                ("alert_rate = 0.05", "alert_rate = 5"),
                ('file = "model.json"', 'file = "model.json"\nid = "Policy"'),
            ],
            [
                'split.judged_from: found 3; give a text in quotation marks',
                "alert_budgets.1: found 2; give less than 1, such as 0.05 for 5 %",
                "prior: found 5; give less than 1, such as 0.05 for 5 %",
                "inputs.Cars.control: found 'anybody'; known: free (anybody can change it, free of cost), effort "
                "(a fraudster can, with effort), costly (it takes money or patience), insider (it takes somebody "
                "inside), nobody (no fraudster can); did you mean 'free'?",
                "deployed.champion.cut.alert_rate: found 5; give less than 1, such as 0.05 for 5 %",
                "deployed.champion: found 'id', which is a key of the whole study; write it above the first line that "
                "starts with [",
                "currency: found 'E\\x07', which cannot be shown; give 1 to 100 visible signs",
                "inputs.Witness.reach: is of numbers; what a flag can be made is said by reachable, any of its "
                "categories without it: leave reach out",
                "groups: 'Sex' is there twice",
            ],
        ),
        (
            [
                ('title = "Claims"', 'title = 3'),
                ('groups = ["Sex"]', 'groups = "Sex"\nseed = 0.5\npublish_rows = "no"'),
                ('label = { column = "Fraud", fraud = "Yes" }', 'label = "Fraud"'),
                ("[reading]", "[proof]\nepsilons = []\n[training]\nseeds = 0\n[reading]"),
            ],
            [
                "title: found 3; give a text in quotation marks",
                'label: found "Fraud"; give a table in curly brackets: { key = value }',
                'groups: found "Sex"; give a list in square brackets',
                "training.seeds: found 0; give at least 1",
                "seed: found 0.5; give a whole number, without quotation marks",
                'publish_rows: found "no"; give true or false',
            ],
        ),
        (
            [
                ("[reading]", "[proof]\nepsilons = [1.0, 1.0]\nfalse_positive_rates = [0.01]\n[reading]"),
                ('["No", "Yes"]', '["No", "Yes"]\nreachable = []'),
                ('reach = "any"', 'reachable = ["1"]'),
                ('name = "Cars"', 'name = "Amount"'),
                ('name = "champion"', 'name = "standard"'),
            ],
            [
                "inputs.Amount.reachable: is of flags, categories and bands; how far a number moves is said by reach",
                "inputs.Witness.reachable: names nothing; leave it out for any of the categories, or give "
                "control = 'nobody'",
                "inputs: 'Amount' is there twice",
                "deployed: 'standard' is the name of a model that is trained here; give another",
                "proof.epsilons: 1.0 is there twice",
                "attack.headline_epsilon: is 0.35, which is none of proof.epsilons (1); add it there, or give another",
                "proof.quoted_false_positive_rate: is 0.05, which is none of proof.false_positive_rates (0.01); add "
                "it there, or give another",
            ],
        ),
    ],
)  # fmt: skip
def test_all_mistakes_of_a_validation_are_told_at_once(tmp_path, changes, told):
    path = _own(tmp_path, *changes)
    with pytest.raises(StudyFileError) as caught:
        read_validation(path)
    assert str(caught.value).splitlines() == [
        f"{path}: {len(told)} mistakes",
        *(f"  {line}" for line in told),
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('title = "Claims"', 'title = "Claims'), "is a quotation mark left open?"),
        (('title = "Claims"', "title = \u201cClaims\u201d"), "write straight quotation marks"),
        (('title = "Claims"', 'title = "C:\\users"'), "write a path with /, or in single quotation marks"),
        (('title = "Claims"', 'title = "A"\ntitle = "B"'), "this key is given before; keep one"),
        (("[reading]", "[reading]\n[reading]"), "this heading is given before; keep one"),
        (('title = "Claims"', "title = Claims"), "a text stands in quotation marks"),
    ],
)
def test_what_mends_broken_toml_is_said(tmp_path, change, told):
    with pytest.raises(StudyFileError, match=re.escape(told)) as caught:
        read_validation(_own(tmp_path, change))
    assert "\n" not in str(caught.value)
    assert "it is no TOML" in str(caught.value)


def test_mistakes_of_attackers_are_told_of_their_own_file_beside_those_of_the_study(tmp_path):
    (tmp_path / "threats").mkdir()
    threat = tmp_path / "threats" / "mine.toml"
    threat.write_text('quoted = "A"\n[[tiers]]\nname = "A"\ntitle = "A"\nshort = "A"\nmoves = "nobody"\n')
    path = _own(tmp_path, ('title = "Claims"', 'title = "Claims"\nthreat = "mine"\nprior = 5'))
    with pytest.raises(StudyFileError) as caught:
        read_validation(path)
    own, head, *others = str(caught.value).splitlines()
    assert own == f"{path}: prior: found 5; give less than 1, such as 0.05 for 5 %"
    assert head == f"{threat}: {len(others)} mistakes"
    assert "  tiers.A.attacker: is missing" in others


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("integer = true", 'kind = "category"\ninteger = true'),
            "Cars: a category is one of some names; give them",
        ),
        (
            ("integer = true", 'kind = "category"\ninteger = true'),
            "; a category is no number; leave integer out",
        ),
        (
            ("integer = true", 'categories = ["1"]'),
            "Cars: a number has no categories; leave them out",
        ),
        (
            ('title = "Claims"', 'title = "A"\nthreat = { quoted = "A", tiers = [] }'),
            "there is none; give [[tiers]]",
        ),
    ],
)
def test_what_an_input_or_a_list_of_attackers_lacks_is_said(tmp_path, change, told):
    with pytest.raises(StudyFileError, match=re.escape(told)):
        read_validation(_own(tmp_path, change))


@pytest.mark.parametrize("entry", ["inputs", "deployed"])
def test_how_a_list_of_tables_is_written_is_said(tmp_path, entry):
    path = tmp_path / "mine.toml"
    head = 'table = "claims.csv"\ntitle = "Claims"\nlabel = { column = "Fraud", fraud = "Yes" }\n'
    for text, told in (
        (f'{entry} = ["A"]\n', f'{entry}.1: found "A"; start each with a line [[{entry}]]'),
        (
            f'[{entry}]\nname = "A"\n',
            f'{entry}: found {{"name": "A"}}; write two brackets on each side: [[{entry}]]',
        ),
    ):
        path.write_text(head + text)
        with pytest.raises(StudyFileError, match=re.escape(told)):
            read_validation(path)


def test_a_pipe_and_a_device_are_refused_at_once_and_so_is_a_file_of_any_size(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    with open(tmp_path / "large.toml", "wb") as file:
        file.truncate(LARGEST + 1)
    for name, told in (
        ("pipe", "a pipe or a device"),
        ("zero", "a pipe or a device"),
        ("large", "bytes, more than"),
    ):
        assert told in _refused(tmp_path / f"{name}.toml")


WORDS = {
    "title of the dataset": ('title = "Bank checks"', 'title = "Cheques"'),
    "description": ("Simulated bank checks with", "Invented bank checks with"),
    "title of an input": ('title = "Account age"', 'title = "Age of the account"'),
    "note of an input": ("A better forgery;", "A forgery of more care;"),
    "unit of an input": ('unit = "miles"', 'unit = "mi"'),
    "currency": ('currency = "USD"', 'currency = "EUR"'),
    "formula of the label": ("the z-score over all rows", "the z-score over the table"),
    "use of a column": ('"names the row"', '"says which row it is"'),
    "title of a breakdown": (
        '[[breakdowns]]\ncolumn = "Bounced Checks"\ntitle = "Bounced checks"',
        '[[breakdowns]]\ncolumn = "Bounced Checks"\ntitle = "Returned checks"\nnote = "Few are."',
    ),
}
TIER = ('title = "frauds only: what anybody can change', 'title = "frauds alone: what anybody can change')
NUMBERS = {
    "a control": ('control = "costly"', 'control = "insider"'),
    "a direction": ('helps = "up"', 'helps = "both"'),
    "a weight": ("amount = 0.25", "amount = 0.26"),
    "a budget": ("round_epsilons = [0.35]", "round_epsilons = [0.5]"),
    "the volume": ("10_000", "20_000"),
    "digits of an input": ("decimals = 3", "decimals = 2"),
    "the column of a breakdown": (
        '[[breakdowns]]\ncolumn = "Bounced Checks"',
        '[[breakdowns]]\ncolumn = "Distance"',
    ),
    "the kind of a breakdown": ("[[breakdowns]]\n", '[[breakdowns]]\nkind = "decade"\n'),
}


@pytest.fixture
def own(tmp_path) -> Path:
    """A folder for study files, with the tiers of attackers beside them."""
    shutil.copytree(STUDIES / "threats", tmp_path / "threats")
    return tmp_path


def _reworded(own: Path) -> Path:
    """The study file of the checks with every kind of words in it changed, those of a tier included."""
    tiers = own / "threats" / "fraudsters.toml"
    tiers.write_text(tiers.read_text(encoding="utf-8").replace(*TIER), encoding="utf-8")
    return _written(own, *WORDS.values(), name="checks")


def test_words_are_not_in_the_study_key_and_numbers_are(own):
    before = provenance(dataset("checks").study, "data")
    for what, change in WORDS.items():
        after = provenance(read_study(_written(own, change, name="checks")), "data")
        assert after.study_key == before.study_key, what
        assert after.asked_sha256 != before.asked_sha256, what
    for what, change in NUMBERS.items():
        after = provenance(read_study(_written(own, change, name="checks")), "data")
        assert after.study_key != before.study_key, what
    assert provenance(read_study(_reworded(own)), "data").study_key == before.study_key


def test_new_words_reach_the_pages_without_a_new_study(tiny_study, stored, own, capsys, monkeypatch):
    """The record is written again, in seconds: no stage is asked for, and every number stays."""
    from generator.__main__ import main
    from generator.commands import studying
    from generator.pages.rendering import render_pages

    words = read_study(_reworded(own))
    spec = StudySpec.model_validate(dict(tiny_study.spec) | {
        name: getattr(words, name) for name in ("title", "description", "inputs", "columns", "breakdowns", "threat")
    } | {"label": words.label, "currency": words.currency})  # fmt: skip
    monkeypatch.setattr(studying, "_spec", lambda known, options: spec)
    monkeypatch.setattr(studying, "_run", lambda *_: pytest.fail("the study was run"))
    before = StudyResult.read(stored / "checks.json")
    assert main(["study", "--datasets", "checks", "--records", str(stored)]) == 0
    assert "checks: new words, same numbers" in capsys.readouterr().out
    assert unsound(stored, "checks") == []
    after = StudyResult.read(stored / "checks.json")
    assert after.provenance.study_key == before.provenance.study_key
    assert main(["study", "--datasets", "checks", "--records", str(stored)]) == 0
    assert "nothing changed" in capsys.readouterr().out

    folder = own / "docs"
    render_pages([after], templates_of(own, "data", "cards", "proof"), folder)
    shown = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.md"))
    for text in ("Cheques", "Invented bank checks with", "Age of the account", "A forgery of more care;",
                 "the z-score over the table", "says which row it is", "Returned checks", "Few are.",
                 "frauds alone: what anybody can change"):  # fmt: skip
        assert text in shown, text
    for text in ("Bank checks", "Account age", "A better forgery;", "names the row"):
        assert text not in shown, text
