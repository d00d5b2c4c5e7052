"""Cores that this process may use, what it does beside its work, and the end of what it has started."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil


def cores() -> int:
    """At least one; in a container or under `taskset` they are fewer than the machine has.

    More threads than that, each waiting for the others, cost a run many times its duration.
    """
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


@contextmanager
def watching(look: Callable[[], object], every: float, patience: float = 5.0) -> Iterator[None]:
    """While the block runs, call `look` in a thread every so many seconds, until it says that this is enough (True).

    patience: seconds that a look has to end with the block.
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(every) and not look():
            pass

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join(patience)


def kill_family(pid: int | None = None, itself: bool = True) -> None:
    """Kill the processes that `pid` (None: this one) started, and theirs, whatever session they sit in, and `pid`."""
    try:
        head = psutil.Process(pid)
        family = head.children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for member in [*family, head] if itself else family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
