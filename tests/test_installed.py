"""A wheel, built from the sdist and installed without a checkout: what a user of `pip install` has."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import nbformat
import pytest

from cgrecnet.publish import notebook
from cgrecnet.publish.layout import Layout
from cgrecnet.publish.notebooks import export

REPOSITORY = Path(__file__).parents[1]
SOURCES = ("cgrecnet", "book/experiments", "sweeps", "results", "pyproject.toml", "setup.py", "README.md", "LICENSE")
RUN = "experiment: run\nbase: {data_options: {cells: 60}, image_size: 32, epochs: 1, batch_size: 4}\n"

pytestmark = pytest.mark.slow


def run(*command, cwd, **variables):
    """What a command says and how it ends, in an environment that names neither a checkout nor any data."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CGRECNET_", "PYTHON", "XDG_"))}
    return subprocess.run(command, cwd=cwd, env=kept | variables, capture_output=True, text=True)


def worked(done) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from what an sdist holds."""
    folder = tmp_path_factory.mktemp("build")
    for name in SOURCES:
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        (folder / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        copy(REPOSITORY / name, folder / "checkout" / name)
    build = "import sys; from setuptools import build_meta; getattr(build_meta, f'build_{sys.argv[1]}')(sys.argv[2])"
    worked(run(sys.executable, "-c", build, "sdist", str(folder), cwd=folder / "checkout"))
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder / "sdist", filter="data")
    worked(run(sys.executable, "-c", build, "wheel", str(folder), cwd=next((folder / "sdist").iterdir())))
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The `bin` of an environment with the wheel and, through a path, the packages of this one."""
    folder = tmp_path_factory.mktemp("environment")
    worked(run(sys.executable, "-m", "venv", "--without-pip", str(folder), cwd=folder))
    scripts, python = folder / ("Scripts" if os.name == "nt" else "bin"), Path(sys.executable).name
    pip = (sys.executable, "-m", "pip", "--python", str(scripts / python), "install", "--no-deps", "--no-index")
    worked(run(*pip, str(wheel), cwd=folder))
    own = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    Path(own, "packages.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return scripts


def test_the_wheel_carries_every_file_once(wheel):
    def files(folder):
        return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.suffix != ".pyc"}

    places = {"cgrecnet": "cgrecnet"}
    places |= {"book/experiments": "cgrecnet/carried/experiments", "sweeps": "cgrecnet/carried/sweeps"}
    places |= {"results": "cgrecnet/carried/results"}
    expected = sorted(f"{there}/{name}" for here, there in places.items() for name in files(REPOSITORY / here))
    with zipfile.ZipFile(wheel) as archive:
        assert sorted(name for name in archive.namelist() if ".dist-info/" not in name) == expected


@pytest.mark.timeout(900)
def test_it_trains_and_collects_in_an_empty_folder_without_a_home(installed, tmp_path):
    (tmp_path / "file").touch()
    folder = tmp_path / "an empty folder"
    folder.mkdir()

    def cgrecnet(*words):
        return run(str(installed / "cgrecnet"), *words, cwd=folder, HOME=str(tmp_path / "file" / "home"))

    said = worked(cgrecnet("doctor"))
    assert f"free at {folder / 'results'}" in said and "clone" not in said and "make book" not in said
    (folder / "mine.yaml").write_text(RUN)
    worked(cgrecnet("train", "data_options={cells: 60}", "image_size=32", "epochs=1", "batch_size=4"))
    assert len(list(folder.glob("results/run/*/run.json"))) == 1 and list(folder.glob("_build/runs/*/log.txt"))
    assert "1 of 1 runs" in worked(cgrecnet("collect", "mine.yaml"))
    assert len(worked(cgrecnet("sweep", "sweeps/jurkat-seeds.yaml", "--list")).splitlines()) == 4
    missing = cgrecnet("collect", "jurkat-seeds")
    assert missing.returncode == 2 and missing.stderr.startswith("cgrecnet: 4 of 4 runs have no record")
    assert missing.stderr.count("\n") == 1
    worked(cgrecnet("notebook", "train.ipynb"))
    assert {path.name for path in folder.iterdir()} == {"_build", "results", "mine.yaml", "train.ipynb"}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("name", "sign"),
    [("book/2_data/splits", "Not answered yet: accuracies"), ("book/5_results/ablation", 'data-runs=\\"jurkat-')],
)
def test_a_student_notebook_runs_in_another_folder(name, sign, installed, tmp_path):
    """One that reads the carried cells, and one that reads the carried records; nobody has answered yet."""
    layout = Layout(REPOSITORY)
    chapter = next(each for each in layout.chapters if each.name == name)
    made = export.plain_notebook(name, notebook.read(chapter), export.index_of(layout), solutions=False)
    nbformat.write(made, tmp_path / "student.ipynb")
    python = next(path for path in installed.iterdir() if path.stem == Path(sys.executable).stem)
    worked(run(str(python), "-m", "papermill", "student.ipynb", "done.ipynb", "--no-progress-bar", cwd=tmp_path))
    done = nbformat.read(tmp_path / "done.ipynb", as_version=4)
    shown = nbformat.writes(done)
    assert sign in shown and str(REPOSITORY) not in shown
    texts = [output.data["text/markdown"] for cell in done.cells for output in cell.get("outputs", [])
             if "text/markdown" in output.get("data", {})]  # fmt: skip
    assert texts and not [text for text in texts if "{doc}`" in text or ":::{" in text]
