"""A table of one's own, as a validation's study file describes it: read, typed, checked."""

from generator.datasets.own.fetching import fetch
from generator.datasets.own.loading import load
from generator.datasets.own.table import OwnTable

__all__ = ["OwnTable", "fetch", "load"]
