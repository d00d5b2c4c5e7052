"""The tables as data: lost cells stay lost until a reader fills them in, and nonsense is refused."""

import pytest
import yaml

from cgrecnet.errors import ConfigError
from cgrecnet.paper.tables import TABLES_FILE, find_cell, load_tables


@pytest.fixture
def changed(tmp_path):
    """Write the packaged tables with one cell replaced, and return the file."""

    def write(table, row, column, cell):
        entries = yaml.safe_load(TABLES_FILE.read_text(encoding="utf-8"))
        next(e for e in entries if e["id"] == table)["rows"][row][column] = cell
        path = tmp_path / "tables.yaml"
        path.write_text(yaml.safe_dump(entries), encoding="utf-8")
        return path

    return write


def test_known_cells_and_lost_cells():
    tables = load_tables()
    assert find_cell(tables, "3/ResCMNet/parameters").number == 27.69
    assert find_cell(tables, "3/ResCMNet/accuracy").where == "section 3.2.1"
    assert find_cell(tables, "3/ResGDNet/accuracy") is None
    assert tables["5"].lost() == [("Astrocytes", "improvement"), ("Neurons", "improvement")]
    assert len(tables["2"].lost()) == 20


def test_counts_add_up():
    counts = [find_cell(load_tables(), f"1/{row}/count").number for row in load_tables()["1"].rows]
    supports = [find_cell(load_tables(), f"5/{row}/support").number for row in load_tables()["5"].rows]
    assert sum(counts) == 207_556 and sum(supports) == 31_134


def test_a_reader_fills_in_a_lost_cell(changed):
    tables = load_tables(changed("3", "ResGDNet", "accuracy", {"value": "12.34", "sd": "0.10"}))
    assert find_cell(tables, "3/ResGDNet/accuracy").number == 12.34
    assert ("ResGDNet", "accuracy") not in tables["3"].lost()


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("about 96", "must be the word lost or a mapping such as {value: \"96.40\"}, not 'about 96'"),
        (96.4, "must be the word lost or a mapping"),
        ({"value": 96.4}, "must be text in quotes, not 96.4"),
        ({"value": "96.4", "text": "high"}, "a cell has either a value or a text"),
        ({"text": "high", "sd": "0.1"}, "an sd needs a value beside it"),
        ({"value": "96.4", "sdd": "0.1"}, "sdd is not known; check its spelling"),
    ],
)
def test_a_cell_of_the_wrong_kind_is_refused(changed, cell, message):
    with pytest.raises(ConfigError) as error:
        load_tables(changed("3", "ResGDNet", "accuracy", cell))
    text = str(error.value)
    assert text.startswith("tables.yaml, entry 3: field rows.ResGDNet.accuracy")
    assert message in text and "\n" not in text


def test_a_column_left_out_is_refused(tmp_path):
    entries = yaml.safe_load(TABLES_FILE.read_text(encoding="utf-8"))
    del entries[0]["rows"]["Neurons"]["count"]
    path = tmp_path / "tables.yaml"
    path.write_text(yaml.safe_dump(entries), encoding="utf-8")
    with pytest.raises(ConfigError, match="entry 1: row Neurons lacks the column 'count'; write lost"):
        load_tables(path)


@pytest.mark.parametrize(
    ("address", "message"),
    [("9/a/b", "'9/a/b' is no cell"), ("3/Nobody/f1", "3 has no row 'Nobody'"), ("3/Baseline/x", "no column 'x'")],
)
def test_an_address_that_does_not_exist(address, message):
    with pytest.raises(ConfigError, match=message):
        find_cell(load_tables(), address)
