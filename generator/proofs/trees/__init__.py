"""Exact verification of tree ensembles by branch and bound over the cells between their thresholds."""
