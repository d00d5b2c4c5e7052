"""The pages about predictions and about a training, from the templates of `templates/`."""

from pathlib import Path

from cgrecnet.errors import RunError
from cgrecnet.files import shown
from cgrecnet.runs import page

TEMPLATES = Path(__file__).with_name("templates")


def write_page(path: Path, title: str, template: str, **values) -> None:
    """`cgrecnet.runs.page.write_page` with a template of `templates/`; RunError where the disk refuses."""
    try:
        page.write_page(Path(path), title, TEMPLATES / template, "report.css", **values)
    except OSError as error:
        raise RunError(f"{shown(path)} cannot be written ({error.strerror}): name another file.") from error
