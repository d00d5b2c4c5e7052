"""From chapters to a checked HTML book: execute what is stale, stage, build, look at every page."""
