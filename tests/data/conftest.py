import os
from pathlib import Path

import pytest

from cgrecnet.data.jurkat import published


@pytest.fixture(scope="session")
def mlcp() -> Path:
    """Folder with the real montages; tests that need it are skipped where CGRECNET_DATA does not lead to it."""
    named = os.environ.get("CGRECNET_DATA")
    if not named:
        pytest.skip("needs the real montages: set CGRECNET_DATA to the folder that holds them")
    folder = published.inside(Path(named))
    if folder is None:
        pytest.skip(f"needs the real montages, and CGRECNET_DATA ({named}) has none")
    return folder


@pytest.fixture
def no_data(monkeypatch, tmp_path) -> Path:
    """No data set anywhere: CGRECNET_DATA unset, an empty cache. Returns the cache folder."""
    monkeypatch.delenv("CGRECNET_DATA", raising=False)
    monkeypatch.setenv("CGRECNET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """The seconds that downloads would have waited; with this fixture they wait none."""
    seconds: list[float] = []
    monkeypatch.setattr("cgrecnet.data.download.remote.sleep", seconds.append)
    return seconds
