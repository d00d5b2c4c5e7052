"""Which code made a number: a hash over the modules that a run uses.

Comments, docstrings and layout do not count, so that explaining code better does not make a result look old.
"""

import ast
import hashlib
import importlib.util
from functools import cache
from pathlib import Path

PACKAGE = "cgrecnet"

#: Modules that cannot change a result: they look up names, raise errors, find or fetch files (which are checked by
#: hash), or validate parameters (whose values are part of a run's name).
WITHOUT_EFFECT = frozenset(
    {
        "cgrecnet.data",
        "cgrecnet.data.cache",
        "cgrecnet.data.jurkat.fetch",
        "cgrecnet.data.jurkat.files",
        "cgrecnet.data.options",
        "cgrecnet.errors",
        "cgrecnet.models",
        "cgrecnet.paths",
        "cgrecnet.training.checkpoint",
        "cgrecnet.training.config",
    }
)


def code_fingerprint(entry_modules: tuple[str, ...], scripts: tuple[Path, ...] = ()) -> str:
    """sha256 over the syntax of `entry_modules`, of all package modules that they import, even indirectly, and of
    `scripts`.
    """
    digest = hashlib.sha256()
    for path in scripts:
        digest.update(f"{path.name}\n{_meaning(path)}\n".encode())
    for name in import_closure(entry_modules):
        digest.update(f"{name}\n{_meaning(_source(name))}\n".encode())
    return digest.hexdigest()


def import_closure(entry_modules: tuple[str, ...]) -> list[str]:
    """Names of all package modules reachable by module-level imports, sorted.

    Imports inside functions are not followed: they are how the registries load the one data set or model that a
    run asks for, and the run names that one itself.
    """
    seen: set[str] = set()
    todo = list(entry_modules)
    while todo:
        name = todo.pop()
        if name in seen or name in WITHOUT_EFFECT or _source(name) is None:
            continue
        seen.add(name)
        todo.extend(_imports(name))
    return sorted(seen)


@cache
def _source(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _imports(name: str) -> list[str]:
    found = []
    for node in ast.parse(_source(name).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
    return [module for module in found if module.split(".")[0] == PACKAGE]


def _meaning(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # A bare string is a docstring, of a module, class, function or attribute.
            node.body = [part for part in body if not _is_string(part)]
    return ast.dump(tree)


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
