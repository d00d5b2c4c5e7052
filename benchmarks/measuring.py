"""What the scripts beside this file share: their command line, what is checked before a measurement, and its record."""

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch
from timing import machine_load

from cgrecnet.bench.record import RECORDS, BenchRecord, Quartiles
from cgrecnet.errors import ConfigError, RunError, UserError
from cgrecnet.files import write_json
from cgrecnet.models import list_models
from cgrecnet.models.config import unknown
from cgrecnet.paths import RESULTS
from cgrecnet.runs.environment import commit, hardware, software, source_hash
from cgrecnet.runs.run_record import check_writable
from cgrecnet.training.protocol import PROTOCOL

CPU = torch.device("cpu")
#: Of the code that measures, whatever is committed meanwhile.
COMMIT = commit()


def command_line(script: str | None, **record) -> argparse.ArgumentParser:
    """A parser that shows what the script says of itself. record: how its option --json, the record's file, differs."""
    parser = argparse.ArgumentParser(description=script, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", **{"type": Path, "help": "the record's file"} | record)
    return parser


def made_here(device: torch.device = CPU) -> dict:
    """Where a measurement is from, for its record."""
    return {"hardware": hardware(device), "software": software(), "commit": COMMIT}


def keep(path: Path | None, record: dict, device: torch.device = CPU) -> dict:
    """A measurement with where it is from; written, whole or not at all, where it has a file."""
    record = record | made_here(device)
    if path:
        write_json(path, record)
    return record


class Benchmark:
    """One measurement under way: where its record will go, and what the machine did before it.

    Made before anything is measured, so that a place that cannot be written is known in time.
    """

    def __init__(self, name: str, settings: dict, device: torch.device, out: Path | None = None) -> None:
        self.name, self.settings, self.device = name, settings, device
        self.started = datetime.now(UTC)
        asked = json.dumps([settings, self.started.isoformat(), os.getpid()], sort_keys=True)
        self.id = f"{device.type}-{self.started:%Y%m%d}-{hashlib.sha256(asked.encode()).hexdigest()[:8]}"
        self.path = Path(out) if out else RESULTS / f"bench-{name}" / f"{self.id}.json"
        if self.path.exists():
            raise RunError(f"{self.path} is there already: delete it or name another file with --json.")
        check_writable(self.path.parent, "--json")
        self.load_before = machine_load()
        self._clock = time.perf_counter()

    def write(self, **measured) -> BenchRecord:
        """Check what was measured against the schema and write the record, whole or not at all; returns it."""
        record = RECORDS[self.name](
            name=self.name,
            id=self.id,
            settings=self.settings,
            started=self.started.isoformat(timespec="seconds"),
            wall_seconds=time.perf_counter() - self._clock,
            code=source_hash(),
            protocol=PROTOCOL,
            load_before=self.load_before,
            load_after=machine_load(),
            **made_here(self.device),
            **measured,
        )
        try:
            write_json(self.path, record.model_dump(mode="json"))
        except OSError as error:
            raise RunError(
                f"The record {self.path} could not be written ({error.strerror}): make room or the folder writable, "
                "then measure again."
            ) from error
        return record


def status(work: Callable[[], object]) -> int:
    """Do it: 0, or 2 where a user's mistake ended it, in one sentence."""
    try:
        work()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def show(measure: Callable[[], BenchRecord], lines: Callable[[BenchRecord], Sequence[str]]) -> int:
    """Measure, and print the record in a few lines; the exit status."""
    def work() -> None:
        record = measure()
        print(*summary(record, lines(record)), sep="\n")

    return status(work)


def summary(record: BenchRecord, lines: Sequence[str]) -> list[str]:
    """What was measured, a line each, then where the machine stood."""
    busy = [load.busy for load in (record.load_before, record.load_after)]
    end = f"{record.id}, {record.hardware['gpu'] or record.hardware['cpu']}, {record.wall_seconds:.0f} s"
    if None not in busy:
        end += "; other work kept " + " and ".join(f"{share:.0%}" for share in busy) + " of the cores busy"
    return [*lines, end]


def of(found: Quartiles, digits: int = 3) -> str:
    """A median with its quartiles."""
    return f"{found.median:.{digits}f} ({found.lower:.{digits}f} to {found.upper:.{digits}f}, n = {found.n})"


def check_models(names: Sequence[str]) -> list[str]:
    """The names, each once; all nine for none. Raises ConfigError for an unknown one."""
    for name in names:
        if name not in list_models():
            raise unknown("model", name, list_models())
    return list(dict.fromkeys(names)) or list_models()


def check_counts(**given: tuple[int, int]) -> None:
    """name=(value, least): raises ConfigError for the first value that is below its least."""
    for name, (value, least) in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ConfigError(f"The benchmark's {name.replace('_', ' ')} must be {least} or more, not {value!r}.")


def check_size(image_size: int) -> None:
    """Raises ConfigError for a size at which not all of the nine models can be built."""
    if isinstance(image_size, bool) or not isinstance(image_size, int) or image_size < 32 or image_size % 16:
        raise ConfigError(
            f"The image size must be a multiple of 16 pixels (for vit_b_16), 32 or more, not {image_size!r}."
        )
