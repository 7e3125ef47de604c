"""The synthetic bank checks."""
