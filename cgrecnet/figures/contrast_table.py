"""Judged contrasts as a table: the same columns wherever the book compares two networks."""

from __future__ import annotations

from collections.abc import Sequence

from cgrecnet.evaluation.planned_contrasts import Answer
from cgrecnet.figures.wide_table import wide_table

HEADERS = ("contrast", "outcome", "difference in points (95 % interval)", "p (Holm)", "n")


def answers_table(answers: Sequence[Answer], label: str = "Contrasts and their outcomes") -> str:
    """HTML: one row per contrast of a family, its outcome in the second column."""
    return wide_table(HEADERS, [answer_row(answer) for answer in answers], label)


def answer_row(answer: Answer, name: str | None = None, unit: str = "") -> tuple[str, ...]:
    """The cells of one row, in the order of `HEADERS`; name: in place of the answer's own; unit: what n counts."""
    result = answer.result
    return (
        name or answer.name,
        str(answer.outcome),
        f"{points(result.difference)} ({interval(result.interval95)})\n90 %: {interval(result.interval90)}",
        p_text(answer.p_corrected),
        f"{n_text(result.n)} {unit}".strip(),
    )


def points(value: float) -> str:
    """A difference with its sign: `+1.2`, `−0.4`, `0.0`."""
    text = f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")
    return "0.0" if text[1:] == "0.0" else text


def interval(ends: tuple[float, float]) -> str:
    """`−0.4 to +1.2`."""
    return f"{points(ends[0])} to {points(ends[1])}"


def p_text(value: float) -> str:
    """A p-value with two digits; `< 0.0001` below that."""
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"


def n_text(n: int | tuple[int, ...]) -> str:
    """`900`, or `800 and 793` where two sets of cells are compared."""
    return f"{n:,}" if isinstance(n, int) else " and ".join(f"{one:,}" for one in n)


def p_equal(p_value: float) -> str:
    """A p-value behind a `p`: `= 0.03`, `< 0.0001`."""
    text = p_text(p_value)
    return text if text.startswith("<") else f"= {text}"
