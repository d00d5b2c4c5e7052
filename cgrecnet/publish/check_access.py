"""What hinders people who hear an open page, or use no mouse: axe-core's verdict, and a way through it by keyboard.

axe-core lies in `cgrecnet/publish/axe`.
"""

from pathlib import Path
from typing import Any

AXE = Path(__file__).with_name("axe") / "axe.min.js"
CHECKS = Path(__file__).with_name("checks.js")
#: What theme and MathJax do and we cannot mend without their templates: rule -> parts of a page, and why it is let be.
THEME = {
    "region": {".sidebar-primary-item": "the book's name above the sidebar stands outside the sidebar's landmark"},
    "summary-name": {".bd-sidebar-primary summary": "arrows of the sidebar have no text; the part's name is beside it"},
    "empty-table-header": {"th:has(.math)": "a formula, whose words MathJax gives to screen readers alone"},
    "label-content-name-mismatch": {
        ".search-button-field": "the search button is called Search, its text adds the keys",
        ".theme-switch-button": "the switch of colours is called Color mode, its text is that of a hidden picture",
    },
}


async def heard(page: Any) -> list[str]:
    """What axe-core finds on a page of playwright that is loaded, but for what is the theme's own."""
    await page.add_script_tag(path=AXE)
    await page.add_script_tag(path=CHECKS)
    return await page.evaluate("theme => checks.access(theme)", THEME)


async def by_keyboard(page: Any) -> list[str]:
    """What a loaded page withholds from those who use keys, and what moves although a system asks for calm."""
    await page.add_script_tag(path=CHECKS)
    await page.emulate_media(reduced_motion="reduce")
    found = await page.evaluate("checks.moving()")
    for number, count in enumerate(await page.evaluate("checks.pieces()")):
        found += await _through(page, number, count)
    await page.emulate_media(reduced_motion="no-preference")
    return found


async def _through(page: Any, number: int, count: int) -> list[str]:
    """Press Tab from a piece's beginning: each control in turn, with the focus to be seen, and then out of it."""

    async def control(place: int) -> str:
        return await page.evaluate("at => checks.control(at)", [number, place])

    await page.evaluate("piece => checks.begin(piece)", number)
    for place in range(count):
        await page.keyboard.press("Tab")
        here = await page.evaluate("piece => checks.here(piece)", number)
        if here["place"] != place:
            return [f"the Tab key does not reach {await control(place)}"]
        if not here["seen"]:
            return [f"the focus cannot be seen on {await control(place)}"]
    await page.keyboard.press("Tab")
    if (await page.evaluate("piece => checks.here(piece)", number))["inside"]:
        return [f"the Tab key does not leave {await control(count - 1)}"]
    return []
