"""The paper's training protocol: configuration, loop, checkpoints."""

import warnings

# On a machine that has SLURM, Fabric advises to start everything by `srun`; our processes find each other without it.
warnings.filterwarnings("ignore", message="The `srun` command is available on your system but is not used")

#: The variable that names a file in which the processes of a run meet on one machine, where torch's store would listen
#: to all. It stands here, where no torch is imported.
STORE = "CGRECNET_MEETING"
