"""Imports run one way, as CONTRIBUTING.md says."""

import ast
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
    "bench": {"paper", "data", "models", "evaluation", "training", "runs"},
    "figures": {"paper", "data", "models", "evaluation", "explain", "training", "runs", "bench"},
    "publish": {"paper"},
    "commands": {"paper", "data", "models", "evaluation", "training", "runs", "predict", "bench", "publish", "doctor"},
}


def imported_parts(path: Path) -> set[str]:
    """The parts of the package that a file imports, wherever in the file."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("cgrecnet.")}


@pytest.mark.parametrize("part", sorted(MAY_IMPORT))
def test_imports_run_one_way(part):
    files = list((PACKAGE / part).rglob("*.py"))
    assert files, f"cgrecnet/{part} is empty"
    allowed = MAY_IMPORT[part] | {part, "cores", "errors", "files", "paths", "pages", "__version__"}
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
