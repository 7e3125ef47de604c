"""Measure what fraud models lose under attack, and write the report that shows it.

The study side (datasets, models, threats, impact) writes records; the report side reads
them. They meet only in `generator.records`.
"""
