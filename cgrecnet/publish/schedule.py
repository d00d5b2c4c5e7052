"""Execute the chapters that are stale, in parallel, each in a kernel of its own; the others stay as they are."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError

from cgrecnet.cores import kill_family
from cgrecnet.errors import ConfigError
from cgrecnet.files import atomic_write
from cgrecnet.publish import dependencies, notebook
from cgrecnet.publish.kernels import Kernels, Run
from cgrecnet.publish.layout import Chapter, Layout

TRACING = Path(__file__).parent / "tracing"
DATA_FOLDERS = ("CGRECNET_DATA", "CGRECNET_CACHE")


@dataclass(frozen=True)
class Outcome:
    chapter: Chapter
    seconds: float
    failure: str = ""
    changed_meanwhile: bool = False
    """Whether something that it read changed before its end, so that the next build executes it again."""


def execute_stale(
    layout: Layout, jobs: int, timeout: float, cold: bool = False, begun: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """Execute every chapter whose stored fingerprint no longer holds; return one outcome for each of them.

    `timeout` is the most seconds that one chapter may take; `cold` has each start a kernel of its own.
    `begun` is called once there is something to execute.
    A failure does not stop the other chapters.
    Raises ConfigError, before anything runs, where a parameter is not one of its chapter's.
    """
    scripts = [chapter for chapter in layout.chapters if chapter.is_script]
    for chapter in scripts:
        if chapter.parameters:
            notebook.check_parameters(chapter, notebook.read(chapter))
    _forget_others(layout, scripts)
    layout.build.mkdir(parents=True, exist_ok=True)
    with (
        _job_folder(layout) as folder,
        closing(Kernels(folder, layout.book, _kernel_settings(layout, folder), warm=not cold)) as kernels,
    ):
        stale = [chapter for chapter in scripts if not dependencies.is_fresh(chapter, layout)]
        if not stale:
            return []
        # The dearest first, so that no long chapter starts when all others are done.
        stale.sort(key=lambda chapter: -_last_cost(chapter, layout))
        print(f"chapters: {len(stale)} of {len(scripts)} to execute, {min(jobs, len(stale))} at a time", flush=True)
        begun()
        # To import the libraries for all of them pays where one would have to wait for another anyway.
        kernels.prepare(preload=len(stale) > jobs)
        return _execute_all(stale, layout, jobs, timeout, kernels)


def _execute_all(
    stale: list[Chapter], layout: Layout, jobs: int, timeout: float, kernels: Kernels
) -> list[Outcome]:
    outcomes = []
    pool = ThreadPoolExecutor(jobs)
    futures = [pool.submit(_outcome, chapter, layout, timeout, kernels) for chapter in stale]
    try:
        for future in as_completed(futures):
            outcome = future.result()
            outcomes.append(outcome)
            state = "FAILED" if outcome.failure else "ok"
            name = outcome.chapter.label
            if outcome.changed_meanwhile:
                name += " (something that it read changed meanwhile: the next build runs it again)"
            print(f"  [{len(outcomes)}/{len(stale)}] {outcome.seconds:6.1f} s  {state:6}  {name}", flush=True)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        while not all(future.done() for future in futures):  # one may be about to start its kernel
            kill_family(itself=False)
            time.sleep(0.05)
        raise
    pool.shutdown()
    return outcomes


def _outcome(chapter: Chapter, layout: Layout, timeout: float, kernels: Kernels) -> Outcome:
    """Run one chapter in a folder of its own and, if all went well, put its notebook in its place."""
    target, begin = layout.executed_notebook(chapter), time.monotonic()

    def failed(why: str) -> Outcome:
        target.unlink(missing_ok=True)
        return Outcome(chapter, time.monotonic() - begin, why)

    with _job_folder(layout) as folder:
        before = dependencies.own_state(chapter, layout)
        try:
            source = notebook.read(chapter)
        except ConfigError as error:
            return failed(str(error))
        if chapter.parameters:
            source = _with_parameters(source, chapter.parameters)
        started, begun = datetime.now(UTC), time.monotonic()
        run = kernels.execute(chapter.label, source, folder, _kernel_settings(layout, folder), timeout)
        if run.error:
            return failed(_describe(chapter, run))
        executed, seconds = json.loads(nbformat.writes(run.notebook)), time.monotonic() - begun
        published = dependencies.publishable(chapter, layout, executed, folder, started, seconds, before)
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(target) as stream:
            stream.write(json.dumps(published, indent=1, ensure_ascii=False) + "\n")
    changed = not published["metadata"]["cgrecnet"]["fingerprint"]
    return Outcome(chapter, time.monotonic() - begin, changed_meanwhile=changed)


def _with_parameters(source: Any, parameters: dict[str, Any]) -> Any:
    """The notebook with a cell, below that of the defaults, that sets the parameters."""
    from papermill.parameterize import parameterize_notebook  # takes a second, and few builds need it

    source.metadata["papermill"] = {}
    for cell in source.cells:
        cell.metadata.setdefault("tags", [])
    return parameterize_notebook(source, parameters)


@contextmanager
def _job_folder(layout: Layout) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="job-", dir=layout.build, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _describe(chapter: Chapter, run: Run) -> str:
    """Chapter, cell number, the cell's first line and the error, and the traceback where there is one."""
    text, said = chapter.label, [f"{type(run.error).__name__}: {run.error}"]
    if isinstance(run.error, TimeoutError):
        said = [str(run.error)]
    if run.at is not None:
        cells = dependencies.code_cells({"cells": run.notebook.cells[: run.at + 1]})
        text += f", code cell {len(cells)} ({dependencies.first_line(cells[-1])})"
        if isinstance(run.error, CellExecutionError):
            outputs = [o for o in run.notebook.cells[run.at].outputs if o.output_type == "error"]
            said = [f"{run.error.ename}: {run.error.evalue}", *(line for o in outputs for line in o.traceback)]
    return "\n".join([f"{text}: {said[0]}", *said[1:]])


def _kernel_settings(layout: Layout, folder: Path) -> dict[str, str]:
    """Environment variables of a kernel: the tracer, one thread, and no settings of the user's own."""
    roots = [str(layout.root), *(str(path) for path, _ in layout.watched_paths)]
    # The repository's own package, wherever another copy may be installed: what lies elsewhere is not watched.
    paths = [str(TRACING), str(layout.root), os.environ.get("PYTHONPATH", "")]
    # As absolute paths: the kernel works in book/, and a relative one would mean another folder there.
    named = {name: str(layout.watched[f"${name}"]) for name in DATA_FOLDERS if os.environ.get(name)}
    return named | {
        "CGRECNET_TRACE": json.dumps(
            {"log": str(folder / "trace.jsonl"), "roots": roots, "except": dependencies.ignored_folders(layout)}
        ),
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONHASHSEED": "0",
        # Another number of threads gives other last digits.
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
        # Where a chapter takes two all the same, they shall not spin beside the other chapters: 20 times as long.
        "OMP_WAIT_POLICY": "PASSIVE",
        # Libraries import pyarrow where there is one (seen with 26.0), whose jemalloc starts a thread.
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _forget_others(layout: Layout, scripts: list[Chapter]) -> None:
    """Drop executed notebooks of chapters that are no more, and folders of jobs that were killed."""
    wanted = {layout.executed_notebook(chapter) for chapter in scripts}
    for path in layout.executed.rglob("*"):
        if path.is_file() and path not in wanted:
            path.unlink()
    for folder in layout.build.glob("job-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _last_cost(chapter: Chapter, layout: Layout) -> float:
    return (dependencies.stored(layout.executed_notebook(chapter)) or {}).get("seconds", float("inf"))
