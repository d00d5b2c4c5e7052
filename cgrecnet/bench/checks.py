"""Settings of benchmarks, checked before anything is measured: one sentence for each mistake."""

from collections.abc import Sequence

from cgrecnet.errors import ConfigError
from cgrecnet.models import list_models
from cgrecnet.models.config import unknown


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
