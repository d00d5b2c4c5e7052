"""How long do `make book` and `make test` take, at two commits, in turn on one machine?

    python benchmarks/two_commands.py --before ce3206b --after HEAD

Each commit is cloned into the folder of `--work` and gets an environment there, which is not timed; `--python` names
one that is used for both. What is timed is what somebody types: see `ROWS`. A row is kept when it is done: started
again, the script goes on with the next one, and `--only` does some of them. Takes an hour and more; a machine that does
something else meanwhile measures that as well, so the load before each row stands in the record.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from cgrecnet.files import write_json
from cgrecnet.paths import RESULTS

REPOSITORY = Path(__file__).resolve().parents[1]
#: Row -> in words, and how much of the time before it may take, where that was set.
ROWS = {
    "book": ("make book, nothing built, no browser", 0.45),
    "edit": ("make book, one chapter edited, the first build that finds a browser", 0.2),
    "again": ("make book, one chapter edited, all pages opened before", None),
    "nothing": ("make book, nothing changed", None),
    "test": ("make test", 0.3),
}
#: Where no browser is wanted, this one is named.
NO_BROWSER = {"CGRECNET_CHROMIUM": "none"}


@dataclass(frozen=True)
class Row:
    """One command at one commit. status: its exit status; said: the last line that it wrote."""

    what: str
    commit: str
    repeat: int
    seconds: float
    status: int
    said: str
    load_before: float


class Checkout:
    """A clone at one commit, and the commands in it."""

    def __init__(self, commit: str, options: argparse.Namespace) -> None:
        self.commit, self.chapter, self.root = commit, options.chapter, options.work / commit[:12]
        self.log = options.work / f"{commit[:12]}.log"
        self.words, self.variables = [], {n: v for n, v in os.environ.items() if not n.startswith("CGRECNET_")}
        self.variables.pop("PYTHONPATH", None)
        if options.data:
            self.variables["CGRECNET_DATA"] = str(options.data.resolve())
        if options.python:
            self.words = [f"RUN={options.python.absolute()}", "ENVIRONMENT="]
            self.variables["PYTHONPATH"] = str(self.root)

    def prepare(self, what: str) -> None:
        """Do what comes before the row and is not timed."""
        if not self.root.exists():
            fresh = self.root.with_suffix(".partial")
            shutil.rmtree(fresh, ignore_errors=True)
            subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(REPOSITORY), str(fresh)], check=True)
            subprocess.run(["git", "checkout", "--quiet", self.commit], cwd=fresh, check=True)
            fresh.rename(self.root)
        if not self.words:
            self.make("environment")
        if what == "book":
            shutil.rmtree(self.root / "_build", ignore_errors=True)
        elif what == "edit":
            self.make("book", **NO_BROWSER)
        elif what in ("again", "nothing"):
            self.make("book")  # until all is up to date
            self.make("book")
        if what == "test":  # of the commit, without the sentences of rows before
            subprocess.run(["git", "checkout", "--quiet", "."], cwd=self.root, check=True)
        if what in ("edit", "again"):
            with open(self.root / self.chapter, "a", encoding="utf-8") as file:
                file.write("\n# %% [markdown]\n# One more sentence stands here.\n")

    def measure(self, what: str, repeat: int) -> Row:
        """Prepare, and time the row."""
        self.prepare(what)
        load = os.getloadavg()[0]
        begin = time.perf_counter()
        target = "test" if what == "test" else "book"
        status, said = self.make(target, **(NO_BROWSER if what == "book" else {}))
        return Row(what, self.commit, repeat, round(time.perf_counter() - begin, 2), status, said, round(load, 2))

    def make(self, target: str, **variables: str) -> tuple[int, str]:
        """Run `make`; its exit status and last line. All that it says is added to the log beside the clone."""
        with open(self.log, "a+", encoding="utf-8", errors="replace") as log:
            start = log.seek(0, os.SEEK_END)
            process = subprocess.Popen(
                ["make", target, *self.words], cwd=self.root, env=self.variables | variables,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
            try:
                status = process.wait()
            except BaseException:  # Ctrl-C: what it has started ends with it
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
                raise
            log.seek(start)
            lines = [line.strip() for line in log if line.strip() and not line.startswith("make")]
        return status, lines[-1] if lines else ""


def main() -> int:
    """Measure the rows that the record lacks, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default="ce3206b", help="a commit (default: %(default)s)")
    parser.add_argument("--after", default="HEAD", help="another one (default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), help="rows (default: all)")
    parser.add_argument("--repeats", type=int, default=1, help="times that each row is measured (default: 1)")
    parser.add_argument("--chapter", default="book/3_model/gated_cnn.py", help="to be edited (default: %(default)s)")
    parser.add_argument("--python", type=Path, help="of an environment with all packages, instead of one each")
    parser.add_argument("--data", type=Path, help="CGRECNET_DATA, for commits that need it")
    place = Path(tempfile.gettempdir()) / "cgrecnet-two-commands"
    parser.add_argument("--work", type=Path, default=place, help="for the clones (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS / "two-commands" / "times.json", help="the record")
    options = parser.parse_args()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    before, after = resolve(options.before), resolve(options.after)
    record = read(options.out) or {"before": before, "after": after, "chapter": options.chapter, "rows": []}
    for name, value in (("before", before), ("after", after), ("chapter", options.chapter)):
        if record[name] != value:
            print(f"error: {options.out} has {name} {record[name]}, not {value}: name another --out.", file=sys.stderr)
            return 2
    rows = [Row(**row) for row in record["rows"]]
    for repeat in range(options.repeats):
        for what in options.only:
            for commit in (before, after):
                if any((row.what, row.commit, row.repeat) == (what, commit, repeat) for row in rows):
                    continue
                rows.append(row := Checkout(commit, options).measure(what, repeat))
                print(f"{row.seconds:8.1f} s  {commit[:10]}  {ROWS[what][0]} ({row.said})", flush=True)
                asked = {name: {"words": words, "at_most": most} for name, (words, most) in ROWS.items()}
                done = {"asked": asked, "machine": machine(), "rows": [asdict(one) for one in rows]}
                write_json(options.out, record | done)
    print("\n" + table(rows, before, after))
    return 0


def table(rows: list[Row], before: str, after: str) -> str:
    """The rows measured at both commits, as Markdown; medians, where there are several."""
    lines = [f"| what | {before[:10]}, s | {after[:10]}, s | ratio | at most | n |", "|---|---|---|---|---|---|"]
    for what, (words, most) in ROWS.items():
        old, new = ([row.seconds for row in rows if (row.what, row.commit) == (what, one)] for one in (before, after))
        if old and new:
            ratio = median(new) / median(old)
            limit = "" if most is None else f"{most:g}"
            lines.append(f"| {words} | {median(old):.1f} | {median(new):.1f} | {ratio:.2f} | {limit} | {len(new)} |")
    failed = [f"\n{row.what} at {row.commit[:10]} ended with {row.status}: {row.said}" for row in rows if row.status]
    return "\n".join(lines + failed)


def resolve(name: str) -> str:
    """The hash of a commit; ends with git's own words where there is none of that name."""
    asked = ["git", "rev-parse", "--verify", f"{name}^{{commit}}"]
    done = subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True)
    return done.stdout.strip() or sys.exit(f"error: {name!r} is no commit here ({done.stderr.strip()}).")


def machine() -> dict[str, str | int | None]:
    return {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count(),
            "python": platform.python_version()}  # fmt: skip


def read(path: Path) -> dict:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


if __name__ == "__main__":
    sys.exit(main())
