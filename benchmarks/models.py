"""How fast the nine models run, and how far that is from what the machine could do.

    python benchmarks/models.py [--model resnet50 ...] [--compile MODEL ...] [--image-size 224] [--json FILE]

Forward passes and training steps in both precisions, eager and compiled, are timed in turn, so that their ratios
hold on a busy machine.
"""

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
import torch._dynamo
from limits import best_of, measure_limits
from measuring import Benchmark, check_counts, check_models, check_size, command_line, show
from steps import Steps
from timing import in_turn, quartiles, ratio, wait
from tqdm import tqdm

from cgrecnet.bench.record import Limits, ModelRow, ModelsRecord
from cgrecnet.bench.traffic import Traffic
from cgrecnet.errors import ConfigError
from cgrecnet.models import create_model
from cgrecnet.models.complexity import macs_products
from cgrecnet.runs.environment import pick_device

KINDS = ("forward", "training")
PRECISIONS = ("32", "bf16")
BATCH = {"cpu": 8, "cuda": 64}
REPEATS = {"cpu": 3, "cuda": 20}
#: Compiled by default: all on a GPU; two on a CPU, where the compiler takes longer than the measurement.
COMPILED = {"cpu": ("resnet50", "cg_recnet"), "cuda": None}
#: Passes over the network that a training step amounts to: forward once, backward twice.
PASSES = {"forward": 1, "training": 3}
FLOPS_PER_MAC = 2

Variant = tuple[str, str, bool]  # kind of pass, precision, compiled


def bench_models(
    models: Sequence[str] = (),
    image_size: int = 224,
    batch_size: int | None = None,
    repeats: int | None = None,
    compiled: Sequence[str] | None = None,
    out: Path | None = None,
) -> ModelsRecord:
    """Time each model in all its variants; write the record.

    models: all nine for none. compiled: models that are compiled too (None: the device's default; ["none"]: none).
    Raises ConfigError for settings that cannot be used, RunError where the record cannot be written.
    """
    device = pick_device()
    models = check_models(models)
    if compiled is None:
        compiled = [name for name in COMPILED[device.type] or models if name in models]
    elif list(compiled) in ([], ["none"]):
        compiled = []
    elif left := [name for name in check_models(compiled) if name not in models]:
        raise ConfigError(f"--compile names {left[0]!r}, which is not among the models of --model: add it there.")
    batch_size = BATCH[device.type] if batch_size is None else batch_size
    repeats = REPEATS[device.type] if repeats is None else repeats
    check_size(image_size)
    check_counts(batch_size=(batch_size, 2), repeats=(repeats, 2))
    settings = {
        "models": models, "compiled": compiled, "image_size": image_size, "batch_size": batch_size,
        "repeats": repeats, "data": "random pictures",
    }  # fmt: skip
    bench = Benchmark("models", settings, device, out)
    limits: list[Limits] = []
    rows: list[ModelRow] = []
    with tqdm(models, unit="model", disable=None) as bar:
        for model in bar:
            bar.set_postfix_str(model)
            limits.append(measure_limits(device))  # again for each, so that a busy moment does not pass for a limit
            rows += measure_model(model, image_size, batch_size, repeats, model in compiled, device)
    return bench.write(limits=best_of(limits), rows=rows)


def measure_model(
    model: str, image_size: int, batch_size: int, repeats: int, compiled: bool, device: torch.device
) -> list[ModelRow]:
    """All rows of one model."""
    steps = Steps(model, image_size, batch_size, device)
    macs = count_macs(model, image_size)
    eager = [(kind, precision, False) for kind in KINDS for precision in PRECISIONS]
    steps.run("training", "32")  # Adam makes its moments in its first step
    moved = {}
    for kind, precision, _ in eager:  # also warms up
        traffic = Traffic()
        steps.run(kind, precision, within=traffic)
        wait(device)
        moved[kind, precision] = {name: float(count) for name, count in traffic.bytes.items()}
    sides = {variant: lambda v=variant: steps.run(v[0], v[1]) for variant in eager}
    reason = "not asked for"
    if compiled:
        torch.compiler.reset()  # variants of one class are counted together, and beyond a limit none is compiled
        network = torch.compile(steps.network)
        reason = _warm(steps, network)
        if reason is None:
            sides |= {(k, p, True): lambda k=k, p=p: steps.run(k, p, network) for k, p, _ in eager}
    taken = in_turn(sides, repeats, device)
    rows = []
    for kind, precision, _ in eager:
        for is_compiled in (False, True):
            variant = (kind, precision, is_compiled)
            row = {"model": model, "kind": kind, "precision": precision, "compiled": is_compiled}
            if variant in taken:
                row |= _measured(variant, taken, batch_size)
                row |= {"flops": float(macs * FLOPS_PER_MAC * PASSES[kind] * batch_size)}
                row |= {"byte_counts": None if is_compiled else moved[kind, precision]}
            else:
                row |= {"skipped": reason}
            rows.append(ModelRow(**row))
    return rows


def count_macs(model: str, image_size: int) -> int:
    """Multiply-adds of one image's forward pass, in convolutions and matrix products."""
    with torch.device("meta"):
        return macs_products(create_model(model, image_size=image_size).eval(), (1, 3, image_size, image_size))


def _warm(steps: Steps, network: torch.nn.Module) -> str | None:
    """Compile all variants; why it cannot be done here, or None."""
    try:
        # Without the setting, a variant beyond the compiler's limit would run eager and be called compiled.
        with warnings.catch_warnings(), torch._dynamo.config.patch(fail_on_recompile_limit_hit=True):
            warnings.simplefilter("ignore")
            for kind in KINDS:
                for precision in PRECISIONS:
                    steps.run(kind, precision, network)
                    wait(steps.device)
    except Exception as error:  # what is missing (a compiler, its headers, Triton) comes as many kinds of error
        return f"torch.compile failed here: {type(error).__name__}: {str(error).strip().splitlines()[0][:160]}"
    return None


def _measured(variant: Variant, taken: dict[Variant, list[float]], batch_size: int) -> dict:
    kind, precision, compiled = variant
    spent = quartiles(taken[variant])
    float32, eager = (kind, "32", compiled), (kind, precision, False)
    return {
        "seconds": spent,
        "images_per_second": batch_size / spent.median,
        "to_float32": None if variant == float32 else ratio(taken[float32], taken[variant]),
        "to_eager": None if variant == eager else ratio(taken[eager], taken[variant]),
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure what the command line names."""
    parser = command_line(__doc__, dest="out")
    parser.add_argument("--model", nargs="+", default=(), dest="models", help="(all nine)")
    parser.add_argument("--compile", nargs="+", dest="compiled", metavar="MODEL", help="or `none`")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, help="(8 on the CPU, 64 on a GPU)")
    parser.add_argument("--repeats", type=int, help="(3 on the CPU, 20 on a GPU)")
    options = parser.parse_args(arguments)
    return show(lambda: bench_models(**vars(options)), lines)


def lines(record: ModelsRecord) -> list[str]:
    """A line for each variant of each model."""
    return [
        f"{row.model}, {row.kind}, {row.precision}, {'compiled' if row.compiled else 'eager'}: "
        + (row.skipped or f"{row.images_per_second:.3g} images/s")
        for row in record.rows
    ]


if __name__ == "__main__":
    sys.exit(main())
