"""Runs: one record each, written last, and the notebook that makes it."""
