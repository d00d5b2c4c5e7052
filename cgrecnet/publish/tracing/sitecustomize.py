"""Write down which files a chapter's kernel, and every Python process it starts, opens, lists or looks for.

Python imports a module of this name by itself when its folder is on PYTHONPATH.
It imports nothing of the package, so that watching does not create the dependencies that it reports.
`CGRECNET_TRACE` holds a JSON object: `log` (file to append to) and `roots` (folders to watch).
Each line of the log is a JSON list of two: what happened (read, write, list, found, missing) and the absolute path.
"""

import json
import os
import sys


def _start() -> None:
    settings = json.loads(os.environ["CGRECNET_TRACE"])
    # The descriptor survives a fork, so worker processes report as well.
    log = os.open(settings["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    roots = tuple(root.rstrip(os.sep) + os.sep for root in settings["roots"])
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
    seen: set[tuple[str, str]] = set()

    def note(what: str, path: object) -> None:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if path is None:
            path = "."
        if not isinstance(path, str):
            path = getattr(path, "__fspath__", lambda: None)()
            if not isinstance(path, str):
                return  # a descriptor
        path = os.path.abspath(path)
        if not (path + os.sep).startswith(roots) or (what, path) in seen:
            return
        seen.add((what, path))
        os.write(log, (json.dumps([what, path]) + "\n").encode())

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
            note("write", args[1])

    plain_stat = os.stat

    def stat(path, *args, **kwargs):  # noqa: ANN001, ANN202
        """os.stat, which no audit event announces: whether a file exists decides what a chapter shows."""
        try:
            found = plain_stat(path, *args, **kwargs)
        except (FileNotFoundError, NotADirectoryError):
            note("missing", path)
            raise
        note("found", path)
        return found

    for functions in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
        if plain_stat in functions:
            functions.add(stat)
    os.stat = stat
    sys.addaudithook(hook)


if "CGRECNET_TRACE" in os.environ:
    _start()
