"""A sheet of a workbook (.xlsx and its kin) as rows, numbered as the spreadsheet shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, DataError, nearest

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
Rows = Iterator[tuple[int, list[Any]]]


def sheet_rows(path: Path, stated: str | None) -> tuple[Rows, str, list[str]]:
    """Row number and cells of each row that holds anything; the sheet's name; the names of all sheets.

    Args:
        stated: The sheet; None takes the first.

    Raises:
        ConfigError: The library that reads workbooks is not installed.
        DataError: No workbook, or no such sheet.
    """
    try:
        import python_calamine
    except ImportError:
        raise ConfigError(
            f"{path}: to read a workbook, install python-calamine: pip install 'embedding-harness[tables]'. Or save it as CSV."
        ) from None
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        names = list(workbook.sheet_names)
        if not names:
            raise DataError(f"{path} has no sheet.")
        name = stated if stated is not None else names[0]
        if name not in names:
            near = nearest(name, names) or names
            raise DataError(f"{path} has no sheet '{name}'. Sheets: {', '.join(names)}. Try task.sheet='{near[0]}'.")
        rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, OSError) as error:
        raise DataError(f"{path}: not a workbook that can be read ({str(error).splitlines()[0][:80]}).") from None
    cells = ((number, [_text(cell) for cell in row]) for number, row in enumerate(rows, start=1))
    return ((number, row) for number, row in cells if any(cell.strip() for cell in row)), name, names


def _text(cell: Any) -> str:
    """The cell as a person reads it: 3 for the 3.0 that a workbook stores."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
