"""Two runs of one study side by side: what changed, what it did to the figures, and what asks for a new sign-off."""

from generator.runs.changes.compare import RunDiff, compare_runs
from generator.runs.changes.figures import FigureChange
from generator.runs.changes.terminal import show
from generator.runs.changes.words import RunChanges, dataset_changes, documents, find_changes

__all__ = [
    "FigureChange", "RunChanges", "RunDiff", "compare_runs", "dataset_changes", "documents", "find_changes", "show",
]  # fmt: skip
