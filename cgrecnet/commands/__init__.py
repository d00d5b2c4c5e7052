"""The commands of `cgrecnet`: words that argparse reads, and a function that calls the package with them."""
