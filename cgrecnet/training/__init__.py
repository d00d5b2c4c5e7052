"""The paper's training protocol: configuration, loop, checkpoints."""
