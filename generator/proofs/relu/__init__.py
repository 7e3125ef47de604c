"""Exact verification of ReLU networks by branch and bound."""
