"""Two runs of a table of one's own: what changed is told, and what was before stays with its owner."""

from pathlib import Path

import claims_fixture
import pytest
from validation_fixture import CAUGHT, tiny_validation

from generator.__main__ import main
from generator.records.files import earlier_file, record_file, sums, sums_file
from generator.records.validation import Cut
from generator.runs import previous
from generator.runs.validations import compare

pytest.importorskip("xgboost")


def write(folder: Path, result) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    record_file(folder, result.name).write_text(result.to_json())
    sums_file(folder, result.name).write_text(sums(folder, result.name, (record_file,)))
    return folder


def other_run(**more):
    """With another key, as any change gives."""
    result = tiny_validation(**more)
    return result.model_copy(
        update={
            "provenance": result.provenance.model_copy(
                update={"study_key": "8" * 64, "data_sha256": "c" * 64}
            )
        }
    )


WORSE = CAUGHT | {"champion": (0.249, 0.01, 0.005, 0.0)}


def test_a_run_beside_itself_asks_for_nothing():
    found = compare(tiny_validation(), tiny_validation())
    assert not found.material
    assert not any(each.apart for each in found.figures)
    assert (found.inputs, found.settings) == ((), ())


def test_a_figure_that_moved_is_told_with_both_values_and_asks_for_a_new_sign_off():
    found = compare(tiny_validation(), other_run(caught=WORSE))
    moved = {(each.model, each.what) for each in found.figures if each.apart}
    assert ("Champion", "proved, T1") in moved
    assert ("Champion", "nobody evades") not in moved
    assert found.inputs == ("the data",)
    assert "Champion, proved, T1: the intervals do not meet" in found.reasons


def test_where_nobody_can_change_anything_the_runs_differ_in_what_is_caught_when_nobody_evades():
    result = tiny_validation()
    inputs = tuple(each.model_copy(update={"control": "nobody"}) for each in result.spec.inputs)
    still = result.model_copy(update={"spec": result.spec.model_copy(update={"inputs": inputs})})
    found = compare(still, still)
    told = [each.what for each in found.figures]
    assert told.count("nobody evades") == len(CAUGHT)
    assert set(told) == {"nobody evades", "own cut, genuine ones flagged", "own cut, nobody evades"}


def test_another_file_of_a_model_and_another_table_ask_for_a_new_sign_off():
    before, after = tiny_validation(), other_run()
    champion = after.models[0].model_copy(update={"sha256": "9" * 64})
    table = after.table.model_copy(update={"sha256": "0" * 64})
    after = after.model_copy(update={"models": (champion, *after.models[1:]), "table": table})
    assert compare(before, after).reasons == ("another file: Champion", "another table")


def test_another_cut_is_told_by_its_key_moves_figures_of_its_own_and_asks_for_a_new_sign_off():
    before, after = tiny_validation(), other_run()
    champion, *others = after.spec.deployed
    moved = champion.model_copy(update={"cut": Cut(alert_rate=0.01)})
    model = after.models[0]
    few = {"value": 0.001, "low": 0.0, "high": 0.002}
    fewer = tuple(
        cut.model_copy(
            update={
                name: getattr(cut, name).model_copy(update=few) for name in ("caught_clean", "caught_proved")
            }
        )
        for cut in model.own_cut
    )
    after = after.model_copy(
        update={
            "spec": after.spec.model_copy(update={"deployed": (moved, *others)}),
            "models": (model.model_copy(update={"own_cut": fewer}), *after.models[1:]),
        }
    )
    found = compare(before, after)
    assert [each.name for each in found.settings if "cut" in each.name]
    assert all(each.name.startswith("deployed.champion.cut") for each in found.settings)
    assert "cut otherwise: Champion" in found.reasons
    apart = {each.what for each in found.figures if each.apart}
    assert "own cut, nobody evades" in apart
    assert not any(what.startswith(("nobody", "proved")) for what in apart)


def test_before_a_second_run_there_is_nothing_to_compare(tmp_path, capsys):
    records = write(tmp_path / "data" / "results", tiny_validation())
    assert main(["diff", "--records", str(records)]) == 2
    assert "there is no earlier run yet" in capsys.readouterr().err


def test_a_model_that_came_or_went_is_named():
    found = compare(
        tiny_validation(deployed=("champion", "challenger")), tiny_validation(deployed=("champion",))
    )
    assert "no longer judged: Challenger" in found.reasons


def test_the_last_two_runs_are_compared_and_the_earlier_one_lies_beside_the_rows(tmp_path, capsys):
    records = write(tmp_path / "data" / "results", tiny_validation())
    previous.keep_own(records, "claims", "7" * 64)
    assert not earlier_file(records, "claims").exists()  # the same study replaces nothing
    previous.keep_own(records, "claims", "8" * 64)
    kept = earlier_file(records, "claims")
    assert kept.read_bytes() == record_file(records, "claims").read_bytes()
    assert records not in kept.parents
    assert kept.parents[1].stat().st_mode & 0o077 == 0
    write(records, other_run(caught=WORSE))
    assert main(["diff", "--records", str(records)]) == 1
    told = capsys.readouterr().out
    assert "claims: changed: the data" in told
    assert "asks for a new sign-off: Champion, proved, T1" in told
    write(records, other_run())
    assert main(["diff", "--records", str(records)]) == 0


def test_no_earlier_record_of_a_table_of_ones_own_is_asked_of_a_site(tmp_path, capsys):
    records = write(tmp_path / "results", tiny_validation())
    assert main(["previous", "https://localhost:9", "--records", str(records)]) == 0
    assert "claims: of your own tables" in capsys.readouterr().out


def test_one_key_stands_for_table_model_and_settings(tmp_path, capsys):
    claims_fixture.asked(tmp_path, 300)
    study = tmp_path / "claims.toml"

    def key() -> str:
        assert main(["study-key", str(study)]) == 0
        return capsys.readouterr().out.strip()

    first = key()
    assert len(first) == 64
    study.write_text(study.read_text().replace('title = "Claims"', 'title = "Other words"'))
    assert key() == first
    study.write_text(study.read_text() + "\n[training]\nseeds = 3\n")
    assert key() != first
