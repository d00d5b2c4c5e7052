"""What the machine offers: a browser."""

import os
import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def browser() -> str | None:
    """The Chromium named by CGRECNET_CHROMIUM or found on PATH, or None."""
    named = os.environ.get("CGRECNET_CHROMIUM")
    if named is not None:
        return shutil.which(named)
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)
