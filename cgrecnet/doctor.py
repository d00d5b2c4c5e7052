"""What works on this machine, and what to do about what does not."""

import importlib
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from cgrecnet.data import open_dataset
from cgrecnet.errors import UserError
from cgrecnet.paths import IN_CHECKOUT, REPOSITORY, RESULTS, weights_folder
from cgrecnet.publish.check_browser import browser


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `needed`: whether the two commands of the README fail without it."""

    what: str
    good: bool
    detail: str
    needed: bool = True


def examine() -> list[Finding]:
    """Look at Python, packages, device, data, weights, browser, disk; change nothing."""
    return [
        _python(),
        _locked_versions(),
        _torch(),
        _data("cytometer", {"cells": 1}),
        _data("jurkat"),
        _weights(),
        _browser(),
        _disk(),
    ]


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info >= (3, 11), f"{found} (3.11 or later is needed)")


def _locked_versions() -> Finding:
    """Compare what is installed with requirements.lock, where both name a package for this platform."""
    if not IN_CHECKOUT:
        what = "not compared: requirements.lock, the versions that were tested, stands in the repository alone"
        return Finding("versions", True, what, needed=False)
    lock = REPOSITORY / "requirements.lock"
    if not lock.exists():
        return Finding("versions", False, f"{lock} is missing: clone the repository anew", needed=False)
    different = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        name, _, pinned = line.split(";")[0].strip().partition("==")
        try:
            if pinned and version(name) != pinned:
                different.append(f"{name} {version(name)} (lock: {pinned})")
        except PackageNotFoundError:
            continue  # for another platform or Python
    shown = ", ".join(different[:3]) + (", ..." if len(different) > 3 else "")
    detail = f"differ from requirements.lock: {shown}; `make book` remakes .venv" if different else "as locked"
    return Finding("versions", not different, detail, needed=False)


def _torch() -> Finding:
    try:
        torch = importlib.import_module("torch")
        importlib.import_module("torchvision")
    except Exception as error:  # a broken pair of wheels raises anything from ImportError to RuntimeError
        advice = "delete .venv and run `make book`" if IN_CHECKOUT else "install a torch and torchvision that fit"
        return Finding("torch", False, f"does not import ({error}): {advice}")
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU, the CPU is used"
    return Finding("torch", True, f"{torch.__version__}, {gpu}, {torch.get_num_threads()} threads")


def _data(name: str, options: dict | None = None) -> Finding:
    try:
        open_dataset(name, options=options)
    except UserError as error:
        return Finding(f"data: {name}", False, str(error))
    return Finding(f"data: {name}", True, "available")


def _weights() -> Finding:
    folder = weights_folder()
    if folder is None:
        return Finding("weights", True, "CGRECNET_WEIGHTS is not set: runs start at random or from `imagenet`", False)
    files = sorted(path.name for path in folder.glob("*.safetensors")) if folder.is_dir() else []
    detail = ", ".join(files) or f"no .safetensors file in {folder}: point CGRECNET_WEIGHTS at the right folder"
    return Finding("weights", bool(files), detail, needed=False)


def _browser() -> Finding:
    found = browser()
    return Finding("browser", bool(found), found or "no Chromium: the built pages are not opened to check them", False)


def _disk() -> Finding:
    free = shutil.disk_usage(RESULTS if RESULTS.exists() else RESULTS.parent).free / 1e9
    return Finding("disk", free > 2, f"{free:.0f} GB free at {RESULTS} (a run keeps up to 1 GB of checkpoints)")
