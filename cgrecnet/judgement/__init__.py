"""The verdict on each claim of the paper: how arithmetic, code and runs decide."""
