"""Write docs/first-hour.md: what a stranger types in the first hour, and what the terminal answers.

    .venv/bin/python docs/first_hour.py

Everything is done anew, in a clone in an empty folder, with an empty home and no variable of this project; nothing of
the log is written by hand. It is written at the end, and only if every command went well. Takes as long as it says.
"""

import argparse
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from datetime import date
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
LOG = REPOSITORY / "docs" / "first-hour.md"
#: Variables that a shell needs to find programs, and pip and uv their packages.
KEPT = re.compile(r"PATH|LANG|LC_.*|PYENV_ROOT|PIP_.*|UV_.*|SSL_.*|REQUESTS_.*|(?i:https?_proxy|no_proxy)")
#: What a browser would show first, for a terminal.
PAGE = """\
from bs4 import BeautifulSoup
page = BeautifulSoup(open('_build/html/book/index.html', encoding='utf-8'), 'html.parser')
print(page.title.text.strip(), *(p.text.strip() for p in page.select('article p')[:3]), sep='\\n')"""


@dataclass(frozen=True)
class Step:
    """What is typed, why, and how many of the last lines of the answer are kept."""

    why: str
    typed: str
    lines: int = 12


STEPS = (
    Step("The environment, the chapters and the book.", "make book"),
    Step("The first page; a browser opens the same file.", f'.venv/bin/python -c "{PAGE}"'),
    Step("The tests.", "make test"),
    Step("What works on this machine.", ".venv/bin/cgrecnet doctor"),
    Step(
        "One epoch on real cells: the Jurkat cells that come with the project.",
        ".venv/bin/cgrecnet train data=jurkat epochs=1 image_size=48 batch_size=16 precision=bf16",
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=LOG, help="the log (default: docs/first-hour.md)")
    out = parser.parse_args().out
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="first-hour-") as place:
        clone = Path(place, "cgrecnet")
        (home := Path(place, "home")).mkdir()
        variables = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)} | {"HOME": str(home)}
        subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(clone)], check=True)
        head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=clone, capture_output=True, text=True)
        parts, began = [], time.monotonic()
        for step in STEPS:
            status, answer, seconds = answer_of(step, clone, variables)
            if status != 0:
                print(f"error: {step.typed!r} ended with {status}; {out} is as it was.", file=sys.stderr)
                return 1
            answer = "\n".join(answer).replace(str(clone), "~/cgrecnet").replace(place, "~")
            parts.append(f"{step.why}\n\n```console\n~/cgrecnet$ {step.typed}\n{answer}\n```\n\n{words(seconds)}.")
        total = words(time.monotonic() - began)
    text = f"""# A stranger's first hour

What somebody types who has nothing but a clone, and the last lines of what the terminal answers.
`docs/first_hour.py` did all of it and wrote this page: commit {head.stdout.strip()}, {date.today():%d %B %Y}, \
{os.cpu_count()} cores of {platform.machine()}, {platform.system()}, Python {platform.python_version()}; {total} in all.

```console
~$ git clone REPOSITORY cgrecnet && cd cgrecnet
```

"""
    partial = out.with_name(out.name + ".partial")
    partial.write_text(text + "\n\n".join(parts) + "\n", encoding="utf-8")
    partial.replace(out)
    return 0


def answer_of(step: Step, folder: Path, variables: dict[str, str]) -> tuple[int, list[str], float]:
    """(exit status, last lines, seconds) of a step; everything is shown here as well while it comes."""
    tail: deque[str] = deque(maxlen=step.lines)
    began = time.monotonic()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(
        ["bash", "-c", step.typed], cwd=folder, env=variables, start_new_session=True, **pipes
    ) as process:
        try:
            for line in process.stdout:
                print(line, end="", flush=True)
                tail.append(line.rstrip())
        except BaseException:  # Ctrl-C: what it has started ends with it
            os.killpg(process.pid, signal.SIGTERM)
            raise
    return process.returncode, list(tail), time.monotonic() - began


def words(seconds: float) -> str:
    """`8 s` or `12 min`."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


if __name__ == "__main__":
    sys.exit(main())
