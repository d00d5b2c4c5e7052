"""The page "How to cite" says what CITATION.cff says, which is of this version."""

import shutil

import pytest
import yaml
from minibook import REPOSITORY

from cgrecnet import __version__
from cgrecnet.errors import ConfigError
from cgrecnet.publish import own_pages


def test_the_file_is_of_this_version():
    assert yaml.safe_load((REPOSITORY / "CITATION.cff").read_text("utf8"))["version"] == __version__


def test_the_page_follows_the_file(tmp_path):
    text = (REPOSITORY / "CITATION.cff").read_text("utf8").replace(f"version: {__version__}", "version: 7.8.9")
    (tmp_path / "CITATION.cff").write_text(text + "date-released: 2031-02-03\n")
    page = own_pages.citation(tmp_path)
    assert "version 7.8.9, of 3 February 2031" in page and "  version = {7.8.9}," in page and "  month   = feb," in page
    assert "author  = {{The cgrecnet authors}}" in page and "Li, Qinzi and Liu, Fang and" in page
    assert "doi     = {10.3389/fcell.2026.1767574}" in page and page.count("```bibtex") == 2


def test_a_file_without_a_version_is_told(tmp_path):
    shutil.copy(REPOSITORY / "CITATION.cff", tmp_path)
    path = tmp_path / "CITATION.cff"
    path.write_text(path.read_text("utf8").replace("version: 0", "edition: 0"))
    with pytest.raises(ConfigError, match="'version' is missing"):
        own_pages.citation(tmp_path)
