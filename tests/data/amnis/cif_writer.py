"""Writes ImageStream files, so that tests can ask for any channels, bits, levels, masks, order of bytes and size.

The layout is that of a real file: directory, strip, longer values, next directory, with the odd types of its tags.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BYTE, ASCII, SHORT, LONG, DOUBLE = 1, 2, 3, 4, 12
_LETTER = {SHORT: "H", LONG: "I", DOUBLE: "d"}


@dataclass
class Cell:
    """One object: planes (channels, height, width) of grey levels, masks of the same shape or None.

    strip, mask_strip: compressed already, in place of being compressed here.
    at: offset of its image's directory, behind a hole; None: right behind what was written before.
    changes: tag -> (type, values) of the image's directory, None to leave it out.
    """

    planes: np.ndarray
    masks: np.ndarray | None = None
    strip: bytes | None = None
    mask_strip: bytes | None = None
    background: np.ndarray | None = None
    at: int | None = None
    changes: dict | None = None


def encode_grey(row: np.ndarray) -> bytes:
    """Compress (height, width) grey levels, all channels side by side (30817)."""
    numbers = np.diff(np.diff(row.astype(np.int64), axis=1, prepend=0), axis=0, prepend=0).ravel()
    nibbles = [[] for _ in numbers]
    for index, number in enumerate(numbers.tolist()):
        while not -4 <= number <= 3:
            nibbles[index].append(number & 7 | 8)
            number >>= 3
        nibbles[index].append(number & 7)
    flat = [nibble for one in nibbles for nibble in one]
    flat += [0] * (len(flat) % 2)
    low, high = np.array(flat[0::2]), np.array(flat[1::2])
    return (low | high << 4).astype(np.uint8).tobytes()


def encode_mask(row: np.ndarray) -> bytes:
    """Compress (height, width) mask values, all channels side by side (30818)."""
    flat = row.ravel()
    starts = np.flatnonzero(np.diff(flat, prepend=flat[0] + 1))
    found = bytearray()
    for value, length in zip(flat[starts].tolist(), np.diff(starts, append=len(flat)).tolist(), strict=True):
        while length:
            found += bytes((value, min(length, 256) - 1))
            length -= min(length, 256)
    return bytes(found)


def side_by_side(planes: np.ndarray) -> np.ndarray:
    return planes.transpose(1, 0, 2).reshape(planes.shape[1], -1)


def acquisition(channels: Iterable[int], brightfield: Iterable[int], root: str = "xq7vzk") -> bytes:
    """The XML of an acquisition; its root has a random name."""

    def lit(numbers):
        return "".join(f"{int(channel in tuple(numbers))} " for channel in range(1, 13))

    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n<{root}>\n'
        f"<Illumination><BfLedIndicators_0_11>{lit(brightfield)}</BfLedIndicators_0_11></Illumination>\n"
        f"<Imaging><Magnification>40</Magnification>"
        f"<ChannelInUseIndicators_0_11>{lit(channels)}</ChannelInUseIndicators_0_11></Imaging>\n</{root}>\n"
    ).encode()


def instrument(bits: int | None) -> bytes:
    said = "" if bits is None else f"<CameraBitsPerPixel>{bits}</CameraBitsPerPixel>"
    return f"<w0lq>\n<Imaging><CameraPixelSize>0.5</CameraPixelSize>{said}</Imaging>\n</w0lq>\n".encode()


def write_cif(
    path: Path,
    cells: Iterable[Cell],
    channels: Iterable[int] = (1, 2, 3),
    brightfield: Iterable[int] = (2,),
    bits: int | None = 12,
    order: str = "<",
    stated: int | None = None,
    source: str = r"C:\data\run.rif",
    xml: bytes | None = None,
    more: dict | None = None,
) -> list[int]:
    """Write a file; returns the offset of every directory, in order.

    stated: objects that the file says it has (None: as many as there are, if `cells` is a list).
    xml: of the acquisition; more: further tags of the first directory, or others in place of those that it has.
    """
    stated = len(cells) if stated is None else stated
    tags = {
        256: (LONG, [1]), 257: (LONG, [1]), 258: (SHORT, [16]), 259: (SHORT, [1]), 262: (SHORT, [1]),
        273: (LONG, [8]), 277: (SHORT, [1]), 278: (LONG, [1]), 279: (LONG, [1]), 33002: (SHORT, [1]),
        33009: (SHORT, [88]), 33018: (LONG, [stated]), 33026: (ASCII, source.encode() + b"\0"),
        33027: (ASCII, xml if xml is not None else acquisition(channels, brightfield)),
        33029: (LONG, [0]), 33064: (ASCII, instrument(bits)), 33066: (ASCII, b"6.0.354.0"),
    } | (more or {})  # fmt: skip
    with open(path, "wb") as file:
        file.write({"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8))
        writer = _Writer(file, order)
        writer.directory(tags)
        for number, cell in enumerate(cells):
            if cell.at is not None:
                file.seek(cell.at)
            writer.cell(number, cell)
    return writer.offsets


class _Writer:
    """Puts directories one behind the other; the offset of the next one is filled in when it is known."""

    def __init__(self, file, order: str) -> None:
        self.file, self.order, self.offsets = file, order, []
        self.link = None  # where the offset of the next directory belongs

    def cell(self, number: int, cell: Cell) -> None:
        channels, height, width = cell.planes.shape
        strip = encode_grey(side_by_side(cell.planes)) if cell.strip is None else cell.strip
        background = np.zeros(channels) if cell.background is None else cell.background
        tags = {
            254: (BYTE, b"\2\0"), 256: (LONG, [channels * width]), 257: (LONG, [height]), 258: (SHORT, [16]),
            259: (SHORT, [30817]), 262: (SHORT, [1]), 266: (SHORT, [0]), 277: (SHORT, [1]), 278: (LONG, [height]),
            306: (ASCII, b"1/1/2020 1:11:11 PM"), 33002: (SHORT, [2]), 33003: (LONG, [number]), 33022: (SHORT, [16]),
            33024: (LONG, [1000 + number]), 33052: (DOUBLE, list(background)), 33053: (DOUBLE, [1.0] * channels),
        } | (cell.changes or {})  # fmt: skip
        self.directory(tags, strip)
        if cell.masks is None and cell.mask_strip is None:
            return
        strip = encode_mask(side_by_side(cell.masks)) if cell.mask_strip is None else cell.mask_strip
        tags = {
            254: (BYTE, b"\6\0"), 256: (LONG, [channels * width]), 257: (LONG, [height]), 258: (SHORT, [8]),
            259: (SHORT, [30818]), 262: (SHORT, [1]), 277: (BYTE, b"\1\0"), 278: (LONG, [height]),
            306: (ASCII, b"1/1/2020 1:11:11 PM"), 33002: (SHORT, [3]), 33016: (LONG, [0]), 33017: (LONG, [0]),
        }  # fmt: skip
        self.directory(tags, strip)

    def directory(self, tags: dict, strip: bytes | None = None) -> None:
        here = self.file.tell()
        self._link(here)
        tags = {tag: content for tag, content in tags.items() if content is not None}
        if strip is not None:
            tags.setdefault(273, (LONG, [0]))
            tags.setdefault(279, (LONG, [len(strip)]))
        place = here + 2 + 12 * len(tags) + 4
        if strip is not None and tags[273][1] == [0]:
            tags[273] = (LONG, [place % 2**32])
        behind = strip or b""
        entries = b""
        for tag, (kind, values) in sorted(tags.items()):
            count = len(values)
            data = values if kind in (BYTE, ASCII) else struct.pack(f"{self.order}{count}{_LETTER[kind]}", *values)
            if len(data) > 4:
                offset, behind = (place + len(behind)) % 2**32, behind + data
                data = struct.pack(f"{self.order}I", offset)
            entries += struct.pack(f"{self.order}HHI", tag, kind, count) + data.ljust(4, b"\0")
        self.file.write(struct.pack(f"{self.order}H", len(tags)) + entries)
        self.link = self.file.tell()
        self.file.write(b"\0\0\0\0" + behind)
        self.offsets.append(here)

    def _link(self, here: int) -> None:
        if self.link is None:
            return
        self.file.seek(self.link)
        self.file.write(struct.pack(f"{self.order}I", here % 2**32))
        self.file.seek(here)


def write_daf(path: Path, image: str, objects: int, populations: str, regions: str = "", binary: bool = False) -> Path:
    """Write an analysis as IDEAS does, with features behind the populations, as XML or binary.

    populations, regions: the elements `Pop` and `Region`.
    """
    head = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<Assay date="25/06/2020 00:28:09" IDEAS_version="6.2.183.0" '
        f'binaryfeatures="{binary}">\n<SOD file="{image}" objcount="{objects}">\n'
        f"<Regions>{regions}</Regions>\n<Pops>\n"
        f'<Pop name="All" type="B" base="" style="Simple Dot" />\n{populations}\n</Pops>\n</SOD>\n'
    )
    features = "" if binary else '<Features><UDFValues fid="0" fv="1|2|3" /></Features>\n'
    behind = b"\r\n\0" + struct.pack("<3I", 1, 1, objects) + bytes(range(256)) if binary else b""
    path.write_bytes(f"{head}{features}</Assay>".encode() + behind)
    return path


def tagged(name: str, numbers: Iterable[int]) -> str:
    """A population that is a list."""
    inside = "".join(f'<ob O="{number}" />' for number in numbers)
    return f'<Pop name="{name}" type="T" base="All" style="Simple Dot">{inside}</Pop>\n'


def gate(name: str, feature: str, region: str, base: str = "All") -> str:
    """A population that is a line drawn on a feature."""
    return f'<Pop name="{name}" type="G" base="{base}" region="{region}" fx="{feature}" />\n'


def line(label: str, low: float, high: float) -> str:
    """The region of such a gate."""
    ends = "".join(f'<axy x="{x}" y="0.5" />' for x in (high, low))
    return f'<Region type="line" label="{label}" cx="1" cy="1" xlogrange="P" ylogrange="P">{ends}</Region>\n'
