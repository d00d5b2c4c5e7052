"""Change files at random and read them: no traceback, no hang, and nothing wrong taken for right.

    python benchmarks/mutations.py [--cases 10000] [--seed 0] [--only "sweep files" records] [--json FILE]

Images, sweep files, records, stores, split manifests, checkpoints and model folders, as `mutated.py` makes and changes
them; every case follows from the seed. A case is *refused* in one sentence, *taken* where what was changed does not
matter, a *traceback*, a *hang* (more than 20 s), a *crash* of the process, or *wrong*.
What is amiss is listed in `_build/mutations/SEED.jsonl`, to be mended; the record holds the counts alone.
"""

import argparse
import json
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from measuring import CPU, Benchmark, command_line, show
from mutated import KINDS, REFUSALS, Kind
from tqdm import tqdm

from cgrecnet.bench.record import BenchRecord, MutationsRow

#: Seconds after which a case counts as hanging.
PATIENCE = 20.0
#: Seconds to make what is changed, a model folder above all.
START = 900.0


def outcome(kind: Kind, number: int, seed: int) -> tuple[str, str]:
    """What became of a case, and why."""
    try:
        right = kind.case(random.Random(f"{seed} {kind.name} {number}"))
    except REFUSALS as refusal:
        return ("refused", "") if len(str(refusal)) < 20_000 else ("traceback", "a refusal of pages")
    except Exception:
        return "traceback", traceback.format_exc()
    return ("taken", "") if right else ("wrong", "")


def work(pipe: Connection, kind: type[Kind], folder: str, seed: int, first: int, last: int) -> None:
    """Do the cases from `first` to `last`, in a process that may hang or crash."""
    torch.set_num_threads(1)
    made = kind()
    made.make(Path(folder))
    pipe.send(("ready", ""))
    for number in range(first, last):
        pipe.send(outcome(made, number, seed))


def outcomes(kind: type[Kind], folder: str, seed: int, cases: int):
    """(number, what became of it, why) of each case; a process that hangs or crashes is replaced."""
    number = 0
    while number < cases:
        mine, its = get_context("fork").Pipe(duplex=False)
        process = get_context("fork").Process(target=work, args=(its, kind, folder, seed, number, cases))
        process.start()
        its.close()
        try:
            if not mine.poll(START) or mine.recv()[0] != "ready":
                raise SystemExit(f"The {kind.name} could not be made.")
            while number < cases:
                begin = time.monotonic()
                state, why = mine.recv() if mine.poll(PATIENCE) else ("hang", f"{time.monotonic() - begin:.0f} s")
                yield number, state, why
                number += 1
                if state == "hang":
                    break
        except EOFError:
            process.join()
            yield number, "crash", f"exit status {process.exitcode}"
            number += 1
        finally:
            process.kill()
            process.join()


def lines_of(record: BenchRecord[MutationsRow]) -> list[str]:
    """A line for each kind of file."""
    return [
        f"{row.kind}: {row.refused:,} of {row.cases:,} refused, {row.taken:,} taken for what they were, "
        f"{row.traceback} tracebacks, {row.hang} hangs, {row.crash} crashes, {row.wrong} wrong"
        for row in record.rows
    ]


def main() -> int:
    parser = command_line(__doc__, help="the record's file (results/bench-mutations/ID.json)")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=[kind.name for kind in KINDS], help="(all)")
    parser.add_argument("--work", type=Path, default=Path("_build/mutations"))
    options = parser.parse_args()
    return show(lambda: measure(options), lines_of)


def measure(options: argparse.Namespace) -> BenchRecord[MutationsRow]:
    """Change and read as many files as asked for; write the record."""
    kinds = [kind for kind in KINDS if not options.only or kind.name in options.only]
    settings = {"cases": options.cases, "seed": options.seed} | ({"only": options.only} if options.only else {})
    bench = Benchmark("mutations", settings, CPU, options.json)
    options.work.mkdir(parents=True, exist_ok=True)
    total, rows = sum(kind.share for kind in kinds), []
    with open(options.work / f"{options.seed}.jsonl", "w") as amiss, tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            counts, cases = Counter(), round(options.cases * kind.share / total)
            place = Path(folder) / kind.__name__
            place.mkdir()
            found = outcomes(kind, str(place), options.seed, cases)
            for number, state, why in tqdm(found, kind.name, cases, file=sys.stderr, mininterval=5):
                counts[state] += 1
                if state not in ("refused", "taken"):
                    amiss.write(json.dumps({"kind": kind.name, "number": number, "state": state, "why": why}) + "\n")
                    amiss.flush()
            states = ("refused", "taken", "traceback", "hang", "crash", "wrong")
            rows.append(MutationsRow(kind=kind.name, cases=cases, **{state: counts[state] for state in states}))
    return bench.write(rows=rows)


if __name__ == "__main__":
    sys.exit(main())
