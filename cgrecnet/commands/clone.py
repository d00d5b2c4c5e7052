"""`cgrecnet doctor` and `notebook`; in a clone also what `make` does: `book`, `test`, `student` and `slides`."""

import argparse
import subprocess
import sys
from pathlib import Path

from cgrecnet.commands.options import argument, command
from cgrecnet.errors import ConfigError
from cgrecnet.files import refuse_unwritable, write_file
from cgrecnet.paths import IN_CHECKOUT, REPOSITORY


@command("doctor", help="what works on this machine")
def doctor(_: argparse.Namespace) -> int:
    from cgrecnet.doctor import examine

    findings = examine()
    for finding in findings:
        mark = "ok  " if finding.good else ("FAIL" if finding.needed else "note")
        print(f"{mark} {finding.what:<16} {finding.detail}")
    return 1 if any(finding.needed and not finding.good for finding in findings) else 0


@command(
    "notebook",
    argument("file", type=Path, metavar="FOLDER/train.ipynb", help="what to write"),
    help="write a notebook of the project as .ipynb, for papermill or Jupyter",
    description="The notebooks are kept as text (.py), which papermill does not read. This writes one of them, "
    "named by its file's name, as .ipynb; `papermill --help-notebook FILE.ipynb` lists its parameters.",
)
def notebook(options: argparse.Namespace) -> None:
    import jupytext
    import nbformat

    from cgrecnet.data.options import suggest
    from cgrecnet.paths import EXPERIMENTS

    file = options.file
    source = EXPERIMENTS / f"{file.stem}.py"
    if file.suffix != ".ipynb" or not source.is_file():
        names = sorted(f"{path.stem}.ipynb" for path in EXPERIMENTS.glob("*.py"))
        raise ConfigError(f"{file} is no notebook's name; {suggest(file.name, names)}")
    if file.exists():
        raise ConfigError(f"{file} is there already: remove it, or name another folder.")
    write_file(file, nbformat.writes(jupytext.read(source)), "name another folder")
    print(f"{file}: its parameters are listed by `papermill --help-notebook {file}`")


def _clone() -> Path:
    if not IN_CHECKOUT:
        raise ConfigError("only a clone of the repository has the book: run this command in one.")
    return REPOSITORY


def _run(module: str, *words: str) -> int:
    return subprocess.run([sys.executable, "-m", module, *words], cwd=_clone()).returncode


@command(
    "book",
    argument("words", nargs=argparse.REMAINDER, help="options of `python -m cgrecnet.publish build`"),
    help="run the chapters that changed, build the book and check its pages",
)
def book(options: argparse.Namespace) -> int:
    return _run("cgrecnet.publish", "build", *options.words)


@command(
    "test", argument("words", nargs=argparse.REMAINDER, help="options of pytest"), help="run the tests"
)
def test(options: argparse.Namespace) -> int:
    return _run("pytest", *options.words)


@command(
    "student",
    argument("--out", type=Path, help="the folder to write to (default: _build/student)"),
    help="write the notebooks for a class, and the solutions apart",
)
def student(options: argparse.Namespace) -> None:
    from cgrecnet.publish.layout import Layout
    from cgrecnet.publish.notebooks import export

    layout = Layout(_clone())
    folder = options.out or layout.build / "student"
    with refuse_unwritable(folder, "name another one with --out"):
        number = export.student(layout, folder)
    print(f"{folder / 'notebooks'}: {number} chapters without solutions; {folder / 'solutions'}: the same with them")
    unbuilt = sum(not layout.executed_notebook(each).is_file() for each in layout.chapters if each.is_script)
    if unbuilt:
        print(f"{unbuilt} of them have not been run, and say '(a number that the cells compute)': run make book first.")


@command("slides", help="write the slides for a class, with figures of the last build")
def slides(_: argparse.Namespace) -> None:
    from cgrecnet.publish import slides as pages
    from cgrecnet.publish.layout import Layout

    for path in pages.build(Layout(_clone())):
        print(f"slides: {path}")
