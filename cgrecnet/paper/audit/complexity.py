"""The complexity table (Table 3) against itself: additivity and ratios, rounding included.

If both single-module variants and the full model insert the same blocks into one backbone, then
backbone = attention only + gate only - both, whatever the blocks are.
"""

from dataclasses import dataclass

from cgrecnet.paper.audit.interval import Interval


@dataclass(frozen=True)
class Additivity:
    """The backbone that three rows imply, beside the printed one; in the unit of the rows."""

    implied: Interval
    printed: Interval
    first_module: Interval
    second_module: Interval

    @property
    def discrepancy(self) -> float:
        """Distance of the printed backbone from the implied ones; 0 when rounding can explain it."""
        return self.printed.distance(self.implied)


def additivity(first_only: str, second_only: str, both: str, backbone: str) -> Additivity:
    """Implied backbone and module sizes from four printed numbers."""
    a, b, ab = (Interval.printed(text) for text in (first_only, second_only, both))
    return Additivity(a + b - ab, Interval.printed(backbone), first_module=ab - b, second_module=ab - a)


def increase(larger: str, smaller: str) -> Interval:
    """Relative increase in per cent, over every number that rounds to the printed ones."""
    ratio = Interval.printed(larger) / Interval.printed(smaller)
    return Interval(100 * (ratio.low - 1), 100 * (ratio.high - 1))


def increase_of(larger: float, smaller: float) -> float:
    """Relative increase in per cent of exact numbers."""
    return 100 * (larger / smaller - 1)
