"""The site made again after a change, by this version and by an earlier one in turn.

`EARLIER` in the environment names a checkout of that one, in which `make site` has run: each version has the records
that it wrote itself, of the same studies.
"""

import os
import shutil
import tempfile
from pathlib import Path
from statistics import median

from generator.engine.made import FROM
from tests.benchmarks import results
from tests.benchmarks.checkout import ROOT, Checkout, copied

EARLIER = "EARLIER"
REPEATS = 5
"""Pairs of builds for each change; medians count."""
SENTENCE = '"Nobody evades'
"""In a finding of both versions, where a sentence begins."""
TEMPLATE = Path("templates") / "method.md.j2"


def measure() -> dict:
    """Median wall seconds of `site` after each change, and of the ratios of its pairs.

    Raises:
        FileNotFoundError: Nobody named an earlier version.
        RuntimeError: A build failed.
    """
    if not (source := Path(os.environ.get(EARLIER, ""))).is_absolute():
        raise FileNotFoundError(
            f"{EARLIER}=/a/checkout: the version to compare with, in which `make site` has run"
        )
    with tempfile.TemporaryDirectory(prefix="rebuilding-") as folder:
        now, earlier = (
            copied(Path(folder) / name, Path(), root=root)
            for name, root in (("now", ROOT), ("earlier", source))
        )
        for project, root in ((now, ROOT), (earlier, source)):
            kept = shutil.ignore_patterns("cache", "previous")
            shutil.copytree(root / "data" / "results", project.records, ignore=kept, dirs_exist_ok=True)
            _seconds(project)  # compiles what is imported
        return {
            "earlier": results.commit(source),
            "changes": {name: _pairs(now, earlier, act) for name, act in CHANGES.items()},
        }


def _seconds(project: Checkout) -> float:
    done = project.run("site")
    if done.code:
        raise RuntimeError(done.text)
    return done.seconds


def _pairs(now: Checkout, earlier: Checkout, act) -> dict:
    pairs = []
    for number in range(REPEATS):
        for project in (now, earlier):
            act(project, number)
        pairs.append((_seconds(now), _seconds(earlier)))
    return {
        "now_seconds": median(pair[0] for pair in pairs),
        "earlier_seconds": median(pair[1] for pair in pairs),
        "ratio": median(pair[1] / pair[0] for pair in pairs),
    }


def _template(project: Checkout, number: int):
    with (project.folder / TEMPLATE).open("a", encoding="utf-8") as template:
        template.write(f"\nOne more {'very ' * number}small word.\n")


def _sentence(project: Checkout, number: int):
    """As nobody had it before: pages that were made of the same would be taken."""
    for path in project.folder.glob("generator/**/brief.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(SENTENCE, f"{SENTENCE}{' at all' * (number + 1)}", 1), encoding="utf-8")


def _all(project: Checkout, number: int):
    """As after a study: records, and nothing made of them."""
    shutil.rmtree(project.records / "cache", ignore_errors=True)
    shutil.rmtree(project.site, ignore_errors=True)
    for path in (
        *project.docs.glob("*.md"),
        project.docs / "data",
        project.docs / FROM,
        *project.docs.glob(".made*"),
    ):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


CHANGES = {"nothing": lambda project, number: None, "template": _template, "sentence": _sentence, "all": _all}


def rows(measured: dict) -> list[tuple[str, str]]:
    return [
        (
            name,
            f"{each['now_seconds']:.1f} s, {measured['earlier']}: {each['earlier_seconds']:.1f} s, "
            f"{each['ratio']:.1f} times",
        )
        for name, each in measured["changes"].items()
    ]
