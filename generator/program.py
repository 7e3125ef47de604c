"""Where the program's own files lie: templates, assets, studies, lock. What a user makes lies in his own folder."""

from pathlib import Path

PACKAGE = Path(__file__).parent
_INSTALLED = PACKAGE / "program"
"""In a wheel they lie inside the package; in a checkout, beside it."""
PROGRAM = _INSTALLED if _INSTALLED.is_dir() else PACKAGE.parent
STUDIES = PROGRAM / "studies"
