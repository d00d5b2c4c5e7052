"""Texts for people that stand in files of their own, beside the modules that fill them in."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from cgrecnet.files import shown

_TEXTS = Environment(
    loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_TEXTS.filters |= {"shown": shown, "n": "{:,}".format}


def text_of(name: str, **always: object) -> Template:
    """The text in a file below `cgrecnet/data`, such as `audit/report.txt`, with the names that it always knows.

    Its filters: `shown` (a file's name, fit to be printed) and `n` (a number with commas).
    """
    return _TEXTS.get_template(name, globals=always)
