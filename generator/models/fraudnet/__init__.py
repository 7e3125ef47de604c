"""FraudNet as stacked replicates: the network, its training and ways to harden it."""
