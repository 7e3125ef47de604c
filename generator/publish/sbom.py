"""The bill of materials (CycloneDX 1.6): every package of the lock and every script of others, with its licence."""

import json
import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

SBOM = "sbom.cdx.json"
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;#]+)", re.MULTILINE)
BUNDLED = (("npm", "plotly.js-cartesian-dist-min", "4.1.1", "MIT"), ("npm", "axe-core", "4.14.1", "MPL-2.0"))
"""(kind, name, version, licence) of what lies in the repository; axe-core is for tests alone."""
LONGEST = 60
"""Signs of a licence's name in free text; some packages put the whole text in its place."""


def sbom(lock: str) -> str:
    """The bill of the lock file `lock` as JSON: equal locks, equal bytes; licences as the installed packages say."""
    packages = [("pypi", name, version, licence(name)) for name, version in LOCKED.findall(lock)]
    components = [
        {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:{kind}/{name.lower() if kind == 'pypi' else name}@{version}",
            **({"licenses": [{"license": {"name": said}}]} if said else {}),
        }
        for kind, name, version, said in (*packages, *BUNDLED)
    ]
    held = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    return json.dumps(held, indent=1, ensure_ascii=False) + "\n"


def licence(name: str) -> str:
    """What the installed package `name` says of its licence; empty if nothing, or if it is not installed."""
    try:
        known = metadata(name)
    except PackageNotFoundError:
        return ""
    classified = [
        each.rpartition(" :: ")[2]
        for each in known.get_all("Classifier", ())
        if each.startswith("License :: OSI")
    ]
    free = (known.get("License") or "").split("\n")[0]
    return (
        known.get("License-Expression") or " or ".join(classified) or (free if len(free) <= LONGEST else "")
    )


def write_sbom(root: Path, docs: Path):
    lock = (root / "requirements.txt").read_text(encoding="utf-8")
    (docs / SBOM).write_text(sbom(lock), encoding="utf-8", newline="\n")
