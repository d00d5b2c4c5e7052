"""What several test files share."""

import gc
import os
import signal
from pathlib import Path

import pytest

from cgrecnet.cores import cores

gc.set_threshold(20_000, 20, 20)  # what the libraries keep is looked through less often: a fifth of imports' time


@pytest.hookimpl(optionalhook=True)  # also without that plugin
def pytest_xdist_auto_num_workers() -> int:
    """Two processes at least, since many tests wait for others; each needs 1 GB of memory."""
    return max(2, min(cores(), 8))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that holds real images; tests that need it are skipped, saying so, where it is not named."""
    value = os.environ.get("CGRECNET_DATA")
    if not value:
        pytest.skip("CGRECNET_DATA is not set: no real images here")
    return Path(value)


@pytest.fixture(scope="session", autouse=True)
def signals_that_arrive():
    """Tests send these to what they start; a shell that runs the tests in the background has them ignored by all."""
    for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
