"""Extraction: somebody asks a model about rows, and makes a copy of it from the answers."""
