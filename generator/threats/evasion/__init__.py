"""Evasion: a transaction is changed when it is made, and what is left standing after it."""
