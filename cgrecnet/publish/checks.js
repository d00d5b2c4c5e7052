// What `check_browser.py` and `site/pdf.py` ask of an open page. Most answer with faults, one text each.
window.checks = (() => {
    const article = () => document.querySelector('article') || document.body;
    const scrolls = e => ['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX);
    const called = e => e.tagName.toLowerCase() + (e.className ? '.' + e.className : '');
    const short = (text, length = 60) => text.trim().replace(/\s+/g, ' ').slice(0, length);

    // Each text of the article with the element that holds it, but for what stands in `skip`.
    function* texts(skip) {
        const walker = document.createTreeWalker(article(), NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            if (!element.closest(skip)) yield [element, walker.currentNode.textContent];
        }
    }

    // Calls `look(faults)` while the folded parts are unfolded.
    function unfolded(look) {
        const folded = [...document.querySelectorAll('article details:not([open])')], faults = [];
        folded.forEach(e => e.open = true);
        try { look(faults); } finally { folded.forEach(e => e.open = false); }
        return [...new Set(faults)];
    }
    const seen = e => e.getClientRects().length > 0;

    async function equations() {
        const loads = !!document.querySelector('script[src*="mathjax" i]');
        const formulas = [...document.querySelectorAll('.math')], faults = [];
        if (formulas.length && !loads) return ['the page has equations but does not load MathJax'];
        if (window.MathJax && MathJax.startup && MathJax.startup.promise) await MathJax.startup.promise;
        for (const formula of formulas) {
            if (!formula.querySelector('mjx-container'))
                faults.push('equation not rendered: ' + formula.textContent.trim().slice(0, 80));
        }
        const errors = 'mjx-merror, [data-mjx-error], mjx-container [style*="color: red"]';
        for (const error of document.querySelectorAll(errors))
            faults.push('equation with an error: ' + (error.getAttribute('data-mjx-error')
                || error.getAttribute('title') || error.textContent).slice(0, 80));
        for (const [, text] of texts('pre, code, script, style, mjx-container, .math, textarea')) {
            const raw = text.match(/\\[(\[]|\$\$|\\(frac|sum|mathbf|mathrm|begin)\b/);
            if (raw)
                faults.push('raw TeX in the text: ' + text.trim().slice(Math.max(0, raw.index - 20), raw.index + 60));
        }
        return faults;
    }

    function width() {
        const root = document.documentElement, limit = root.clientWidth + 1;
        const boxes = [root, document.body, document.querySelector('.bd-main'), document.querySelector('.bd-article')];
        if (!boxes.some(box => box && box.scrollWidth > box.clientWidth + 1)) return [];
        const wide = [...article().querySelectorAll('*')].filter(e => {
            if (e.getBoundingClientRect().right <= limit) return false;
            for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (scrolls(p)) return false;
            return true;
        });
        const names = wide.slice(0, 3).map(called).join(', ') || 'something';
        return [`scrolls sideways at 390 px: ${names} is too wide`];
    }

    // Turns the page dark, and leaves it so.
    function dark() {
        const root = document.documentElement;
        root.dataset.theme = 'dark'; root.dataset.mode = 'dark';
        const parts = colour => {
            const n = (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
            return {light: (0.2126 * n[0] + 0.7152 * n[1] + 0.0722 * n[2]) / 255, alpha: n.length > 3 ? n[3] : 1};
        };
        const faults = [];
        const pictures = 'article img:not(.only-dark, .only-light), article .cell_output svg:not(summary svg), article figure svg';
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
    }

    // At the width of a laptop: columns of tables that lie beyond the edge of what scrolls around them.
    const columns = () => unfolded(faults => {
        for (const table of document.querySelectorAll('article table')) {
            let box = table.parentElement;
            while (box !== document.body && !scrolls(box)) box = box.parentElement;
            const edge = Math.min(box.getBoundingClientRect().right, document.documentElement.clientWidth);
            const row = [...table.rows].find(seen);
            const beyond = row && [...row.cells].filter(cell => cell.getBoundingClientRect().right > edge + 2);
            if (beyond && beyond.length)
                faults.push(`a table hides ${beyond.length} of ${row.cells.length} columns at 1280 px, from "`
                    + short(beyond[0].textContent) + '"');
        }
    });

    // At the width of a phone: text, in the page or in its pictures, that is smaller than `least` pixels.
    // A picture made of pixels does not tell the size of its text: below `leastScale` of its own width it is too small.
    const smallText = ([least, leastScale]) => unfolded(faults => {
        const found = (size, text) => faults.push(`text of ${size.toFixed(1)} px at 390 px: ${short(text)}`);
        for (const [e, text] of texts('script, style, mjx-container, .math, sup, sub')) {
            if (!text.trim() || !seen(e)) continue;
            const drawn = e.closest('svg') && e.getScreenCTM ? e.getScreenCTM() : null;
            const size = parseFloat(getComputedStyle(e).fontSize) * (drawn ? Math.hypot(drawn.a, drawn.b) : 1);
            if (size > 0 && size < least - 0.05) found(size, text);  // 0: a link that covers its card
        }
        for (const picture of document.querySelectorAll('article img')) {
            const style = getComputedStyle(picture);
            const inside = picture.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
            const scale = inside / picture.naturalWidth;
            if (seen(picture) && picture.naturalWidth && scale < leastScale - 0.005)
                found(least * scale / leastScale, 'in the picture ' + picture.alt);
        }
    });

    // What axe-core finds, but for the parts of the page that `theme` lets be, by rule.
    async function access(theme) {
        const report = await axe.run(document, {resultTypes: ['violations'], preload: false});
        const faults = [];
        for (const violation of report.violations) {
            const known = Object.keys(theme[violation.id] || {});
            const ours = violation.nodes.filter(node => {
                const part = document.querySelector(node.target[0]);
                return !part || !known.some(selector => part.matches(selector));
            });
            if (ours.length) faults.push(`axe: ${violation.id}: ${violation.help}: ` + (ours.length > 1
                ? `${ours.length} times, first at ` : '') + short(ours[0].html, 120));
        }
        return faults;
    }

    function moving() {
        const long = times => times.split(',').some(
            time => parseFloat(time) > (time.trim().endsWith('ms') ? 50 : 0.05));
        const moves = [...document.querySelectorAll('*')].filter(e => {
            const s = getComputedStyle(e);
            return long(s.transitionDuration) || (s.animationName !== 'none' && long(s.animationDuration))
                || s.scrollBehavior === 'smooth';
        });
        return moves.length ? [`moves although the system asks for calm: ${moves.length} elements, first ` +
            moves[0].cloneNode(false).outerHTML.slice(0, 100)] : [];
    }

    // The interactive pieces: what a cell shows, or a folded part, with its controls in the order in which the Tab key
    // should reach them. Answers with the number of controls of each piece.
    const look = e => {
        const s = getComputedStyle(e);
        return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor,
            s.textDecoration].join();
    };
    let found = [];
    function pieces() {
        const controls = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
        const boxes = [...document.querySelectorAll('article :is(.cell_output, details)')];
        found = boxes.filter(box => !boxes.some(other => other !== box && other.contains(box))).map(box => ({
            box,
            controls: [...box.querySelectorAll(controls)]
                .filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}))
                .map(element => ({element, before: look(element)})),
        })).filter(piece => piece.controls.length);
        return found.map(piece => piece.controls.length);
    }
    const begin = piece => { found[piece].box.tabIndex = -1; found[piece].box.focus(); };
    // Where the focus is: the place of its control in the piece, whether it is inside, and whether it can be seen.
    function here(piece) {
        const {box, controls} = found[piece], focused = document.activeElement;
        const place = controls.findIndex(control => control.element === focused);
        return {place, inside: box.contains(focused), seen: place < 0 || look(focused) !== controls[place].before};
    }
    const control = ([piece, place]) =>
        found[piece].controls[place].element.outerHTML.replace(/\s+/g, ' ').slice(0, 100);

    // Before the page is printed: everything unfolded and loaded; answers with the pictures that are missing.
    async function ready() {
        for (const folded of document.querySelectorAll('details')) folded.open = true;
        if (window.MathJax && MathJax.startup && MathJax.startup.promise) await MathJax.startup.promise;
        for (const image of document.images) image.loading = 'eager';
        await Promise.all([...document.images].map(image => image.decode().catch(() => null)));
        return [...document.images].filter(image => !image.naturalWidth)
            .map(image => 'a picture is missing: ' + image.getAttribute('src').slice(0, 200));
    }
    // What is wider than the paper, or would have to be scrolled on it.
    function cut() {
        const edge = article().getBoundingClientRect().right + 2;
        const beyond = e => e.getBoundingClientRect().right > edge
            || ((scrolls(e) || e.tagName === 'PRE') && e.scrollWidth > e.clientWidth + 2);
        return [...document.querySelectorAll('article :is(table, pre, img, svg, figure, div)')]
            .filter(e => e.checkVisibility() && beyond(e)).map(called);
    }
    // Of the sections, without the sign that links to each.
    const headings = () => [...document.querySelectorAll('article h2')].map(heading => {
        const copy = heading.cloneNode(true);
        for (const link of copy.querySelectorAll('.headerlink')) link.remove();
        return copy.textContent.replace(/\s+/g, ' ').trim();
    });

    return {
        equations, width, dark, columns, smallText, access, moving, pieces, begin, here, control, ready, cut, headings,
    };
})();
