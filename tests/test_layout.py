"""Imports run one way, as CONTRIBUTING.md says."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cgrecnet"

#: What each part may import of the package, besides itself, `cores`, `errors`, `files` and `paths`.
MAY_IMPORT = {
    "paper": set(),
    "data": set(),
    "models": set(),
    "evaluation": set(),
    "explain": {"data", "models", "evaluation"},
    "training": {"data", "models", "evaluation"},
    "runs": {"data", "models", "evaluation", "training"},
    "predict": {"data", "models", "evaluation", "explain", "training", "runs"},
    "bench": {"runs"},
    "judgement": {"paper", "data", "models", "evaluation", "training", "runs", "bench"},
    "figures": {"paper", "data", "models", "evaluation", "explain", "training", "runs", "bench", "judgement"},
    "publish": {"paper"},
    "commands": {"paper", "data", "models", "evaluation", "training", "runs", "predict", "publish", "doctor"},
}


#: Rooms of `cgrecnet/data` that hold one data set each.
DATA_SETS = {"amnis", "cytometer", "folder", "jurkat", "zhu"}


def imported(path: Path) -> set[str]:
    """Dotted names of the package that a file imports, wherever in the file: inside a function too."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by a relative name, which these tests do not follow"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return {name for name in names if name.startswith("cgrecnet.")}


def imported_parts(path: Path) -> set[str]:
    """The parts of the package that a file imports."""
    return {name.split(".")[1] for name in imported(path)}


def module_of(path: Path, package: Path) -> str:
    """`cgrecnet.data.base` for `data/base.py`; a package's `__init__` has the package's name."""
    return ".".join(("cgrecnet", *path.relative_to(package).with_suffix("").parts)).removesuffix(".__init__")


def circle_in(package: Path) -> list[str]:
    """Modules that import each other in a circle, the first one at the end again; empty where there is no circle."""
    files = {module_of(path, package): path for path in package.rglob("*.py")}
    needs = {}
    for module, path in files.items():
        names = imported(path)
        needs[module] = {name if name in files else name.rpartition(".")[0] for name in names} & set(files) - {module}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_modules_import_each_other_in_a_circle():
    assert not (circle := circle_in(PACKAGE)), " -> ".join(circle)


def test_a_circle_is_found_and_named_also_where_a_function_hides_it(tmp_path):
    (tmp_path / "a.py").write_text("from cgrecnet.b import c\n")
    (tmp_path / "b.py").write_text("def f():\n    from cgrecnet.a import d\n")
    assert set(circle_in(tmp_path)) == {"cgrecnet.a", "cgrecnet.b"}
    (tmp_path / "b.py").write_text("")
    assert circle_in(tmp_path) == []


def test_only_the_registry_knows_data_sets_by_name():
    """What serves every data set (stores, batches, audits, image files) imports none, and none imports another."""
    data = PACKAGE / "data"
    wrong = {}
    for path in data.rglob("*.py"):
        room = path.relative_to(data).parts[0]
        named = {name.split(".")[2] for name in imported(path) if name.startswith("cgrecnet.data.")} & DATA_SETS
        if named - {room}:
            wrong[str(path.relative_to(data))] = named
    assert not wrong


@pytest.mark.parametrize("part", sorted(MAY_IMPORT))
def test_imports_run_one_way(part):
    files = list((PACKAGE / part).rglob("*.py"))
    assert files, f"cgrecnet/{part} is empty"
    allowed = MAY_IMPORT[part] | {part, "cores", "errors", "files", "light", "paths", "pages", "__version__"}
    wrong = {str(file.relative_to(PACKAGE)): imported_parts(file) - allowed for file in files}
    assert not {name: parts for name, parts in wrong.items() if parts}


def test_every_part_of_the_package_has_its_rule():
    parts = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert parts == set(MAY_IMPORT)


def test_evaluation_and_paper_import_no_torch():
    for part in ("evaluation", "paper"):
        for file in (PACKAGE / part).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not any(name.split(".")[0] in ("torch", "torchvision") for name in names), file
