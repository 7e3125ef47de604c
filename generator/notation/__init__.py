"""What every part of the report shares: rounding, the look of things, names, and where each number comes from."""
