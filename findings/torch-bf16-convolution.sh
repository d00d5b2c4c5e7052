#!/usr/bin/env bash
# torch 2.15.0 on a CPU without AVX-512: under `torch.autocast("cpu", torch.bfloat16)` a convolution is computed by
# `slow_conv2d`, plain loops, where oneDNN's kernel is used for float32. Nothing says so, and a training step takes
# several times as long as it does without autocast. oneDNN is told here to use AVX2 at most, so that this shows on any
# x86 processor; which kernel runs is read off the profiler, and the times are for the reader.
# Linux on x86, python3 with pip; 6 GB.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv env
env/bin/pip install --quiet torch==2.15.0 numpy==2.4.6
env/bin/pip list 2>/dev/null | grep -E "^torch "

cat > convolve.py <<'PY'
"""Which kernel one training step of a convolution runs in, and how long it takes, in two number formats."""
import time
import torch
from torch.profiler import ProfilerActivity, profile

torch.set_num_threads(1)
layer, x = torch.nn.Conv2d(128, 128, 3, padding=1), torch.randn(16, 128, 12, 12)


def step(bf16):
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        layer(x).float().square().mean().backward()


for name, bf16 in (("float32", False), ("bfloat16", True)):
    step(bf16)
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        step(bf16)
    names = {event.key for event in seen.key_averages()}
    began = time.process_time()
    for _ in range(5):
        step(bf16)
    took = (time.process_time() - began) / 5
    kernel = "mkldnn_convolution" if "aten::mkldnn_convolution" in names else ""
    kernel += "slow_conv2d" if any("slow_conv2d" in name for name in names) else ""
    print(f"{name}: {kernel}; {1000 * took:.0f} ms")
PY
ONEDNN_MAX_CPU_ISA=AVX2 env/bin/python convolve.py 2>errors.txt | tee found.txt || { cat errors.txt >&2; exit 1; }

expected="float32: mkldnn_convolution
bfloat16: slow_conv2d"
[ "$(sed 's/;.*//' found.txt)" = "$expected" ] || { echo "it changed: expected $expected" >&2; exit 1; }
