"""Which files a folder tree holds, and what their names say: of which cell, channel and acquisition a picture is.

Nothing is opened here but, where names have several channels, a few files that may mark one as brightfield.
"""

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cgrecnet.data.base import Unusable
from cgrecnet.errors import ConfigError, DataError
from cgrecnet.files import shown

_CHANNEL = re.compile(r"ch0*(\d+)", re.I)
_BRIGHTFIELD = re.compile(r"bf|bright-?field", re.I)
_MASK = re.compile(r"masks?", re.I)
_IDEAS_MASK = re.compile(r"m\d\d", re.I)  # IDEAS: 0_Ch1.M01.tif
#: How many cells' files are asked whether they call themselves brightfield, and what they may say.
_ASKED = 3
_NAMES = re.compile(r"<(?:\w+:)?Channel\b[^>]*?\bName=\"\s*(?:bf|bright[ _-]?field)\b", re.I)
_BETWEEN = re.compile(r"([_.\s-]+)")
#: Names of folders that hold parts of a split, not classes.
PARTS = {"train", "training", "test", "testing", "val", "valid", "validation"}


@dataclass(frozen=True)
class Picture:
    """What a file's name says: the cell (what is left of the name without channel and mask), and of what it is."""

    cell: str
    channel: int | None
    brightfield: bool
    mask: bool


def picture_of(file: str) -> Picture:
    """Parse a file's name, such as `0_Ch1.ome.tif`, `0_Ch1.M01.tif`, `12_mask.png` or `7_BF.tif`."""
    stem = file.rpartition(".")[0] or file
    kept, channel, brightfield, mask = [], None, False, False
    for token in _BETWEEN.split(stem):
        if found := _CHANNEL.fullmatch(token):
            channel = int(found[1])
        elif _BRIGHTFIELD.fullmatch(token):
            brightfield = True
        elif _MASK.fullmatch(token) or (channel is not None and _IDEAS_MASK.fullmatch(token)):
            mask = True
        elif token.lower() != "ome":
            kept.append(token)
            continue
        if kept and _BETWEEN.fullmatch(kept[-1]):
            kept.pop()
    return Picture("".join(kept), channel, brightfield, mask)


def plain(text: str) -> str:
    """Small letters without accents, whether these are stored composed or decomposed."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def words(text: str) -> tuple[str, ...]:
    """The words of a name: letters and digits between anything else."""
    return tuple(re.findall(r"[^\W_]+", plain(text)))


def class_in(name: str, classes: Mapping[str, str]) -> str | None:
    """The class of a folder or file by a map from words to classes; None where none of them is in its name.

    A name that equals a key is that key's; else a key counts where its words stand in the name, one after the other.
    Raises Unusable, naming the folder or file, where keys of two classes do.
    """
    own = words(name)
    found = {kind for key, kind in classes.items() if words(key) == own}
    there = f" {' '.join(own)} "
    found = found or {kind for key, kind in classes.items() if words(key) and f" {' '.join(words(key))} " in there}
    if len(found) > 1:
        raise Unusable(f"{shown(name)!r} matches two classes ({' and '.join(sorted(found))}); classes= says which")
    return next(iter(found), None)


def group_by(rule: int | str, name: str) -> str:
    """The acquisition of a file by a folder level (1: below the root) or by a regular expression on its whole name.

    An expression's groups in brackets name it, joined by `-`; without brackets, all that it matches.
    Raises Unusable where the file lies above that level, or the expression does not match.
    """
    if isinstance(rule, int):
        folders = name.split("/")[:-1]
        if rule > len(folders):
            raise Unusable(f"no folder at level {rule}, where group={rule} looks for the acquisition")
        return folders[rule - 1]
    if (found := re.search(rule, name)) is None:
        raise Unusable(f"the expression of group={rule!r} does not match")
    return "-".join(part for part in found.groups() if part) or found[0]


ENDINGS = (".bmp", ".tif", ".tiff", ".png")
#: A second picture of one cell is no second cell.
AGAIN = "another picture of a cell that is there already"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its file below the root (with /), or one a channel; size in bytes, class, acquisition (may be "").

    day, replicate: of the acquisition, where names say them.
    """

    names: tuple[str, ...]
    bytes: int
    kind: str
    group: str
    day: str = ""
    replicate: str = ""

    @property
    def name(self) -> str:
        """The file that the cell is named after."""
        return self.names[0]


@dataclass
class Listing:
    """What names say of a folder tree, or of a table of files; nothing is opened yet.

    cells: sorted by name; excluded: reason -> files or folders that cannot be used; channels: files of each channel;
    read: the channels that are read, in order, empty where names have none; masks, others: files that are no pictures
    of cells; parts: folders such as `train`; grouped: whether an option or a table names the acquisition; marked:
    whether the files themselves name the channel.
    """

    root: Path
    cells: list[Cell] = field(default_factory=list)
    excluded: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    channels: Counter = field(default_factory=Counter)
    read: tuple[int, ...] = ()
    masks: int = 0
    others: Counter = field(default_factory=Counter)
    parts: set[str] = field(default_factory=set)
    grouped: bool = False
    marked: bool = False
    simulated: bool = False

    @property
    def n_excluded(self) -> int:
        """How many files cannot be used."""
        return sum(map(len, self.excluded.values()))

    def refuse_empty(self, advice: str) -> None:
        """Raise DataError for a tree without an image, saying what it holds in place of them."""
        others = ", ".join(f"{count:,} {ending}" for ending, count in self.others.most_common(3))
        holds = f"holds other files ({others})" if others else "is empty"
        raise DataError(f"No image ({' '.join(ENDINGS)}) in {shown(self.root)}, which {holds}: {advice}.")


