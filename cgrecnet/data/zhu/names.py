"""What the folders and the file name say of one image of the paper's data (data set `zhu`).

The class comes from the words in the folders, or else from the file name, as the images were exported:
`<a|o|n|nt3|nt4|ngf|cntf|mt|ln>_<day>d<replicate>_<object>_Ch1.ome.bmp`.
"""

import re
from functools import lru_cache

from cgrecnet.data.base import Unusable
from cgrecnet.data.images.listing import class_in, plain
from cgrecnet.files import shown

#: The paper's classes in the order of its Table 1, and their letter in file names.
CLASSES = {"astrocyte": "a", "oligodendrocyte": "o", "neuron": "n"}
#: Sets of other inducers in file names: never trained on, a separate test set.
INDUCERS = ("nt3", "nt4", "ngf", "cntf", "mt", "ln")

_KIND_OF = {letter: name for name, letter in CLASSES.items()} | {name: name for name in INDUCERS}
_CODE = re.compile(rf"({'|'.join(sorted(_KIND_OF, key=len, reverse=True))})_(\d+)d(\d*)(?=[_.]|$)", re.I)
#: Words for the classes, without accents: the paper's, those of its figures, and Portuguese (its Table 1 heads that
#: column "Original folder name (Portuguese)"); a plural `s` may follow.
_WORDS = {
    **dict.fromkeys(("astrocyte", "astro", "astrocito"), "astrocyte"),
    **dict.fromkeys(("oligodendrocyte", "oligo", "oligodendrocito"), "oligodendrocyte"),
    **dict.fromkeys(("neuron", "neuronio"), "neuron"),
}
#: Names of folders that are the paper's ids of its classes; looked at where no word names one.
_IDS = {str(number): name for number, name in enumerate(CLASSES)}
#: Words beside a class that may mean its opposite, or something else.
_DOUBTFUL = set(
    "not non no without except excl exclude excluded excluding progenitor progenitors precursor precursors immature "
    "undifferentiated like out focus blurred blurry bad reject rejected discard discarded removed failed dead dying "
    "debris doublet doublets clump clumps artefact artefacts artifact artifacts trash junk unknown unsure maybe "
    "mixed mix mixture negative neg control other others rest vs or nao sem exceto excluidos progenitores fora foco "
    "mortos controle outros".split()
)
#: A folder of this name holds nothing that is to be used, whatever the folders below it are called.
_EXCLUDED = {"excluded", "exclude", "rejected", "discarded", "trash", "junk", "excluidos"}
_DIMENSION = re.compile(r"(?<![A-Za-z0-9])[23]D(?![A-Za-z0-9])")  # a 3D culture is no day 3
_DAY = re.compile(r"(?<![a-z0-9])(?:(\d+)d(\d*)|d(?:ay)?[ _-]?(\d+))(?![a-z0-9])", re.I)
_REPLICATE = re.compile(r"(?<![a-z])rep(?:licate)?[ _-]?(\d+)(?![a-z0-9])", re.I)


def describe(folders: tuple[str, ...], file: str, classes: tuple[tuple[str, str], ...] = ()) -> tuple[str, str, str]:
    """(class or inducer, day, replicate) of a file by its folders and its name; day and replicate may be "".

    classes: pairs of words of a folder's name and its class, which come before the built-in words.
    Raises Unusable where no class is named, or two, or one beside a word that may mean another.
    """
    kinds, titles, day, replicate = _folder_says(folders, classes)
    if len(kinds) > 1:
        raise Unusable(f"folders name different classes ({' and '.join(sorted(kinds))})")
    kind = next(iter(kinds), None)
    if code := _CODE.match(file):
        named = _KIND_OF[code[1].lower()]
        if kind not in (None, named):
            raise Unusable(f"folder says {kind}, file name says {named}")
        return named, code[2], code[3]
    if kind is None:
        kinds = _classes_among(file.rpartition(".")[0], "file")
        ids = [_IDS[folder] for folder in folders if folder in _IDS]
        kind = kinds.pop() if len(kinds) == 1 else ids[-1] if ids else None
    if kind is None and titles:
        raise Unusable(f"folder {titles[-1]} names two classes or more (classes= says which it is)")
    if kind is None:
        raise Unusable("no class in folder or file name")
    return kind, day, replicate


@lru_cache(maxsize=1024)
def _folder_says(
    folders: tuple[str, ...], classes: tuple[tuple[str, str], ...] = ()
) -> tuple[frozenset[str], tuple[str, ...], str, str]:
    """(kinds, folders of several kinds, day, replicate); the last two as the folders name them.

    A folder that names several classes is only a title where another one names the class.
    """
    kinds, titles, day, replicate = set(), [], "", ""
    for folder in folders:
        mapped = class_in(folder, dict(classes))
        words = {mapped} if mapped else _classes_among(folder, "folder")
        if len(words) == 1:
            kinds |= words
        elif words:
            titles.append(shown(folder))
        if folder.lower() in INDUCERS:
            kinds.add(folder.lower())
        if code := _CODE.fullmatch(folder):
            kinds.add(_KIND_OF[code[1].lower()])
            day, replicate = code[2], code[3]
        elif found := _DAY.search(_DIMENSION.sub("", folder)):
            day, replicate = found[1] or found[3], found[2] or replicate
        if found := _REPLICATE.search(folder):
            replicate = found[1]
    return frozenset(kinds), tuple(titles), day, replicate


def _classes_among(name: str, what: str) -> set[str]:
    """The classes that a folder or file names; raises Unusable where a doubtful word stands beside one."""
    words = re.findall("[a-z]+", plain(name))
    kinds = {kind for word in words if (kind := _WORDS.get(word) or _WORDS.get(word.removesuffix("s")))}
    doubtful = [word for word in words if word in _DOUBTFUL]
    excluded = what == "folder" and " ".join(words) in _EXCLUDED
    if excluded or (len(kinds) == 1 and doubtful):
        named = f"folder {shown(name)!r}" if what == "folder" else "file name"
        beside = f": {doubtful[0]!r} beside {next(iter(kinds))!r}" if kinds else ""
        raise Unusable(f"{named} may mean something else{beside} (classes= says what a folder is)")
    return kinds
