"""What a reader has to fetch: a first visit, the archive and the PDF, each within its limit."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from cgrecnet.errors import RunError
from cgrecnet.publish.check_browser import FLAGS, SECONDS

MB = 1_000_000
#: The most bytes of each, as files: servers that compress send less.
LIMITS = {"a first visit": MB, "the archive": 15 * MB, "the PDF": 30 * MB}


def within(what: str, size: int, say=print) -> None:
    """Say what it weighs; RunError where that is more than its limit."""
    if size > LIMITS[what]:
        raise RunError(
            f"{what} weighs {size / MB:.2f} MB, and {LIMITS[what] / MB:g} MB is the limit: "
            "find the largest files and make them smaller (cgrecnet/publish/site/slim.py)."
        )
    say(f"{what}: {size / MB:.2f} MB")


def first_visit(site: Path, name: str, executable: str) -> int:
    """Bytes of all files of the folder `site` that a browser without a cache loads with the page `name`."""
    from playwright.sync_api import sync_playwright

    loaded = set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("request", lambda request: loaded.add(unquote(urlsplit(request.url).path)))
        page.goto((site / name).resolve().as_uri(), wait_until="load")
        page.evaluate("document.fonts.ready.then(() => true)")
        page.wait_for_timeout(1000)  # for what scripts and styles ask for behind that
        browser.close()
    return sum(path.stat().st_size for path in map(Path, loaded) if path.is_file())
