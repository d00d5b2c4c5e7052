"""Texts of pages that the build writes itself, with places for what differs; in HTML and XML values stand as text."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_TEXTS = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(("html", "xml")),
    undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True,
)  # fmt: skip


def filled(name: str, /, **values: object) -> str:
    """The template of this name with the values, each as text unless it is `Markup`."""
    return _TEXTS.get_template(name).render(values)
