"""What the fusion's float32 costs: a training step of CG-RecNet in bfloat16, in this checkout and in an older one.

    git worktree add ../before 7111e4a~1
    python benchmarks/fusion_step.py ../before [--image-size 48] [--batch 16] [--rounds 15] [--json FILE]

Two processes, one per checkout, take a step in turn, on one thread. Compared is processor time, so that other work on
the machine disturbs both alike and little.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from measuring import command_line, keep
from timing import ratio

from cgrecnet.runs.environment import commit

CHILD = """
import sys, time, torch
from cgrecnet.models import create_model
size, batch = map(int, sys.argv[1:])
torch.set_num_threads(1)
torch.manual_seed(0)
network = create_model("cg_recnet", image_size=size).to(memory_format=torch.channels_last).train()
adam = torch.optim.Adam(network.parameters(), lr=1e-4)
images = torch.randn(batch, 3, size, size).to(memory_format=torch.channels_last)
labels = torch.arange(batch) % 3
for _ in sys.stdin:
    before = time.process_time()
    with torch.autocast("cpu", torch.bfloat16):
        loss = torch.nn.functional.cross_entropy(network(images), labels)
    adam.zero_grad(); loss.backward(); adam.step()
    print(time.process_time() - before, flush=True)
"""


def main() -> int:
    parser = command_line(__doc__)
    parser.add_argument("before", type=Path, help="the older checkout")
    parser.add_argument("--image-size", type=int, default=48)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    here = Path(__file__).parents[1]
    sides = [_start(folder, args) for folder in (args.before, here)]
    for side in sides:  # the first steps allocate
        for _ in range(2):
            _step(side)
    pairs = []
    for i in range(args.rounds):  # neither side is always the first
        before, after = sides
        first = _step(before) if i % 2 else None
        new = _step(after)
        pairs.append([_step(before) if first is None else first, new])
    for side in sides:
        side.stdin.close()
        side.wait()
    before, after = zip(*pairs, strict=True)
    found = ratio(after, before)
    record = {
        "image_size": args.image_size, "batch": args.batch, "rounds": args.rounds, "before": commit(args.before),
        "seconds": pairs, "ratio": found.median, "quartiles": [found.lower, found.upper],
    }  # fmt: skip
    print(
        f"CG-RecNet, bfloat16, batches of {args.batch} at {args.image_size} px: a step takes {found.median:.3f} times "
        f"the processor time of {record['before'][:7]} (quartiles {found.lower:.3f} to {found.upper:.3f}, "
        f"n = {args.rounds} pairs of steps)"
    )
    keep(args.json, record)
    return 0


def _start(folder: Path, args: argparse.Namespace) -> subprocess.Popen:
    command = [sys.executable, "-c", CHILD, str(args.image_size), str(args.batch)]
    environment = {"PYTHONPATH": str(folder.resolve()), "OMP_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=folder, env=environment, **pipes)


def _step(side: subprocess.Popen) -> float:
    side.stdin.write("\n")
    side.stdin.flush()
    return float(side.stdout.readline())


if __name__ == "__main__":
    sys.exit(main())
