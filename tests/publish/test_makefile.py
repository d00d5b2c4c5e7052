"""The environment is made when the lock asks for it, and a half-made one is not taken for whole."""

import os
import shutil
import subprocess

import pytest
from minibook import REPOSITORY, write

# Stands for Python: it makes a `.venv` whose Python is this script again, and writes down what it is asked to do.
STUB = """\
#!/bin/bash
echo "$*" >> "$CALLS"
case "$*" in
    "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    "-c "*pypi.org*) exit "${NO_NETWORK:-0}" ;;
    "-c "*) exit "${TOO_OLD:-0}" ;;
    *"config get global.index-url") echo "$INDEX" ;;
    *"-m uv pip install"*)
        echo "index=$UV_DEFAULT_INDEX" >> "$CALLS"; echo "uncached=$UV_NO_CACHE" >> "$CALLS"; exit "${UV_FAILS:-0}" ;;
    *"cgrecnet reproduce"*) exit "${FAILS:-0}" ;;
    *"-m pip install"*" -r "*) exit "${PIP_FAILS:-0}" ;;
esac
"""

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="no make here")


class Project:
    def __init__(self, root):
        self.root = root
        for name in ("Makefile", "pyproject.toml", "requirements.lock"):
            shutil.copy(REPOSITORY / name, root / name)
        write(root / "stub", STUB).chmod(0o755)

    def make(self, *targets, **settings):
        """Run make; return it and what Python was asked to do."""
        calls = self.root / "calls"
        calls.write_text("")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        done = subprocess.run(
            ["make", f"PYTHON={self.root / 'stub'}", *targets],
            cwd=self.root,
            env=kept | {"CALLS": str(calls), "INDEX": ""} | settings,
            capture_output=True,
            text=True,
        )
        return done, calls.read_text()


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_help_lists_the_targets_one_line_each(project):
    done, calls = project.make("help")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"help", "book", "reproduce", "test", "lint", "lock", "clean"} <= set(names) and calls == ""


def test_the_environment_is_made_once(project):
    done, calls = project.make("environment")
    assert done.returncode == 0, done.stderr
    assert "-m venv .venv" in calls and "-r requirements.lock" in calls and "--editable ." in calls
    assert project.make("environment")[1] == ""
    for name in ("requirements.lock", "pyproject.toml"):
        os.utime(project.root / name)
    assert project.make("environment")[1] == "", "content counts, not time"


def test_a_new_lock_makes_it_anew_and_new_metadata_only_installs_the_package(project):
    project.make("environment")
    write(project.root / ".venv" / "old", "")
    with (project.root / "pyproject.toml").open("a") as file:
        file.write("# more\n")
    _, calls = project.make("environment")
    assert "--editable ." in calls and "venv" not in calls.split("--editable")[0].replace(".venv", "")
    assert (project.root / ".venv" / "old").exists()
    with (project.root / "requirements.lock").open("a") as file:
        file.write("# more\n")
    _, calls = project.make("environment")
    assert "-m venv .venv" in calls and not (project.root / ".venv" / "old").exists()


def test_reproduce_does_the_runs_and_then_the_book(project):
    project.make("environment")
    words = {"DATA": "/some where/zhu", "OPTIONS": "epochs=1 fold=[0,1]", "SWEEPS": "ablation seeds", "YES": "1"}
    done, calls = project.make("reproduce", *(f"{name}={value}" for name, value in words.items()))
    assert done.returncode == 0, done.stderr
    assert calls.splitlines() == [
        "-m cgrecnet reproduce /some where/zhu epochs=1 fold=[0,1] --sweeps ablation seeds --yes",
        "-m cgrecnet.publish build",
    ]
    done, calls = project.make("reproduce", "DATA=/zhu", FAILS="3")
    assert done.returncode != 0 and "publish" not in calls, "no book of a half"


@pytest.mark.parametrize("folder", ["/it's #1", '/a "b" $(touch made)', "/a; touch made", "/$HOME/`touch made`"])
def test_the_folder_is_taken_as_it_is_written(project, folder):
    project.make("environment")
    done, calls = project.make("reproduce", f"DATA={folder}")
    assert done.returncode == 0, done.stderr
    assert calls.splitlines()[0] == f"-m cgrecnet reproduce {folder}" and not (project.root / "made").exists()
    _, calls = project.make("reproduce", DATA=folder)
    assert calls.splitlines()[0] == f"-m cgrecnet reproduce {folder}" and not (project.root / "made").exists()


def test_reproduce_without_a_folder_is_one_sentence(project):
    project.make("environment")
    done, calls = project.make("reproduce")
    complaint = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0 and calls == ""
    assert complaint == ["error: name the folder of the cells, as in make reproduce DATA=/path/to/zhu."]


def test_the_pins_are_audited_where_there_is_a_network(project):
    project.make("environment")
    done, calls = project.make("audit")
    assert done.returncode == 0, done.stderr
    assert "-m uv tool run --quiet pip-audit==" in calls and "--requirement requirements.lock" in calls
    assert "--strict" in calls, "what could not be looked up would pass"
    done, calls = project.make("audit", NO_NETWORK="1")
    complaint = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0 and "pip-audit" not in calls
    assert len(complaint) == 1 and complaint[0].endswith("run it where it can be reached.")


def test_a_half_made_environment_is_made_again(project):
    done, _ = project.make("environment", UV_FAILS="1", PIP_FAILS="1")
    assert done.returncode != 0 and (project.root / ".venv").is_dir()
    _, calls = project.make("environment")
    assert "-m venv .venv" in calls


def test_pip_takes_over_where_uv_fails(project):
    done, calls = project.make("environment", UV_FAILS="1")
    assert done.returncode == 0
    assert "-m pip install --quiet --disable-pip-version-check -r requirements.lock" in calls


@pytest.mark.parametrize(
    ("settings", "index"),
    [
        ({}, ""),
        ({"INDEX": "https://a.example/simple"}, "https://a.example/simple"),
        ({"INDEX": "https://a.example/simple", "PIP_INDEX_URL": "https://b.example"}, "https://b.example"),
        ({"PIP_INDEX_URL": "https://b.example", "UV_DEFAULT_INDEX": "https://c.example"}, "https://c.example"),
    ],
)
def test_uv_is_given_the_index_that_pip_uses(project, settings, index):
    assert f"index={index}\n" in project.make("environment", **settings)[1]


def test_without_a_home_uv_keeps_no_cache(project):
    assert "uncached=\n" in project.make("environment", HOME=str(project.root))[1]
    shutil.rmtree(project.root / ".venv")
    assert "uncached=1\n" in project.make("environment", HOME=str(project.root / "nowhere"))[1]


def test_an_old_python_is_refused_in_one_sentence(project):
    done, calls = project.make("book", TOO_OLD="1")
    complaint = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0 and len(complaint) == 1
    assert "is not Python 3.11 or newer" in complaint[0] and "make PYTHON=python3.12 book" in complaint[0]
    assert not (project.root / ".venv").exists() and "venv" not in calls