def walk(root: Path, excluded: dict[str, list[str]]) -> Iterator[str]:
    """Names of all files below `root`, relative and with /: linked folders last, each folder once, no hidden ones."""
    above = os.path.join(os.path.realpath(root), "")
    seen: set[str] = set()
    todo = [""]

    def unreadable(error: OSError) -> None:
        excluded["folder that cannot be opened"].append(os.path.relpath(error.filename, root))

    while todo:
        start = todo.pop(0)
        if start and above.startswith(os.path.join(os.path.realpath(root / start), "")):
            excluded["link to a folder that it lies in"].append(start)
            continue
        for folder, folders, files in os.walk(root / start, onerror=unreadable):
            here = os.path.relpath(folder, root).replace(os.sep, "/")
            if (real := os.path.realpath(folder)) in seen:
                excluded["link to a folder that is read already"].append(here)
                folders.clear()
                continue
            seen.add(real)
            prefix = "" if here == "." else here + "/"
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            todo += [prefix + name for name in sorted(links)]
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
            yield from (prefix + name for name in sorted(files))


def files_of_cells(
    names: Iterable[str],
    listing: Listing,
    wanted: tuple[int, ...] = (),
    default: int | None = None,
    folders_too: bool = False,
) -> list[tuple[str, ...]]:
    """The files of each cell, one per channel that is read; masks and other files are counted in the listing.

    wanted: the channels to read; none: the one that the files themselves call brightfield, or else `default`.
    folders_too: whether a folder may name a channel (`Ch1`), too.
    Raises ConfigError where a wanted channel is not there, or nothing says which of several to read.
    """
    cells: dict[tuple, dict] = defaultdict(dict)
    for name in sorted(names):
        folders, file, ending = parts_of(name)
        if ending not in ENDINGS or file.startswith("."):
            listing.others[ending or "no ending"] += 1
            continue
        picture, channel = picture_of(file), channel_of(folders, file, folders_too)
        if picture.mask:
            listing.masks += 1
            continue
        if channel is not None:
            listing.channels[channel] += 1
        place = tuple(one for one in folders if not (folders_too and _CHANNEL.fullmatch(one)))
        slots, slot = cells[place, picture.cell], "brightfield" if picture.brightfield else channel
        if slot in slots:
            listing.excluded[AGAIN].append(name)
        else:
            slots[slot] = name
    listing.read = _channels(cells, listing, wanted, default)
    found = [_one_cell(slots, listing, bool(wanted)) for slots in cells.values()]
    return [files for files in found if files]


def _one_cell(slots: dict, listing: Listing, named: bool) -> tuple[str, ...]:
    """The files that are read of one cell, by what they are of; none where a channel is missing."""
    unread = {slot: name for slot, name in slots.items() if slot in ("brightfield", None)}
    if len(listing.read) > 1:
        files = tuple(slots[channel] for channel in listing.read if channel in slots)
        if len(files) < len(listing.read):
            listing.excluded["not every channel is there"].append(next(iter(slots.values())))
            return ()
    else:
        order = [*([] if named else ["brightfield"]), *listing.read, None]
        files = tuple(slots[slot] for slot in order if slot in slots)[:1]
    if again := [name for name in unread.values() if files and name not in files]:
        listing.excluded[AGAIN] += again
    return files


def _channels(cells: dict, listing: Listing, wanted: tuple[int, ...], default: int | None) -> tuple[int, ...]:
    have = sorted(listing.channels)
    if wanted:
        if missing := [channel for channel in wanted if channel not in have]:
            known = ", ".join(f"Ch{channel}" for channel in have) or "none"
            raise ConfigError(f"No file in {shown(listing.root)} is of Ch{missing[0]}; there are: {known}.")
        return wanted
    if default is None and (len(have) < 2 or all("brightfield" in slots for slots in cells.values())):
        return tuple(have[:1])
    marked = {
        channel
        for slots in list(cells.values())[:_ASKED]
        for channel in have
        if len(have) > 1 and channel in slots and _NAMES.search(description_of(listing.root / slots[channel])[:100_000])
    }
    if len(marked) == 1:
        listing.marked = True
        return tuple(marked)
    if default is None:
        raise ConfigError(
            f"The files in {shown(listing.root)} are of several channels "
            f"({', '.join(f'Ch{channel}: {listing.channels[channel]:,}' for channel in have)}), and none is marked as "
            f"brightfield: channel={have[0]} reads the first, channel=[{have[0]},{have[1]}] two together."
        )
    return (default,)


def channel_of(folders: tuple[str, ...], file: str, folders_too: bool = True) -> int | None:
    """Number of the channel that the file's name, or else a folder, names."""
    numbers = [int(found[1]) for folder in folders if folders_too and (found := _CHANNEL.fullmatch(folder))]
    named = picture_of(file).channel
    return named if named is not None else next(reversed(numbers), None)


def parts_of(name: str) -> tuple[tuple[str, ...], str, str]:
    """(folders, file name, its ending in small letters)."""
    *folders, file = name.split("/")
    return tuple(folders), file, os.path.splitext(file)[1].lower()


def description_of(path: Path) -> str:
    """What a TIFF says of itself; nothing where it is damaged or none."""
    if path.suffix.lower() not in (".tif", ".tiff"):
        return ""
    import tifffile  # only where a TIFF is asked
    try:
        with quiet(tifffile), tifffile.TiffFile(path) as file:
            return file.pages.first.description or ""
    except Exception:  # damaged files raise anything
        return ""


@contextmanager
def quiet(tifffile) -> Iterator[None]:
    """Keep tifffile from logging every oddity of a damaged file."""
    tifffile.logger().disabled = True
    try:
        yield
    finally:
        tifffile.logger().disabled = False
