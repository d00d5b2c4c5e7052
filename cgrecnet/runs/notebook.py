"""Run the training notebook with papermill, one process per run, and trust nothing but its record.

papermill trains the default where a parameter is unknown, and stamps every cell `completed` after a kill; so the
parameters are validated before it starts, and a run without a record has failed, whatever the notebook says.
"""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import jupytext
import nbformat
import yaml
from tqdm import tqdm

from cgrecnet.cores import watching
from cgrecnet.errors import RunBusy, RunError
from cgrecnet.files import locked, write_file
from cgrecnet.paths import EXPERIMENTS, NOTEBOOK, RESULTS, WORK
from cgrecnet.runs.kept import paused_history
from cgrecnet.runs.query import record_of
from cgrecnet.runs.ranks import Together, ended_with, others
from cgrecnet.runs.run_id import PlannedRun, need_file, plan_run
from cgrecnet.runs.run_record import RECORD, RunRecord, check_writable, read_record
from cgrecnet.training.config import RunConfig

#: What a run said, in its folder under the work folder; a run that was resumed goes on in the same file.
LOG = "log.txt"
PROGRESS = "progress.json"
#: How lines begin that are for whoever waits, too.
HEARD = ("epoch ", "done: ", "note: ", "levels ", "Look at this: ")
#: Seconds between two looks at the file that the bar shows.
EVERY = 0.5
ALONE = Together()
#: Variables that name folders, perhaps relative to the one where the command was given.
FOLDERS = ("CGRECNET_DATA", "CGRECNET_CACHE", "CGRECNET_WEIGHTS")
#: What a run's last step did where losses were numbers to the end and probabilities are none.
_DIVERGED = "the last step of an epoch has left weights that are no finite numbers, so lower the learning rate"
#: What a file system says that cannot lock.
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


def train(
    config: RunConfig,
    *,
    results: Path = RESULTS,
    work: Path = WORK,
    say: Callable[[str], None] = print,
    together: Together = ALONE,
    bar: bool = False,
    keep_weights: bool = False,
    until: int | None = None,
) -> RunRecord | None:
    """Do the run that `config` describes, unless its record exists; return the record.

    together: how many processes, on how many nodes, train it; bar: whether a progress bar is drawn on stderr;
    keep_weights: whether the tested weights stay in `work/RUN/weights.safetensors`.
    until: an epoch at which it pauses (`cgrecnet.runs.kept`), without a record yet; None is returned then.
    A run that was killed goes on from its last checkpoint. All that it says is kept in `work/RUN/log.txt`.
    Raises RunError, in one sentence, where it fails, and RunBusy where another process is doing the run.
    """
    plan = plan_run(config)
    record_path = Path(results) / config.experiment / plan.run_id / RECORD
    if done := record_of(plan, results):
        say(f"{done.run_id}: done already, see {record_path}")
        return done
    if until and len(paused_history(plan.run_id, work)) >= until:
        return None
    folder = begin_run(plan, results, work, f"{config.model} on {config.data}, {config.epochs} epochs", say)
    with only_one_process(folder / "lock", plan.run_id) as lock:
        if record_path.exists():  # another process ended it while this one looked
            return read_record(record_path)
        for rest in (*folder.glob("meeting-*"), *folder.glob("*.partial"), *record_path.parent.glob("*.partial")):
            rest.unlink(missing_ok=True)  # left by a process that was killed while it wrote; it may be large
        parameters = write_parameters(plan, results, work, keep_weights, until)
        run_notebook(NOTEBOOK, parameters, plan.run_id, lock, say, bar, together)
    if until and not record_path.exists() and len(paused_history(plan.run_id, work)) >= until:
        return None
    return read_record(record_path)


