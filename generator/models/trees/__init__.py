"""Additive ensembles of decision trees: as their libraries evaluate them, and as the study trains its own."""
