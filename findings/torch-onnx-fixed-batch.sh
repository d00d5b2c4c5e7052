#!/usr/bin/env bash
# torch 2.15.0: `torch.onnx.export(dynamo=True)`, asked for an open batch size, writes a file for the sample's batch alone
# where an operation ties that size down (here `chunk` over two batches joined), and reports success at every step.
# `torch.export.export` refuses the same network with the same request. The runtime finds out: OpenVINO and onnxruntime
# take no other batch. Halves taken by `unflatten` leave it open. Linux, python3 with pip; 6 GB.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv env
env/bin/pip install --quiet torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 numpy==2.4.6
env/bin/pip list 2>/dev/null | grep -E "^(torch|onnx|onnxscript) "

cat > export.py <<'PY'
"""What becomes of an open batch size, for two ways to take the halves of two joined batches."""
import sys
import onnx
import torch


class Halves(torch.nn.Module):
    def __init__(self, way):
        super().__init__()
        self.way = way

    def forward(self, x):
        both = torch.cat((x, 2 * x))
        first, second = both.chunk(2) if self.way == "chunk" else both.unflatten(0, (2, x.shape[0])).unbind()
        return first + second


network, sample = Halves(sys.argv[1]).eval(), (torch.randn(8, 3),)
shapes = ({0: torch.export.Dim("batch", min=1, max=64)},)
try:
    torch.export.export(network, sample, dynamic_shapes=shapes)
    answer = "taken"
except Exception as error:
    answer = f"refused ({type(error).__name__})"
torch.onnx.export(network, sample, "x.onnx", dynamo=True, dynamic_shapes=shapes, input_names=["x"], verbose=False)
sides = onnx.load("x.onnx").graph.input[0].type.tensor_type.shape.dim
print("torch.export:", answer + "; ONNX file takes", [side.dim_param or side.dim_value for side in sides])
PY
check() { # way, what is expected
    local found
    found="$(env/bin/python export.py "$1" 2>errors.txt | tail -n 1)"
    echo "$1: $found"
    [ "$found" = "$2" ] || { cat errors.txt >&2; echo "it changed: expected $2" >&2; exit 1; }
}

check chunk "torch.export: refused (UserError); ONNX file takes [8, 3]"
check unflatten "torch.export: taken; ONNX file takes ['batch', 3]"
