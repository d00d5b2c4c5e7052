"""The commands of `cgrecnet`: words that argparse reads, and a function that calls the package with them.

What a command needs is imported inside its function, so that `cgrecnet --help` and mistakes on the command line do not
wait for torch.
"""
