"""Templates and findings to Markdown, with every number traced."""
