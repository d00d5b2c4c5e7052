"""Names for what has none of its own; axe-core's verdict, and the keyboard's, on pages with and without faults."""

import asyncio

import pytest

from cgrecnet.publish.check_browser import FLAGS, by_keyboard, heard
from cgrecnet.publish.sphinx_ext import mended

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

KEYS = {
    "<button>a</button><details><summary>b</summary><a href='#'>c</a></details>": None,
    '<button tabindex="2">a</button><button tabindex="1">b</button>': "the Tab key does not reach <button",
    "<style>button:focus {outline: none}</style><button>a</button>": "the focus cannot be seen on <button",
    '<button onkeydown="event.preventDefault()">a</button>': "the Tab key does not leave <button",
    '<button style="transition: color 1s">a</button>': "moves although the system asks for calm: 1 elements",
    "<style>@media not (prefers-reduced-motion) {button {transition: color 1s}}</style><button>a</button>": None,
}


def test_blocks_have_names_of_their_own():
    body = mended(ASIDE + ASIDE)
    assert 'aria-label="Where this comes from (1): x; current" data-sets="x"' in body
    assert 'aria-label="Where this comes from (2): x; current"' in body and body.count("<aside") == 2


def test_a_header_with_words_stays():
    assert mended('<th class="head"><p>a</p></th>') == '<th class="head"><p>a</p></th>'
    assert mended('<th class="head"><p></p></th>') == '<td class="head"></td>'
    assert mended('<th class="blank level0" >&nbsp;</th>') == '<td class="blank level0" ></td>'  # as pandas writes it


@pytest.fixture
def look(chromium):
    """What a check says of bodies of pages, each opened anew."""

    async def all_of(check, bodies: list[str]) -> list[list[str]]:
        from playwright.async_api import async_playwright

        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = await browser.new_page()
            found = []
            for body in bodies:
                await page.set_content(PAGE.replace("HERE", body))
                found.append(await check(page))
            await browser.close()
            return found

    return lambda check, bodies: asyncio.run(all_of(check, bodies))


@pytest.mark.browser
@pytest.mark.slow
def test_what_is_mended_was_a_fault_and_is_none(look):
    before = look(heard, [body for body, _ in FAULTS.values()])
    after = look(heard, [mended(body) for body, _ in FAULTS.values()])
    for (_, rule), was, now in zip(FAULTS.values(), before, after, strict=True):
        assert len(was) == 1 and was[0].startswith(f"axe: {rule}") and now == [], rule


@pytest.mark.browser
def test_what_keys_do_not_reach_and_what_moves_is_found(look):
    found = look(by_keyboard, [f'<div class="cell_output">{body}</div>' for body in KEYS])
    for (body, words), faults in zip(KEYS.items(), found, strict=True):
        assert faults == [] if words is None else len(faults) == 1 and faults[0].startswith(words), body
