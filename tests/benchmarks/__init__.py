"""Speed against what one would otherwise use, as ratios of one run on one core."""
