"""Peak memory of a forward pass and of a training step.

    python benchmarks/memory.py [--model resnet50 ...] [--image-size 224] [--batch-size 8] [--json FILE]

Each is measured in a fresh process, so that none sees what another left behind.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from measuring import Benchmark, check_counts, check_models, check_size, command_line, show
from steps import Steps
from tqdm import tqdm

from cgrecnet.bench.record import BenchRecord, MemoryRow
from cgrecnet.errors import RunError
from cgrecnet.models.bf16 import bf16_products
from cgrecnet.runs.environment import pick_device

KINDS = ("training", "forward")
PRECISIONS = ("32", "bf16")
#: Passes before the peak is read: from the second training step on, Adam's moments are there beside the activations.
PASSES = 2


def bench_memory(
    models: Sequence[str] = (),
    image_size: int = 224,
    batch_size: int = 8,
    kinds: Sequence[str] = KINDS,
    precisions: Sequence[str] = PRECISIONS,
    out: Path | None = None,
) -> BenchRecord[MemoryRow]:
    """Measure every model (all nine for none), kind of pass and precision, a process each; write the record.

    Raises ConfigError for settings that cannot be used, RunError where a process ends early (with too little memory
    the system ends it) or the record cannot be written.
    """
    models = check_models(models)
    check_size(image_size)
    check_counts(batch_size=(batch_size, 2))
    settings = {
        "models": models, "image_size": image_size, "batch_size": batch_size, "kinds": list(kinds),
        "precisions": list(precisions), "passes": PASSES, "data": "random pictures",
    }  # fmt: skip
    bench = Benchmark("memory", settings, pick_device(), out)
    asked = [(model, kind, precision) for model in models for kind in kinds for precision in precisions]
    rows = []
    with tqdm(asked, unit="process", disable=None) as bar:
        for model, kind, precision in bar:
            bar.set_postfix_str(f"{model}, {kind}, {precision}")
            found = in_fresh_process(model, kind, precision, image_size, batch_size)
            rows.append(MemoryRow(model=model, kind=kind, precision=precision, **found))
    return bench.write(rows=rows)


def in_fresh_process(model: str, kind: str, precision: str, image_size: int, batch_size: int) -> dict:
    """What `peak_here` says in a Python that has done nothing else."""
    arguments = (model, kind, precision, image_size, batch_size)
    program = f"import json, sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom memory import peak_here\n"
    program += f"print(json.dumps(peak_here{arguments!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise RunError(
            f"The {kind} of {model} at {image_size} px, batch {batch_size}, could not be measured ({last[:160]}): "
            "take a smaller batch, or leave the model out."
        )
    return json.loads(done.stdout.splitlines()[-1])


def peak_here(model: str, kind: str, precision: str, image_size: int, batch_size: int) -> dict:
    """Peak memory of this process from before the network is built to after `PASSES` passes, in bytes."""
    device = pick_device()
    torch.randn(64, 64, device=device) @ torch.randn(64, 64, device=device)  # libraries and a GPU's context
    before = _resident_peak()
    steps = Steps(model, image_size, batch_size, device)
    for _ in range(PASSES):
        steps.run(kind, precision)
    if device.type == "cuda":
        torch.cuda.synchronize()
        free, total = torch.cuda.mem_get_info()
        found = {
            "peak": torch.cuda.max_memory_allocated(),
            "reserved": torch.cuda.max_memory_reserved(),
            "device": total - free,
        }
    else:
        found = {"peak": _resident_peak() - before}
    return found | {"parts": step_parts(steps, precision) if kind == "training" else None}


def step_parts(steps: Steps, precision: str) -> dict[str, int]:
    """Bytes that any device holds between the forward and the backward pass of a training step, whatever its kernels:

    weights (with buffers), Adam's two moments, the batch, and `kept`, the distinct tensors that the forward pass keeps
    for the backward pass. Gradients (as many bytes as weights) appear while the kept tensors go, and are listed beside.
    """
    weights = {t.data_ptr(): t.nbytes for t in (*steps.network.parameters(), *steps.network.buffers())}
    trained = sum(parameter.nbytes for parameter in steps.network.parameters())
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights and storage.data_ptr() != steps.images.data_ptr():
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    steps.network.train()
    with bf16_products(precision == "bf16"), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = steps.loss(steps.network, precision)
    del loss
    return {
        "weights": sum(weights.values()),
        "moments": 2 * trained,
        "batch": steps.images.nbytes,
        "kept": sum(kept.values()),
        "gradients": trained,
    }


def _resident_peak() -> int:
    """The largest resident set of this process so far, in bytes; 0 where the system does not say.

    Linux is asked through /proc, because its `getrusage` also counts the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(arguments: list[str] | None = None) -> int:
    """Measure what the command line names."""
    parser = command_line(__doc__, dest="out")
    parser.add_argument("--model", nargs="+", default=(), dest="models", help="(all nine)")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=8)
    options = parser.parse_args(arguments)
    return show(lambda: bench_memory(**vars(options)), lines)


def lines(record: BenchRecord[MemoryRow]) -> list[str]:
    """A line for each process."""
    return [f"{row.model}, {row.kind}, {row.precision}: peak {row.peak / 1e9:.2f} GB" for row in record.rows]


if __name__ == "__main__":
    sys.exit(main())
