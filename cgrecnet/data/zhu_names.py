"""What the folders and the file name say of one image of the paper's data (data set `zhu`).

The class comes from the words in the folders, or else from the file name, as the images were exported:
`<a|o|n|nt3|nt4|ngf|cntf|mt|ln>_<day>d<replicate>_<object>_Ch1.ome.bmp`.
"""

import os
import re
from functools import lru_cache

#: The paper's classes in the order of its Table 1, and their letter in file names.
CLASSES = {"astrocyte": "a", "oligodendrocyte": "o", "neuron": "n"}
#: Sets of other inducers in file names: never trained on, a separate test set.
INDUCERS = ("nt3", "nt4", "ngf", "cntf", "mt", "ln")
ENDINGS = (".bmp", ".tif", ".tiff", ".png")

_KIND_OF = {letter: name for name, letter in CLASSES.items()} | {name: name for name in INDUCERS}
_CODE = re.compile(rf"({'|'.join(sorted(_KIND_OF, key=len, reverse=True))})_(\d+)d(\d*)(?=[_.]|$)", re.I)
_WORD = re.compile(r"(?<![a-z])(astrocyte|oligodendrocyte|neuron)s?(?![a-z])", re.I)
_CHANNEL = re.compile(r"(?:^|[_.-])ch(\d+)(?=[_.-]|$)", re.I)
_DAY = re.compile(r"(?<![a-z0-9])(?:(\d+)d(\d*)|d(?:ay)?[ _-]?(\d+))(?![a-z0-9])", re.I)
_REPLICATE = re.compile(r"(?<![a-z])rep(?:licate)?[ _-]?(\d+)(?![a-z0-9])", re.I)


class Unusable(Exception):
    """A file that is set aside; the message is the reason, worded so that equal reasons can be counted."""


def class_of_name(name: str) -> str | None:
    """Class or inducer of a file by its name below the root alone; None for what is no cell."""
    folders, file, ending = parts_of(name)
    if not is_image(file, ending) or channel_of(folders, file) not in (None, 1):
        return None
    try:
        return describe(folders, file)[0]
    except Unusable:
        return None


def parts_of(name: str) -> tuple[tuple[str, ...], str, str]:
    """(folders, file name, its ending in small letters)."""
    *folders, file = name.split("/")
    return tuple(folders), file, os.path.splitext(file)[1].lower()


def is_image(file: str, ending: str) -> bool:
    return ending in ENDINGS and not file.startswith(".")


def describe(folders: tuple[str, ...], file: str) -> tuple[str, str, str]:
    """(class or inducer, day, replicate) of a file by its folders and its name; day and replicate may be "".

    Raises Unusable where no class is named, or two.
    """
    kinds, day, replicate = _folder_says(folders)
    if len(kinds) > 1:
        raise Unusable(f"folders name different classes ({' and '.join(sorted(kinds))})")
    kind = next(iter(kinds), None)
    if code := _CODE.match(file):
        named = _KIND_OF[code[1].lower()]
        if kind not in (None, named):
            raise Unusable(f"folder says {kind}, file name says {named}")
        return named, code[2], code[3]
    if kind is None:
        raise Unusable("no class in folder or file name")
    return kind, day, replicate


@lru_cache(maxsize=1024)
def _folder_says(folders: tuple[str, ...]) -> tuple[frozenset[str], str, str]:
    """(kinds, day, replicate) that the folders name; a folder that names several classes is only a title."""
    kinds, day, replicate = set(), "", ""
    for folder in folders:
        words = {word.lower() for word in _WORD.findall(folder)}
        if len(words) == 1:
            kinds |= words
        if folder.lower() in INDUCERS:
            kinds.add(folder.lower())
        if code := _CODE.fullmatch(folder):
            kinds.add(_KIND_OF[code[1].lower()])
            day, replicate = code[2], code[3]
        elif found := _DAY.search(folder):
            day, replicate = found[1] or found[3], found[2] or replicate
        if found := _REPLICATE.search(folder):
            replicate = found[1]
    return frozenset(kinds), day, replicate


def channel_of(folders: tuple[str, ...], file: str) -> int | None:
    """Number of the channel that the file's name, or else a folder, names."""
    if found := _CHANNEL.search(file):
        return int(found[1])
    numbers = [int(found[1]) for folder in folders if (found := _CHANNEL.fullmatch(folder))]
    return numbers[-1] if numbers else None
