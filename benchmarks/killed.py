"""What `kills.py` kills: pieces of work that are long enough to be interrupted, and what each leaves behind.

A work says what is finished (name -> digest of its content) and how far the rest has come (name -> number): what is
finished must stay and be right, what is begun must not become less.
"""

import hashlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import psutil
import torch
from forked import fork_context
from unlike import trained

from cgrecnet.cores import kill_family
from cgrecnet.data import open_dataset
from cgrecnet.data.download import STAGING, remote
from cgrecnet.data.download.folder import Download
from cgrecnet.data.download.remote import RemoteFile
from cgrecnet.data.store import pack_cells
from cgrecnet.data.store.header import HEADER, INDEX, PIXELS, is_store
from cgrecnet.files import atomic_write
from cgrecnet.predict import run as predicting
from cgrecnet.predict.engines import make_engine
from cgrecnet.predict.folder import open_folder
from cgrecnet.predict.inputs import Cells
from cgrecnet.predict.predictor import Predictor
from cgrecnet.publish.check import PASSING
from cgrecnet.publish.layout import Layout
from cgrecnet.runs.cluster import remote_cluster
from cgrecnet.runs.notebook import LOG, only_one_process, write_parameters
from cgrecnet.runs.query import record_of
from cgrecnet.runs.ranks import run_cells
from cgrecnet.runs.run_id import plan_run
from cgrecnet.runs.sweep import run_sweep
from cgrecnet.runs.worker import scheduler_command
from cgrecnet.training.checkpoint import load_checkpoint
from cgrecnet.training.config import RunConfig

ROOT = Path(__file__).resolve().parents[1]
DONE = float("inf")
#: Seconds that work has to end by itself, on a busy machine.
PATIENCE = 600
TINY = {"experiment": "tiny", "model": "mobilenet_v2", "data": "cytometer", "data_options": {"cells": 90},
        "image_size": 32, "epochs": 4, "batch_size": 16, "report": "last"}  # fmt: skip
MODEL = TINY | {"data_options": {"cells": 160, "shares": (0.4, 0.3, 0.3)}, "epochs": 2, "learning_rate": 3e-3}


class Work:
    """One kind of work, done in `place` by a forked process that has imported all it needs."""

    name = ""
    #: Of all kills, this part; and at most so many in a row before the work is left alone.
    share, in_a_row = 0.0, 4
    #: The first one waits until all is imported that the later ones are forked with.
    tries = 2

    def prepare(self, folder: Path) -> None:
        """Make what is needed once, in `folder`, and leave what an earlier start has made."""

    def do(self, place: Path) -> None:
        """The work; goes on where it was stopped. Called in the forked process."""
        raise NotImplementedError

    def finished(self, place: Path) -> dict[str, str]:
        """What looks finished."""
        raise NotImplementedError

    def begun(self, place: Path) -> dict[str, float]:
        """How far the rest has come; `DONE` where it is finished."""
        return {}

    def repeated(self, place: Path) -> int:
        """How much was done again at the end, in pieces of which each kill may cost one."""
        return 0

    def start(self, place: Path):
        """A process that does the work; the one that it is forked from finds this module on the path."""
        os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(ROOT / "benchmarks"), *sys.path]))
        process = fork_context("killed").Process(target=_quietly, args=(self, place))
        process.start()
        return process

    def kill(self, place: Path, seconds: float, choice: random.Random) -> str | None:
        """Start, wait, kill; what was killed, or None where the work ended before."""
        process = self.start(place)
        process.join(seconds)
        if process.exitcode is not None:
            return None
        process.kill()
        process.join()
        return "its process"

    def finish(self, place: Path) -> bool:
        """Start and let it end; whether it ended well."""
        process = self.start(place)
        process.join(PATIENCE)
        if process.exitcode is None:
            kill_family(process.pid)
        return process.exitcode == 0

    def close(self) -> None:
        """End what `prepare` has started."""


def _quietly(work: Work, place: Path) -> None:
    torch.set_num_threads(1)
    with open(place / "said.txt", "a") as said:
        for stream in (1, 2):
            os.dup2(said.fileno(), stream)
    work.do(place)


