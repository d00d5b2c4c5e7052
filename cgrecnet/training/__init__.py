"""The paper's training protocol: configuration, loop, checkpoints."""

import warnings

# On a machine that has SLURM, Fabric advises to start everything by `srun`; our processes find each other without it.
warnings.filterwarnings("ignore", message="The `srun` command is available on your system but is not used")
