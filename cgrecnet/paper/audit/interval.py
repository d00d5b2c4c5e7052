"""Intervals: what is known of a number that was rounded before it was printed."""

from __future__ import annotations

from dataclasses import dataclass

from cgrecnet.paper.schema import half_unit

SLACK = 1e-9  # forgives the rounding of binary fractions, far below any printed digit


@dataclass(frozen=True)
class Interval:
    """All numbers from low to high, both included."""

    low: float
    high: float

    @classmethod
    def printed(cls, text: str) -> Interval:
        """Every number that rounds to the printed one: Interval.printed("8.40") is 8.395 to 8.405."""
        return cls(float(text) - half_unit(text), float(text) + half_unit(text))

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    def __format__(self, spec: str) -> str:
        """Both ends, each as `spec` says: f"{Interval(1, 2):.1f}" is "1.0 to 2.0"."""
        return f"{self.low:{spec}} to {self.high:{spec}}"

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.low - other.high, self.high - other.low)

    def __truediv__(self, other: Interval) -> Interval:
        """Quotient of two positive intervals; raises ZeroDivisionError when the divisor reaches zero."""
        if other.low <= 0:
            raise ZeroDivisionError("the divisor must be positive throughout")
        return Interval(self.low / other.high, self.high / other.low)

    def scaled(self, factor: float) -> Interval:
        """The interval times a positive factor."""
        return Interval(self.low * factor, self.high * factor)

    def contains(self, number: float) -> bool:
        return self.low - SLACK <= number <= self.high + SLACK

    def overlaps(self, other: Interval) -> bool:
        return self.low <= other.high + SLACK and other.low <= self.high + SLACK

    def distance(self, other: Interval) -> float:
        """How far apart two intervals are; 0 when they overlap."""
        return max(0.0, self.low - other.high, other.low - self.high)
