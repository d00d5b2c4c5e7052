"""Runs that stop at an epoch and can go on: what they have reached is in a small file beside their checkpoint."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from cgrecnet.files import write_file
from cgrecnet.paths import WORK

PAUSED = "paused.json"


class Epoch(BaseModel):
    """What is needed of an epoch to choose between runs and to draw them; the rest of its entry is kept."""

    model_config = ConfigDict(extra="allow")

    epoch: int
    validation_macro_f1: FiniteFloat


class _Note(BaseModel):
    run_id: str
    history: list[Epoch]


def pause_run(run_id: str, history: list[dict], work: Path = WORK) -> None:
    """Note that a run has come to the end of `history`; its checkpoint is there already."""
    write_file(Path(work) / run_id / PAUSED, json.dumps({"run_id": run_id, "history": history}, indent=1) + "\n")
    print(f"paused after epoch {len(history)}")


def paused_history(run_id: str, work: Path = WORK) -> list[dict]:
    """The epochs of a run that was paused; empty where there is no such note, or none that can be read."""
    try:
        note = _Note.model_validate_json((Path(work) / run_id / PAUSED).read_bytes())
    except (OSError, ValidationError):
        return []
    return note.model_dump()["history"] if note.run_id == run_id else []
