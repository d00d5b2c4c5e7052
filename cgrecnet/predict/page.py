"""A page that opens without a network, filled from a template of `templates/`; whatever stands in it is text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cgrecnet.errors import RunError
from cgrecnet.evaluation.calibration import reliability
from cgrecnet.files import atomic_write, shown
from cgrecnet.predict.drawings import reliability_curves
from cgrecnet.runs.page import filled

TEMPLATES = Path(__file__).with_name("templates")
#: Words of sentences that are not to be overlooked.
_LOUD = ("do not trust", "used to train", "Look at this", "nothing rules out", "could not be read", "Too few")


def write_page(path: Path, title: str, template: str, **values) -> None:
    """Write the page that a template makes of the values, each as text unless it is `Markup`.

    Raises RunError where the disk refuses.
    """
    pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    pages.tests["loud"] = lambda words: any(loud in words for loud in _LOUD)
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    try:
        with atomic_write(Path(path)) as file:
            file.write(filled(title, style, [pages.get_template(template).render(values)]))
    except OSError as error:
        raise RunError(f"{shown(path)} cannot be written ({error.strerror}): name another file.") from error


def reliability_drawing(classes: Sequence[str], labels: np.ndarray, probabilities: np.ndarray) -> Markup:
    """Reliability curves of all classes on the test cells."""
    curves = [reliability(labels, probabilities, y) for y in range(len(classes))]
    return Markup(reliability_curves(list(classes), curves))
