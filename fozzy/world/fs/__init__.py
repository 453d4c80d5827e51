"""Files: below one root, in memory or on disk."""