def begin_run(plan: PlannedRun, results: Path, work: Path, what: str, say: Callable[[str], None]) -> Path:
    """Make and return a run's folder below `work`, and say what is begun; RunError where nothing can be written."""
    need_file(plan.weights)
    check_writable(Path(results), "--results")
    check_writable(Path(work), "--work")
    folder = Path(work) / plan.run_id
    say(f"{plan.run_id}: {what}")
    say(f"log: {folder / LOG}")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run_notebook(
    notebook: Path,
    parameters: Path,
    run_id: str,
    lock: int,
    say: Callable[[str], None],
    bar: bool = False,
    together: Together = ALONE,
) -> None:
    """Execute a jupytext notebook with papermill, in a process of its own and in the folder of its parameters.

    lock: descriptor that the process is to hold as well. say: gets the lines that begin with one of `HEARD`.
    Raises RunError, in one sentence, where it fails.
    """
    folder = parameters.parent
    executed = folder / f"{notebook.stem.partition('_')[0]}.ipynb"
    executed.unlink(missing_ok=True)
    source = write_file(folder / "input.ipynb", nbformat.writes(jupytext.read(notebook)))
    command = [sys.executable, "-m", "cgrecnet.runs.with_parent", str(os.getpid()), "papermill", "--no-progress-bar"]
    # What the cells say, and not which of them papermill begins and ends.
    command += ["--log-level", "WARNING", "--stdout-file", "-", "--stderr-file", "-"]
    command += ["--kernel", "python3", "--cwd", str(EXPERIMENTS), "-f", str(parameters)]
    command += [str(source), str(executed)]
    environment = {name: os.path.abspath(os.environ[name]) for name in FOLDERS if os.environ.get(name)}
    first, *rest = together.variables(run_id, folder) if together.world > 1 else [{}]
    tail: deque[str] = deque(maxlen=20)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    # The lock goes to the child: should this process be killed, the run stays locked until the child is gone too.
    pipes["pass_fds"] = (lock,) if os.name == "posix" else ()
    with (
        scratch(folder) as temporary,
        others([one | temporary for one in rest], parameters) as company,
        progress_bar(folder / PROGRESS, bar),
    ):
        with (
            open(folder / LOG, "a", encoding="utf-8") as log,
            subprocess.Popen(command, env=os.environ | environment | first | temporary, **pipes) as process,
            ended_with(company, process) as lost,
        ):
            try:
                for line in process.stdout:
                    log.write(line)
                    log.flush()
                    tail.append(line.rstrip())
                    if line.startswith(HEARD):
                        say("  " + line.rstrip())
            except BaseException:
                process.kill()
                raise
        failed = [one.last_words() for one in lost or company if one.process.poll()]
    if lost:
        raise RunError(f"Run {run_id} failed: {failed[0]}")
    if process.returncode:
        beside = f"; beside it, before or after, {failed[0]}" if failed else ""
        raise RunError(f"Run {run_id} failed: {failure_reason(executed, process.returncode, list(tail))}{beside}")


@contextmanager
def progress_bar(path: Path, shown: bool) -> Iterator[None]:
    """While the block runs, draw on stderr what `path` says: steps, time left, cells/s, loss, validation F1."""
    if not shown:
        yield
        return

    def look() -> None:
        with suppress(OSError, ValueError):  # there is none yet
            state = json.loads(path.read_text(encoding="utf-8"))
            drawn.total = state["total"]
            drawn.set_postfix_str(_words(state))
            if not drawn.n:
                drawn.initial = state["done"]  # a resumed run: the rate counts from here
            drawn.update(state["done"] - drawn.n)

    with tqdm(unit="step", leave=False, file=sys.stderr, dynamic_ncols=True) as drawn, watching(look, EVERY):
        yield


def _words(state: dict) -> str:
    f1 = state.get("validation_macro_f1")
    return f"{state['cells_per_second']:.0f} cells/s, loss {state['loss']:.3f}" + (
        f", validation F1 {f1:.3f}" if f1 is not None else ""
    )


@contextmanager
def only_one_process(path: Path, run_id: str) -> Iterator[int]:
    """Hold the lock file of a run; RunBusy where another process has it. Gives the file's descriptor."""
    try:
        with locked(path) as descriptor:
            yield descriptor
    except BlockingIOError:
        raise RunBusy(f"Run {run_id} is being done by another process: wait for it, or end it first.") from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise RunError(
            f"The file system of {path.parent} has no locks ({error.strerror}), so that two processes could do one "
            "run: name a folder on another one with --work."
        ) from None


@contextmanager
def scratch(folder: Path) -> Iterator[dict[str, str]]:
    """A folder for the temporary files of a run, empty at first and gone at the end; gives the variable that names it.

    The connection file of a kernel that was killed stays in it, and goes at the next start. The caller holds the lock.
    """
    place = Path(folder).absolute() / "scratch"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        yield {"TMPDIR": str(place)}
    finally:
        shutil.rmtree(place, ignore_errors=True)


def write_parameters(
    plan: PlannedRun, results: Path, work: Path, keep_weights: bool = False, until: int | None = None
) -> Path:
    """The file from which papermill takes a run's parameters, in the run's folder."""
    weights = plan.weights if plan.weights in (None, "imagenet") else os.path.abspath(plan.weights)
    # The notebook runs in another folder, where a relative path means another file.
    values = plan.config.model_dump() | {"root": plan.config.root, "weights": weights}
    return write_yaml(Path(work) / plan.run_id, values | {"keep_weights": keep_weights, "until": until}, results, work)


def write_yaml(folder: Path, values: dict, results: Path, work: Path) -> Path:
    """The file of parameters in `folder`, with the places where the notebook's files go."""
    places = {"results_folder": str(Path(results).resolve()), "work_folder": str(Path(work).resolve())}
    return write_file(folder / "parameters.yaml", yaml.safe_dump(values | places, sort_keys=False))


def failure_reason(executed: Path, code: int, tail: list[str]) -> str:
    """Why the notebook failed: the error that a cell raised, or the signal that ended the process."""
    if code < 0:
        return f"it was killed by signal {-code}; start it again and it goes on from its last checkpoint."
    try:
        cells = nbformat.read(executed, as_version=4).cells
    except (OSError, ValueError, nbformat.reader.NotJSONError):
        cells = []
    for cell in cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                reason = _DIVERGED if "finite probabilities" in output.evalue else output.evalue or output.ename
                return f"{reason} (notebook: {executed})"
    last = next((line for line in reversed(tail) if line.strip()), "it said nothing")
    return f"{last} (exit status {code}; start it again and it goes on from its last checkpoint)"
