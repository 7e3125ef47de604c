"""The tiers of attackers that the studies of this project share."""

from generator.datasets.study_file import read_threat
from generator.program import STUDIES

FRAUDSTERS = read_threat(STUDIES / "threats" / "fraudsters.toml")
