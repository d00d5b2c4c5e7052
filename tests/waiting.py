"""Waiting for what other processes do, and ports for them."""

import socket
import time


def wait_for(found, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]
