"""What a run ran on: hardware, versions, commit. torch is imported when the hardware is asked for, not before."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import cgrecnet
from cgrecnet.paths import IN_CHECKOUT, REPOSITORY

if TYPE_CHECKING:
    import torch

LIBRARIES = ("cgrecnet", "numpy", "scikit-learn", "torch", "torchvision")


def pick_device() -> torch.device:
    """The GPU if there is one, else the CPU."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def hardware(device: torch.device) -> dict:
    """Processor, its vector instructions, cores, threads and GPU, in the words that a caption needs.

    Two processors of one name may differ in the instructions that they have, and then round differently.
    """
    import torch

    return {
        "device": device.type,
        "gpu": torch.cuda.get_device_name(device) if device.type == "cuda" else None,
        "cpu": cpu_name(),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }


def software() -> dict[str, str]:
    """Versions of Python and of the libraries that shape a result."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def source_hash() -> str:
    """sha256 over the package's source files, to tell which version made a number."""
    digest = hashlib.sha256()
    package = Path(cgrecnet.__file__).parent
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def commit(repository: Path = REPOSITORY) -> str:
    """The checkout's commit; with `+changes` where tracked files differ from it; `unknown` outside git.

    An installed package has none: a repository around its environment is another project's.
    """
    if repository == REPOSITORY and not IN_CHECKOUT:
        return "unknown"
    head = git(repository, "rev-parse", "HEAD")
    if head is None:
        return "unknown"
    changed = git(repository, "status", "--porcelain", "--untracked-files=no")
    return head + ("+changes" if changed else "")


def git(repository: Path, *arguments: str) -> str | None:
    """What git says of this repository, whatever GIT_DIR names; None where it fails or is not there."""
    environment = {name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE")}
    command = ["git", "-C", str(repository), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
