"""Checks that keep the book honest: each finds a fault that a reader could not see, and fails the build."""
