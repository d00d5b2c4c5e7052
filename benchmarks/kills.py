"""Kill what may last at random moments, go on, and see whether anything was lost or came out wrong.

    python benchmarks/kills.py [--kills 1000] [--minutes 600] [--seed 0] [--only run sweep] [--json FILE]

Downloads, packing, runs, sweeps (worker, scheduler, driver), builds and predictions, of tiny size, on this machine
alone. Each is done once without a kill. Then it is killed (SIGKILL), up to four times at random moments, started again,
and held against that. *Lost*: what was finished or kept before a kill is not there after it, is done again, or the work
cannot be gone on with. *Wrong*: what looks finished differs from what comes about without a kill.

Every piece is kept in `_build/kills/SEED.jsonl` when it is through, so that the benchmark itself may be killed: started
again, it goes on. The moments follow from the seed, as shares of the time that the work takes on this machine.
"""

import argparse
import json
import random
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import torch
from killed import DONE, WORKS, Work
from measuring import CPU, Benchmark, command_line, show
from tqdm import tqdm

from cgrecnet.bench.record import KillsRecord, KillsRow
from cgrecnet.errors import UserError


class Piece:
    """One piece of work that is killed, and what is known of it so far."""

    def __init__(self, work: Work, place: Path, right: dict[str, str]) -> None:
        self.work, self.place, self.right = work, place, right
        self.finished: dict[str, str] = {}
        self.begun: dict[str, float] = {}
        self.lost: list[str] = []
        self.wrong: list[str] = []

    def look(self) -> None:
        """Hold what is there against what was there, and against what is right."""
        try:
            finished, begun = self.work.finished(self.place), self.work.begun(self.place)
        except UserError as error:  # what looked finished cannot be read
            self.wrong.append(str(error))
            return
        self.lost += [f"{name} is gone" for name in self.finished.keys() - finished.keys()]
        self.lost += [f"{name} is less" for name, far in self.begun.items() if begun.get(name, 0) < far]
        self.wrong += [name for name, content in finished.items() if self.right.get(name) != content]
        self.finished, self.begun = finished, begun

    def end(self, kills: int) -> None:
        """Let it end, and look at all of it."""
        if not self.work.finish(self.place):
            self.lost.append("it could not be gone on with")
        self.look()
        self.lost += [f"{name} did not come" for name in self.right.keys() - self.finished.keys()]
        self.lost += [f"{name} did not end" for name, far in self.begun.items() if far != DONE]
        if self.work.repeated(self.place) > kills:
            self.lost.append("more was done again than a kill may cost")


def undisturbed(work: Work, place: Path) -> tuple[dict[str, str], float]:
    """What comes about without a kill, and the seconds that it takes once the libraries are imported."""
    for _ in range(work.tries):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        begin = time.perf_counter()
        if not work.finish(place):
            said = place / "said.txt"
            raise SystemExit(f"{work.name} does not end well: {said.read_text()[-2000:] if said.exists() else ''}")
    return work.finished(place), time.perf_counter() - begin


def one_piece(work: Work, number: int, seed: int, place: Path, right: dict[str, str], seconds: float) -> dict:
    """Kill a piece of work some times; its line in the journal."""
    choice = random.Random(f"{seed} {work.name} {number}")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    piece, killed, begin = Piece(work, place, right), [], time.perf_counter()
    for _ in range(choice.randint(1, work.in_a_row)):
        started = time.perf_counter()
        victim = work.kill(place, choice.random() * seconds, choice)
        took = time.perf_counter() - started
        if victim is None:
            break
        killed.append(victim)
        piece.look()
    piece.end(len(killed))
    return {"work": work.name, "number": number, "killed": killed, "lost": piece.lost, "wrong": piece.wrong,
            "took": round(took, 2), "seconds": round(time.perf_counter() - begin, 2)}  # fmt: skip


def next_work(works: list[Work], lines: list[dict], kills: int) -> Work:
    """The work that has had the least time, among those whose share of the kills is not done."""
    done, seconds = Counter(), Counter()
    for line in lines:
        done[line["work"]] += len(line["killed"])
        seconds[line["work"]] += line["seconds"]
    total = sum(work.share for work in works)
    left = [work for work in works if done[work.name] < kills * work.share / total]
    return min(left or works, key=lambda work: seconds[work.name])


def rows_of(lines: list[dict]) -> list[KillsRow]:
    """Kills by what was killed; a piece's losses and faults stand with its last kill."""
    kills, lost, wrong = Counter(), Counter(), Counter()
    for line in lines:
        kills.update((line["work"], victim) for victim in line["killed"])
        last = (line["work"], (line["killed"] or ["its process"])[-1])
        lost[last] += bool(line["lost"])
        wrong[last] += bool(line["wrong"])
    order = [work.name for work in WORKS]
    return [
        KillsRow(work=work, victim=victim, kills=kills[work, victim], losses=lost[work, victim],
                 wrong=wrong[work, victim])
        for work, victim in sorted(kills, key=lambda key: (order.index(key[0]), key[1]))
    ]  # fmt: skip


def lines_of(record: KillsRecord) -> list[str]:
    """A line for each victim, and one for all."""
    rows = [f"{row.work}, {row.victim}: {row.kills} kills, {row.losses} lost, {row.wrong} wrong" for row in record.rows]
    return [*rows, f"all: {sum(row.kills for row in record.rows)} kills of {record.pieces} pieces of work"]


def main() -> int:
    parser = command_line(__doc__, help="the record's file (results/bench-kills/ID.json)")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=600, help="stop after so many, with the kills so far")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=[work.name for work in WORKS], help="(all)")
    parser.add_argument("--work", type=Path, default=Path("_build/kills"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    return show(lambda: measure(options), lines_of)


def measure(options: argparse.Namespace) -> KillsRecord:
    """Kill until there were as many kills as asked for, or the time is over; write the record."""
    bench = Benchmark("kills", {"kills": options.kills, "seed": options.seed}, CPU, options.json)
    options.work.mkdir(parents=True, exist_ok=True)
    folder, journal = options.work.resolve(), options.work / f"{options.seed}.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []
    works = [kind() for kind in WORKS if not options.only or kind.name in options.only]
    until, found = time.monotonic() + 60 * options.minutes, {}
    bar = tqdm(total=options.kills, initial=sum(len(line["killed"]) for line in lines), unit="kill", file=sys.stderr)
    try:
        while bar.n < options.kills and time.monotonic() < until:
            work = next_work(works, lines, options.kills)
            if work.name not in found:
                (folder / work.name).mkdir(exist_ok=True)
                work.prepare(folder / work.name)
                found[work.name] = undisturbed(work, folder / f"{work.name}-now")
            number = sum(line["work"] == work.name for line in lines)
            right, seconds = found[work.name]
            line = one_piece(work, number, options.seed, folder / f"{work.name}-now", right, seconds)
            if not line["killed"]:  # the machine has become quicker, and work ends before it is killed
                found[work.name] = right, min(seconds, line["took"])
            if line["lost"] or line["wrong"]:
                bar.write(json.dumps(line))
                shutil.copytree(folder / f"{work.name}-now", folder / f"{work.name}-{number}", dirs_exist_ok=True)
            lines.append(line)
            with open(journal, "a") as file:
                file.write(json.dumps(line) + "\n")
            bar.update(len(line["killed"]))
    finally:
        bar.close()
        for work in works:
            if work.name in found:
                work.close()
    return bench.write(pieces=len(lines), rows=rows_of(lines))


if __name__ == "__main__":
    sys.exit(main())
