"""The paper's network, its variants and its competitors. torch is imported when a model is made, not before."""

from cgrecnet.models.config import PRESETS, Options, resolve
from cgrecnet.models.zoo import SYSTEMS, create_model, list_models, list_presets

__all__ = ["PRESETS", "SYSTEMS", "Options", "create_model", "list_models", "list_presets", "resolve"]
