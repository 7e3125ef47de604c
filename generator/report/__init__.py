"""The report side: records in, Markdown and charts out. Nothing here reaches torch, pandas or ART."""
