"""torchvision without torch's compiler, which takes a second to load and which nothing here asks for.

torchvision 0.29.2 imports `torch._dynamo` for one question of `ops.roi_align`, whether torch can compile for a device.
While torchvision is imported, a module stands in that asks the real one when the question comes. Other versions, and
processes that have the compiler already, get a plain import.
"""

import importlib
import sys
from importlib.metadata import version
from types import ModuleType

import torch

#: The version whose imports were read.
READ = "0.29.2"
COMPILER = "torch._dynamo"
__all__ = ["torchvision"]


def _import_torchvision() -> ModuleType:
    heavy = "torchvision" not in sys.modules and version("torchvision").partition("+")[0] == READ
    if not heavy or COMPILER in sys.modules:
        return importlib.import_module("torchvision")
    package, utils = ModuleType(COMPILER), ModuleType(f"{COMPILER}.utils")
    package.__path__, package.utils, utils.is_compile_supported = [], utils, _is_compile_supported
    stands_in = {module.__name__: module for module in (package, utils)}
    sys.modules.update(stands_in)
    try:
        return importlib.import_module("torchvision")
    finally:
        for name in stands_in:
            del sys.modules[name]


def _is_compile_supported(device: torch.types.Device) -> bool:
    return importlib.import_module(f"{COMPILER}.utils").is_compile_supported(device)


torchvision = _import_torchvision()
