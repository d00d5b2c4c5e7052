"""A chapter's script as a notebook, and its parameters checked against the cell that defines them."""

import ast
from typing import Any

from cgrecnet.errors import ConfigError
from cgrecnet.publish.layout import Chapter
from cgrecnet.publish.settings import one_line

#: Comments stay comments: jupytext would make commands of those that look like one (`# ! ...`, `# rm ...`, `# why?`).
FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}


def read(chapter: Chapter) -> Any:
    """The chapter's percent script as a notebook that papermill accepts."""
    import jupytext

    try:
        notebook = jupytext.read(chapter.source, fmt=FORMAT)
    except Exception as error:  # jupytext passes on whatever its parsers raise
        raise ConfigError(f"{chapter.label} is no percent script that jupytext reads: {one_line(error)}") from None
    first = notebook.cells[0].source if notebook.cells else ""
    if first.startswith(("---", "# ---\n")):  # jupytext would put it on the page
        raise ConfigError(f"{chapter.label}: its header is not valid YAML between two lines # ---: mend it.")
    for cell in notebook.cells:
        if "incorrectly_encoded_metadata" in cell.metadata:
            line = cell.source.strip().partition("\n")[0]
            raise ConfigError(f"{chapter.label}: what follows # %% above {line[:60]!r} cannot be read: mend it.")
    if len(tagged := _parameter_cells(notebook)) > 1:  # papermill writes after the first, and the second would win
        raise ConfigError(
            f"{chapter.label} has {len(tagged)} cells tagged parameters: put all parameters into the first of them."
        )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata.pop("jupytext", None)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # a random one would differ from build to build
    return notebook


def _parameter_cells(notebook: Any) -> list[Any]:
    return [c for c in notebook.cells if c.cell_type == "code" and "parameters" in c.metadata.get("tags", [])]


def check_parameters(chapter: Chapter, notebook: Any) -> None:
    """Refuse a parameter that the chapter's `parameters` cell does not define, or of another type."""
    defined = _defaults(chapter, notebook)
    for name, value in chapter.parameters.items():
        if name not in defined:
            raise ConfigError(
                f"book/parameters.yml gives {chapter.label} the parameter {name!r}, which its parameters cell does not "
                f"define: it defines {', '.join(defined) or 'none'}."
            )
        default = defined[name]
        if not _fits(value, default):
            raise ConfigError(
                f"book/parameters.yml gives {chapter.label} {name}: {value!r}, a {type(value).__name__}, "
                f"where its parameters cell has a {type(default).__name__} ({default!r}): correct the value."
            )


def _defaults(chapter: Chapter, notebook: Any) -> dict[str, Any]:
    """Name and default of each assignment in the cell tagged `parameters`; None where it is no literal."""
    found: dict[str, Any] = {}
    for cell in _parameter_cells(notebook):
        try:
            body = ast.parse(cell.source).body
        except SyntaxError as error:
            raise ConfigError(f"{chapter.label}: its parameters cell is not valid Python ({error}).") from None
        for node in body:
            for target in node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]:
                if isinstance(target, ast.Name):
                    try:
                        found[target.id] = ast.literal_eval(node.value)
                    except (ValueError, TypeError):
                        found[target.id] = None
    return found


def _fits(value: Any, default: Any) -> bool:
    """YAML reads `1e-3` as a string: a number's place takes numbers only."""
    if default is None or value is None:
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    kinds = {float: (int, float), tuple: (list, tuple), list: (list, tuple)}
    return isinstance(value, kinds.get(type(default), type(default)))
