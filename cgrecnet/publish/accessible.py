"""What a page says to those who hear it, where the tools that write its HTML leave gaps."""

import re
from collections import Counter
from itertools import count

_ASIDE = re.compile(
    r'<aside class="provenance" aria-label="[^"]*"(?P<rest>[^>]*><details><summary>)(?P<line>.*?)</summary>', re.DOTALL
)
_REGION = re.compile(r'role="region" aria-label="([^"]*)"')
_BLANK_HEADER = re.compile(r"<th\b([^>]*)>(?:\s|&nbsp;)*(?:<p>\s*</p>)?\s*</th>")


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
