"""What an ImageStream file says of its acquisition: channels, brightfield, bits, scale, source.

XML from outside is read as a stream: what has a document type is refused, so that no entity is ever expanded, and
memory does not grow with the document.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from cgrecnet.data.amnis.codec import Damaged
from cgrecnet.data.amnis.container import Container, Directory

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


OBJECTS, SOURCE, MERGED, ACQUISITION, INSTRUMENT, SOFTWARE = 33018, 33026, 33029, 33027, 33064, 33066
#: Elements of the acquisition's and the instrument's XML; their roots have random names.
IN_USE, LIT = "ChannelInUseIndicators_0_11", "BfLedIndicators_0_11"
MAGNIFICATION, PIXEL_SIZE, BITS = "Magnification", "CameraPixelSize", "CameraBitsPerPixel"
#: Bytes of a tag of text that are read; instrument's XML of 1.5 MB was seen.
LARGEST_TEXT = 64 * 2**20


@dataclass(frozen=True)
class Acquisition:
    """Facts of a file; None or empty where it does not say.

    objects: how many it says it has. channels: numbers in the order in which they stand side by side.
    brightfield: those of the channels that the lamp lit. bits: of the camera; grey levels may lie above them.
    pixel_size: of the camera, in micrometres. source: name of the file that this one was made from.
    merged: names of several such files.
    """

    objects: int | None
    channels: tuple[int, ...]
    brightfield: tuple[int, ...]
    bits: int | None
    magnification: float | None
    pixel_size: float | None
    software: str
    source: str
    merged: tuple[str, ...]


def read_acquisition(container: Container, first: Directory, file: BinaryIO) -> Acquisition:
    """Read it from the directory of the file. Raises Damaged."""

    def content(tag: int) -> bytes:
        return container.value(first, tag, file, LARGEST_TEXT)

    def words(tag: int) -> list[str]:
        """Last parts of the paths in a tag, as Windows writes them."""
        return [part.replace("\\", "/").rpartition("/")[2] for part in _text(content(tag)).split("|") if part]

    try:
        values = texts(content(ACQUISITION), (IN_USE, LIT, MAGNIFICATION))
        values |= texts(content(INSTRUMENT), (PIXEL_SIZE, BITS))
    except Refused as reason:
        raise Damaged(f"its XML is refused: {reason}") from None
    channels = _indicated(values.get(IN_USE, ""))
    if not channels:
        raise Damaged("it does not say which channels it holds")
    objects = int(container.numbers([first], {"objects": OBJECTS})["objects"][0])
    bits = _number(values.get(BITS))
    merged = words(MERGED)
    return Acquisition(
        objects=objects if objects >= 0 else None,
        channels=channels,
        brightfield=tuple(channel for channel in _indicated(values.get(LIT, "")) if channel in channels),
        bits=int(bits) if bits and 1 <= bits <= 16 else None,
        magnification=_number(values.get(MAGNIFICATION)),
        pixel_size=_number(values.get(PIXEL_SIZE)),
        software=_text(content(SOFTWARE)),
        source=next(iter(words(SOURCE)), ""),
        merged=tuple(merged) if len(merged) > 1 else (),
    )


def _indicated(text: str) -> tuple[int, ...]:
    """Numbers of the channels with a 1: position i of the list is channel i + 1."""
    return tuple(number for number, word in enumerate(text.split(), start=1) if word == "1")


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _text(content: bytes) -> str:
    return content.rstrip(b"\0").decode("utf-8", "replace")
