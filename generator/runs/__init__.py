"""Runs of the study beside each other: the one before, what changed since, and the headline table of one."""
