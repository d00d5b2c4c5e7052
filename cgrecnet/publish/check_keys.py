"""Go through an open page's interactive pieces by keyboard, with movement turned off as a system can ask for it."""

from typing import Any

# A piece: what a cell shows, or a folded part; its controls in the order in which the Tab key should reach them.
_PIECES = """() => {
    const controls = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
    const look = e => {
        const s = getComputedStyle(e);
        return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor,
                s.textDecoration].join();
    };
    const boxes = [...document.querySelectorAll('article :is(.cell_output, details)')];
    window.pieces = boxes.filter(box => !boxes.some(other => other !== box && other.contains(box))).map(box => ({
        box,
        controls: [...box.querySelectorAll(controls)]
            .filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}))
            .map(element => ({element, before: look(element)})),
    })).filter(piece => piece.controls.length);
    window.here = piece => {
        const found = piece.controls.findIndex(control => control.element === document.activeElement);
        return {place: found, inside: piece.box.contains(document.activeElement),
                seen: found < 0 || look(document.activeElement) !== piece.controls[found].before};
    };
    window.called = (piece, i) => piece.controls[i].element.outerHTML.replace(/\\s+/g, ' ').slice(0, 100);
    return window.pieces.map(piece => piece.controls.length);
}"""
_BEGIN = "n => { pieces[n].box.tabIndex = -1; pieces[n].box.focus(); }"
_MOVING = """() => {
    const long = times => times.split(',').some(time => parseFloat(time) > (time.trim().endsWith('ms') ? 50 : 0.05));
    const moves = [...document.querySelectorAll('*')].filter(e => {
        const s = getComputedStyle(e);
        return long(s.transitionDuration) || (s.animationName !== 'none' && long(s.animationDuration))
            || s.scrollBehavior === 'smooth';
    });
    return moves.length ? [`moves although the system asks for calm: ${moves.length} elements, first ` +
        moves[0].cloneNode(false).outerHTML.slice(0, 100)] : [];
}"""


async def faults(page: Any) -> list[str]:
    """What a page of playwright that is loaded withholds from those who use keys, and what moves in spite of them."""
    await page.emulate_media(reduced_motion="reduce")
    found = await page.evaluate(_MOVING)
    for number, count in enumerate(await page.evaluate(_PIECES)):
        found += await _through(page, number, count)
    await page.emulate_media(reduced_motion="no-preference")
    return found


async def _through(page: Any, number: int, count: int) -> list[str]:
    """Press Tab from the piece's beginning: each control in turn, with the focus to be seen, and then out of it."""
    await page.evaluate(_BEGIN, number)
    for place in range(count):
        await page.keyboard.press("Tab")
        here = await page.evaluate("n => here(pieces[n])", number)
        if here["place"] != place:
            return ["the Tab key does not reach " + await page.evaluate(f"n => called(pieces[n], {place})", number)]
        if not here["seen"]:
            return ["the focus cannot be seen on " + await page.evaluate(f"n => called(pieces[n], {place})", number)]
    await page.keyboard.press("Tab")
    if (await page.evaluate("n => here(pieces[n])", number))["inside"]:
        return ["the Tab key does not leave " + await page.evaluate(f"n => called(pieces[n], {count - 1})", number)]
    return []
