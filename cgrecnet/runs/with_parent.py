"""Run a module as a program that ends with the process which started it: `python -m ... PARENT MODULE WORDS...`.

A run is a process of its own, below the worker that does it. Where the worker is killed, nobody else would end the run,
and it would hold its lock and its cores while another worker waits for it.
"""

import os
import runpy
import sys
import threading
import time

from cgrecnet.cores import kill_family

#: Seconds between two looks at whether the parent is there.
LOOK = 0.5


def end_with(parent: int) -> None:
    """Wait until `parent` is gone, then kill all that this process has started, and this process."""
    while os.getppid() == parent:
        time.sleep(LOOK)
    kill_family(itself=False)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with, args=(int(sys.argv[1]),), daemon=True).start()
    del sys.argv[:2]  # MODULE and its words stay
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
