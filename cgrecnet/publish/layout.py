"""Where everything lies: the chapters that `_toc.yml` lists, their parameters, and the build's folders."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path
from sphinx_external_toc.api import SiteMap
from sphinx_external_toc.parsing import parse_toc_yaml

from cgrecnet.errors import ConfigError
from cgrecnet.publish import settings

PARAMETERS = "book/parameters.yml"
# Pages that are written by the build, so that they have no source.
STATUS_PAGE = "book/appendix/execution"
CITATION_PAGE = "book/appendix/citation"


@dataclass(frozen=True)
class Chapter:
    """One page: its name as in the table of contents (`book/x`), and its source."""

    name: str
    source: Path
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def is_script(self) -> bool:
        return self.source.suffix == ".py"

    @property
    def label(self) -> str:
        """What messages call it: the path of its source in the repository."""
        return self.name + self.source.suffix


class Layout:
    """The folders of a book whose repository lies at `root`."""

    def __init__(self, root: Path) -> None:
        self.root, self.book, self.build = root, root / "book", root / "_build"
        self.executed, self.stage, self.html = (self.build / name for name in ("executed", "source", "html"))
        self.doctrees = self.build / ".doctrees"

    def executed_notebook(self, chapter: Chapter) -> Path:
        return self.executed / f"{chapter.name}.ipynb"

    @cached_property
    def watched(self) -> dict[str, Path]:
        """Folders outside the repository that chapters may read, by the name that stands for them in records."""
        data, cache = os.environ.get("CGRECNET_DATA"), os.environ.get("CGRECNET_CACHE")
        folders = {"$CGRECNET_DATA": _absolute(data)} if data else {}
        return folders | {"$CGRECNET_CACHE": _absolute(cache) if cache else user_cache_path("cgrecnet")}

    @cached_property
    def watched_paths(self) -> list[tuple[Path, str]]:
        """Each watched folder's paths, as given and with symbolic links followed, and the name that stands for it."""
        pairs = [(path, name) for name, path in self.watched.items()]
        return list(dict.fromkeys(pairs + [(Path(os.path.realpath(path)), name) for path, name in pairs]))

    @cached_property
    def _contents(self) -> SiteMap:
        """The table of contents; ConfigError, in one sentence, for whatever the parser raises."""
        try:
            return parse_toc_yaml(self.root / "_toc.yml")
        except Exception as error:
            raise ConfigError(f"_toc.yml is no table of contents ({settings.one_line(error)}): mend it.") from None

    @cached_property
    def page_names(self) -> list[str]:
        """Pages in the order of the table of contents, as `book/x` without suffix."""
        return [_without_suffix(name) for name in self._contents]

    @property
    def part_of(self) -> dict[str, str]:
        """Page -> caption of the part in which the table of contents lists it."""

        def from_here(file: str) -> list[str]:
            return [file, *(name for child in self._contents[file].child_files() for name in from_here(child))]

        parts = [part for part in self._contents.root.subtrees if part.caption]
        listed = [(name, part.caption) for part in parts for file in part.files() for name in from_here(file)]
        return {_without_suffix(name): caption for name, caption in listed}

    @cached_property
    def chapters(self) -> list[Chapter]:
        """Every page that has a source, with its parameters from `book/parameters.yml`."""
        parameters = self._parameters()
        chapters = []
        for name in self.page_names:
            if name in (STATUS_PAGE, CITATION_PAGE):
                continue
            sources = [p for suffix in (".md", ".py") if (p := self.root / f"{name}{suffix}").is_file()]
            if len(sources) != 1:
                kind = "has no source" if not sources else "has two sources"
                raise ConfigError(f"_toc.yml lists {name}, which {kind}: keep one of {name}.md and {name}.py.")
            chapter = Chapter(name, sources[0], parameters.pop(name, {}))
            if chapter.parameters and not chapter.is_script:
                raise ConfigError(f"{PARAMETERS} gives parameters to {chapter.label}, which is prose: remove them.")
            chapters.append(chapter)
        if parameters:
            name = next(iter(parameters))
            raise ConfigError(f"{PARAMETERS} gives parameters to {name}, which is no chapter of _toc.yml: correct it.")
        if STATUS_PAGE not in self.page_names:
            raise ConfigError(f"_toc.yml does not list {STATUS_PAGE}, the execution status page: add it.")
        return chapters

    def _parameters(self) -> dict[str, dict[str, Any]]:
        path = self.root / PARAMETERS
        found: dict[str, dict[str, Any]] = {}
        for written, values in (settings.parameters(path, PARAMETERS) if path.exists() else {}).items():
            name = "book/" + _without_suffix(written)
            if name in found:
                raise ConfigError(f"{PARAMETERS} gives parameters to {name} twice: keep one entry.")
            found[name] = values
        return found


def _absolute(folder: str) -> Path:
    """Without `..`, as the tracer sees paths; behind a symbolic link, `..` is not what the text says."""
    return Path(os.path.realpath(folder) if ".." in Path(folder).parts else os.path.abspath(folder))


def _without_suffix(name: str) -> str:
    for suffix in (".md", ".py", ".ipynb"):
        name = name.removesuffix(suffix)
    return name