def digest(*contents: bytes | str) -> str:
    """One hash over several contents."""
    parts = [content.encode() if isinstance(content, str) else content for content in contents]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


class Downloading(Work):
    """Three files and an archive from a server on this machine that takes its time."""

    name, share = "download", 0.3

    def prepare(self, folder: Path) -> None:
        made = random.Random(1)
        self.contents = {f"{name}.bin": made.randbytes(150_000) for name in ("one", "two", "three")}
        with zipfile.ZipFile(folder / "cells.zip", "w") as archive:
            for number in range(20):
                member = zipfile.ZipInfo(f"cell-{number}.bin", (2020, 1, 1, 0, 0, 0))
                archive.writestr(member, made.randbytes(5_000))
        self.contents["cells.zip"] = (folder / "cells.zip").read_bytes()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _slow_server(self.contents))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __getstate__(self) -> dict:
        return {"address": self.address, "contents": self.contents}

    def do(self, place: Path) -> None:
        files = [
            RemoteFile(name, (f"{self.address}/{name}",), f"sha256:{digest(content)}", len(content))
            for name, content in self.contents.items()
        ]
        remote.PAUSE = 0.01
        Download(place / "got", files, "The files", self.address, "again", "check", progress=False).run()

    def finished(self, place: Path) -> dict[str, str]:
        files = [path for path in (place / "got").rglob("*") if path.is_file() and STAGING not in path.parts]
        return {path.relative_to(place).as_posix(): digest(path.read_bytes()) for path in files}

    def begun(self, place: Path) -> dict[str, float]:
        got = place / "got"
        return {
            name: DONE if (got / name.removesuffix(".zip")).exists() else part.stat().st_size
            for name in self.contents
            if (part := got / STAGING / f"{name}.part").exists() or (got / name.removesuffix(".zip")).exists()
        }

    def close(self) -> None:
        self.server.shutdown()


def _slow_server(contents: dict[str, bytes]) -> type:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = contents[self.path.strip("/")]
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            first = int(asked[1]) if asked else 0
            self.send_response_only(206 if asked else 200)
            self.send_header("ETag", f'"{digest(content)}"')
            self.send_header("Content-Length", str(len(content) - first))
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            try:
                for at in range(first, len(content), 8192):
                    self.wfile.write(content[at : at + 8192])
                    time.sleep(0.004)
            except ConnectionError:  # who asked was killed
                self.close_connection = True

        def log_message(self, *_) -> None:
            pass

    return Handler


class Packing(Work):
    """The 7,918 real cells that come with the project, into a store."""

    name, share = "packing", 0.25

    def do(self, place: Path) -> None:
        pack_cells(open_dataset("jurkat"), place / "store")

    def finished(self, place: Path) -> dict[str, str]:
        store = place / "store"
        if not is_store(store):
            return {}
        header = json.loads((store / HEADER).read_text())
        facts = {name: header[name] for name in ("fingerprint", "crops", "classes", "pixels", "index", "source")}
        return {"store": digest(json.dumps(facts), (store / PIXELS).read_bytes(), (store / INDEX).read_bytes())}

    def begun(self, place: Path) -> dict[str, float]:
        return {"crops": DONE} if is_store(place / "store") else {}  # what was stopped begins anew


