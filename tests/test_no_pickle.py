"""No file that the package reads can run code: nothing is loaded by pickle, and no YAML makes objects."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
CALLS = {"read_pickle", "unsafe_load", "full_load", "load_all"}


def faults(source: str) -> list[str]:
    """What in a program would unpickle, or build what a text asks for."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.append(node.module)
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            given = {word.arg: ast.unparse(word.value) for word in node.keywords}
            unsafe = called.endswith("torch.load") and given.get("weights_only") != "True"
            unsafe |= called.split(".")[-1] in CALLS or given.get("allow_pickle", "False") != "False"
            unsafe |= called == "yaml.load" or given.get("Loader", "").endswith("UnsafeLoader")
            found += [called] * unsafe
    return found


@pytest.mark.parametrize("folder", ["cgrecnet", "book/experiments", "benchmarks"])
def test_nothing_is_loaded_by_pickle(folder):
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    assert {str(path.relative_to(ROOT)): wrong for path in files if (wrong := faults(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    "line",
    ["import pickle", "from joblib import load", "torch.load(path)", "torch.load(path, weights_only=False)",
     "np.load(path, allow_pickle=True)", "pd.read_pickle(path)", "yaml.load(text, Loader=yaml.UnsafeLoader)"],
)  # fmt: skip
def test_the_look_finds(line):
    assert len(faults(line)) == 1
    assert faults("torch.load(path, map_location='cpu', weights_only=True)\nnp.load(path)\nyaml.safe_load(text)") == []
