"""Who listens, and beyond the loopback interface?"""

import ipaddress
import threading
from contextlib import contextmanager

import psutil


def listeners() -> dict[tuple[str, int], str]:
    """(address, port) -> program, of all that this process and those below it listen on."""
    found = {}
    for process in (own := psutil.Process(), *own.children(recursive=True)):
        try:
            for one in process.net_connections("inet"):
                if one.status == psutil.CONN_LISTEN:
                    found[one.laddr.ip, one.laddr.port] = process.name()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@contextmanager
def watched():
    """Gives what was listened on while the block ran, looked at all the time."""
    seen, over = {}, threading.Event()

    def watch():
        while not over.wait(0.2):
            seen.update(listeners())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def beyond(seen: dict[tuple[str, int], str]) -> dict[tuple[str, int], str]:
    return {place: who for place, who in seen.items() if not ipaddress.ip_address(place[0]).is_loopback}
