"""What the machine offers: cores that this process may use, and a browser."""

import os
import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def cores() -> int:
    """Cores that this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def browser() -> str | None:
    """The Chromium named by CGRECNET_CHROMIUM or found on PATH, or None."""
    named = os.environ.get("CGRECNET_CHROMIUM")
    if named is not None:
        return shutil.which(named)
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)
