"""Records of benchmarks: what each holds, checked when `benchmarks/` writes it and when a page reads it."""

import json
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from cgrecnet.paths import RESULTS
from cgrecnet.runs.run_record import read_fields

Pass = Literal["forward", "training"]
Precision = Literal["32", "bf16"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Quartiles(_Part):
    """Of n timings or ratios."""

    lower: float
    median: float
    upper: float
    n: int


class Load(_Part):
    """Other work on the machine: `average` over 1, 5 and 15 minutes as the system says (it counts this process too);
    `busy`, share of the cores that others used while this process waited. None where the system does not say."""

    average: tuple[float, float, float] | None
    busy: float | None


class InputRow(_Part):
    """Seconds of a step on a ready batch and of a whole step, with reading; ratio = ready / whole, pair by pair."""

    model: str
    image_size: int
    batch_size: int
    precision: Precision
    ready: Quartiles
    whole: Quartiles
    ratio: Quartiles
    images_per_second: float


class ModelRow(_Part):
    """One model, one kind of pass, one precision, eager or compiled.

    flops: operations of one pass over the batch, two per multiply-add; byte_counts: bytes read and written by each kind
    of operation, if nothing stays in a cache. to_float32, to_eager: rate relative to these, repeat by repeat.
    skipped: why it was not measured; then all of that is None.
    """

    model: str
    kind: Pass
    precision: Precision
    compiled: bool
    skipped: str | None = None
    seconds: Quartiles | None = None
    images_per_second: float | None = None
    flops: float | None = None
    byte_counts: dict[str, float] | None = None
    to_float32: Quartiles | None = None
    to_eager: Quartiles | None = None

    @model_validator(mode="after")
    def _measured_or_not(self) -> "ModelRow":
        measured = [self.seconds, self.images_per_second]
        measured += [] if self.compiled else [self.flops, self.byte_counts]  # counted once, in the eager pass
        if not self.skipped and None in measured:
            raise ValueError("a row that was not skipped has numbers")
        return self

    @property
    def intensity(self) -> float:
        """Operations per byte moved, of an eager pass."""
        return self.flops / sum(self.byte_counts.values())

    @property
    def achieved(self) -> float:
        """Operations per second, of an eager pass."""
        return self.flops / self.seconds.median


class Limits(_Part):
    """The best that a large matrix product (per precision) and a large copy reach here."""

    flops_per_second: dict[Precision, float]
    bytes_per_second: float


class Agreement(_Part):
    """Accuracy of a side minus the tutorial's on the same test cells, in percentage points.

    differences: training by training, in the order of the seeds; interval95: of their mean, by a paired t-test over the
    trainings (None where they are all alike).
    """

    difference: float
    differences: list[float]
    interval95: tuple[float, float] | None


class ReferenceRow(_Part):
    """One side: images per second in each epoch, the ratio to the tutorial epoch by epoch, and the test cells.

    accuracies: of each training, in the order of the seeds; accuracy, macro_f1: their means. The tutorial's own row has
    neither ratio nor agreement.
    """

    side: str
    precision: Precision
    workers: int
    images_per_second: list[float]
    rate: Quartiles
    ratio: Quartiles | None
    accuracies: list[float]
    accuracy: float
    macro_f1: float
    test_cells: int
    agreement: Agreement | None


class MemoryRow(_Part):
    """Peak memory of a fresh process over that before the network was built, in bytes.

    On the CPU `peak` is the growth of the resident set; on a GPU what torch allocated at most, `reserved` what it held,
    and `device` what the whole device had in use. parts: of a training step, what any device has to hold.
    """

    model: str
    kind: Pass
    precision: Precision
    peak: int
    reserved: int | None = None
    device: int | None = None
    parts: dict[str, int] | None = None


class Place(_Part):
    """A machine on which the protocol might run; where nothing was measured on it, the speeds that are assumed."""

    name: str
    measured: bool
    words: str
    flops_per_second: tuple[float, float] | None = None


class ProtocolRow(_Part):
    """Hours of one device for a model over all folds and seeds; slow and fast differ where a speed is assumed."""

    place: str
    model: str
    epochs: int
    fast_hours: float
    slow_hours: float


class KillsRow(_Part):
    """One kind of work and what of it was killed: how often, and how many pieces of work lost something or ended wrong.

    A piece that was killed several times counts with its last kill.
    """

    work: str
    victim: str
    kills: int
    losses: int
    wrong: int


class MutationsRow(_Part):
    """What became of the changed files of one kind: refused in a sentence, taken for what they were, or amiss."""

    kind: str
    cases: int
    refused: int
    taken: int
    traceback: int
    hang: int
    crash: int
    wrong: int


Row = TypeVar("Row", bound=_Part)


class BenchRecord(_Part, Generic[Row]):
    """What `benchmarks/NAME.py` measured: what was asked for, on what, by which code, what else the machine did, and
    the rows."""

    schema_version: Literal[1] = 1
    name: str
    id: str
    settings: dict[str, Any]
    started: str
    wall_seconds: float
    commit: str
    code: str
    protocol: int = 1
    """Of training; records that came before the number was written down have the first."""
    hardware: dict[str, Any]
    software: dict[str, str]
    load_before: Load
    load_after: Load
    rows: list[Row]

    @field_validator("hardware")
    @classmethod
    def _of_a_machine(cls, hardware: dict[str, Any]) -> dict[str, Any]:
        if not {"device", "gpu", "cpu"} <= hardware.keys() or not (hardware["gpu"] or hardware["cpu"]):
            raise ValueError("device, gpu and cpu say what the machine is")
        return hardware


class ModelsRecord(BenchRecord[ModelRow]):
    """Rates, with the two limits of the machine."""

    limits: Limits

    def eager(self, kind: Pass, precision: Precision) -> list[ModelRow]:
        """The measured rows of one kind of pass and precision that were not compiled, in the order of the models."""
        asked = (kind, precision, False, None)
        return [row for row in self.rows if (row.kind, row.precision, row.compiled, row.skipped) == asked]

    def roof(self, row: ModelRow) -> float:
        """The most operations per second that the two measured limits allow a pass of this row's intensity."""
        return min(self.limits.flops_per_second[row.precision], row.intensity * self.limits.bytes_per_second)


class ReferenceRecord(BenchRecord[ReferenceRow]):
    """Two ways of training. data: the cells, `simulated` among what is said of them."""

    data: dict[str, Any]


class ProtocolRecord(BenchRecord[ProtocolRow]):
    """The bill. source: id of the record that its rates are from."""

    source: str
    places: list[Place]

    def days(self, place: str, epochs: int) -> tuple[float, float]:
        """Days for all models at a place, fast and slow."""
        rows = [row for row in self.rows if (row.place, row.epochs) == (place, epochs)]
        return sum(row.fast_hours for row in rows) / 24, sum(row.slow_hours for row in rows) / 24


class KillsRecord(BenchRecord[KillsRow]):
    """pieces: of work, each killed some times and then left to end."""

    pieces: int


#: The class of each benchmark's record.
RECORDS: dict[str, type[BenchRecord]] = {
    "input": BenchRecord[InputRow],
    "models": ModelsRecord,
    "reference": ReferenceRecord,
    "memory": BenchRecord[MemoryRow],
    "protocol": ProtocolRecord,
    "kills": KillsRecord,
    "mutations": BenchRecord[MutationsRow],
}


def read_bench(path: Path) -> BenchRecord:
    """The record at `path`; RunError, in one sentence, where it is missing, cut off or of another schema."""
    return read_fields(
        Path(path), lambda fields: RECORDS[fields["name"]](**fields), what="benchmark record",
        missing="make one with a script of benchmarks/",
        advice="delete it and measure again with the script of benchmarks/ that its name says",
    )[0]  # fmt: skip


def load_bench(name: str, results: Path | None = None) -> list[BenchRecord]:
    """All records of a benchmark, the oldest first; empty where none was made."""
    paths = sorted((Path(results or RESULTS) / f"bench-{name}").glob("*.json"))
    return sorted(map(read_bench, paths), key=lambda record: record.started)


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
