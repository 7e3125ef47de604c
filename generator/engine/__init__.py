"""Seeds, cache, parallel work here or on a cluster, progress. Nothing here knows any science."""
