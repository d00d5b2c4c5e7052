"""How the audit decides each claim that arithmetic can speak to; claims not named here wait for code or data.

protocol    split, schedule, time
counts      parameters and operations
scores      do the printed scores of one model go together?
ablation    what the modules gain over the baseline
comparison  CG-RecNet against the other architectures
"""

from cgrecnet.figures.rules import ablation, comparison, counts, protocol, scores
from cgrecnet.figures.rules.shared import LAPTOP_FLOPS, LEVEL, Judge

JUDGES: dict[str, Judge] = {
    **protocol.JUDGES,
    **counts.JUDGES,
    **scores.JUDGES,
    **ablation.JUDGES,
    **comparison.JUDGES,
}

__all__ = ["JUDGES", "LAPTOP_FLOPS", "LEVEL", "Judge"]
