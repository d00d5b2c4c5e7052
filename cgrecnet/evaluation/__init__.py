"""Arrays in, numbers out. Imports no torch."""
