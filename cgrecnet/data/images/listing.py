"""What names say of a folder tree of image files, or of a table of them: which files are cells (`zhu` and `folder`)."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from cgrecnet.data.images.tree import ENDINGS
from cgrecnet.errors import DataError
from cgrecnet.files import shown

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

    cells: sorted by name; aside: reason -> files or folders that cannot be used; channels: files of each channel, or
    of those that are not read (`zhu`); read: the channels that are read, in order, empty where names have none;
    masks, others: files that are no pictures of cells; parts: folders such as `train`; grouped: whether an option or a
    table names the acquisition; marked: whether the files themselves name the channel.
    """

    root: Path
    cells: list[Cell] = field(default_factory=list)
    aside: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    channels: Counter = field(default_factory=Counter)
    read: tuple[int, ...] = ()
    masks: int = 0
    others: Counter = field(default_factory=Counter)
    parts: set[str] = field(default_factory=set)
    grouped: bool = False
    marked: bool = False
    simulated: bool = False

    @property
    def set_aside(self) -> int:
        """How many files cannot be used."""
        return sum(map(len, self.aside.values()))

    def aside_by_name(self) -> dict[str, str]:
        """File -> reason of what cannot be used."""
        return {shown(name): reason for reason, names in self.aside.items() for name in names}

    def refuse_empty(self, remedy: str) -> None:
        """Raise DataError for a tree without an image, saying what it holds in place of them."""
        others = ", ".join(f"{count:,} {ending}" for ending, count in self.others.most_common(3))
        holds = f"holds other files ({others})" if others else "is empty"
        raise DataError(f"No image ({' '.join(ENDINGS)}) in {shown(self.root)}, which {holds}: {remedy}.")
