"""`cgrecnet predict` and `export`."""

import argparse
import sys
from pathlib import Path

from cgrecnet.commands.options import PLACE, argument, command, say
from cgrecnet.commands.sweep import cluster_of
from cgrecnet.errors import ConfigError
from cgrecnet.paths import WORK

_ABOUT = """\
Name the class of every cell, and say how sure that is.

Your own cells, in five lines:

  cgrecnet data check folder IMAGES                       what is there, and what is amiss
  cgrecnet train data=folder root=IMAGES --model-folder MODEL      training, calibration, a model card
  cgrecnet predict MODEL NEW --out predictions.csv        class, probabilities, set, flag of every cell
  cgrecnet predict MODEL NEW --out predictions.csv --report report.html
  cgrecnet export MODEL --onnx                            the same, faster, where OpenVINO is installed

NEW is a folder of single-cell images (BMP, PNG, TIFF), an ImageStream file (.cif, .rif), a folder of them, or a packed
store. Columns of the table:

  class, p_CLASS       the likeliest class, and calibrated probabilities
  set, in_CLASS        the classes that cannot be ruled out: the true class is among them for at least --coverage of
                       the cells of each class, if new cells are drawn like those that calibrated the model
  unlike, reasons      whether the image is unlike the training images: grey levels, size, focus, or what the network
                       sees; unlike_REASON is its distance, 1 the limit
  seen                 whether the model was trained or chosen on this very image

Several folders, files or stores are done at a time, one task each, and make one table with a column `input`:

  cgrecnet predict MODEL A B.cif C --out all.csv --workers 2      or --scheduler, --queue, as for `cgrecnet sweep`

A prediction that was stopped goes on where it stopped; a worker that is killed costs the part that it was at.
"""


@command(
    "predict",
    argument("model", type=Path, metavar="MODEL", help="folder that `train --model-folder` wrote"),
    argument("cells", type=Path, nargs="+", metavar="NEW", help="folders, ImageStream files or stores"),
    argument("--out", type=Path, default=Path("predictions.csv"), metavar="FILE", help="the table, as CSV"),
    argument("--parquet", type=Path, metavar="FILE", help="the table as Parquet, too (needs pyarrow)"),
    argument("--fcs", type=Path, metavar="FILE", help="and as FCS for FlowJo or FlowKit (needs flowio)"),
    argument("--report", type=Path, metavar="FILE", help="and a page about them (HTML, needs no network)"),
    argument("--coverage", type=float, default=0.9, help="of the sets, above 0 and below 1 (default: 0.9)"),
    argument("--channel", type=int, metavar="N", help="which channel of your files (default: the model's)"),
    argument("--engine", default="auto", choices=("auto", "torch", "openvino"), help="what computes"),
    argument("--precision", default="f32", choices=("f32", "bf16"), help="of OpenVINO; bf16 is faster"),
    *PLACE,
    rest="cells",
    help="class, calibrated probabilities and a warning for each of your own cells",
    description=_ABOUT,
    formatter_class=argparse.RawDescriptionHelpFormatter,
)
def predict(options: argparse.Namespace) -> int:
    """Exit status 1 where files could not be read."""
    from cgrecnet.predict.engines import make_engine
    from cgrecnet.predict.folder import open_folder
    from cgrecnet.predict.inputs import open_input
    from cgrecnet.predict.predictor import Predictor, sentences
    from cgrecnet.predict.run import predict_cells
    from cgrecnet.predict.tables import need, write_fcs, write_parquet

    if not 0 < options.coverage < 1:
        raise ConfigError(f"--coverage must lie above 0 and below 1, not {options.coverage:g}.")
    if options.parquet:
        need("pyarrow", "--parquet")
    if options.fcs:
        need("flowio", "--fcs", "fcs")
    folder = open_folder(options.model)
    options.cells = [Path(word) for word in options.cells]
    many = len(options.cells) > 1 or options.workers or options.scheduler or options.queue
    if many:
        summary = _predict_many(folder, options)
    else:
        cells = open_input(options.cells[0], folder.model, options.channel)
        engine = make_engine(folder, options.engine, options.precision, say)
        predictor = Predictor(folder, engine, options.coverage)
        summary = predict_cells(predictor, cells, options.out, say=say, bar=sys.stderr.isatty())
    if options.parquet:
        write_parquet(options.out, options.parquet)
    if options.fcs:
        write_fcs(options.out, options.fcs, folder.model)
    for sentence in sentences(summary, folder.model):
        say(sentence)
    say(f"table: {options.out}")
    if options.report:
        from cgrecnet.predict.many import joined_cells
        from cgrecnet.predict.prediction_report import write_prediction_report

        if many:
            cells = joined_cells(options.cells, folder, options.channel)
        write_prediction_report(options.report, folder, summary, options.out, cells)
        say(f"report: {options.report}")
    return 1 if summary.unreadable else 0


def _predict_many(folder, options: argparse.Namespace):
    from cgrecnet.predict.many import Asked, predict_many

    asked = Asked(
        str(folder.path.absolute()), folder.identity, options.coverage, options.channel, options.engine,
        options.precision,
    )  # fmt: skip
    elsewhere = bool(options.scheduler or options.queue)
    with cluster_of(options, WORK) as connect:
        return predict_many(
            folder, options.cells, asked, options.out, connect, elsewhere=elsewhere, retries=options.retries, say=say
        )


@command(
    "export",
    argument("model", type=Path, metavar="MODEL", help="folder that `train --model-folder` wrote"),
    argument("--onnx", action="store_true", help="files that OpenVINO computes faster"),
    argument(
        "--bioimageio", type=Path, metavar="FILE.zip",
        help="a package for bioimage.io: grey levels to probabilities, test tensors, the card (needs bioimageio.spec)",
    ),
    argument("--author", help="of the model, whom bioimage.io asks for"),
    argument("--license", metavar="SPDX", help="of the model, such as CC-BY-4.0, which bioimage.io asks for"),
    help="a model's networks as ONNX files, which OpenVINO computes faster",
    description="Write the networks of a model folder as ONNX files beside their weights and compare them with "
    "torch; `cgrecnet predict` then uses them where OpenVINO is installed. An ONNX file takes normalised images "
    "(cells, 3, size, size) and gives logits and features; the model folder's model.json says what is done before "
    "(window, intensity, size) and after (mean over members, temperature).",
)  # fmt: skip
def export(options: argparse.Namespace) -> None:
    from cgrecnet.predict.engines import export_onnx
    from cgrecnet.predict.folder import open_folder

    if not options.onnx and not options.bioimageio:
        raise ConfigError("Say which format: --onnx, or --bioimageio FILE.zip.")
    if options.bioimageio and not (options.author and options.license):
        raise ConfigError("--bioimageio needs --author NAME and --license SPDX (such as CC-BY-4.0) of the model.")
    folder = open_folder(options.model)
    for path in export_onnx(folder, say) if options.onnx else ():
        say(str(path))
    if options.bioimageio:
        from cgrecnet.predict.bioimageio import export_bioimageio

        say(str(export_bioimageio(folder, options.bioimageio, options.author, options.license, say)))
