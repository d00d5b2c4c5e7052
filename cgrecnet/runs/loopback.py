"""What stands for this machine alone."""

import ipaddress
from urllib.parse import urlsplit

import psutil

LOOPBACK = "127.0.0.1"


def is_loopback(address: str) -> bool:
    """Whether `tcp://host:port`, `host:port` or a host stands for this machine alone."""
    host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def loopback_interface() -> str:
    """The system's name of the loopback interface, as `lo`."""
    for name, addresses in psutil.net_if_addrs().items():
        if any(one.address == LOOPBACK for one in addresses):
            return name
    return "lo"
