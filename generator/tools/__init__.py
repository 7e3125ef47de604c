"""What a reader works with on a page: the what-if calculator and the attack playground."""
