"""Two runs of one study side by side: what changed, what it did to the figures, and what asks for a new sign-off."""

from generator.report.changes.compare import RunDiff, compare_runs
from generator.report.changes.figures import FigureChange
from generator.report.changes.terminal import show
from generator.report.changes.words import RunChanges, dataset_changes, documents, find_changes

__all__ = [
    "FigureChange", "RunChanges", "RunDiff", "compare_runs", "dataset_changes", "documents", "find_changes", "show",
]  # fmt: skip
