"""Messages are for people: no code of headgate reads anything out of the words of its own messages.

What is looked for, in every module: words of an exception of headgate that are searched or cut (`"…" in str(error)`,
`str(error).partition(…)`, `error.args`), and the same of fields that hold words (`failure.detail.startswith(…)`). Words of other
libraries are theirs; they are translated once, where they arise. Shortening for display (`splitlines`, slices) reads nothing.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import headgate
from headgate import errors

PACKAGE = Path(headgate.__file__).parent
_OURS = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, errors.HeadgateError)}
#: Ways to look into a string.
_SEARCHES = {
    "startswith", "endswith", "partition", "rpartition", "split", "rsplit", "find", "rfind", "index", "rindex", "count",
    "removeprefix", "removesuffix", "match", "fullmatch", "search", "findall", "finditer",
}  # fmt: skip
#: Fields and variables whose values are words, whatever holds them.
_WORDS = {"detail", "message", "problem", "stderr", "advice", "reason"}
#: Of these, `text` is words too.
_TOLD = {"finding", "reason", "remark"}


def readings(source: str) -> list[int]:
    """Lines that read a message."""
    tree = ast.parse(source)
    found = set(_of_fields(tree))
    for handler in ast.walk(tree):
        if isinstance(handler, ast.ExceptHandler) and handler.name and _catches_ours(handler.type):
            found |= set(_of_error(handler, handler.name))
    return sorted(found)


def _catches_ours(caught: ast.expr | None) -> bool:
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught] if caught else []
    return any(ast.unparse(kind).rpartition(".")[2] in _OURS for kind in kinds)


def _of_error(handler: ast.ExceptHandler, name: str) -> Iterator[int]:
    def told(node: ast.expr) -> bool:
        return any(ast.unparse(part) == f"str({name})" for part in ast.walk(node) if isinstance(part, ast.Call))

    for node in ast.walk(handler):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == f"{name}.args":
            yield node.lineno
        yield from _searched(node, told)


def _of_fields(tree: ast.Module) -> Iterator[int]:
    def told(node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return node.id in (_WORDS | _TOLD) - {"message"}  # what a person wrote to the service is a message too
        if not isinstance(node, ast.Attribute):
            return False
        holder = node.value.id if isinstance(node.value, ast.Name) else ""
        return node.attr in _WORDS or (node.attr == "text" and holder in _TOLD)

    for node in ast.walk(tree):
        yield from _searched(node, told)


def _searched(node: ast.AST, told: object) -> Iterator[int]:
    assert callable(told)
    if isinstance(node, ast.Compare):
        pairs = zip(node.ops, node.comparators, strict=True)
        if any(isinstance(operator, (ast.In, ast.NotIn)) and told(where) for operator, where in pairs):
            yield node.lineno
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SEARCHES:
        of_module = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
        looked_into = node.args[1:2] if of_module else [node.func.value]
        if any(told(where) for where in looked_into):
            yield node.lineno


@pytest.mark.parametrize(
    "line",
    [
        'if "is being written" in str(error): pass',
        'if "x" not in str(error).lower(): pass',
        'str(error).partition("; last words: ")',
        'str(error).startswith("no such")',
        're.search("(a+)", str(error))',
        "error.args[0]",
        'failure.detail.partition("; ")',
        '"blank" in finding.text',
        'check.reason.startswith("stale:")',
        'finding.text.removeprefix("kept: ")',
        'finding.startswith("blank:")',
        'reason.partition(":")[0] in INTENDED',
    ],
)
def test_reading_a_message_is_found(line: str) -> None:
    assert readings(f"try:\n    pass\nexcept (OSError, StorageError) as error:\n    {line}\n") == [4]


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    pass\nexcept OSError as error:\n    'quota' in str(error)\n",  # another library's words
        "try:\n    pass\nexcept StorageError as error:\n    say(str(error), str(error).splitlines()[0][:200])\n",
        "failure.reason == 'memory' or failure.reason in RETRIED",
        "chunk.text.startswith('#') and 'a' in chunk.text",
        "finding.code == 'blank'",
    ],
)
def test_what_reads_no_message_is_left_alone(source: str) -> None:
    assert readings(source) == []


def test_no_code_of_headgate_reads_a_message() -> None:
    found = {path.relative_to(PACKAGE).as_posix(): readings(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}
    assert {path: lines for path, lines in found.items() if lines} == {}
