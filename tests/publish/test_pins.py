"""pyproject.toml, requirements.lock and environment.yml say the same, name by name and version by version."""

import re
import tomllib

import pytest
import yaml
from minibook import REPOSITORY
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf8"))["project"]
DECLARED = [Requirement(r) for r in sum(PROJECT["optional-dependencies"].values(), PROJECT["dependencies"])]
LINES = [line for line in (REPOSITORY / "requirements.lock").read_text("utf8").splitlines() if line.strip()]
LOCKED = [Requirement(line) for line in LINES if not line.startswith("#")]
PINS = {canonicalize_name(requirement.name): requirement for requirement in LOCKED}
CONDA = yaml.safe_load((REPOSITORY / "environment.yml").read_text("utf8"))


def version(requirement):
    (specifier,) = requirement.specifier
    assert specifier.operator == "==" and not specifier.version.endswith(".*")
    return Version(specifier.version)


@pytest.mark.parametrize("declared", DECLARED, ids=lambda requirement: requirement.name)
def test_every_dependency_is_pinned_at_a_version_that_it_allows(declared):
    pin = PINS[canonicalize_name(declared.name)]
    assert declared.specifier.contains(version(pin), prereleases=True)
    assert pin.marker is None, "a direct dependency is needed everywhere"


def test_every_pin_is_exact_unique_and_portable():
    assert len(PINS) == len(LOCKED)
    for requirement in LOCKED:
        assert version(requirement).local is None, f"{requirement.name}: a local version is in no common registry"
        assert requirement.url is None


def test_linux_only_packages_are_marked_so():
    for name, requirement in PINS.items():
        if re.match("nvidia-|triton|cuda-", name):
            assert "linux" in str(requirement.marker)


def test_jupyter_book_stays_below_2_everywhere():
    declared = next(r for r in DECLARED if r.name == "jupyter-book")
    assert not declared.specifier.contains("2.0.0") and version(PINS["jupyter-book"]) == Version("1.0.4.post1")
    assert version(PINS["torch"]) == Version("2.15.0") and version(PINS["torchvision"]) == Version("0.29.2")


def test_conda_environment_takes_the_same_pins():
    *tools, pip = CONDA["dependencies"]
    assert pip == {"pip": ["-r requirements.lock", "-e ."]}
    named = {re.split("[=<>]", tool)[0]: tool for tool in tools}
    assert set(named) == {"python", "make", "git", "pip"}
    for name, tool in named.items():
        if name != "python":
            assert tool == name, "versions of packages stand in the lock alone"
    python = named["python"].removeprefix("python=")
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python)
    assert CONDA["channels"][0] == "conda-forge"
