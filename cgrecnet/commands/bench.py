"""`cgrecnet bench`: what is timed, and against what; each writes one record that the book shows."""

import argparse
from pathlib import Path


def add(commands) -> None:
    """Add `bench` and its commands to the parser."""
    bench = commands.add_parser("bench", help="ratios of speed and memory, as records: input, models, reference, ...")
    below = bench.add_subparsers(required=True, metavar="NAME")
    one = _parser(below, "input", "training from the data set against the same steps on a batch that lies ready")
    one.add_argument("--model", action="append", default=[], help="several times (resnet50, cg_recnet)")
    one.add_argument("--image-size", type=int, help="one size, with --batch-size (224 with 8 and 64 with 32)")
    one.add_argument("--batch-size", type=int)
    one.add_argument("--repeats", type=int, default=15)
    one.add_argument("--precision", choices=("32", "bf16"), default="32")
    one = _parser(below, "models", "rate of the nine models against the machine's limits; bfloat16, compiled")
    one.add_argument("--model", action="append", default=[], help="several times (all nine)")
    one.add_argument("--compile", action="append", metavar="MODEL", help="several times; `none` for none")
    one.add_argument("--image-size", type=int, default=224)
    one.add_argument("--batch-size", type=int, help="(8 on the CPU, 64 on a GPU)")
    one.add_argument("--repeats", type=int)
    one = _parser(below, "reference", "ours against files, PIL and DataLoader: rate and accuracy")
    one.add_argument("--model", default="resnet50")
    one.add_argument("--cells", type=int, default=1200, help="simulated ones")
    one.add_argument("--image-size", type=int, default=64)
    one.add_argument("--batch-size", type=int, default=32)
    one.add_argument("--epochs", type=int, default=5)
    one.add_argument("--learning-rate", type=float, default=1e-3)
    one.add_argument("--weights", help="`imagenet`, or a file")
    one.add_argument("--seed", type=int, action="append", help="one training each, two or more (42, 123, 999)")
    one = _parser(below, "memory", "peak memory of a forward pass and of a training step, a fresh process for each")
    one.add_argument("--model", action="append", default=[], help="several times (all nine)")
    one.add_argument("--image-size", type=int, default=224)
    one.add_argument("--batch-size", type=int, default=8)
    _parser(below, "protocol", "the paper's whole protocol, from the newest record of `models` here")


def _parser(below, name: str, text: str) -> argparse.ArgumentParser:
    parser = below.add_parser(name, help=text, description=f"Measure {text}. Defaults in brackets.")
    parser.add_argument("--out", type=Path, help=f"the record's file, which must be new (results/bench-{name}/ID.json)")
    parser.set_defaults(command=_run, benchmark=name)
    return parser


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.bench.terminal_summary import terminal_summary

    record = _MEASURE[options.benchmark](options)
    for line in terminal_summary(record):
        print(line)
    return 0


def _input(options: argparse.Namespace):
    from cgrecnet.bench.input_path import MODELS, SHAPES, bench_input
    from cgrecnet.errors import ConfigError

    shape = (options.image_size, options.batch_size)
    if (shape[0] is None) != (shape[1] is None):
        raise ConfigError("--image-size and --batch-size go together: give both, or neither for the usual two.")
    shapes = SHAPES if shape[0] is None else [shape]
    return bench_input(options.model or MODELS, shapes, options.repeats, options.precision, out=options.out)


def _models(options: argparse.Namespace):
    from cgrecnet.bench.checks import check_counts
    from cgrecnet.bench.models import bench_models
    from cgrecnet.errors import ConfigError

    given = {"batch_size": (options.batch_size, 2), "repeats": (options.repeats, 2)}
    check_counts(**{name: pair for name, pair in given.items() if pair[0] is not None})
    compiled = [] if options.compile == ["none"] else options.compile
    if left := [name for name in compiled or () if options.model and name not in options.model]:
        raise ConfigError(f"--compile names {left[0]!r}, which is not among the models of --model: add it there.")
    return bench_models(
        options.model, options.image_size, options.batch_size, options.repeats, compiled, options.out
    )


def _reference(options: argparse.Namespace):
    from cgrecnet.bench.reference import SEEDS, bench_reference

    return bench_reference(
        options.model, options.cells, options.image_size, options.batch_size, options.epochs, options.learning_rate,
        options.weights, options.seed or SEEDS, out=options.out,
    )  # fmt: skip


def _memory(options: argparse.Namespace):
    from cgrecnet.bench.memory import bench_memory

    return bench_memory(options.model, options.image_size, options.batch_size, out=options.out)


def _protocol(options: argparse.Namespace):
    from cgrecnet.bench.protocol import bench_protocol

    return bench_protocol(options.out)


_MEASURE = {
    "input": _input,
    "models": _models,
    "reference": _reference,
    "memory": _memory,
    "protocol": _protocol,
}
