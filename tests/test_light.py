"""torchvision is imported without torch's compiler, and is the same torchvision."""

import subprocess
import sys

import pytest

#: What may have been imported before.
EARLIER = ("torch._dynamo", "torchvision")
ASK = "torch.ones(1, 3, 8, 8), [torch.tensor([[0.0, 0.0, 4.0, 4.0]])], 2"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_models_and_transforms_are_there_without_the_compiler():
    names = "cgrecnet.models", "cgrecnet.models.cg_recnet", "cgrecnet.data.transforms"
    assert run(f"import sys, {', '.join(names)}; print('torch._dynamo' in sys.modules)") == "False"


@pytest.mark.parametrize("first", ["", *(pytest.param(f"import {one}", marks=pytest.mark.slow) for one in EARLIER)])
def test_what_was_left_out_is_asked_when_it_is_wanted(first):
    code = f"{first}\nimport torch\nfrom cgrecnet.light import torchvision\nfrom torchvision.ops import roi_align\n"
    said = run(
        code + f"print(float(roi_align({ASK}).sum()), float(torch.compile(roi_align, backend='eager')({ASK}).sum()),"
        " torch.compile(lambda x: x + 1, backend='eager')(torch.ones(1)).item())"
    )
    assert said == "12.0 12.0 2.0"
