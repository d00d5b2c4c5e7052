"""What a page tells those who hear it, and a phone, where the tools that write its HTML leave gaps.

On a phone, text in a figure must not shrink with the screen: the style is told how wide each picture is by itself, and
a wide figure keeps the size at which its text can be read, and scrolls inside its own box (book.css).
"""

import re
from collections import Counter
from collections.abc import Callable
from itertools import count

_ASIDE = re.compile(
    r'<aside class="provenance" aria-label="[^"]*"(?P<rest>[^>]*><details><summary>)(?P<line>.*?)</summary>', re.DOTALL
)
_REGION = re.compile(r'role="region" aria-label="([^"]*)"')
_BLANK_HEADER = re.compile(r"<th\b([^>]*)>(?:\s|&nbsp;)*(?:<p>\s*</p>)?\s*</th>")
_PICTURE = re.compile(r"<img\b[^>]*>")
_SOURCE = re.compile(r'\bsrc="[^"]*?_images/([^"/]+)"')
_WIDTH = re.compile(r'\bwidth="(\d+)"')


def mended(body: str) -> str:
    """A page's HTML with names for what has none of its own.

    Provenance blocks are counted and named by their line, and tables that bear the name of an earlier one are counted;
    a header cell without text becomes a plain cell; the switch of a folded cell is called by the words that it shows;
    entries of the references are items of their list.
    """
    body = _BLANK_HEADER.sub(r"<td\1></td>", body)
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    body = body.replace('role="doc-biblioentry"', 'role="listitem"')  # a role that ARIA has given up
    number = count(1)

    def named(found: re.Match) -> str:
        label = f"Where this comes from ({next(number)}): {found['line']}".replace('"', "&quot;")
        return f'<aside class="provenance" aria-label="{label}"{found["rest"]}{found["line"]}</summary>'

    regions: Counter[str] = Counter()

    def told_apart(found: re.Match) -> str:
        regions[found[1]] += 1
        more = f" ({regions[found[1]]})" if regions[found[1]] > 1 else ""
        return f'role="region" aria-label="{found[1]}{more}"'

    return _REGION.sub(told_apart, _ASIDE.sub(named, body))


def with_own_widths(body: str, width_of: Callable[[str], int | None]) -> str:
    """The HTML with each picture's own width in pixels as the variable `--own-width` of its style.

    width_of: gives the width of a file in `_images`, None for one without pixels. A picture that says its width, as
    those of sliders do, is taken by its word; one that has a style is left as it is.
    """

    def sized(found: re.Match) -> str:
        tag = found[0]
        said, source = _WIDTH.search(tag), _SOURCE.search(tag)
        width = int(said[1]) if said else width_of(source[1]) if source else None
        if width is None or "style=" in tag:
            return tag
        return f'<img style="--own-width: {width}px"{tag.removeprefix("<img")}'

    return _PICTURE.sub(sized, body)
