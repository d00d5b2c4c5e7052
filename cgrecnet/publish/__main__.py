"""`python -m cgrecnet.publish build | check | honesty | site | sizes`: make the book, look it over, publish it.

`honesty` looks over the sources alone, of all chapters or of those that are named, and runs nothing. `site` makes of
the built book what a web server gives out. `sizes` counts the lines of the package, room by room.
"""

import argparse
import errno
import re
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from cgrecnet.cores import cores
from cgrecnet.errors import RunError, UserError
from cgrecnet.files import remembered, write_json
from cgrecnet.publish import check, check_browser, html, schedule, stage
from cgrecnet.publish.honesty import check as honesty
from cgrecnet.publish.honesty import written
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.lock import only_one
from cgrecnet.publish.site.make import make_site
from cgrecnet.publish.sizes import sizes


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cgrecnet.publish", description=__doc__)
    parser.add_argument("command", choices=["build", "check", "honesty", "site", "sizes"])
    parser.add_argument("chapters", nargs="*", help="for honesty: paths of chapters (default: all)")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the repository (default: here)")
    parser.add_argument("--jobs", type=int, default=cores(), help="chapters at a time (default: the cores)")
    parser.add_argument("--timeout", type=float, default=900, help="most seconds for one chapter (default: 900)")
    parser.add_argument("--cold", action="store_true", help="start a new kernel for each chapter, instead of a fork")
    parser.add_argument("--address", default="", help="for site: where it will stand, as https://example.org/book/")
    parser.add_argument("--no-pdf", action="store_true", help="for site: leave out the PDF of the whole")
    parser.add_argument("--no-check", action="store_true", help="build only, do not look at the pages")
    options = parser.parse_intermixed_args(arguments)
    layout = Layout(options.root.resolve())
    before = _listen(_interrupted)
    try:
        return _do(layout, options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        where = error.filename or layout.build
        print(f"error: {where}: {error.strerror}; give room or the right to write, then build again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted; what was half done is not kept.", file=sys.stderr)
        return 130
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _do(layout: Layout, options: argparse.Namespace) -> int:
    if options.command == "honesty":
        return honest(layout, options.chapters)
    if options.command == "sizes":
        print("\n".join(sizes(layout.root / "cgrecnet")))
        return 0
    with only_one(layout.build):
        if options.command == "site":
            print(f"site: {make_site(layout, options.address, not options.no_pdf).relative_to(layout.root)}")
            return 0
        if options.command == "check":
            if not (layout.html / "index.html").is_file():
                raise RunError(f"{layout.html}: there is no book to look over: run make book first.")
            status = check.report(check.check(layout.html, memory(layout), again=True))
            return max(status, honest(layout, [], built=True))
        return build(layout, max(1, options.jobs), options.timeout, not options.no_check, options.cold)


def build(layout: Layout, jobs: int, timeout: float, look: bool = True, cold: bool = False) -> int:
    """Execute, stage, build and check; print what each step cost. Returns the exit status."""
    begin = time.monotonic()
    with ExitStack() as beside:
        waiting: list[html.Ahead] = []  # Jupyter Book is made ready while chapters run
        outcomes = schedule.execute_stale(
            layout, jobs, timeout, cold, lambda: waiting.append(beside.enter_context(html.Ahead(layout)))
        )
        if failures := [outcome for outcome in outcomes if outcome.failure]:
            for outcome in failures:
                print(f"\nerror: {_plain(outcome.failure)}", file=sys.stderr)
            names = ", ".join(outcome.chapter.label for outcome in failures)
            return _failed(f"{len(failures)} of {len(outcomes)} chapters failed ({names}): why stands above")
        executed = time.monotonic()
        stage.stage(layout)
        thread = beside.enter_context(ThreadPoolExecutor(1))
        looked_over = thread.submit(dishonest, layout) if look else None  # while Jupyter Book is at work
        try:
            built = html.build(layout, *waiting)
        except html.HtmlFailed as error:
            print(f"\n{error}", file=sys.stderr)
            return _failed(f"{error.why}: its last messages stand above")
    made = time.monotonic()
    faults = []
    if looked_over:
        looked = check.check(layout.html, memory(layout))
        check.report(looked)
        honesty.report(looked_over.result())
        faults = looked.faults + looked_over.result()
    _costs(outcomes, executed - begin, made - executed if built else 0, time.monotonic() - made)
    if faults:
        pages = dict.fromkeys(fault.page for fault in faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        return _failed(f"{count} in {', '.join(pages)}: the lines above that begin with error: say which")
    print(f"book: {(layout.html / 'index.html').relative_to(layout.root)}")
    return 0


def dishonest(layout: Layout) -> list[check.Fault]:
    """What the honesty checks find in the sources and in what was executed; nothing where all was found good before."""
    good = layout.build / "honest.json"
    state = {"tools": html.tools(layout), "book": html.tree(layout.book), "executed": html.tree(layout.executed)}
    state |= {"pages": [chapter.label for chapter in layout.chapters]}
    if remembered(good) == state:
        return []
    found = honesty.sources(layout, layout.chapters) + honesty.executed(layout, layout.chapters, built=True)
    if not found:
        write_json(good, state)
    return found


def memory(layout: Layout) -> Path:
    """Which pages were found good; a strict check looks for more, and remembers its own."""
    return layout.build / ("checked-strict.json" if check_browser.strict() else "checked.json")


def honest(layout: Layout, names: list[str], built: bool = False) -> int:
    """Print what the honesty checks find in the chapters named, or in all; return the exit status."""
    chapters = honesty.named(layout, names)
    found = honesty.sources(layout, chapters, not names) + honesty.executed(layout, chapters, built)
    status = honesty.report(found)
    if not names:
        count = sum(written.read(chapter.source).words_in_code for chapter in chapters)
        print(f"words of prose in code: {count} (see {honesty.WORDS})")
    return status


def _failed(what: str) -> int:
    """Say in the last line what failed and what to do; the exit status."""
    sys.stdout.flush()  # the costs stand above, also where both streams go into one file
    print(f"\nerror: {what}; mend it and run make book again, which keeps what is finished.", file=sys.stderr)
    return 1


def _listen(handler: Any) -> dict[int, Any]:
    """Have those who end the build, or its terminal, end its kernels as well; return the handlers as they were."""
    before = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is not signal.SIG_IGN:  # nohup asks to be left alone
            before[number] = signal.signal(number, handler)
    return before


def _interrupted(*_: object) -> None:
    _listen(signal.SIG_IGN)  # it takes a moment to end the kernels, and many press Ctrl-C twice
    raise KeyboardInterrupt


def _plain(text: str) -> str:
    """Without the colours of IPython's tracebacks, unless a person looks on."""
    return text if sys.stderr.isatty() else re.sub(r"\x1b\[[0-9;]*m", "", text)


def _costs(outcomes: list[schedule.Outcome], executing: float, building: float, checking: float) -> None:
    print("\nwhat it cost, in seconds")
    for outcome in sorted(outcomes, key=lambda o: -o.seconds):
        print(f"  {outcome.seconds:7.1f}  {outcome.chapter.label}")
    note = f"{len(outcomes)} chapters executed" if outcomes else "no chapter to execute"
    print(f"  {executing:7.1f}  execution, all together ({note})")
    print(f"  {building:7.1f}  pages" + ("" if building else " (nothing changed)"))
    print(f"  {checking:7.1f}  check of the pages and of their honesty")


if __name__ == "__main__":
    sys.exit(main())
