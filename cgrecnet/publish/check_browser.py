"""Open pages in Chromium without a network: failed requests, errors, equations, access, widths, letters, dark mode."""

import asyncio
import os
import re
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from cgrecnet.cores import cores
from cgrecnet.publish import check_axe, check_keys
from cgrecnet.publish.check_legible import COLUMNS, TEXT
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

EQUATIONS = """async () => {
    const loads = !!document.querySelector('script[src*="mathjax" i]');
    const formulas = [...document.querySelectorAll('.math')];
    if (formulas.length && !loads) return ['the page has equations but does not load MathJax'];
    if (window.MathJax && MathJax.startup && MathJax.startup.promise) await MathJax.startup.promise;
    const faults = [];
    for (const formula of formulas) {
        if (!formula.querySelector('mjx-container'))
            faults.push('equation not rendered: ' + formula.textContent.trim().slice(0, 80));
    }
    for (const error of document.querySelectorAll('mjx-merror, [data-mjx-error], mjx-container [style*="color: red"]'))
        faults.push('equation with an error: ' + (error.getAttribute('data-mjx-error')
            || error.getAttribute('title') || error.textContent).slice(0, 80));
    const walker = document.createTreeWalker(document.querySelector('article') || document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent;
        const skip = "pre, code, script, style, mjx-container, .math, textarea";
        if (walker.currentNode.parentElement.closest(skip)) continue;
        const raw = text.match(/\\\\[(\\[]|\\$\\$|\\\\(frac|sum|mathbf|mathrm|begin)\\b/);
        if (raw) faults.push('raw TeX in the text: ' + text.trim().slice(Math.max(0, raw.index - 20), raw.index + 60));
    }
    return faults;
}"""

_WIDTH = """() => {
    const root = document.documentElement, limit = root.clientWidth + 1;
    const boxes = [root, document.body, document.querySelector('.bd-main'), document.querySelector('.bd-article')];
    if (!boxes.some(box => box && box.scrollWidth > box.clientWidth + 1)) return [];
    const scrolls = e => ['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX);
    const part = document.querySelector('article') || document.body;
    const wide = [...part.querySelectorAll('*')].filter(e => {
        if (e.getBoundingClientRect().right <= limit) return false;
        for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (scrolls(p)) return false;
        return true;
    });
    const names = wide.slice(0, 3).map(e => e.tagName.toLowerCase() + (e.className ? '.' + e.className : ''));
    return ['scrolls sideways at 390 px: ' + (names.join(', ') || 'something') + ' is too wide'];
}"""

_DARK = """() => {
    const root = document.documentElement;
    root.dataset.theme = 'dark'; root.dataset.mode = 'dark';
    const parts = colour => {
        const n = (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
        return {light: (0.2126 * n[0] + 0.7152 * n[1] + 0.0722 * n[2]) / 255, alpha: n.length > 3 ? n[3] : 1};
    };
    const faults = [];
    const pictures = 'article img:not(.only-dark, .only-light), article .cell_output svg, article figure svg';
    for (const picture of document.querySelectorAll(pictures)) {
        let light = null;
        for (let e = picture; e && light === null; e = e.parentElement) {
            const colour = parts(getComputedStyle(e).backgroundColor);
            if (colour.alpha > 0.5) light = colour.light;
        }
        const inverted = getComputedStyle(picture).filter.includes('invert');
        if ((light === null || light < 0.7) && !inverted)
            faults.push('in dark mode a figure stands on a dark ground: ' +
                (picture.getAttribute('alt') || picture.tagName).slice(0, 60));
    }
    return faults;
}"""


def strict() -> bool:
    """Whether CGRECNET_STRICT asks for all checks: those of access take longer than the others together."""
    return bool(os.environ.get("CGRECNET_STRICT"))


def faults(
    html: Path, names: list[str], executable: str, access: bool | None = None, ahead: "Browser | None" = None
) -> list[Fault]:
    """Open the pages `names` (relative to `html`) and return what is wrong with them.

    With `access` (None: where `strict`), axe-core looks at them, and the keyboard goes through what can be operated.
    `ahead` is a browser that was started before.
    """
    if not names:
        return []
    browser = ahead or Browser(executable, access)
    try:
        return browser.faults(html, names)
    finally:
        browser.close()


class Browser:
    """Chromium in a thread of its own, so that it can be there when the pages are; it looks at pages once."""

    def __init__(self, executable: str, access: bool | None = None) -> None:
        """Start it; access: see `faults`."""
        self._access = strict() if access is None else access
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
            await _one(browser, "about:blank", False)  # the first page takes longest
            html, names = await asyncio.wrap_future(self._order)
            queue = iter(names)
            found: list[Fault] = []

            async def worker() -> None:
                for name in queue:
                    texts = await _one(browser, (html / name).resolve().as_uri(), self._access)
                    found.extend(Fault(name, text) for text in texts)

            await asyncio.gather(*(worker() for _ in range(min(len(names), cores() + 1))))
            await browser.close()
        return sorted(found, key=lambda fault: fault.page)


async def _one(browser: Any, address: str, access: bool) -> list[str]:
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
        found += await page.evaluate(EQUATIONS)
        if access:
            found += await check_axe.faults(page) + await check_keys.faults(page)
        found += await page.evaluate(COLUMNS)
        found += await page.evaluate(_DARK)
        await page.set_viewport_size(PHONE)
        found += await page.evaluate(_WIDTH)
        found += await page.evaluate(TEXT)
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
