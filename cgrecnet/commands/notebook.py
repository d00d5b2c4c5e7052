"""`cgrecnet notebook`."""

import argparse
from pathlib import Path

from cgrecnet.errors import ConfigError
from cgrecnet.files import atomic_write


def add(commands) -> None:
    """Add the command to the parser."""
    notebook = commands.add_parser(
        "notebook",
        help="write a notebook of the project as .ipynb, for papermill or Jupyter",
        description="The notebooks are kept as text (.py), which papermill does not read. This writes one of them, "
        "named by its file's name, as .ipynb; `papermill --help-notebook FILE.ipynb` lists its parameters.",
    )
    notebook.add_argument("file", type=Path, metavar="FOLDER/train.ipynb", help="what to write")
    notebook.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
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
    try:
        with atomic_write(file) as stream:
            stream.write(nbformat.writes(jupytext.read(source)))
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror}): name another folder.") from None
    print(f"{file}: its parameters are listed by `papermill --help-notebook {file}`")
    return 0
