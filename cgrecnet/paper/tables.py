"""The paper's tables as data, as far as they are known; a lost cell is marked lost and never guessed."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from cgrecnet.errors import ConfigError
from cgrecnet.paper.schema import HERE, Entry, PrintedNumber, half_unit, read_entries

TABLES_FILE = HERE / "tables.yaml"
LOST: Literal["lost"] = "lost"


class Cell(Entry):
    """A known cell: a printed number with its SD, or words; `where` names the prose it was recovered from."""

    value: PrintedNumber | None = None
    sd: PrintedNumber | None = None
    text: str | None = None
    where: str | None = None

    @model_validator(mode="after")
    def _one_content(self) -> "Cell":
        if (self.value is None) == (self.text is None):
            raise ValueError("a cell has either a value or a text")
        if self.sd is not None and self.value is None:
            raise ValueError("an sd needs a value beside it")
        return self

    @property
    def number(self) -> float:
        """The value as a number; raises ConfigError for a cell of words."""
        if self.value is None:
            raise ConfigError(f"The cell {self.text!r} holds words, not a number; ask for its text.")
        return float(self.value)

    @property
    def half_unit(self) -> float:
        """Half a unit of the last printed digit."""
        return half_unit(self.value or "0")


def _cell_or_lost(raw: Any) -> Any:
    if raw == LOST or isinstance(raw, (dict, Cell)):
        return raw
    raise ValueError(f"must be the word lost or a mapping such as {{value: \"96.40\"}}, not {raw!r}")


MaybeCell = Annotated[Cell | Literal["lost"], BeforeValidator(_cell_or_lost)]


class Table(Entry):
    """One table: units by column, cells by row and column."""

    id: str
    title: str
    place: str
    columns: dict[str, str] = Field(min_length=1)
    rows: dict[str, dict[str, MaybeCell]] = Field(min_length=1)

    @model_validator(mode="after")
    def _rows_match_columns(self) -> "Table":
        for name, cells in self.rows.items():
            for column in self.columns:
                if column not in cells:
                    raise ValueError(f"row {name} lacks the column {column!r}; write lost if it is not known")
            for column in cells:
                if column not in self.columns:
                    raise ValueError(f"row {name} has the column {column!r}, which the table does not")
        return self

    def cell(self, row: str, column: str) -> Cell | None:
        """The cell, or None when it is lost; raises ConfigError for a row or column the table does not have."""
        if row not in self.rows:
            raise ConfigError(f"{self.place} has no row {row!r}; its rows are: {', '.join(self.rows)}.")
        if column not in self.columns:
            raise ConfigError(f"{self.place} has no column {column!r}; its columns are: {', '.join(self.columns)}.")
        cell = self.rows[row][column]
        return None if cell == LOST else cell

    def lost(self) -> list[tuple[str, str]]:
        """Row and column of every lost cell."""
        return [(row, col) for row, cells in self.rows.items() for col, cell in cells.items() if cell == LOST]


def load_tables(path: Path | str = TABLES_FILE) -> dict[str, Table]:
    """All tables by their id; ConfigError names file, table and field of what is wrong."""
    return read_entries(path, Table)


def find_cell(tables: dict[str, Table], address: str) -> Cell | None:
    """The cell at 'table/row/column', None when lost; raises ConfigError for an address that does not exist."""
    parts = address.split("/")
    if len(parts) != 3 or parts[0] not in tables:
        raise ConfigError(f"{address!r} is no cell; write table/row/column with one of {', '.join(tables)}.")
    return tables[parts[0]].cell(parts[1], parts[2])
