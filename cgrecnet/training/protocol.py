"""When does a run's record still count? As long as the training protocol computes the same numbers."""

#: Raised by hand when training, data or splits give other numbers on purpose, with a line in CHANGELOG that says why
#: and which records are void. `tests/training/test_probe.py` fails where a number moves and this does not.
#: 2: the fusion's map, lengths and norms of CG-RecNet's modules stay in float32 under bfloat16.
PROTOCOL = 2
