"""`cgrecnet bench`."""

import argparse


def add(commands) -> None:
    """Add the command to the parser."""
    bench = commands.add_parser("bench", help="what reading and augmenting images costs a training step")
    bench.add_argument("--model", default="cg_recnet")
    bench.add_argument("--image-size", type=int, default=64)
    bench.add_argument("--batch-size", type=int, default=8)
    bench.add_argument("--steps", type=int, default=20)
    bench.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.runs.bench import input_path_cost

    print(input_path_cost(options.model, options.image_size, options.batch_size, options.steps))
    return 0
