"""Settings of the data set `amnis`."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from cgrecnet.data.options import Options


class AmnisOptions(Options):
    """Settings of the data set.

    channel: a number as the instrument counts (Ch1 is 1), or `brightfield`: the one that the file itself marks.
    classes_from: what names a cell's class: its `file` (without ending), the `folder` of its file, or a `population`
        of the analysis (.daf) beside it that is a list. None: all cells are `unlabelled`, as for a prediction.
    classes: such a name -> class; what is not named takes no part. None: each name is a class of its own.
    masked: replace what lies outside the file's mask by the mean of the background.
    hash: `content` decodes every cell once on opening, leaves out the damaged ones, and gives a fingerprint over all
        pixels; `names` opens at once, but its fingerprint covers only names, sizes and labels, and a damaged cell is
        met when it is indexed.
    window: grey levels (black, white) that map to 0 and 1; None: the whole range of the camera.
    """

    channel: Annotated[int, Field(ge=1, le=12, strict=True)] | Literal["brightfield"] = "brightfield"
    classes_from: Literal["file", "folder", "population"] | None = None
    classes: dict[str, str] | None = None
    masked: bool = False
    hash: Literal["content", "names"] = "content"
    window: tuple[float, float] | None = None

    @field_validator("window")
    @classmethod
    def _white_above_black(cls, window: tuple[float, float] | None) -> tuple[float, float] | None:
        if window is not None and not window[1] > window[0]:
            raise ValueError("the second number (white) must lie above the first (black)")
        return window

    @model_validator(mode="after")
    def _classes_of_something(self) -> "AmnisOptions":
        if self.classes is not None and (self.classes_from is None or not self.classes):
            raise ValueError("classes needs at least one name, and classes_from (file, folder or population)")
        return self
