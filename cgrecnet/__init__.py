"""CG-RecNet, reproduced: the package behind the book. Importing it has no side effects."""

__version__ = "0.1.0"
