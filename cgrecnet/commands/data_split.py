"""`cgrecnet data split`."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import DATASET, TASK, argument, command, open_named, say
from cgrecnet.errors import ConfigError


@command(
    "split",
    *DATASET,
    TASK,
    argument("--kind", default="joint", help="joint (default), folds, grouped or grouped_folds"),
    argument("--seeds", nargs="+", type=int, default=[42, 123, 999], help="default: the paper's 42 123 999"),
    argument("--folds", type=int, default=5, help="of folds and grouped_folds (default: 5)"),
    argument("--out", type=Path, help="folder of the manifests"),
    argument("--compact", action="store_true", help="a hash in place of the cells' ids"),
    argument("--check", nargs="+", type=Path, metavar="MANIFEST", help="instead: do these fit the data, unchanged"),
    rest="folder",
    help="write down which cells train, choose and judge; or check such files",
)
def split(options: argparse.Namespace) -> int:
    from cgrecnet.data.audit.duplicates import find_exact
    from cgrecnet.data.manifest import make_manifest, read_manifest, write_manifest

    if (options.out is None) == (options.check is None):
        raise ConfigError("`cgrecnet data split` needs either --out FOLDER or --check MANIFEST.")
    if options.check:
        manifests = {path: read_manifest(path) for path in options.check}
        dataset = open_named(options)
        copies = find_exact(dataset.images)
        return max([_show(path, manifest, dataset, copies) for path, manifest in manifests.items()])
    dataset = open_named(options)
    content, copies, worst = None, None, 0
    for seed in options.seeds:
        manifest = make_manifest(dataset, options.kind, seed, options.folds, options.compact, content, progress=True)
        content = manifest.content
        copies = find_exact(dataset.images) if copies is None else copies
        folds = f"{options.folds}" if manifest.folds else ""
        path = options.out / f"{dataset.name}-{dataset.task}-{options.kind}{folds}-seed{seed}.json"
        write_manifest(manifest, path)
        worst = max(worst, _show(path, manifest, dataset, copies))
    return worst


def _show(path: Path, manifest, dataset, copies) -> int:
    """Print a manifest's parts; 1 where the same pixels stand in two of them."""
    import numpy as np

    from cgrecnet.data.base import kind_of_cells
    from cgrecnet.data.manifest import copies_across

    kind = kind_of_cells(manifest.data, manifest.simulated)
    say(f"{path}: {manifest.kind}, seed {manifest.seed}, {manifest.cells:,} {kind}")
    ids = dataset.table["cell_id"].tolist()
    twins = 0
    for number, split in enumerate(manifest.splits_for(dataset)):
        sizes = []
        for name, index in split.parts().items():
            counts = np.bincount(dataset.labels[index], minlength=len(dataset.classes))
            sizes.append(f"{name} {len(index):,} ({' / '.join(f'{count:,}' for count in counts)})")
        say(f"  {f'fold {number}: ' if manifest.folds else ''}{', '.join(sizes)}")
        pairs = copies_across(copies, split)
        twins += len(pairs)
        if pairs:
            one, two = pairs[0]
            say(f"  {len(pairs)} pair(s) of cells with the same pixels in two parts, such as {ids[one]} and {ids[two]}")
    return 1 if twins else 0