class Training(Work):
    """A run of four epochs: the cells of the training notebook."""

    name, share = "run", 0.12

    def do(self, place: Path) -> None:
        plan = plan_run(RunConfig.from_mapping(TINY))
        if record_of(plan, place / "results"):
            return
        parameters = write_parameters(plan, place / "results", place / "work")
        log = os.open(parameters.parent / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(log, 1)
        run_cells(parameters)

    def finished(self, place: Path) -> dict[str, str]:
        plan = plan_run(RunConfig.from_mapping(TINY))
        if (record := record_of(plan, place / "results")) is None:
            return {}
        losses = [(entry["train_loss"], entry["validation_loss"]) for entry in record.history]
        return {"record": digest(json.dumps([record.test, losses, record.predictions_sha256]))}

    def begun(self, place: Path) -> dict[str, float]:
        run_id = plan_run(RunConfig.from_mapping(TINY)).run_id
        if (place / "results" / TINY["experiment"] / run_id / "run.json").exists():
            return {"epoch": DONE}
        state = load_checkpoint(place / "work" / run_id / "checkpoint.pt", run_id, say=lambda _: None)
        return {"epoch": len(state["history"])} if state else {}

    def repeated(self, place: Path) -> int:
        run_id = plan_run(RunConfig.from_mapping(TINY)).run_id
        lines = (place / "work" / run_id / LOG).read_text(encoding="utf-8").splitlines()
        return sum(line.startswith("epoch ") for line in lines) - TINY["epochs"]


class Predicting(Work):
    """200 simulated cells by a model folder, in parts of 10 cells."""

    name, share = "prediction", 0.15
    cells, part = 200, 10

    def prepare(self, folder: Path) -> None:
        self.model = folder / "model"
        if not self.model.exists():
            trained(open_dataset("cytometer", options=MODEL["data_options"]), MODEL, self.model)
        self.pixels = folder / "cells.npz"
        if not self.pixels.exists():
            dataset = open_dataset("cytometer", options={"cells": self.cells, "seed": 1})
            with atomic_write(self.pixels, "wb") as file:
                np.savez(file, *map(np.asarray, dataset.images))

    def do(self, place: Path) -> None:
        predicting.PART = self.part
        folder = open_folder(self.model)
        with np.load(self.pixels) as pixels:
            images = [pixels[name] for name in pixels.files]
        cells = Cells("cells", "1", [f"cell {number}" for number in range(self.cells)], images)
        predictor = Predictor(folder, make_engine(folder, "torch"), 0.9)
        predicting.predict_cells(predictor, cells, place / "table.csv", say=lambda _: None)

    def finished(self, place: Path) -> dict[str, str]:
        files = [place / "table.csv", place / "table.csv.json"]
        return {path.name: digest(path.read_bytes()) for path in files if path.exists()}

    def begun(self, place: Path) -> dict[str, float]:
        firsts = range(0, self.cells, self.part)
        parts = [place / "table.csv.parts" / f"part-{first:09d}.csv" for first in firsts]
        done = (place / "table.csv.json").exists()
        return {"parts": DONE if done else sum(path.exists() for path in parts)}


class Sweeping(Work):
    """Five runs that train nothing, on a scheduler and a worker that are processes of their own."""

    name, share, in_a_row = "sweep", 0.13, 1
    runs = 5

    def prepare(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.driver = None
        self._serve()
        words = [sys.executable, "-m", "cgrecnet", "worker", f"tcp://127.0.0.1:{self.port}", "--workers", "1"]
        self.keeper = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _serve(self) -> None:
        words = scheduler_command("127.0.0.1", self.port, None)
        self.scheduler = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)

    def __getstate__(self) -> dict:
        return {"port": self.port}

    def configs(self) -> list[RunConfig]:
        return [RunConfig(experiment="trivial", seed=seed) for seed in range(self.runs)]

    def do(self, place: Path) -> None:
        with remote_cluster(f"tcp://127.0.0.1:{self.port}") as connect:
            run_sweep(self.configs(), connect, results=place / "results", work=place / "work", do=_short_run)

    def kill(self, place: Path, seconds: float, choice: random.Random) -> str | None:
        victim, luck = choice.choice(("worker", "scheduler", "driver")), choice.random()
        self.driver = self.start(place)
        self.driver.join(seconds)
        if self.driver.exitcode is not None:
            return None
        if victim == "driver":
            self.driver.kill()
            self.driver.join()
            self.driver = None
        elif victim == "scheduler":
            self.scheduler.kill()
            self.scheduler.wait()
            self._serve()
        else:
            family = psutil.Process(self.keeper.pid).children(recursive=True)
            workers = [one for one in family if "resource_tracker" not in " ".join(one.cmdline())]
            if not workers:  # the last one that was killed is not back yet
                return None
            workers[int(luck * len(workers))].kill()
        return victim

    def finish(self, place: Path) -> bool:
        if self.driver is None:
            return super().finish(place)
        self.driver.join(PATIENCE)
        ended, self.driver = self.driver.exitcode, None
        return ended == 0

    def finished(self, place: Path) -> dict[str, str]:
        plans = [plan_run(config) for config in self.configs()]
        records = {plan.run_id: record_of(plan, place / "results") for plan in plans}
        kept = {name: record for name, record in records.items() if record}
        return {name: digest(json.dumps([record.config, record.test])) for name, record in kept.items()}

    def repeated(self, place: Path) -> int:
        tries = [path.read_text().count("\n") for path in (place / "work").rglob("tries.txt")]
        return sum(tries) - self.runs

    def close(self) -> None:
        for process in (self.keeper, self.scheduler):
            kill_family(process.pid)
            process.wait()


def _short_run(config, *, results, work, say) -> None:
    """A stand-in for a run: it waits, and leaves a record; every seed has a score of its own."""
    from sweep import TEST, VALIDATION

    from cgrecnet.runs.run_record import RunRecord, write_run
    from cgrecnet.training.protocol import PROTOCOL

    name = plan_run(config, "none").run_id
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    with only_one_process(folder / "lock", name):
        if record_of(plan_run(config, "none"), results):
            return
        with open(folder / "tries.txt", "a") as tries:
            tries.write("a try\n")
        time.sleep(0.3)
        epoch = dict.fromkeys(VALIDATION, 0.5) | {"epoch": 1, "reported": True}
        record = RunRecord(
            run_id=name, experiment=config.experiment, config=config.model_dump(), started="", wall_seconds=0.0,
            commit="", code="", protocol=PROTOCOL, data={}, split={}, weights={}, parameters=0, hardware={},
            software={}, history=[epoch], test=TEST | {"accuracy": config.seed / 10}, predictions_sha256="",
        )  # fmt: skip
        write_run(results / config.experiment / name, record, "")


class Building(Work):
    """A book of two chapters that are executed in warm kernels, and its pages."""

    name, share, in_a_row, tries = "build", 0.05, 3, 1

    def prepare(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "book").exists():
            sys.path.append(str(ROOT / "tests" / "publish"))
            from minibook import make_book

            (folder / "data").mkdir(exist_ok=True)
            (folder / "data" / "cells.txt").write_text("four cells")
            make_book(folder / "made")
            (folder / "made").rename(folder / "book")

    def start(self, place: Path) -> subprocess.Popen:
        if not (place / "book").exists():
            shutil.copytree(self.folder / "book", place / "book")
        words = [sys.executable, "-m", "cgrecnet.publish", "build", "--root", str(place / "book"), "--no-check"]
        named = {"CGRECNET_DATA": str(self.folder / "data"), "CGRECNET_CACHE": str(place / "cache")}
        with open(place / "said.txt", "a") as said:
            return subprocess.Popen([*words, "--jobs", "1"], env=os.environ | named, stdout=said, stderr=said)

    def kill(self, place: Path, seconds: float, choice: random.Random) -> str | None:
        together = choice.random() < 0.5
        process = self.start(place)
        try:
            process.wait(seconds)
            return None
        except subprocess.TimeoutExpired:
            pass
        if together:
            kill_family(process.pid)
        else:
            process.kill()
        process.wait()
        return "it and its kernels" if together else "it alone"

    def finish(self, place: Path) -> bool:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            there = (place / "said.txt").stat().st_size if (place / "said.txt").exists() else 0
            status = self.start(place).wait(PATIENCE)
            said = (place / "said.txt").read_text()[there:]
            if "Another build is at work" not in said:  # children of a killed one end by themselves, in a moment
                return status == 0
            time.sleep(0.5)
        return False

    def finished(self, place: Path) -> dict[str, str]:
        if not (place / "book").exists():
            return {}
        layout = Layout(place / "book")
        found = {}
        for chapter in ("one", "two"):
            executed = layout.executed / "book" / f"{chapter}.ipynb"
            if executed.exists():
                cells = json.loads(executed.read_text())["cells"]
                found[executed.name] = digest(json.dumps([cell.get("outputs") for cell in cells]))
            page = layout.html / "book" / f"{chapter}.html"
            if (layout.build / "html.json").exists():
                found[page.name] = digest(PASSING.sub(b"", page.read_bytes()))
        return found


WORKS = (Downloading, Packing, Training, Predicting, Sweeping, Building)
