"""What every model is to a study, the kinds there are, who trains on what; FraudNet, its training and hardening."""
