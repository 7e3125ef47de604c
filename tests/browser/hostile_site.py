"""A study of a table that loads and whose every name is a payload, and its site."""

from pathlib import Path

from hostile_tables import MARK, SHOWN, filled, written
from report_fixture import tiny_project, tiny_result

from generator.datasets import SourceOptions, dataset
from generator.publish.export import SCRIPT, offline_site
from generator.publish.single import single_page
from generator.records.results import StudyResult

IDS = tuple(dict.fromkeys((*SHOWN, *(f"{text} again"[:100] for text in SHOWN))))[:90]
OTHERS = ("AccountID", "DeviceID", "IP_Address", "MerchantID")


def hostile_site(folder: Path):
    """Leave in `folder` its site/, the pages as they lie in the zip, and single.html, the whole site in one file."""
    tiny_project(folder, hostile_results(folder), IDS)
    with offline_site(folder / "mkdocs.offline.yml", folder / "build") as site:
        script = (folder / "docs" / "assets" / SCRIPT).read_text(encoding="utf-8")
        (folder / "single.html").write_text(single_page(site, script), encoding="utf-8", newline="\n")
        site.rename(folder / "site")


def hostile_results(folder: Path) -> tuple[StudyResult, ...]:
    kaggle, file = dataset("kaggle"), folder / f"<img src=x onerror={MARK}=1>.csv"
    file.write_bytes(
        written(filled(TransactionID=list(SHOWN), Location=list(SHOWN), **{c: list(SHOWN) for c in OTHERS}))
    )
    table = kaggle.load(kaggle.study, SourceOptions(kaggle_csv=file))
    result, ids = tiny_result("kaggle"), table.ids.tolist()
    walk = result.proofs.walk.model_copy(update={"row_id": ids[2]})
    errors = zip(result.groups, SHOWN, strict=False)
    return (
        result.model_copy(
            update={
                "data": kaggle.summarise(table, kaggle.study),
                "walkthrough": result.walkthrough.model_copy(update={"row_id": ids[14]}),
                "examples": tuple(
                    each.model_copy(update={"row_id": name})
                    for each, name in zip(result.examples, (ids[13], ids[26], ids[0]), strict=True)
                ),
                "proofs": result.proofs.model_copy(update={"walk": walk}),
                "groups": tuple(each.model_copy(update={"category": name}) for each, name in errors),
            }
        ),
    )
