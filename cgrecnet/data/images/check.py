"""The report on a listing of image files whose images were all read once (`cgrecnet data check zhu` and `folder`)."""

from collections.abc import Iterable, Iterator

from cgrecnet.data.images.findings import SHOWN, Findings
from cgrecnet.data.images.listing import Listing
from cgrecnet.data.levels import range_lines
from cgrecnet.files import shown

#: Folders that are shown.
FOLDERS = 40


def report_of(
    listing: Listing,
    found: Findings,
    window: tuple[float, float] | None,
    every: bool,
    title: str,
    told: Iterable[Iterable[str]],
    problems: dict[str, object],
    remarks: Iterable[str] = (),
) -> tuple[str, bool]:
    """The report, and whether nothing is amiss.

    window: to compare the levels with; told, remarks: paragraphs of lines before folders and levels, and the last one;
    problems: of the data set's own, clause -> whether it holds.
    """
    window, levels = found.window(window), found.levels.range()
    held = problems | _problems(listing, found) | {
        "grey levels that fill too little of the window": levels and levels.narrow(window),
        f"{listing.set_aside:,} set aside": listing.set_aside,
    }  # fmt: skip
    amiss = [words for words, holds in held.items() if holds] + found.amiss()
    parts = [
        [f"{title} in {shown(listing.root)}"],
        *told,
        _folders(listing, found, every),
        range_lines(levels, window) if levels else [],
        _aside(listing, every),
        remarks,
        [f"Amiss: {'; '.join(amiss)}." if amiss else "Nothing amiss."],
    ]
    texts = ("\n".join(part) for part in parts)
    return "\n\n".join(text for text in texts if text), not amiss


def _problems(listing: Listing, found: Findings) -> dict[str, object]:
    """What may be amiss with any images: clause -> whether it is."""
    depths, channels = ({kind[i] for kind in found.kinds} for i in (0, 1))
    return {
        "8 and 16 bit are mixed, so it cannot be opened (scale=depth reads each over its whole range)": len(depths) > 1,
        "images of different channels, so it cannot be opened (colour=true keeps colour of each)": len(channels) > 1,
        f"the folders {' and '.join(sorted(map(shown, listing.parts)))}: a run puts their cells together and draws a "
        "split of its own, so that what was kept for a test is trained on": listing.parts,
        f"{len(found.odd):,} picture(s) of a single pixel, or of 0 and one other level as a mask has them "
        f"({', '.join(map(shown, found.odd[:SHOWN]))})": found.odd,
    }


def _folders(listing: Listing, found: Findings, every: bool) -> Iterator[str]:
    """Which folder made which class and group."""
    if not listing.grouped and not any(folder for folder, _, _ in found.cells):
        return
    yield f"  {'folder':<50} {'class':<20} {'group':<18} {'cells':>9}"
    rows = sorted(found.cells.items())
    for (folder, kind, group), cells in rows if every else rows[:FOLDERS]:
        yield f"  {shown(folder) or '.':<50} {shown(kind):<20} {shown(group) or '-':<18} {cells:>9,}"
    if not every and len(rows) > FOLDERS:
        yield f"  ... and {len(rows) - FOLDERS:,} more (`--all` names every one)"


def _aside(listing: Listing, every: bool) -> Iterator[str]:
    if listing.masks:
        yield f"Masks, not read: {listing.masks:,}"
    if listing.aside:
        yield "Set aside"
    for reason, names in sorted(listing.aside.items()):
        more = "" if every or len(names) <= SHOWN else ", ..."
        yield f"  {reason}: {len(names):,} ({', '.join(map(shown, names if every else names[:SHOWN]))}{more})"
    if not every and any(len(names) > SHOWN for names in listing.aside.values()):
        yield "  `--all` names every one"
    if listing.others:
        others = ", ".join(f"{kind} {count:,}" for kind, count in sorted(listing.others.items()))
        yield f"Other files, not read: {others}"
