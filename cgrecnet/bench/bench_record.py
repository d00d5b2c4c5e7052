"""Records of benchmarks: begun before the measurement, written whole after it, read back with every field checked."""

import hashlib
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import torch
from pydantic import ValidationError

from cgrecnet.bench.schema import RECORDS, BenchRecord
from cgrecnet.bench.timing import machine_load
from cgrecnet.errors import RunError
from cgrecnet.files import atomic_write
from cgrecnet.paths import RESULTS
from cgrecnet.runs.environment import commit, hardware, software, source_hash
from cgrecnet.runs.record_check import check_text
from cgrecnet.training.protocol import PROTOCOL


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
        _refuse(self.path, name)
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
            commit=commit(),
            code=source_hash(),
            protocol=PROTOCOL,
            hardware=hardware(self.device),
            software=software(),
            load_before=self.load_before,
            load_after=machine_load(),
            **measured,
        )
        text = json.dumps(record.model_dump(mode="json"), indent=1, allow_nan=False)
        try:
            with atomic_write(self.path) as file:
                file.write(text + "\n")
        except OSError as error:
            raise RunError(
                f"The record {self.path} could not be written ({error.strerror}): make room or the folder writable, "
                "then measure again."
            ) from error
        return record


def read_bench(path: Path) -> BenchRecord:
    """The record at `path`; RunError, in one sentence, where it is missing, cut off or of another schema."""
    path = Path(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        record = RECORDS[values["name"]](**values)
    except FileNotFoundError:
        raise RunError(f"There is no benchmark record at {path}: make one with `cgrecnet bench`.") from None
    except OSError as error:
        raise RunError(f"The benchmark record {path} cannot be read ({error.strerror}): make it readable.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RunError(
            f"The benchmark record {path} does not fit this version ({place}: {first['msg'].lower()}): delete it and "
            "measure again with `cgrecnet bench`."
        ) from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RunError(
            f"{path} is cut off or no record of a benchmark: delete it and measure again with `cgrecnet bench`."
        ) from None
    check_text(path, values)
    return record


def load_bench(name: str, results: Path | None = None) -> list[BenchRecord]:
    """All records of a benchmark, the oldest first; empty where none was made."""
    folder = Path(results or RESULTS) / f"bench-{name}"
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return sorted((read_bench(path) for path in paths), key=lambda record: record.started)


def newest(name: str, device: str = "cpu", results: Path | None = None) -> BenchRecord | None:
    """The newest record of a benchmark that was taken on this kind of device ("cpu" or "cuda"); None for none."""
    found = [record for record in load_bench(name, results) if record.hardware["device"] == device]
    return found[-1] if found else None


def cards_measured(results: Path = RESULTS) -> list[str]:
    """Names of the graphics cards in the records of benchmarks, sorted; empty where none was measured."""
    found = set()
    for path in Path(results).glob("bench-*/*.json"):
        values = json.loads(path.read_text(encoding="utf-8"))
        hardware = values.get("hardware") if isinstance(values, dict) else None
        if isinstance(hardware, dict) and hardware.get("gpu"):
            found.add(hardware["gpu"])
    return sorted(found)


def _refuse(path: Path, name: str) -> None:
    """RunError where the record could not be written or would take another's place."""
    if path.exists():
        raise RunError(f"{path} is there already: delete it or name another file with --out.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"The folder {path.parent} cannot be made ({error.strerror}): name a file elsewhere with --out."
        ) from error
    if not os.access(path.parent, os.W_OK):
        raise RunError(f"Nothing can be written to {path.parent}: name a file elsewhere with --out.")
