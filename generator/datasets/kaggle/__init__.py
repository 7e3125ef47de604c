"""The Kaggle bank transactions: where the file comes from, how it is read, and what is odd about it."""
