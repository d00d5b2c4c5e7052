"""Names for what has none of its own, and axe-core's verdict on pages with and without faults."""

import asyncio

import pytest

from cgrecnet.publish import check_axe
from cgrecnet.publish.accessible import mended
from cgrecnet.publish.check_browser import FLAGS

ASIDE = (
    '<aside class="provenance" aria-label="Where this comes from" data-sets="x">'
    "<details><summary>x; current</summary><dl><dt>Data</dt><dd>x</dd></dl></details></aside>"
)
PAGE = (
    '<!DOCTYPE html><html lang="en"><head><title>T</title></head><body><main><article><h1>A page</h1>'
    "HERE</article></main></body></html>"
)
FAULTS = {
    "two blocks": (ASIDE + ASIDE, "landmark-unique"),
    "two tables": ('<div role="region" aria-label="Runs" tabindex="0">x</div>' * 2, "landmark-unique"),
    "blank header": ("<table><tr><th></th><th>a</th></tr><tr><th>b</th><td>1</td></tr></table>", "empty-table"),
    "folded cell": ('<details><summary aria-label="Toggle hidden content">Show</summary>x</details>', "label-content"),
}


def test_blocks_have_names_of_their_own():
    body = mended(ASIDE + ASIDE)
    assert 'aria-label="Where this comes from (1): x; current" data-sets="x"' in body
    assert 'aria-label="Where this comes from (2): x; current"' in body and body.count("<aside") == 2


def test_a_header_with_words_stays():
    assert mended('<th class="head"><p>a</p></th>') == '<th class="head"><p>a</p></th>'
    assert mended('<th class="head"><p></p></th>') == '<td class="head"></td>'


@pytest.mark.browser
def test_what_is_mended_was_a_fault_and_is_none(tmp_path, chromium):
    async def look():
        from playwright.async_api import async_playwright

        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = await browser.new_page()
            found = {}
            for name, (body, _) in FAULTS.items():
                for text in (body, mended(body)):
                    await page.set_content(PAGE.replace("HERE", text))
                    found.setdefault(name, []).append(await check_axe.faults(page))
            await browser.close()
            return found

    for name, (before, after) in asyncio.run(look()).items():
        assert len(before) == 1 and before[0].startswith(f"axe: {FAULTS[name][1]}") and after == [], name
