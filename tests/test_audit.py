"""The audit passes what the study publishes, and refuses any single thing that is altered, with its place."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from rows_fixture import alter_lines, alter_record, alter_weights, lines_of, publish

from generator.audit import AuditError, audit, audit_table
from generator.audit.judgements import check_judgements
from generator.audit.published import read_published
from generator.records.base import RecordError
from generator.records.files import record_file, rows_file, weights_file
from generator.records.results import StudyResult

FEATURES = ("Amount", "Account Age", "Bounced Checks", "Distance", "Signature Match")
TABLE, WEIGHTS = "rows/checks.csv.gz", "rows/checks.safetensors"


@pytest.fixture(scope="module")
def good(tiny_study, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    publish(tiny_study.study, folder)
    return folder


@pytest.fixture
def folder(good, tmp_path) -> Path:
    """A copy to alter."""
    return Path(shutil.copytree(good, tmp_path / "records"))


def _audit(folder: Path):
    return audit(StudyResult.read(record_file(folder, "checks")), folder)


def _refusal(folder: Path) -> str:
    with pytest.raises((AuditError, RecordError)) as refused:
        _audit(folder)
    return str(refused.value)


# ---------------------------------------------------------------- what holds


def test_what_the_study_publishes_passes_and_every_example_is_replayed(good, tiny_study):
    replayed, study = _audit(good), tiny_study.study
    assert [each.lines for each in replayed] == [600] * len(replayed)
    for each in replayed:
        settled, tiers = study.settled[each.model], study.proved.tiers[each.model]
        assert each.examples == np.isfinite(settled["witness"][:, :, 0]).sum()
        assert each.tier_examples == np.isfinite(tiers["witness/T1"][:, :, 0]).sum()
        assert each.touching <= each.examples


def test_the_table_has_a_line_for_each_model(good):
    replayed = _audit(good)
    console = Console(width=150, record=True, file=io.StringIO())
    console.print(audit_table({"checks": replayed}))
    text = console.export_text()
    for each in replayed:
        (line,) = (line for line in text.splitlines() if f" {each.model} " in line)
        assert [int(cell) for cell in line.split("│")[3:-1]] == [
            each.lines, each.examples, each.touching, each.tier_examples, each.tier_touching,
        ]  # fmt: skip


# ---------------------------------------------------------------- one altered cell


def _sure(line) -> bool:
    """A fraud of the second seed, judged right with room to spare, so that its bracket is of settled budgets."""
    return line["seed"] == "1" and line["label"] == "1" and abs(float(line["margin"])) > 0.1


def _stopped(line) -> bool:
    return line["t1_outcome"] in ("proved", "broken") and line["flagged"] == "1"


CELLS = {
    "id": (_sure, lambda cell: "CHK99999"),
    "label": (_sure, lambda cell: "0"),
    **{f"input_{name}": (_sure, lambda cell: repr(float(cell) + 0.01)) for name in FEATURES},
    "model": (_sure, lambda cell: "trades" if cell != "trades" else "pgd_ramp"),
    "seed": (_sure, lambda cell: "0"),
    "fold": (_sure, lambda cell: str((int(cell) + 1) % 3)),
    "margin": (_sure, lambda cell: repr(float(cell) * 1.01)),
    "radius_proved": (lambda line: _sure(line) and line["radius_proved"] == "0.35", lambda cell: "0.1"),
    "radius_broken": (lambda line: _sure(line) and line["radius_broken"] == "0.35", lambda cell: "1.0"),
    "outcome": (_sure, lambda cell: "proved" if cell == "broken" else "broken"),
    **{
        f"witness_{name}": (lambda line: line["witness_Amount"] != "", lambda cell: repr(float(cell) + 1e5))
        for name in FEATURES
    },
    "flagged": (lambda line: _sure(line) and line["flagged"] == "1", lambda cell: "0"),
    "t1_outcome": (_stopped, lambda cell: "proved" if cell == "broken" else "broken"),
    **{
        f"t1_witness_{name}": (
            lambda line: line["t1_witness_Amount"] != "",
            lambda cell: repr(float(cell) + 1e5),
        )
        for name in FEATURES
    },
}
"""Column -> which lines to try, and what to write there."""

SPEAKS_FIRST = {
    "outcome": ("witness_Amount", "outcome"),
    "radius_proved": ("outcome",),
    "radius_broken": ("outcome",),
    "t1_outcome": ("t1_witness_Amount",),
}
"""Column -> which other cell of the line the altered one contradicts."""


def test_every_column_is_tried(good):
    assert CELLS.keys() == lines_of(good)[0].keys()


@pytest.mark.parametrize("column", CELLS)
def test_one_altered_cell_is_found_in_its_line(column, folder):
    chosen, altered = CELLS[column]
    places = [number for number, line in enumerate(lines_of(folder), start=2) if chosen(line)]
    place = places[len(places) // 2]

    def alter(lines):
        lines[place - 2][column] = altered(lines[place - 2][column])

    alter_lines(folder, alter)
    said = _refusal(folder)
    named = [f"{TABLE}, line {place}, {name}: expected " for name in SPEAKS_FIRST.get(column, (column,))]
    assert any(part in said.replace(f"{folder}/", "") for part in named), said
    assert ", found " in said


def test_a_bracket_widened_over_a_settled_budget_shows_in_the_count_of_that_budget(folder):
    """Proved at the largest budget, which is lost; the line still agrees with its outcome."""
    place = next(n for n, x in enumerate(lines_of(folder)) if _sure(x) and x["radius_proved"] == "1.0")
    alter_lines(folder, lambda lines: lines[place].update(radius_proved="0.35"))
    assert _refusal(folder).startswith(
        f"checks.json, {lines_of(folder)[place]['model']}, exact at 1: unresolved"
    )


@pytest.mark.parametrize("kind", ["witness", "t1_witness"])
def test_an_example_taken_away_is_missed(kind, folder):
    place = next(n for n, line in enumerate(lines_of(folder)) if line[f"{kind}_Amount"])
    alter_lines(folder, lambda lines: lines[place].update({f"{kind}_{name}": "" for name in FEATURES}))
    assert f"line {place + 2}, {kind}_Amount: expected an example" in _refusal(folder)


@pytest.mark.parametrize("kind", ["witness", "t1_witness"])
def test_an_example_that_is_the_row_itself_is_not_misjudged(kind, folder):
    place = next(n for n, line in enumerate(lines_of(folder)) if line[f"{kind}_Amount"])

    def alter(lines):
        lines[place] |= {f"{kind}_{name}": lines[place][f"input_{name}"] for name in FEATURES}

    alter_lines(folder, alter)
    assert f"line {place + 2}, {kind}: expected an input that is " in _refusal(folder)


def test_an_example_of_tier_1_may_move_nothing_else_however_little(folder):
    """Account age is out of reach; two hundredths of a year change no judgement, and still they count."""
    place = next(n for n, line in enumerate(lines_of(folder)) if line["t1_witness_Amount"])

    def alter(lines):
        lines[place]["t1_witness_Account Age"] = repr(float(lines[place]["input_Account Age"]) + 0.02)

    alter_lines(folder, alter)
    assert f"line {place + 2}, t1_witness_Account Age: expected a value within the budget" in _refusal(folder)


@pytest.mark.parametrize("beyond", [False, True])
def test_an_example_that_only_touches_the_cut_counts_as_that_and_one_short_of_it_is_refused(folder, beyond):
    """The way from a row to its example is halved until the margin is as near zero as wanted, on the right side."""
    published = read_published(StudyResult.read(record_file(folder, "checks")), folder)
    x, witness = published.rows.x[:, None, None], published.rows.witness
    fraud = (published.rows.label == 1)[:, None, None]
    wrong, right = np.ones(published.rows.shape), np.zeros(published.rows.shape)
    for _ in range(40):
        middle = (wrong + right) / 2
        margin = published.judge(x + middle[..., None] * (witness - x))
        good = np.where(fraud, margin, -margin) > (2e-4 if beyond else 2e-5)
        right, wrong = np.where(good, middle, right), np.where(good, wrong, middle)
    (n, m, s), *_ = np.argwhere(np.isfinite(witness[..., 0]))
    touching = (x + right[..., None] * (witness - x))[n, m, s]
    place = int(np.ravel_multi_index((n, m, s), published.rows.shape))

    def alter(lines):
        lines[place] |= {
            f"witness_{name}": repr(float(v)) for name, v in zip(FEATURES, touching, strict=True)
        }

    before = _audit(folder)
    alter_lines(folder, alter)
    if beyond:
        assert f"line {place + 2}, witness: expected an input that is misjudged" in _refusal(folder)
    else:
        assert _audit(folder)[m].touching == before[m].touching + 1


@pytest.mark.parametrize("column", [f"input_{name}" for name in FEATURES])
def test_an_input_altered_in_all_lines_of_its_row_does_not_fit_the_scalers(folder, column):
    def alter(lines):
        for line in lines:
            if line["id"] == "CHK00010":
                line[column] = repr(float(line[column]) + 0.5)

    alter_lines(folder, alter)
    assert _refusal(folder).startswith(f"{WEIGHTS}, means[")


def test_a_label_altered_in_all_lines_of_its_row_does_not_fit_the_outcomes(folder):
    def alter(lines):
        for line in lines:
            if line["id"] == "CHK00010":
                line["label"] = "1" if line["label"] == "0" else "0"

    alter_lines(folder, alter)
    assert ": expected " in _refusal(folder)


@pytest.mark.parametrize("cell", ["0.9", "1.1"])
def test_an_exact_radius_that_nothing_breaks_is_the_largest_budget(folder, cell):
    place = next(
        n for n, x in enumerate(lines_of(folder)) if x["seed"] == "0" and x["radius_proved"] == "1.0"
        and x["model"] == "standard"
    )  # fmt: skip
    alter_lines(folder, lambda lines: lines[place].update(radius_proved=cell))
    assert f"line {place + 2}, radius_proved: expected the largest budget" in _refusal(folder)


def test_a_row_that_an_example_breaks_at_the_budget_itself_is_not_proved(folder):
    place = next(
        n for n, x in enumerate(lines_of(folder)) if x["seed"] == "0" and x["outcome"] == "proved"
        and float(x["radius_proved"]) < 1
    )  # fmt: skip
    alter_lines(folder, lambda lines: lines[place].update(radius_proved="0.35", radius_broken="0.35"))
    assert f"line {place + 2}, outcome: expected not proved, as radius_broken says" in _refusal(folder)


# ---------------------------------------------------------------- how much rounding is allowed


@pytest.mark.parametrize(("share", "passes"), [(0.9, True), (1.1, False)])
@pytest.mark.parametrize("array", ["means", "scales"])
def test_scalers_may_differ_by_a_billionth_of_spread_and_value(array, share, passes, folder):
    def alter(arrays):
        value, spread = arrays[array][2], arrays["scales"][2]
        arrays[array][2] = value + share * 1e-9 * (spread + np.abs(value))

    alter_weights(folder, alter)
    if passes:
        assert _audit(folder)
    else:
        assert _refusal(folder).startswith(f"{WEIGHTS}, {array}[2]: expected ")


def test_an_input_that_is_zero_throughout_has_mean_zero_and_scale_one(folder):
    """Its scalers are then right, to the last bit; what no longer fits is the margins."""

    def nothing(lines):
        for line in lines:
            line["input_Distance"] = "0.0"

    def scalers(arrays):
        arrays["means"][:, FEATURES.index("Distance")] = 0.0
        arrays["scales"][:, FEATURES.index("Distance")] = 1.0

    alter_lines(folder, nothing)
    alter_weights(folder, scalers)
    assert ", margin: expected what the weights give" in _refusal(folder)


@pytest.mark.parametrize(("share", "passes"), [(0.9, True), (1.1, False)])
@pytest.mark.parametrize("far", [False, True])
def test_an_example_may_lie_a_millionth_of_its_row_beyond_the_face_of_its_box(far, share, passes, folder):
    """The millionth is of the standardised value, and of one where that is smaller."""
    published = read_published(StudyResult.read(record_file(folder, "checks")), folder)
    centre = np.broadcast_to(published.centre, published.rows.witness.shape)
    way = published.scaled(published.rows.witness) - centre
    at_face = np.abs(np.abs(way) - 0.35) < 1e-6  # False where there is no example
    low, high = (1.3, 1.9) if far else (0.0, 0.8)
    sized = (low < np.abs(centre)) & (np.abs(centre) < high)
    settled = (
        np.arange(published.rows.shape[2])[:, None] == 1
    )  # the brackets of the first seed are exact radii
    n, m, s, j = np.argwhere(at_face & sized & settled)[0]
    replicate, slack = published.replicate[n, s], 1e-6 * max(1.0, abs(centre[n, m, s, j]))
    moved = centre[n, m, s, j] + np.sign(way[n, m, s, j]) * (0.35 + share * slack)
    raw = moved * published.arrays["scales"][replicate, j] + published.arrays["means"][replicate, j]
    place = int(np.ravel_multi_index((n, m, s), published.rows.shape))
    alter_lines(folder, lambda lines: lines[place].update({f"witness_{FEATURES[j]}": repr(float(raw))}))
    if passes:
        assert _audit(folder)
    else:
        said = f"line {place + 2}, witness_{FEATURES[j]}: expected a value within the budget"
        assert said in _refusal(folder)


@pytest.mark.parametrize(("share", "passes"), [(0.9, True), (1.1, False)])
def test_a_radius_may_be_proved_a_millionth_beyond_the_way_to_an_example(share, passes, folder):
    published = read_published(StudyResult.read(record_file(folder, "checks")), folder)
    distance = np.abs(published.scaled(published.rows.witness) - published.centre).max(-1)
    rows, margin = published.rows, published.judge(published.rows.witness)
    exact = (np.arange(rows.shape[2]) == 0) & (np.array(rows.models) == "standard")[:, None]
    beyond_doubt = (distance < 0.34) & (np.abs(margin) > 1e-3)
    n, m, s = np.argwhere(exact & beyond_doubt)[0]
    proved, broken = rows.radius_proved.copy(), rows.radius_broken.copy()
    proved[n, m, s] = distance[n, m, s] + share * 1e-6
    broken[n, m, s] = max(broken[n, m, s], proved[n, m, s], distance[n, m, s])
    altered = replace(published, rows=replace(rows, radius_proved=proved, radius_broken=broken))
    if passes:
        assert check_judgements(altered)
    else:
        with pytest.raises(AuditError, match="radius_proved: expected no more than the way to the example"):
            check_judgements(altered)


# ---------------------------------------------------------------- an altered record


def _count(record, model: str, attack: str, epsilon: float) -> dict:
    (found,) = (m for m in record["models"] if m["name"] == model)
    return next(
        e for e in found["rounds"][-1]["evaluations"] if (e["attack"], e["epsilon"]) == (attack, epsilon)
    )


def _tier(record, model: str) -> dict:
    return next(
        t
        for t in record["proofs"]["tiers"]
        if (t["model"], t["tier"], t["epsilon"], t["false_positive_rate"]) == (model, "T1", 0.35, 0.05)
    )


def _gap(record) -> dict:
    return next(
        c
        for c in record["comparisons"]
        if (c["model"], c["baseline"], c["metric"], c["attack"])
        == ("pgd_ramp", "standard", "accuracy", "exact")
    )


def _raise(place: dict, field: str, by: float = 1e-9):
    place[field] += by


RECORDS = {
    "a clean count": (lambda r: _raise(_count(r, "standard", "clean", 0.0)["confusion"], "true_positives", 1),
                      "standard, clean at 0: confusion.true_positives"),
    "a clean rate": (lambda r: _raise(_count(r, "standard", "clean", 0.0)["accuracy"], "value"),
                     "standard, clean at 0: accuracy.value"),
    "the end of an interval": (lambda r: _raise(_count(r, "pgd_ramp", "exact", 0.35)["accuracy"], "low"),
                               "pgd_ramp, exact at 0.35: accuracy.low"),
    "an exact count": (lambda r: _raise(_count(r, "pgd_ramp", "exact", 0.35)["confusion"], "true_negatives", 1),
                       "pgd_ramp, exact at 0.35: confusion.true_negatives"),
    "a catch rate": (lambda r: _raise(_count(r, "standard", "exact", 0.35)["true_positive_rate"], "value"),
                     "standard, exact at 0.35: true_positive_rate.value"),
    "false alarms": (lambda r: _raise(_count(r, "standard", "clean", 0.0)["false_positive_rate"], "value"),
                     "standard, clean at 0: false_positive_rate.value"),
    "a point of the exact curve": (
        lambda r: _raise(_count(r, "trades", "exact", 1.0)["confusion"], "true_negatives", 9),
        "trades, exact at 1: true_negatives",
    ),
    "approving everything": (lambda r: _raise(_count(r, "approve_everything", "clean", 0.0)["accuracy"], "value"),
                             "approve_everything, clean at 0: accuracy.value"),
    "caught clean under T1": (lambda r: _raise(_tier(r, "standard")["caught_clean"], "value"),
                              "standard, T1 at 0.35: caught_clean.value"),
    "caught proved under T1": (lambda r: _raise(_tier(r, "pgd_tier1")["caught_proved"], "value"),
                               "pgd_tier1, T1 at 0.35: caught_proved.value"),
    "a difference": (lambda r: _raise(_gap(r)["difference"], "value"),
                     "pgd_ramp against standard, exact at 0.35: accuracy"),
    "the measure of a choice": (lambda r: _raise(r["proofs"]["choices"][4]["validated"], "value"),
                                "choice against T0: validated.value"),
    "agreement of folds": (lambda r: _raise(r["proofs"]["choices"][5], "agreeing", 1), "choice against T1: agreeing"),
    "a median radius": (lambda r: _raise(r["proofs"]["radii"][0], "median_fraud"), "radii of standard: median_fraud"),
    "a rate for money": (lambda r: _raise(r["rates"]["rates"][0]["false_positive_rate"], 3),
                         "rates of standard: false_positive_rate"),
}  # fmt: skip
"""What is altered, how, and the place that is named."""


@pytest.mark.parametrize("name", RECORDS)
def test_an_altered_figure_of_the_record_is_named_with_what_the_lines_give(name, folder):
    change, place = RECORDS[name]
    alter_record(folder, change)
    assert _refusal(folder).startswith(f"checks.json, {place}: expected ")


# ---------------------------------------------------------------- altered weights, lost files


@pytest.mark.parametrize(
    ("array", "said"),
    [
        ("means", f"{WEIGHTS}, means[2]: expected"),
        ("scales", f"{WEIGHTS}, scales[2]: expected"),
        ("standard/cuts", f"{WEIGHTS}, standard/cuts[2]: expected"),
        ("pgd_ramp/weights.1", f"{TABLE}, line "),
        ("pgd_ramp/biases.2", f"{TABLE}, line "),
    ],
)
def test_an_altered_array_is_found(array, said, folder):
    def alter(arrays):
        arrays[array][2] *= 1.5

    alter_weights(folder, alter)
    assert said in _refusal(folder)


def test_an_array_that_is_missing_or_of_another_shape_is_named(folder):
    def alter(arrays):
        arrays["standard/weights.0"] = arrays["standard/weights.0"][:, :, :31]

    alter_weights(folder, alter)
    assert "standard/weights.0: expected shape (6, 5, 32), found (6, 5, 31)" in _refusal(folder)


@pytest.mark.parametrize("file", [rows_file, weights_file])
def test_a_lost_file_is_named_with_what_to_do(file, folder):
    file(folder, "checks").unlink()
    assert _refusal(folder) == f"{file(folder, 'checks')}: no such file; run `make study` to write it"


@pytest.mark.parametrize("file", [rows_file, weights_file])
def test_half_a_file_is_named_as_damaged(file, folder):
    path = file(folder, "checks")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert _refusal(folder).startswith(f"{path}: damaged")


def test_a_model_whose_lines_are_left_out_is_missed(folder):
    alter_lines(
        folder, lambda lines: lines.__setitem__(slice(None), [x for x in lines if x["model"] != "pgd_tier1"])
    )
    assert _refusal(folder) == f"{rows_file(folder, 'checks')}: expected lines of pgd_tier1, found none"
