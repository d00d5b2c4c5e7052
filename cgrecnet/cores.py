"""Cores that this process may use, which in a container or under `taskset` are fewer than the machine has."""

import os


def cores() -> int:
    """At least one. More threads than that, each waiting for the others, cost a run many times its duration."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
