"""Exact answers about a model in a box: proved, broken with a witness, or unresolved. No attack is called here."""
