"""What a reader cannot see of an opened page: columns beyond the edge of a screen, and text too small for a phone.

Both snippets run in the page and return faults, one text each; folded parts are unfolded while they look.
A picture made of pixels does not tell the size of its text: the book draws none below `POINTS`, at `DPI`.
"""

LEAST_PX = 9  # the smallest text that is legible on a phone
POINTS, DPI = 8, 120  # the smallest text in a figure; see cgrecnet/figures/style.py
LEAST_SCALE = LEAST_PX / (POINTS / 72 * DPI)

_UNFOLDED = """
    const folded = [...document.querySelectorAll('article details:not([open])')];
    folded.forEach(e => e.open = true);
    const faults = [], short = text => text.trim().replace(/\\s+/g, ' ').slice(0, 60);
    const seen = e => e.getClientRects().length > 0;
    try { LOOK } finally { folded.forEach(e => e.open = false); }
    return [...new Set(faults)];
"""

#: At the width of a laptop: columns of tables that lie beyond the edge of what scrolls around them.
COLUMNS = "() => {" + _UNFOLDED.replace(
    "LOOK",
    """
    for (const table of document.querySelectorAll('article table')) {
        let box = table.parentElement;
        const scrolls = e => ['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX);
        while (box !== document.body && !scrolls(box)) box = box.parentElement;
        const edge = Math.min(box.getBoundingClientRect().right, document.documentElement.clientWidth);
        const row = [...table.rows].find(seen);
        const beyond = row && [...row.cells].filter(cell => cell.getBoundingClientRect().right > edge + 2);
        if (beyond && beyond.length)
            faults.push(`a table hides ${beyond.length} of ${row.cells.length} columns at 1280 px, from "`
                + short(beyond[0].textContent) + '"');
    }""",
) + "}"  # fmt: skip

#: At the width of a phone: text, in the page or in its pictures, that is smaller than `LEAST_PX`.
TEXT = "() => {" + _UNFOLDED.replace(
    "LOOK",
    """
    const found = (size, text) => faults.push(`text of ${size.toFixed(1)} px at 390 px: ${short(text)}`);
    const walker = document.createTreeWalker(document.querySelector('article') || document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const e = walker.currentNode.parentElement, text = walker.currentNode.textContent;
        if (!text.trim() || !seen(e) || e.closest('script, style, mjx-container, .math, sup, sub')) continue;
        const drawn = e.closest('svg') && e.getScreenCTM ? e.getScreenCTM() : null;
        const size = parseFloat(getComputedStyle(e).fontSize) * (drawn ? Math.hypot(drawn.a, drawn.b) : 1);
        if (size > 0 && size < LEAST_PX - 0.05) found(size, text);  // 0: a link that covers its card
    }
    for (const picture of document.querySelectorAll('article img')) {
        const style = getComputedStyle(picture);
        const inside = picture.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        const scale = inside / picture.naturalWidth;
        if (seen(picture) && picture.naturalWidth && scale < LEAST_SCALE - 0.005)
            found(LEAST_PX * scale / LEAST_SCALE, 'in the picture ' + picture.alt);
    }""".replace("LEAST_SCALE", f"{LEAST_SCALE:.4f}").replace("LEAST_PX", str(LEAST_PX)),
) + "}"  # fmt: skip
