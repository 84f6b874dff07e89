"""Every exception of headgate stands in one tree, and the drawing of the tree is right."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
from pathlib import Path
from typing import get_args

import headgate
from headgate import errors

PACKAGE = Path(headgate.__file__).parent
_BUILT_IN = {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)}
_DRAWN = re.compile(r"^ {4}(?P<indent>(?:[│ ]   )*)(?:[├└]── )(?P<name>\w+)", re.MULTILINE)


def exceptions_in(sources: dict[str, str]) -> set[tuple[str, str]]:
    """(file, class) of every class that derives from an exception, a class inside a function included.

    A base that no class of `sources` is counts as an exception when it is a built-in one or named like one.
    """
    classes = [
        (file, node.name, {ast.unparse(base).rpartition(".")[2] for base in node.bases})
        for file, source in sources.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    ]

    def derives(name: str, seen: frozenset[str] = frozenset()) -> bool:
        if name in seen:
            return False
        known = [bases for _, own, bases in classes if own == name]
        if known:
            return any(derives(base, seen | {name}) for bases in known for base in bases)
        return name in _BUILT_IN or name.endswith(("Error", "Exception", "Warning"))

    return {(file, name) for file, name, bases in classes if any(derives(base) for base in bases)}


def _tree() -> dict[str, type[errors.HeadgateError]]:
    return {name: value for name, value in vars(errors).items() if inspect.isclass(value) and value.__module__ == errors.__name__}


def test_an_exception_is_found_wherever_it_stands_and_whatever_it_derives_from() -> None:
    source = "class A(Exception): ...\nclass B(A): ...\nclass Plain: ...\nclass D(Plain): ...\ndef f():\n    class C(botocore.ClientError): ..."
    assert exceptions_in({"m.py": source}) == {("m.py", "A"), ("m.py", "B"), ("m.py", "C")}


def test_every_exception_that_headgate_defines_stands_in_the_tree() -> None:
    sources = {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in PACKAGE.rglob("*.py")}
    assert exceptions_in(sources) == {("errors.py", name) for name in _tree()}


def test_every_exception_of_the_tree_is_a_headgate_error() -> None:
    assert [name for name, kind in _tree().items() if not issubclass(kind, errors.HeadgateError)] == []


def test_the_drawing_shows_every_exception_below_its_parent() -> None:
    assert errors.__doc__ is not None
    path = ["HeadgateError"]
    drawn = {}
    for line in _DRAWN.finditer(errors.__doc__):
        depth = len(line["indent"]) // 4 + 1
        path[depth:] = [line["name"]]
        drawn[line["name"]] = path[depth - 1]
    assert drawn == {name: kind.__bases__[0].__name__ for name, kind in _tree().items() if name != "HeadgateError"}


def test_every_reason_for_a_failure_is_given_somewhere() -> None:
    """A closed set that names what nobody says any more tells its reader of cases that can't be."""
    said = {
        node.value
        for path in PACKAGE.rglob("*.py")
        if path.name != "errors.py"
        for call in ast.walk(ast.parse(path.read_text()))
        if not isinstance(call, ast.Dict)
        for node in ast.iter_child_nodes(call)
        if isinstance(node, ast.Constant)
    }
    assert set(get_args(errors.FailureReason)) - said == set()
