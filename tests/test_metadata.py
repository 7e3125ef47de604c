"""What programs read beside the pages agrees with the pages, the records and the package."""

import json
import tomllib
from pathlib import Path

import yaml
from report_fixture import tiny_result

from generator.publish.metadata import CITATION, GUIDE, SCHEMA
from generator.publish.sbom import SBOM, sbom

ROOT = Path(__file__).parents[1]


def test_the_schema_names_every_field_of_a_record_with_its_meaning(tiny_docs):
    schema = json.loads((tiny_docs / SCHEMA).read_text())
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["properties"]) == set(json.loads(tiny_result().to_json()))


def test_the_guide_names_every_page_and_every_record(tiny_docs):
    text = (tiny_docs / GUIDE).read_text()
    for page in tiny_docs.glob("*.md"):
        assert f"]({'.' if page.stem == 'index' else page.stem}/)" in text
    assert "](data/checks.json)" in text
    assert "provably catches" in text
    assert "<" not in text


def test_the_citation_is_of_this_version(tiny_docs):
    cited = yaml.safe_load((tiny_docs / CITATION).read_text())
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert cited["version"] == package["version"]
    assert cited["license"] == package["license"]
    assert {"cff-version", "message", "title", "authors"} <= set(cited)


def test_the_bill_has_every_locked_package_with_version_and_licence(tiny_docs):
    held = json.loads((tiny_docs / SBOM).read_text())
    lock = [line for line in (ROOT / "requirements.txt").read_text().split() if "==" in line]
    components = {f"{each['name']}=={each['version']}": each for each in held["components"]}
    assert set(lock) <= set(components)
    assert all(each["purl"].endswith(f"@{each['version']}") for each in components.values())
    assert [name for name, each in components.items() if "licenses" not in each] == []


def test_a_package_that_is_not_installed_is_listed_without_licence():
    first, *_ = json.loads(sbom("nobody-has-this==1.0\n"))["components"]
    assert first == {
        "type": "library", "name": "nobody-has-this", "version": "1.0", "purl": "pkg:pypi/nobody-has-this@1.0",
    }  # fmt: skip
