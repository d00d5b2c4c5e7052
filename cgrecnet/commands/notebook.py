"""`cgrecnet notebook`."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import argument, command
from cgrecnet.errors import ConfigError
from cgrecnet.files import write_file


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
