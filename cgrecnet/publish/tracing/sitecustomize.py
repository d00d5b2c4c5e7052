"""Write down which files a chapter's kernel, and every Python process it starts, opens, lists or looks for.

Python imports a module of this name by itself when its folder is on PYTHONPATH.
It imports nothing of the package, so that watching does not create the dependencies that it reports.
`CGRECNET_TRACE` holds a JSON object: `log` (file to append to), `roots` (folders to watch) and, where there are any,
`except` (folders in them to leave alone).
Each line of the log is a JSON list of three: what happened, the absolute path, and what was there at that moment.
What happened is read (there: size and time of change), list (there: the names), write, touch (made, moved or removed),
found or missing (somebody asked whether it exists).

Limits: Python announces neither `os.stat` nor failed imports.
`os.stat` is replaced here, so that questions about existence are seen (of size and time only that they were asked);
`os.access`, `os.lstat`, and whatever a library does in C without Python's own `open`, are not.
A module that could not be imported is not seen either: adding it later does not make the chapter stale.
"""

import gc
import json
import os
import sys
from collections.abc import Callable


def _start() -> Callable[[str, bytes], None]:
    """Begin to write down; returns `follow`, see below."""
    settings = json.loads(os.environ["CGRECNET_TRACE"])
    # The descriptor survives a fork, so worker processes report as well.
    log = os.open(settings["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    roots, ignored = (tuple(f.rstrip(os.sep) + os.sep for f in settings.get(name, ())) for name in ("roots", "except"))
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
    seen: set[tuple[str, str]] = set()

    def note(what: str, path: object) -> None:
        try:
            path = os.fsdecode("." if path is None else path)
        except TypeError:
            return  # a descriptor
        if not path:
            return  # no path, though abspath would take it for the current folder
        path = os.path.abspath(path)
        inside = path + os.sep
        if not inside.startswith(roots) or inside.startswith(ignored) or (what, path) in seen:
            return
        seen.add((what, path))
        os.write(log, (json.dumps([what, path, state(what, path)]) + "\n").encode())

    def state(what: str, path: str) -> object:
        """What is there now, so that a change before the chapter's end can be told."""
        try:
            if what == "list":
                return os.listdir(path)
            if what == "read":
                found = plain_stat(path)
                return [found.st_size, found.st_mtime_ns]
        except OSError:
            pass
        return None

    def importing() -> bool:
        """The import system lists folders and opens byte code on its own account."""
        try:
            return "importlib" in sys._getframe(2).f_code.co_filename
        except ValueError:  # nobody called: Python opens its main script
            return False

    def hook(event: str, args: tuple) -> None:
        if event == "open":
            path, _, flags = args
            if isinstance(flags, int) and flags & writing:
                # "r+" and "a+" read as well, where there is something to read.
                if flags & os.O_RDWR and not flags & os.O_TRUNC and state("read", path):
                    note("read", path)
                note("write", path)
            elif isinstance(path, str) and path.endswith(".pyc"):
                folder, name = os.path.split(path)
                if os.path.basename(folder) == "__pycache__":
                    note("read", os.path.join(os.path.dirname(folder), name.split(".")[0] + ".py"))
            elif not importing() or str(path).endswith(".py"):
                note("read", path)
        elif event in ("os.listdir", "os.scandir"):
            if not importing():
                note("list", args[0])
        elif event == "os.rename":
            note("touch", args[0])
            note("write", args[1])
        elif event in ("os.mkdir", "os.remove", "os.rmdir"):
            note("touch", args[0])
        elif event in ("os.link", "os.symlink"):
            note("touch", args[1])

    plain_stat = os.stat

    def stat(path, *args, **kwargs):  # noqa: ANN001, ANN202
        """os.stat, which no audit event announces: whether a file exists decides what a chapter shows."""
        try:
            found = plain_stat(path, *args, **kwargs)
        except (FileNotFoundError, NotADirectoryError):
            if kwargs.get("dir_fd") is None:  # relative to another folder than the current one
                note("missing", path)
            raise
        if kwargs.get("dir_fd") is None:
            note("found", path)
        return found

    for functions in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
        if plain_stat in functions:
            functions.add(stat)
    def follow(path: str, before: bytes) -> None:
        """In a process that was forked: go on in a log of its own, which begins with the lines `before`."""
        other = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(other, log, inheritable=False)
        os.close(other)
        os.write(log, before)
        seen.clear()

    os.stat = stat
    sys.addaudithook(hook)
    return follow


if "CGRECNET_TRACE" in os.environ:
    gc.set_threshold(20_000, 20, 20)  # looking for garbage among what is being imported takes a fifth of that time
    follow = _start()
