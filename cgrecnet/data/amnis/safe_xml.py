"""XML from outside, read as a stream: what has a document type is refused, so that no entity is ever expanded.

Memory does not grow with the document: nothing is kept but what the caller's handlers keep.
"""

from collections.abc import Callable, Iterable
from xml.parsers import expat

#: Characters that are kept of an element's text; the lists of numbers that are read are far shorter.
LONGEST_TEXT = 65536


class Refused(Exception):
    """A document that is not read; the message is the reason."""


class Enough(Exception):
    """Raised by a handler that has seen all it wants."""


def read_xml(
    parts: Iterable[bytes],
    start: Callable[[str, dict], None],
    end: Callable[[str], None],
    text: Callable[[str], None] | None = None,
) -> str:
    """Call `start(name, attributes)`, `text(part)` and `end(name)`; returns "", or why the document ended early.

    Raises Refused for a document type.
    """
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        for part in parts:
            parser.Parse(part)
        parser.Parse(b"", True)
    except Enough:
        pass
    except (expat.ExpatError, ValueError, LookupError, ArithmeticError):  # also what handlers say of odd attributes
        return f"it is damaged in line {parser.CurrentLineNumber}"
    return ""


def texts(document: bytes, wanted: Iterable[str]) -> dict[str, str]:
    """Name -> text of the first element of each wanted name, wherever it stands; those that are not there are left out.

    A damaged document gives what stands before the damage. Raises Refused for a document type.
    """
    missing, found = set(wanted), {}
    inside: list[str] = []

    def start(name: str, _: dict) -> None:
        if not inside and name in missing:
            inside[:] = [name, ""]

    def text(part: str) -> None:
        if inside and len(inside[1]) < LONGEST_TEXT:
            inside[1] += part

    def end(name: str) -> None:
        if inside and name == inside[0]:
            found[name] = inside[1].strip()
            missing.discard(name)
            inside.clear()
            if not missing:
                raise Enough

    read_xml([document], start, end, text)
    return found


def _refuse(*_) -> None:
    raise Refused("it has a document type, which ImageStream's own files have not")
