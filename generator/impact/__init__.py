"""Counts times prices: what rates mean for a day at the bank. Arithmetic only; no model is seen here."""
