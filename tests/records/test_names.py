"""What a record names is found wherever its types put it, and nothing else is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from headgate.records import Record
from headgate.records.names import Names, ObjectDigest, Revision, folders_named_by, names_in

Whole = Annotated[str, Names("things", whole=True)]


class Inner(Record):
    thing: Whole
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    digest: ObjectDigest
    text: str = ""


class Outer(Record):
    one: ObjectDigest
    by_name: dict[str, ObjectDigest] = Field(default_factory=dict)
    by_key: dict[ObjectDigest, int] = Field(default_factory=dict)
    several: tuple[ObjectDigest, ...] = ()
    pair: tuple[str, ObjectDigest] | None = None
    maybe: Inner | None = None
    either: ObjectDigest | int = 0
    lines: tuple[Line, ...] = ()
    nested: dict[str, tuple[Inner, ...]] = Field(default_factory=dict)
    plain: str = "objects/plain"


class Tree(Record):
    name: Revision
    below: tuple[Tree, ...] = ()


def found(record: object) -> list[tuple[str, str]]:
    return [(mark.folder, value) for mark, value in names_in(record)]


def test_marked_fields_are_found_in_every_shape() -> None:
    record = Outer(
        one="1",
        by_name={"a": "2"},
        by_key={"3": 0},
        several=("4", "5"),
        pair=("no", "6"),
        maybe=Inner(thing="7", note="no"),
        either="8",
        lines=(Line("9", "no"),),
        nested={"no": (Inner(thing="10"),)},
    )
    assert sorted(found(record), key=lambda item: int(item[1])) == [
        *(("objects", str(number)) for number in range(1, 7)),
        ("things", "7"),
        ("objects", "8"),
        ("objects", "9"),
        ("things", "10"),
    ]


def test_empty_fields_and_other_types_name_nothing() -> None:
    assert found(Outer(one="", either=7)) == []


def test_a_field_can_name_in_two_folders_and_a_record_can_hold_its_own_kind() -> None:
    assert found(Tree(name="a", below=(Tree(name="b"),))) == [("ingests", "a"), ("trees", "a"), ("ingests", "b"), ("trees", "b")]


def test_collections_of_records_are_gone_through() -> None:
    assert found([Line("1"), Line("2")]) == found({"x": Line("1"), "y": Line("2")}) == [("objects", "1"), ("objects", "2")]


def test_types_tell_which_folders_they_can_name() -> None:
    assert folders_named_by(Outer) == {"objects", "things"}
    assert folders_named_by(tuple[Line, ...]) == {"objects"}
    assert folders_named_by(Tree) == {"ingests", "trees"}
    assert folders_named_by(dict[str, int]) == frozenset()
