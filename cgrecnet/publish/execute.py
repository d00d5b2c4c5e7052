"""Execute one chapter with papermill, in a process of its own: `python -m ... JOB_FOLDER`, or a fork of a warm one.

The folder holds `job.json` and `input.ipynb`; the process leaves `output.ipynb`, or `error.json` and status 1.
`at.json` always holds the cell that was reached, for whoever finds the process dead; `again.json` says why a second
kernel was started, where the first did not come up.
"""

import json
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from cgrecnet.publish import lock


def run(folder: Path, parent: int, forked: tuple[int, socket.socket] | None = None) -> int:
    """Execute the notebook of a job folder and leave its result there; return the exit status, 1 for a failure.

    parent: the process with which this one ends. forked: a process that waits to be the kernel, see `provisioner.py`.
    """
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    job = json.loads((folder / "job.json").read_text("utf8"))
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if forked:
        from cgrecnet.publish import provisioner

        provisioner.use(*forked)
    tempfile.tempdir = str(folder)  # for the kernel's connection file, which nobody removes after a kill
    os.environ.update(job["kernel"])  # only now: the tracer shall watch the kernel, not this process
    notebook = nbformat.read(folder / "input.ipynb", as_version=4)

    def note_position(cell: Any, cell_index: int) -> None:
        if cell.cell_type == "code":
            _write(folder / "at.json", {"cell": cell_index})

    def execute() -> Any:
        return papermill.execute_notebook(
            notebook,
            None,
            parameters=job["parameters"],
            kernel_name="python3",
            cwd=job["cwd"],
            progress_bar=False,
            log_output=False,
            start_timeout=120,
            on_cell_start=note_position,
        )

    try:
        try:
            done = execute()
        except Exception as error:
            # A kernel that never came up (two may have picked one port) says nothing about the chapter.
            if (folder / "at.json").exists():
                raise
            _write(folder / "again.json", {"error": f"{type(error).__name__}: {error}"})
            done = execute()
    except PapermillExecutionError as error:
        problem = {"cell": error.cell_index, "error": f"{error.ename}: {error.evalue}"}
        _write(folder / "error.json", problem | {"traceback": error.traceback})
        return 1
    except Exception as error:  # a kernel that died or never started: nbclient raises many things
        _write(folder / "error.json", {"error": f"{type(error).__name__}: {error}"})
        return 1
    finished = [c for c in done.cells if c.cell_type == "code" and c.source.strip()]
    for cell in finished:
        if cell.metadata.get("papermill", {}).get("status") != "completed" or cell.execution_count is None:
            _write(folder / "error.json", {"cell": done.cells.index(cell), "error": "the cell was not executed"})
            return 1
    nbformat.write(done, folder / "output.ipynb")
    return 0


def _end_with(parent: int) -> None:
    """End this process and its kernel when the build is gone: nobody would collect the result or end it in time."""
    while os.getppid() == parent:
        time.sleep(0.5)
    lock.kill_family(os.getpid(), itself=False)
    os._exit(1)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content), "utf8")


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), int(sys.argv[2])))
