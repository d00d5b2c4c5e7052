"""`cgrecnet bench`: what is timed, and against what; each writes one record that the book shows."""

import argparse
from pathlib import Path


def add(commands) -> None:
    """Add `bench` and its commands to the parser."""
    bench = commands.add_parser("bench", help="ratios of speed and memory, as records: input, models, reference, ...")
    below = bench.add_subparsers(required=True, metavar="NAME")
    one = _parser(below, "input", "training from the data set against the same steps on a batch that lies ready")
    one.add_argument("--model", action="append", dest="models", help="several times (resnet50, cg_recnet)")
    one.add_argument("--image-size", type=int, help="one size, with --batch-size (224 with 8 and 64 with 32)")
    one.add_argument("--batch-size", type=int)
    one.add_argument("--repeats", type=int, help="(15)")
    one.add_argument("--precision", choices=("32", "bf16"), help="(32)")
    one = _parser(below, "models", "rate of the nine models against the machine's limits; bfloat16, compiled")
    one.add_argument("--model", action="append", dest="models", help="several times (all nine)")
    one.add_argument("--compile", action="append", dest="compiled", metavar="MODEL", help="several times; or `none`")
    one.add_argument("--image-size", type=int, help="(224)")
    one.add_argument("--batch-size", type=int, help="(8 on the CPU, 64 on a GPU)")
    one.add_argument("--repeats", type=int, help="(3 on the CPU, 20 on a GPU)")
    one = _parser(below, "reference", "ours against files, PIL and DataLoader: rate and accuracy")
    one.add_argument("--model", help="(resnet50)")
    one.add_argument("--cells", type=int, help="simulated ones (1200)")
    one.add_argument("--image-size", type=int, help="(64)")
    one.add_argument("--batch-size", type=int, help="(32)")
    one.add_argument("--epochs", type=int, help="(5)")
    one.add_argument("--learning-rate", type=float, help="(0.001)")
    one.add_argument("--weights", help="`imagenet`, or a file")
    one.add_argument(
        "--seed", type=int, action="append", dest="seeds", help="one training each, two or more (42, 123, 999)"
    )
    one = _parser(below, "memory", "peak memory of a forward pass and of a training step, a fresh process for each")
    one.add_argument("--model", action="append", dest="models", help="several times (all nine)")
    one.add_argument("--image-size", type=int, help="(224)")
    one.add_argument("--batch-size", type=int, help="(8)")
    _parser(below, "protocol", "the paper's whole protocol, from the newest record of `models` here")


def _parser(below, name: str, text: str) -> argparse.ArgumentParser:
    """Its options have the names of the function's parameters; those not given are left out: its own defaults hold."""
    parser = below.add_parser(
        name, help=text, description=f"Measure {text}. Defaults in brackets.", argument_default=argparse.SUPPRESS
    )
    parser.add_argument("--out", type=Path, help=f"the record's file, which must be new (results/bench-{name}/ID.json)")
    parser.set_defaults(command=_run, benchmark=name)
    return parser


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.bench.input_path import bench_input
    from cgrecnet.bench.memory import bench_memory
    from cgrecnet.bench.models import bench_models
    from cgrecnet.bench.protocol import bench_protocol
    from cgrecnet.bench.reference import bench_reference
    from cgrecnet.bench.terminal_summary import terminal_summary

    given = {name: value for name, value in vars(options).items() if name not in ("command", "benchmark")}
    measure = {
        "input": bench_input, "models": bench_models, "reference": bench_reference, "memory": bench_memory,
        "protocol": bench_protocol,
    }  # fmt: skip
    for line in terminal_summary(measure[options.benchmark](**given)):
        print(line)
    return 0
