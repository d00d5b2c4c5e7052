"""What names of files and folders say in words: of which cell a picture is, of which channel, of which acquisition."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cgrecnet.files import shown

_CHANNEL = re.compile(r"ch0*(\d+)", re.I)
_BRIGHTFIELD = re.compile(r"bf|bright-?field", re.I)
_MASK = re.compile(r"masks?", re.I)
_IDEAS_MASK = re.compile(r"m\d\d", re.I)  # IDEAS: 0_Ch1.M01.tif
_BETWEEN = re.compile(r"([_.\s-]+)")
#: Names of folders that hold parts of a split, not classes.
PARTS = {"train", "training", "test", "testing", "val", "valid", "validation"}


class Unusable(Exception):
    """A file that is set aside; the message is the reason, worded so that equal reasons can be counted."""


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
    found = found or {kind for key, kind in classes.items() if _within(words(key), own)}
    if len(found) > 1:
        raise Unusable(f"{shown(name)!r} matches two classes ({' and '.join(sorted(found))}); classes= says which")
    return next(iter(found), None)


def _within(key: Sequence[str], name: Sequence[str]) -> bool:
    return bool(key) and any(tuple(name[i : i + len(key)]) == tuple(key) for i in range(len(name)))


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


def check_group(rule: int | str | None) -> int | str | None:
    """`rule`, if it is a folder level or a regular expression; raises ValueError with the reason."""
    if isinstance(rule, bool) or (isinstance(rule, int) and rule < 1):
        raise ValueError("a folder level is a whole number, 1 (below the root) or more")
    if isinstance(rule, str):
        try:
            re.compile(rule)
        except re.error as error:
            raise ValueError(f"it is no regular expression ({error})") from None
    return rule
