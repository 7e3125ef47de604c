"""What an attacker can do, and what is left standing after it."""
