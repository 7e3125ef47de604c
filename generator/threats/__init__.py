"""What an attacker can do to a model, and what is left standing after it."""
