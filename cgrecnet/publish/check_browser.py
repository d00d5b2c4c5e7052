"""Open pages in Chromium without a network: failed requests, errors, equations, access, widths, letters, dark mode."""

import asyncio
import os
import re
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from cgrecnet.cores import cores
from cgrecnet.publish import check_access
from cgrecnet.publish.check_static import Fault

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-gpu",
    "--no-first-run",
    "--disable-component-update",
]
PHONE = {"width": 390, "height": 844}
_OUTSIDE = re.compile(r"^(?!file:|data:|blob:|about:)")
SECONDS = 120  # for one page to load, on a slow machine that does much else
LEAST_PX = 9  # the smallest text that is legible on a phone
#: The smallest text in a figure, see cgrecnet/figures/style.py: the book draws none below these points.
POINTS, DPI = 8, 120
LEAST_SCALE = LEAST_PX / (POINTS / 72 * DPI)


def strict() -> bool:
    """Whether CGRECNET_STRICT asks for all checks: those of access take longer than the others together."""
    return bool(os.environ.get("CGRECNET_STRICT"))


def faults(html: Path, names: list[str], executable: str, ahead: "Browser | None" = None) -> list[Fault]:
    """Open the pages `names` (relative to `html`) and return what is wrong with them.

    Where `strict`, axe-core looks at them, and the keyboard goes through what can be operated.
    `ahead` is a browser that was started before.
    """
    if not names:
        return []
    browser = ahead or Browser(executable)
    try:
        return browser.faults(html, names)
    finally:
        browser.close()


class Browser:
    """Chromium in a thread of its own, so that it can be there when the pages are; it looks at pages once."""

    def __init__(self, executable: str) -> None:
        self._order: Future[tuple[Path, list[str]]] = Future()
        self._begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task]] = Future()
        self._thread = ThreadPoolExecutor(1)
        self._found = self._thread.submit(lambda: asyncio.run(self._work(executable)))

    def faults(self, html: Path, names: list[str]) -> list[Fault]:
        """Open the pages and return what is wrong with them; it ends with that."""
        self._order.set_result((html, names))
        return self._found.result()

    def close(self) -> None:
        """End it, whatever it is doing: Python would wait for all pages before it ends."""
        loop, task = self._begun.result()
        with suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(task.cancel)
        self._thread.shutdown()

    async def _work(self, executable: str) -> list[Fault]:
        self._begun.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        from playwright.async_api import async_playwright

        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
            await _one(browser, "about:blank")  # the first page takes longest
            html, names = await asyncio.wrap_future(self._order)
            queue = iter(names)
            found: list[Fault] = []

            async def worker() -> None:
                for name in queue:
                    texts = await _one(browser, (html / name).resolve().as_uri())
                    found.extend(Fault(name, text) for text in texts)

            await asyncio.gather(*(worker() for _ in range(min(len(names), cores() + 1))))
            await browser.close()
        return sorted(found, key=lambda fault: fault.page)


async def _one(browser: Any, address: str) -> list[str]:
    """The faults of one page."""
    found: list[str] = []
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    try:
        await context.route(_OUTSIDE, lambda route: route.abort())
        page = await context.new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("requestfailed", lambda request: found.append(f"a request failed: {request.url[:200]}"))
        page.on("pageerror", lambda error: found.append(f"a script failed: {str(error).splitlines()[0][:200]}"))
        page.on("console", lambda message: note_console(message, found))
        await page.goto(address, wait_until="load")
        await page.add_script_tag(path=check_access.CHECKS)
        found += await page.evaluate("checks.equations()")
        if strict() and address.startswith("file:"):
            found += await check_access.heard(page) + await check_access.by_keyboard(page)
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


def note_console(message: Any, found: list[str]) -> None:
    """Add what the page's console says is an error."""
    # A failed request is reported by itself, with its address.
    if message.type == "error" and "Failed to load resource" not in message.text:
        found.append(f"error on the console: {message.text[:200]}")
