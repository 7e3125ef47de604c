"""FraudNet, its training, and the ways to harden it."""
