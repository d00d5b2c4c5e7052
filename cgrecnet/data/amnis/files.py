"""Which files of a folder are ImageStream's, opened; and what has to be said about several of them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cgrecnet.data.amnis.codec import Damaged
from cgrecnet.data.amnis.objects import Objects, read_objects
from cgrecnet.data.cache import own_files
from cgrecnet.errors import DataError
from cgrecnet.files import shown

ENDINGS = (".cif", ".rif")


@dataclass(frozen=True)
class ImageFile:
    """A file of cells: its path, and its name below the root that was asked for, with /, fit to be printed."""

    path: Path
    name: str

    @property
    def group(self) -> str:
        """The acquisition: every file is one run of the instrument, or a part of one."""
        return self.name.rpartition(".")[0]

    def read(self) -> Objects:
        """Its directories. Raises DataError where it is not such a file or cannot be opened."""
        try:
            return read_objects(self.path)
        except Damaged as reason:
            raise DataError(f"The ImageStream file {shown(self.path)} cannot be read: {reason}.") from None
        except OSError as error:
            raise DataError(f"The ImageStream file {shown(self.path)} cannot be opened ({error.strerror}).") from None


def find_files(root: str | Path | None) -> list[ImageFile]:
    """The files at or below `root`, sorted by name; None stands for the folder `amnis` in $CGRECNET_DATA.

    A `.rif` beside the `.cif` that was made from it is left out: the same cells would be there twice.
    Raises DataError where there is none.
    """
    path = own_files(
        "amnis",
        root,
        "Data set 'amnis' is your own ImageStream files: name a .cif, or a folder of them, as root (or put them into "
        "the folder `amnis` below the one that CGRECNET_DATA names).",
        "an ImageStream file or a folder of them",
    )
    if path.is_file():
        if path.suffix.lower() not in ENDINGS:
            raise DataError(
                f"{shown(path)} does not end in .cif or .rif: name an ImageStream file or a folder of them."
            )
        return [ImageFile(path, shown(path.name))]
    found = []
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        compensated = {name[:-4].lower() for name in names if name.lower().endswith(".cif")}
        for name in sorted(names):
            stem, ending = name[:-4].lower(), name[-4:].lower()
            if name.startswith(".") or ending not in ENDINGS or (ending == ".rif" and stem in compensated):
                continue
            here = Path(folder, name)
            found.append(ImageFile(here, shown(here.relative_to(path).as_posix())))
    if not found:
        raise DataError(f"There is no ImageStream file (.cif, .rif) in {shown(path)}: name the folder that holds them.")
    return found


def same_cells(files: Sequence[ImageFile], opened: Sequence[Objects]) -> list[tuple[str, str]]:
    """Pairs (file, file that it was made from) of which both are among these: they may hold the same cells."""
    by_name = {file.path.name.lower(): file.name for file in files}
    sources = [by_name.get(objects.acquisition.source.lower()) for objects in opened]
    pairs = zip((file.name for file in files), sources, strict=True)
    return [(made, source) for made, source in pairs if source not in (None, made)]
