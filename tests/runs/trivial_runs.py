"""Runs that train nothing and leave a record, for tests of how many runs are handled."""

from pathlib import Path

from cgrecnet.runs.collect import collect
from cgrecnet.runs.sweep import plan_sweep
from cgrecnet.training.config import RunConfig

#: What a record has of an epoch.
ENTRY = {"epoch": 1, "validation_accuracy": 0.5, "validation_macro_f1": 0.5, "reported": True}


def configs(count: int) -> list[RunConfig]:
    return [RunConfig(experiment="e", seed=seed) for seed in range(count)]


def trivial(seconds: float = 0.0, fail: tuple[int, ...] = (), first_tries: tuple[int, ...] = ()):
    """A stand-in for a run that leaves a record; it travels to the workers by value.

    fail: seeds that always fail; first_tries: seeds that fail once.
    """

    def do(config, *, results, work, say):
        import time

        from cgrecnet.errors import RunError
        from cgrecnet.runs.run_id import plan_run
        from cgrecnet.runs.run_record import RunRecord, write_run
        from cgrecnet.training.protocol import PROTOCOL

        name = plan_run(config, "here").run_id
        folder = work / name
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "log.txt", "a") as log:
            log.write(f"a try of seed {config.seed}\n")
        tries = (folder / "log.txt").read_text().count("\n")
        time.sleep(seconds)
        if config.seed in fail or (config.seed in first_tries and tries == 1):
            raise RunError(f"seed {config.seed} was unlucky")
        share = (37 * config.seed % 100) / 100  # stands for a score; every seed has its own
        scores = {"accuracy": share, "balanced_accuracy": share, "weighted": {"f1": share}}
        record = RunRecord(
            run_id=name, experiment=config.experiment, config=config.model_dump(), started="", wall_seconds=1.0,
            commit="", code="", protocol=PROTOCOL, data={}, split={}, weights={}, parameters=0, hardware={},
            software={}, history=[ENTRY], test=scores | {"macro": {"f1": share, "auc": share}}, predictions_sha256="",
        )  # fmt: skip
        write_run(results / config.experiment / name, record, "")

    return do


def final_table(results: Path, count: int) -> list[list]:
    """The table of the sweep over `count` seeds, as rows."""
    return collect(plan_sweep(configs(count)), results).values.tolist()


def folders(tmp_path: Path) -> dict[str, Path]:
    return {"results": tmp_path / "results", "work": tmp_path / "work"}


def records(tmp_path: Path) -> set[str]:
    return {path.parent.name for path in (tmp_path / "results").rglob("run.json")}
