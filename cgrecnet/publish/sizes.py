"""How many lines each room of the package has, against what CONTRIBUTING.md wants of it; `make lint` prints them.

A room that is too large is no error: it says where to merge, delete, or use a library next.
"""

from pathlib import Path

#: Room -> lines that it should have at most; of the files beside the folders too ("").
BUDGETS = {
    "": 300,
    "paper": 1_100,
    "data": 4_000,
    "models": 900,
    "training": 650,
    "evaluation": 850,
    "explain": 480,
    "predict": 600,
    "runs": 1_200,
    "bench": 150,
    "judgement": 970,
    "figures": 2_200,
    "publish": 1_100,
    "commands": 500,
}
#: A file holds one idea, and seldom more lines than this.
LONG = 300


def lines_of(package: Path) -> dict[str, dict[str, int]]:
    """Room -> file (from the package on) -> its lines, of every Python file."""
    found: dict[str, dict[str, int]] = {}
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        room = name.parts[0] if len(name.parts) > 1 else ""
        found.setdefault(room, {})[name.as_posix()] = len(path.read_bytes().splitlines())
    return found


def sizes(package: Path) -> list[str]:
    """The lines to print: each room with its lines, files and budget, then all, then the files that are too long."""
    rooms = lines_of(package)
    said = [f"{'room':12}{'lines':>8}{'files':>7}{'at most':>9}"]
    for room, files in rooms.items():
        budget, lines = BUDGETS.get(room), sum(files.values())
        over = f"  {lines - budget:+,}" if budget is not None and lines > budget else ""
        said.append(f"{room or '(beside)':12}{lines:8,}{len(files):7}{budget or 0:9,}{over}")
    every = [file for files in rooms.values() for file in files.items()]
    whole = sum(lines for _, lines in every)
    said.append(f"{'all':12}{whole:8,}{len(every):7}{sum(BUDGETS.values()):9,}")
    said += [f"longer than {LONG} lines: {name} ({lines})" for name, lines in every if lines > LONG]
    return said
