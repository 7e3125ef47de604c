"""What every model is to a study, the kinds there are, and who trains on what; FraudNet with its training and hardening."""
