"""Training rows that somebody changed: labels, backdoors, what a bank can prove in spite of them, how to find them."""
