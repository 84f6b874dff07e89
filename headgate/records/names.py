"""What a record names: fields whose values are keys of the store, or parts of them, say so by their type.

    prompts: dict[str, ObjectDigest]     each value is the digest of an object: as long as the record stays, the object stays

`names_in` gives them all, so that nothing has to look for what might be a key in the text of a record. A field that names something
without such a type would lose it at the next clean-up: `tests/storage/test_layout.py` compares the two over a whole project.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Names:
    """Marks a field: its value is the first part of a key of this folder (`headgate.storage.layout`), or the whole key."""

    folder: str
    whole: bool = False


BundleId = Annotated[str, Names("bundles")]
ObjectDigest = Annotated[str, Names("objects")]
ReportId = Annotated[str, Names("reports")]
VerdictId = Annotated[str, Names("verdicts")]
Revision = Annotated[str, Names("ingests"), Names("trees")]
SourceDigest = Annotated[str, Names("source_objects")]
ChunkSetKey = Annotated[str, Names("chunk_sets", whole=True)]
KeptKey = Annotated[str, Names("kept", whole=True)]
ValidationReportKey = Annotated[str, Names("validation_reports", whole=True)]


def names_in(record: Any) -> Iterator[tuple[Names, str]]:
    """Mark and value of everything that a record, or a collection of records, names; empty values name nothing."""
    if isinstance(record, Mapping):
        for value in record.values():
            yield from names_in(value)
    elif isinstance(record, (list, tuple)):
        for value in record:
            yield from names_in(value)
    else:
        kind: Any = type(record)
        for field, hint in _naming_fields(kind):
            yield from _named(getattr(record, field), hint)


def folders_named_by(kind: Any) -> frozenset[str]:
    """Folders that a value of this type can name."""
    return frozenset(_folders(kind, ()))


def _named(value: Any, hint: Any) -> Iterator[tuple[Names, str]]:
    """What a value of an annotated type names."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        option = next(option for option in arguments if _is_of(value, option))
        yield from _named(value, option)
    elif origin is Annotated:
        if value and isinstance(value, str):
            yield from ((mark, value) for mark in arguments[1:] if isinstance(mark, Names))
        yield from _named(value, arguments[0])
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _named(key, arguments[0])
            yield from _named(item, arguments[1])
    elif isinstance(value, (list, tuple)):
        several = origin is tuple and arguments[-1] is not Ellipsis
        for position, item in enumerate(value):
            yield from _named(item, arguments[position if several else 0])
    elif _is_record(type(value)):
        yield from names_in(value)


def _is_of(value: Any, hint: Any) -> bool:
    kind = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return isinstance(value, get_origin(kind) or kind)


@cache
def _naming_fields(kind: type) -> tuple[tuple[str, Any], ...]:
    """The fields of a record type that can name something, with their types."""
    return tuple((field, hint) for field, hint in _hints(kind).items() if folders_named_by(hint))


def _hints(kind: type) -> dict[str, Any]:
    if not _is_record(kind):
        return {}
    hints = get_type_hints(kind, include_extras=True)
    names = kind.model_fields if issubclass(kind, BaseModel) else [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    return {name: hints[name] for name in names}


def _folders(hint: Any, seen: tuple[Any, ...]) -> Iterator[str]:
    if hint in seen:
        return
    if get_origin(hint) is Annotated:
        yield from (mark.folder for mark in get_args(hint)[1:] if isinstance(mark, Names))
    for argument in get_args(hint):
        if not isinstance(argument, Names):
            yield from _folders(argument, (*seen, hint))
    if isinstance(hint, type):
        for field in _hints(hint).values():
            yield from _folders(field, (*seen, hint))


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and (issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind))
