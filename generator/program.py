"""Where the program's own files lie: templates, assets, studies, lock. What it makes lies in a project's folder."""

from pathlib import Path

PACKAGE = Path(__file__).parent
_INSTALLED = PACKAGE / "shipped"
PROGRAM = _INSTALLED if _INSTALLED.is_dir() else PACKAGE.parent
"""In a wheel they lie inside the package, in a checkout beside it."""
STUDY = "security-study study" if _INSTALLED.is_dir() else "make study"
"""The command that writes records, as messages name it."""
STUDIES = PROGRAM / "studies"
