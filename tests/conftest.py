"""What several test files share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that holds real images; tests that need it are skipped, saying so, where it is not named."""
    value = os.environ.get("CGRECNET_DATA")
    if not value:
        pytest.skip("CGRECNET_DATA is not set: no real images here")
    return Path(value)
