"""The hash over a run's code follows what the code does, and nothing else."""

import sys

import pytest

from cgrecnet.training import fingerprint
from cgrecnet.training.fingerprint import code_fingerprint, import_closure


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules, one importing the other."""
    folder = tmp_path / "fakepackage"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "top.py").write_text('"""Top."""\nfrom fakepackage.low import f\n\ndef g(x):\n    return f(x) + 1\n')
    (folder / "low.py").write_text("def f(x):\n    # twice\n    return 2 * x\n")
    (folder / "other.py").write_text("y = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(fingerprint, "PACKAGE", "fakepackage")
    fingerprint._source.cache_clear()
    yield folder
    fingerprint._source.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "fakepackage"]:
        del sys.modules[name]


def test_the_closure_follows_imports_and_stops_there(package):
    assert import_closure(("fakepackage.top",)) == ["fakepackage.low", "fakepackage.top"]


def test_a_comment_or_docstring_changes_nothing(package):
    before = code_fingerprint(("fakepackage.top",))
    (package / "low.py").write_text('"""Now explained."""\n\ndef f(x):\n    """Double."""\n    return (2 *\n  x)\n')
    assert code_fingerprint(("fakepackage.top",)) == before


def test_a_change_of_code_below_changes_it_and_one_beside_does_not(package):
    before = code_fingerprint(("fakepackage.top",))
    (package / "other.py").write_text("y = 2\n")
    assert code_fingerprint(("fakepackage.top",)) == before
    (package / "low.py").write_text("def f(x):\n    return 3 * x\n")
    assert code_fingerprint(("fakepackage.top",)) != before


def test_the_real_closure_holds_what_a_run_uses():
    closure = import_closure(("cgrecnet.training.setup", "cgrecnet.training.loop"))
    assert {"cgrecnet.data.transforms", "cgrecnet.data.splits", "cgrecnet.evaluation.metrics"} <= set(closure)
    assert "cgrecnet.data.jurkat" not in closure and "cgrecnet.cli" not in closure


def test_a_script_counts_as_code(package):
    script = package / "run.py"
    script.write_text("x = 1  # one\n")
    before = code_fingerprint((), scripts=(script,))
    script.write_text("x = 1\n")
    assert code_fingerprint((), scripts=(script,)) == before
    script.write_text("x = 2\n")
    assert code_fingerprint((), scripts=(script,)) != before
