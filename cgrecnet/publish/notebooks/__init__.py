"""Chapters as notebooks for Jupyter: plain Markdown, a cell that says what to install, with answers or without."""
