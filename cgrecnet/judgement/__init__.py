"""The verdict on each claim of the paper: its words, and how arithmetic, code and runs decide."""
