"""Do the addresses that the sources name still answer? Asked once each, over the network, for the weekly look."""

import re
from concurrent.futures import ThreadPoolExecutor

import requests

from cgrecnet.publish.layout import Layout

_ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}\\]+")
#: Answers of publishers to programs: the page is there, and asks for a browser.
_THERE = {401, 403, 405, 406, 418, 429}
_SECONDS = 30


def named_in(layout: Layout) -> dict[str, list[str]]:
    """Address -> the files that name it, of chapters, README, references and claims."""
    sources = [chapter.source for chapter in layout.chapters]
    sources += [layout.root / name for name in ("README.md", "CONTRIBUTING.md", "references.bib")]
    found: dict[str, list[str]] = {}
    for path in sources:
        text = path.read_text("utf8")
        addresses = [a.rstrip(".,;:") for a in _ADDRESS.findall(text)]
        if path.suffix == ".bib":
            addresses += [f"https://doi.org/{doi}" for doi in re.findall(r"doi\s*=\s*[{\"]([^}\"]+)", text)]
        for address in addresses:
            if not re.match(r"https?://(127\.0\.0\.1|localhost|example\.|HOST)", address):
                found.setdefault(address, []).append(path.relative_to(layout.root).as_posix())
    return found


def dead_links(layout: Layout, ask=requests.get) -> list[str]:
    """A line for each address that does not answer, or says that there is nothing."""
    named = named_in(layout)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda address: _fault(address, ask), named))
    return [
        f"{address}: {fault} (in {', '.join(dict.fromkeys(places))})"
        for (address, places), fault in zip(named.items(), answers, strict=True)
        if fault
    ]


def _fault(address: str, ask) -> str:
    try:
        answer = ask(address, timeout=_SECONDS, stream=True, headers={"User-Agent": "cgrecnet-links"})
    except requests.RequestException as error:
        return type(error).__name__
    return "" if answer.ok or answer.status_code in _THERE else f"status {answer.status_code}"
