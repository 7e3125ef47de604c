"""Seeds, cache, parallel work, progress. Nothing here knows any science."""
