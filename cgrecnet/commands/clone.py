"""`cgrecnet book`, `test`, `student` and `slides`: what `make` does in a clone, on systems without make as well."""

import argparse
import subprocess
import sys
from pathlib import Path

from cgrecnet.errors import ConfigError
from cgrecnet.paths import IN_CHECKOUT, REPOSITORY


def add(commands) -> None:
    """Add the commands to the parser."""
    book = commands.add_parser("book", help="run the chapters that changed, build the book and check its pages")
    book.add_argument("words", nargs=argparse.REMAINDER, help="options of `python -m cgrecnet.publish build`")
    book.set_defaults(command=lambda options: _run("cgrecnet.publish", "build", *options.words))
    test = commands.add_parser("test", help="run the tests")
    test.add_argument("words", nargs=argparse.REMAINDER, help="options of pytest")
    test.set_defaults(command=lambda options: _run("pytest", *options.words))
    student = commands.add_parser("student", help="write the notebooks for a class, and the solutions apart")
    student.add_argument("--out", type=Path, help="the folder to write to (default: _build/student)")
    student.set_defaults(command=_student)
    slides = commands.add_parser("slides", help="write the slides for a class, with figures of the last build")
    slides.set_defaults(command=_slides)


def _clone() -> Path:
    if not IN_CHECKOUT:
        raise ConfigError("only a clone of the repository has the book: run this command in one.")
    return REPOSITORY


def _run(module: str, *words: str) -> int:
    return subprocess.run([sys.executable, "-m", module, *words], cwd=_clone()).returncode


def _student(options: argparse.Namespace) -> int:
    from cgrecnet.publish.layout import Layout
    from cgrecnet.publish.notebooks.export import student

    layout = Layout(_clone())
    folder = options.out or layout.build / "student"
    try:
        number = student(layout, folder)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written ({error.strerror}): name another one with --out.") from None
    print(f"{folder / 'notebooks'}: {number} chapters without solutions; {folder / 'solutions'}: the same with them")
    unbuilt = sum(not layout.executed_notebook(each).is_file() for each in layout.chapters if each.is_script)
    if unbuilt:
        print(f"{unbuilt} of them have not been run, and say '(a number that the cells compute)': run make book first.")
    return 0


def _slides(options: argparse.Namespace) -> int:
    from cgrecnet.publish import slides
    from cgrecnet.publish.layout import Layout

    for path in slides.build(Layout(_clone())):
        print(f"slides: {path}")
    return 0
