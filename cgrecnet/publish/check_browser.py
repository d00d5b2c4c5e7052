"""Open pages in Chromium without a network: failed requests, errors, equations, access, widths, letters, dark mode.

What hinders people who hear a page, or use no mouse, is axe-core's verdict (it lies in `axe`) and a way through the
page by keyboard.
"""

import asyncio
import os
import re
import shutil
from pathlib import Path
from typing import Any

from cgrecnet.cores import cores
from cgrecnet.publish.check_static import Fault

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-gpu",
    "--no-first-run",
    "--disable-component-update",
]
PHONE = {"width": 390, "height": 844}
SECONDS = 120  # for one page to load, on a slow machine that does much else
LEAST_PX = 9  # the smallest text that is legible on a phone
#: The smallest text in a figure, see cgrecnet/figures/style.py: the book draws none below these points.
POINTS, DPI = 8, 120
LEAST_SCALE = LEAST_PX / (POINTS / 72 * DPI)
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
_OUTSIDE = re.compile(r"^(?!file:|data:|blob:|about:)")


def browser() -> str | None:
    """The Chromium named by CGRECNET_CHROMIUM or found on PATH, or None."""
    named = os.environ.get("CGRECNET_CHROMIUM")
    names = BROWSERS if named is None else (named,)
    return next((found for name in names if (found := shutil.which(name))), None)


def strict() -> bool:
    """Whether CGRECNET_STRICT asks for all checks: those of access take longer than the others together."""
    return bool(os.environ.get("CGRECNET_STRICT"))


def faults(html: Path, names: list[str], executable: str) -> list[Fault]:
    """Open the pages `names` (relative to `html`) and return what is wrong with them.

    Where `strict`, axe-core looks at them, and the keyboard goes through what can be operated.
    """
    return sorted(asyncio.run(_all(html, names, executable)), key=lambda fault: fault.page)


async def _all(html: Path, names: list[str], executable: str) -> list[Fault]:
    from playwright.async_api import async_playwright

    found: list[Fault] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
        queue = iter(names)

        async def worker() -> None:
            for name in queue:
                texts = await _one(browser, (html / name).resolve().as_uri())
                found.extend(Fault(name, text) for text in texts)

        await asyncio.gather(*(worker() for _ in range(min(len(names), cores() + 1))))
        await browser.close()
    return found


async def _one(browser: Any, address: str) -> list[str]:
    """The faults of one page."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    found: list[str] = []
    try:
        await context.route(_OUTSIDE, lambda route: route.abort())
        page = await context.new_page()
        listen(page, found)
        await page.goto(address, wait_until="load")
        await page.add_script_tag(path=CHECKS)
        found += await page.evaluate("checks.equations()")
        if strict():
            found += await heard(page) + await by_keyboard(page)
        found += await page.evaluate("checks.columns()")
        found += await page.evaluate("checks.dark()")
        await page.set_viewport_size(PHONE)
        found += await page.evaluate("checks.width()")
        found += await page.evaluate("least => checks.smallText(least)", [LEAST_PX, LEAST_SCALE])
    except Exception as error:  # playwright's time-outs and crashes
        found.append(f"the browser could not show it: {str(error).splitlines()[0][:200]}")
    finally:
        await context.close()
    return list(dict.fromkeys(found))


def listen(page: Any, found: list[str]) -> None:
    """Add to `found` what fails on a page while it is open."""

    def note_console(message: Any) -> None:
        # A failed request is reported by itself, with its address.
        if message.type == "error" and "Failed to load resource" not in message.text:
            found.append(f"error on the console: {message.text[:200]}")

    page.set_default_timeout(SECONDS * 1000)
    page.on("requestfailed", lambda request: found.append(f"a request failed: {request.url[:200]}"))
    page.on("pageerror", lambda error: found.append(f"a script failed: {str(error).splitlines()[0][:200]}"))
    page.on("console", note_console)


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
