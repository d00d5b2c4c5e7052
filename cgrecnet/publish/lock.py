"""One build at a time in one folder."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cgrecnet.errors import RunError
from cgrecnet.files import locked

_held: set[int] = set()


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; raise RunError where another process has it.

    Children that are given `held()` hold it as well, so that the system frees it when the last of them is gone,
    however this process ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(locked(folder / ".lock"))
        except BlockingIOError:
            raise RunError(f"Another build is at work in {folder}: wait until it has ended.") from None
        _held.add(descriptor)
        stack.callback(_held.discard, descriptor)
        yield


def held() -> tuple[int, ...]:
    """The descriptors of the locks that this process holds, for `pass_fds` of what it starts."""
    return tuple(_held)
