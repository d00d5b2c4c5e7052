"""Interactive pieces of pages: each is HTML that holds everything it needs, and says as much without its script."""
