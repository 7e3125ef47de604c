"""What a page says twice of one field of a record, it says with the same rounding."""

import json
import re
from pathlib import Path

import pytest

SHARES = ("percent", "points", "loss")


def claims(script: Path) -> list[dict]:
    text = script.read_text(encoding="utf-8")
    return [*json.loads(text[text.index("{") : text.rindex(")")])["claims"].values()]


@pytest.fixture(scope="module")
def pages(tiny_docs) -> dict[str, list[dict]]:
    scripts = (tiny_docs / "data").glob("claims-*.js")
    return {each.stem: claims(each) for each in scripts if not each.stem.startswith("claims-at-")}


def test_a_share_of_one_field_is_rounded_alike_wherever_a_page_says_it(pages):
    told: dict[tuple[str, str, float], set[str]] = {}
    for page, said in pages.items():
        for each in said:
            (path, *others), (value, *_) = each["paths"] or [""], each["values"]
            if each["kind"] in SHARES and not others and not path.endswith("/*"):
                place = page, path, abs(round(value, 9))  # what is left of a share is another number
                told.setdefault(place, set()).add(re.match(r"[\d.,]+", each["text"].lstrip("+−"))[0])
    assert len(told) > 300
    assert {place: texts for place, texts in told.items() if len(texts) > 1} == {}
