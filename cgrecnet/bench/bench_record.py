"""Settings and records of benchmarks: checked before the measurement, written whole after it, checked when read."""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch

from cgrecnet.bench.schema import RECORDS, BenchRecord
from cgrecnet.bench.timing import machine_load
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.files import write_json
from cgrecnet.models import list_models
from cgrecnet.models.config import unknown
from cgrecnet.paths import RESULTS
from cgrecnet.runs.environment import commit, hardware, software, source_hash
from cgrecnet.runs.record_check import read_fields
from cgrecnet.runs.run_record import check_writable
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
        if self.path.exists():
            raise RunError(f"{self.path} is there already: delete it or name another file with --out.")
        check_writable(self.path.parent, "--out")
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
        try:
            write_json(self.path, record.model_dump(mode="json"))
        except OSError as error:
            raise RunError(
                f"The record {self.path} could not be written ({error.strerror}): make room or the folder writable, "
                "then measure again."
            ) from error
        return record


def read_bench(path: Path) -> BenchRecord:
    """The record at `path`; RunError, in one sentence, where it is missing, cut off or of another schema."""
    return read_fields(
        Path(path), lambda fields: RECORDS[fields["name"]](**fields), what="benchmark record",
        missing="make one with `cgrecnet bench`", foreign="no record of a benchmark",
        remedy="delete it and measure again with `cgrecnet bench`",
    )[0]  # fmt: skip


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
