"""Settings of the data set `folder`."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from cgrecnet.data.images.naming import check_group
from cgrecnet.data.images.reading import ReadingOptions

Channel = Annotated[int, Field(ge=1, strict=True)]


class FolderOptions(ReadingOptions):
    """Settings of the data set.

    class_level: which folder names the class; 1: the one directly below the root.
    classes: words of such a folder's name -> class; what has none of them takes no part. None: each folder is a class.
    group: what names the acquisition (donor, day, run): a folder level, or a regular expression on the file's name
        below the root. A table of files (`file,class,group` in a CSV) has a column of its own for it.
    channel: where the names of the files have channels (`_Ch4`): the number of the one to read, or a list of several.
    colour: True keeps red, green and blue, False refuses real colour; None: as the first files are.
    hash: `content` reads and checks every image once on opening, leaves out the bad ones, and gives a fingerprint over
        all pixels; `names` opens at once, but its fingerprint covers only names, sizes in bytes and labels.
    window: levels (black, white) that map to 0 and 1; None: the whole range of 8 or 16 bit.
    """

    class_level: Annotated[int, Field(ge=1, strict=True)] = 1
    classes: dict[str, str] | None = None
    group: int | str | None = None
    channel: Channel | tuple[Channel, ...] | None = None
    colour: bool | None = None
    hash: Literal["content", "names"] = "content"
    window: tuple[float, float] | None = None

    _group = field_validator("group")(check_group)

    @field_validator("window")
    @classmethod
    def _white_above_black(cls, window: tuple[float, float] | None) -> tuple[float, float] | None:
        if window is not None and not window[1] > window[0]:
            raise ValueError("the second number (white) must lie above the first (black)")
        return window

    @field_validator("classes")
    @classmethod
    def _some_classes(cls, classes: dict[str, str] | None) -> dict[str, str] | None:
        if classes is not None and not all([classes, *classes, *classes.values()]):
            raise ValueError("it needs one word or more, each with the name of a class")
        return classes
