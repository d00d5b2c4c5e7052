"""Processes that train without importing torch first: forks of one process that has imported what a run needs."""

import multiprocessing
import multiprocessing.forkserver
import sys
from multiprocessing.context import BaseContext

#: What the cells of the training notebook import, and what reads and runs them.
LIBRARIES = (
    "cgrecnet.runs.ranks",
    "cgrecnet.training.parts",
    "cgrecnet.training.loop",
    "cgrecnet.training.progress",
    "cgrecnet.runs.finalize",
    "torchvision",
)


def fork_context(*more: str) -> BaseContext:
    """multiprocessing's context for such processes; new ones where the system cannot fork safely (all but Linux).

    more: modules to import beside `LIBRARIES`. For a few short runs from one process: all of them have the number of
    threads that this one had when it asked first.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*LIBRARIES, *more])
    multiprocessing.forkserver.ensure_running()  # who asks for other modules later, as Dask does, changes nothing
    return context
