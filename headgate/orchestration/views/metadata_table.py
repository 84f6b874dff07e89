"""Rows → a table of Dagster metadata."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

#: What an asset shows: a name and a value each, in Dagster's kinds.
Metadata = dict[str, dg.MetadataValue]
#: Rows of a table in the metadata; the whole list lies in the store.
MAX_ROWS = 100


def table(rows: Sequence[Mapping[str, Any]], *, empty: Mapping[str, Any] | None = None) -> dg.MetadataValue:
    """A table of at most MAX_ROWS rows; Dagster needs the columns of an empty one."""
    kinds = {bool: "bool", int: "int", float: "float", str: "string"}
    columns = [dg.TableColumn(name=name, type=kinds[type(value)]) for name, value in (rows[0] if rows else empty or {}).items()]
    return dg.MetadataValue.table(
        records=[dg.TableRecord(row) for row in rows[:MAX_ROWS]], schema=dg.TableSchema(columns=columns)
    )
