"""The whole book as one PDF: each page opened from the disk, looked at, printed by Chromium; with an outline."""

import asyncio
import io
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from pypdf.generic import IndirectObject

from cgrecnet.errors import RunError
from cgrecnet.publish.check_browser import CHECKS, FLAGS, listen

_FOOT = (
    '<div style="font-size: 8px; width: 100%; text-align: center"><span class="title"></span> '
    '· <span class="pageNumber"></span></div>'
)
_PAPER = {"format": "A4", "scale": 0.8, "print_background": True, "outline": True, "tagged": True,
          "display_header_footer": True, "header_template": "<span></span>",
          "margin": {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}}  # fmt: skip
#: A4 between these margins, in pixels of the page at this scale.
_WIDTH = round((210 - 2 * 16) / 25.4 * 96 / 0.8)


def print_book(site: Path, parts: dict[str, str | None], title: str, executable: str, say=print) -> bytes:
    """The pages of the folder `site`, in this order, as one PDF with an outline: parts, pages and their sections.

    parts: page -> caption of its part, None for a page before the first one. Raises RunError where something would be
    cut at the right, and where a page needs what the folder does not hold.
    """
    writer = PdfWriter()
    entries: dict[str | None, IndirectObject | None] = {None: None}
    for name, headings, content in asyncio.run(_print_all(site, list(parts), executable, say)):
        reader = PdfReader(io.BytesIO(content))
        first, part = len(writer.pages), parts[name]
        writer.append(reader, import_outline=False)
        if part not in entries:
            entries[part] = writer.add_outline_item(title=part, page_number=first, is_open=False)
        heading = (reader.metadata.title or name).split(" — ")[0]
        page = writer.add_outline_item(title=heading, page_number=first, parent=entries[part], is_open=False)
        for section, on in _sections(reader, headings):
            writer.add_outline_item(title=section, page_number=first + on, parent=page)
    writer.add_metadata({"/Title": title})
    writer.compress_identical_objects()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _sections(reader: PdfReader, headings: list[str]) -> list[tuple[str, int]]:
    """The headings of one printed page that its own outline lists, each with the number of its sheet.

    Chromium's outline loses spaces and says some headings twice: it is asked for their places alone.
    """
    listed = [(_letters(item.title), reader.get_destination_page_number(item)) for item in _flat(reader.outline)]
    found = []
    for heading in headings:
        at = next((k for k, (title, _) in enumerate(listed) if _letters(heading) in title), None)
        if at is not None:
            found.append((heading, listed[at][1] or 0))
            listed = listed[at + 1 :]
    return found


def _letters(heading: str) -> str:
    return "".join(heading.split())


def _flat(outline: list) -> list:
    return [one for item in outline for one in (_flat(item) if isinstance(item, list) else [item])]


async def _print_all(site: Path, names: list[str], executable: str, say) -> list[tuple[str, list[str], bytes]]:
    from playwright.async_api import async_playwright

    printed = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = await browser.new_page(color_scheme="light", viewport={"width": _WIDTH, "height": 1200})
        faults: list[str] = []
        inside = site.resolve().as_uri() + "/"
        page.on("request", lambda request: _note_outside(request.url, inside, faults))
        listen(page, faults)
        for number, name in enumerate(names, 1):
            await page.goto((site / name).resolve().as_uri(), wait_until="load")
            await page.add_script_tag(path=CHECKS)
            faults += await page.evaluate("checks.ready()") + await page.evaluate("checks.equations()")
            if faults:
                raise RunError(f"{name}: opened from the disk, {faults[0]}.")
            await page.emulate_media(media="print")
            if cut := await page.evaluate("checks.cut()"):
                raise RunError(
                    f"{name}: {cut[0]} is wider than the paper: let it wrap, or make it smaller, "
                    "under @media print in book/_static/book.css."
                )
            headings = await page.evaluate("checks.headings()")
            printed.append((name, headings, await page.pdf(footer_template=_FOOT, **_PAPER)))
            say(f"  [{number}/{len(names)}] {name}")
        await browser.close()
    return printed


def _note_outside(address: str, inside: str, faults: list[str]) -> None:
    if not address.startswith((inside, "data:", "blob:", "about:")):
        faults.append(f"it asks for {address[:200]}, which lies elsewhere")
