"""What a killed run needs in order to go on: written after each epoch, whole or not at all."""

from pathlib import Path
from typing import Any

import torch

from cgrecnet.errors import RunError
from cgrecnet.files import whole


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` beside `path` and move it into place, so that `path` is always a whole checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with whole(path, "wb") as file:
            torch.save(state, file)
    except OSError as error:
        raise RunError(
            f"The checkpoint {path} could not be written ({error.strerror}): free some space or name another "
            "folder, then start the run again; it goes on from the last checkpoint that is whole."
        ) from error


def load_checkpoint(path: Path, fingerprint: str) -> dict[str, Any] | None:
    """The state saved at `path`; None where there is none. RunError if it is damaged or from another run."""
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file; all mean the same to the user
        raise RunError(
            f"The checkpoint {path} cannot be read ({type(error).__name__}): delete it to start the run anew."
        ) from error
    if not isinstance(state, dict) or state.get("fingerprint") != fingerprint:
        raise RunError(
            f"The checkpoint {path} belongs to another configuration or other code: delete it to start the run anew."
        )
    return state
