"""Exact answers about a model on a box: proved, broken with a witness, or unresolved. No attack is called."""
