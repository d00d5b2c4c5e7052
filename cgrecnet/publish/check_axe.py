"""Run axe-core on an open page: whatever hinders people who hear the page, or use no mouse, is a fault.

axe-core lies in `cgrecnet/publish/axe`.
"""

from functools import cache
from pathlib import Path
from typing import Any

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
_RUN = """async theme => {
    const report = await axe.run(document, {resultTypes: ['violations'], preload: false});
    const faults = [];
    for (const violation of report.violations) {
        const known = Object.keys(theme[violation.id] || {});
        const ours = violation.nodes.filter(node => {
            const part = document.querySelector(node.target[0]);
            return !part || !known.some(selector => part.matches(selector));
        });
        if (ours.length) faults.push(`axe: ${violation.id}: ${violation.help}: ` + (ours.length > 1
            ? `${ours.length} times, first at ` : '') + ours[0].html.replace(/\\s+/g, ' ').slice(0, 120));
    }
    return faults;
}"""


@cache
def _script() -> str:
    return Path(__file__).with_name("axe").joinpath("axe.min.js").read_text("utf8")


async def faults(page: Any) -> list[str]:
    """What axe-core finds on a page of playwright that is loaded, but for what is the theme's own."""
    await page.evaluate(_script())
    return await page.evaluate(_RUN, THEME)
