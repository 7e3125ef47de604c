"""Inference: from a model's answers to what its training rows were, row by row (membership) or value by value."""
