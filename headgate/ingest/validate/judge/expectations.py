"""The suites that people edit, evals/expectations/*.yaml → checked expectations.

    - name: not_too_short                                     # unique over all files
      expectation: expect_column_values_to_be_between         # row-wise, of Great Expectations
      kwargs: {column: characters_if_any, min_value: {$PARAMETER: min_characters}}
      level: quarantine                                       # quarantine | finding | error
      code: too_short                                         # for programs; without it, the name
      reason: "{characters} characters, at least {min_characters}"

Every mistake is told with its file and line. Arguments are checked by Great Expectations itself, where it judges (gx_package.py).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Literal

import orjson
import yaml

from headgate.errors import SettingsError
from headgate.records import Remark
from headgate.settings import ValidationSettings
from headgate.storage import sha256_hex

SuiteName = Literal["documents", "changes", "corpus", "chunks"]
SUITES: tuple[SuiteName, ...] = ("documents", "changes", "corpus", "chunks")
BUILT_IN = Path(__file__).parent / "expectations"
_LEVELS = ("quarantine", "finding", "error")
_KEYS = ("name", "expectation", "kwargs", "level", "reason")
_OPTIONAL = ("code",)
_LINE = "__line__"
#: Arguments that name columns.
_COLUMN_KEYS = ("column", "column_A", "column_B", "column_list")
_FORMATTER = Formatter()
#: The one of libyaml where it is there: ten times faster.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One entry of a suite, its parameters filled in."""

    name: str
    kind: str  # class name in great_expectations.expectations
    kwargs: Mapping[str, Any]
    level: str  # quarantine, finding or error
    code: str  # why a row fails, for programs; the name where the file gives none
    reason: str  # with {column} and {parameter} places
    parameters: Mapping[str, Any]  # settings that the entry uses
    place: str  # file:line

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are looked at."""
        found: list[str] = []
        for key in _COLUMN_KEYS:
            value = self.kwargs.get(key)
            found += [value] if isinstance(value, str) else list(value or ())
        return tuple(found)

    @property
    def wording(self) -> str:
        """The reason before there is a row: settings filled in, "…" for what stands in the row."""
        known = self.parameters
        parts = (
            text + ("" if field is None else format(known[field], spec or "") if field in known else "…")
            for text, field, spec, _ in _FORMATTER.parse(self.reason)
        )
        return "".join(parts)

    def explain(self, row: Mapping[str, Any]) -> Remark:
        """The reason told of one failing row."""
        return Remark(self.code, _FORMATTER.vformat(self.reason, (), {**row, **self.parameters}))


@dataclass(frozen=True, slots=True)
class Suite:
    """The entries of one file in order; `digest` covers all that decides a row's verdict."""

    name: SuiteName
    entries: tuple[Expectation, ...]

    def part(self, columns: Collection[str], *, inside: bool) -> Suite:
        """The entries that look at `columns` only (`inside`), or at none of them."""
        return Suite(self.name, tuple(entry for entry in self.entries if (set(entry.columns) <= set(columns)) is inside))

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(sorted({column for entry in self.entries for column in entry.columns}))

    @property
    def digest(self) -> str:
        content = [[entry.name, entry.kind, dict(entry.kwargs)] for entry in self.entries]
        return sha256_hex(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


def suite_folder(settings: ValidationSettings, project_dir: Path) -> Path:
    """Where the suites of a project lie."""
    return (project_dir / settings.expectations).resolve() if settings.expectations else BUILT_IN


def load_suites(
    settings: ValidationSettings,
    project_dir: Path,
    columns: Mapping[SuiteName, Collection[str]],
    *,
    taken: Mapping[str, Expectation] | None = None,
) -> dict[SuiteName, Suite]:
    """The four suites of a project.

    Args:
        columns: of each suite, the columns that its rows have.
        taken: checks that are not in the suites, by the names that these must not use.

    Raises:
        SettingsError: a file is missing or malformed; every problem is named with its line.
    """
    folder = suite_folder(settings, project_dir)
    problems: list[str] = []
    suites: dict[SuiteName, Suite] = {}
    names: dict[str, str] = {name: entry.place for name, entry in (taken or {}).items()}
    for name in SUITES:
        entries: list[Expectation] = []
        for entry in _read(folder / f"{name}.yaml"):
            found = _expectation(entry, folder / f"{name}.yaml", name, columns[name], settings, problems)
            if found is None:
                continue
            if found.name in names:
                problems.append(f"{found.place}: the name {found.name!r} is taken by {names[found.name]}")
            names.setdefault(found.name, found.place)
            entries.append(found)
        suites[name] = Suite(name, tuple(entries))
    if problems:
        raise SettingsError(
            f"{len(problems)} problem(s) in the suites of validation:\n" + "\n".join(f"  - {one}" for one in problems)
        )
    return suites


class _Loader(_SafeLoader):  # type: ignore[misc]
    """Keeps the line of every mapping, and refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", key_node.start_mark)
            seen.add(key)
        return {**super().construct_mapping(node, deep=deep), _LINE: node.start_mark.line + 1}


def _read(path: Path) -> list[Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        raise SettingsError(
            f"suite {str(path)!r} does not exist; copy it from {str(BUILT_IN)!r}, or set validation.expectations to the right folder"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"suite {str(path)!r} can't be read: {' '.join(str(error).split())}") from error
    if content is None:
        return []
    if not isinstance(content, list):
        raise SettingsError(f"suite {str(path)!r} holds a list of expectations; found {type(content).__name__}")
    return content


def _expectation(
    entry: Any, path: Path, suite: SuiteName, columns: Collection[str], settings: ValidationSettings, problems: list[str]
) -> Expectation | None:
    """One entry; None after adding to `problems`."""
    if not isinstance(entry, dict):
        problems.append(f"{path}: an entry is a mapping with {', '.join(_KEYS)}; found {str(entry)[:60]!r}")
        return None
    place = f"{path}:{entry.pop(_LINE)}"
    before = len(problems)
    problems += [
        f"{place}: unknown key {key!r}; known keys: {', '.join((*_KEYS, *_OPTIONAL))}"
        for key in sorted(map(str, entry.keys() - {*_KEYS, *_OPTIONAL}))
    ]
    problems += [
        f"{place}: {key!r} is missing, empty or of the wrong kind"
        for key in _KEYS
        if not entry.get(key) or not isinstance(entry[key], dict if key == "kwargs" else str)
    ]
    if len(problems) > before:
        return None
    name = entry["name"]
    code = str(entry.get("code", name))
    for what, word in (("name", name), ("code", code)):
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,60}", word):
            problems.append(f"{place}: the {what} {word!r} may hold small letters, digits and _ only")
    levels = _LEVELS if suite == "documents" else _LEVELS[1:]
    if entry["level"] not in levels:
        problems.append(f"{place}: {name!r}: level {entry['level']!r} is not one of {', '.join(levels)} in {suite}.yaml")
    parameters: dict[str, Any] = {}
    kwargs = {
        key: _filled(value, settings, parameters, f"{place}: {name!r}", problems)
        for key, value in entry["kwargs"].items()
        if key != _LINE
    }
    if "mostly" in kwargs:
        problems.append(f"{place}: {name!r}: 'mostly' is not supported: every failing row counts")
    # What the reason names may also be a setting.
    places = {field for _, field, _, _ in _FORMATTER.parse(entry["reason"]) if field is not None}
    scalars = settings.model_dump()
    parameters |= {field: scalars[field] for field in places if field in scalars and field not in columns}
    expectation = Expectation(
        name, _class_name(entry["expectation"]), kwargs, entry["level"], code, entry["reason"], parameters, place
    )
    if not expectation.columns:
        problems.append(f"{place}: {name!r}: kwargs name no column")
    problems += [f"{place}: {name!r}: {_unknown('column', one, columns)}" for one in expectation.columns if one not in columns]
    unknown = sorted(places - set(columns) - set(parameters))
    problems += [f"{place}: {name!r}: reason: {_unknown('column', one, columns)}" for one in unknown]
    return expectation if len(problems) == before else None


def _filled(value: Any, settings: ValidationSettings, parameters: dict[str, Any], where: str, problems: list[str]) -> Any:
    """`{$PARAMETER: key}` replaced by the setting, everywhere inside `value`."""
    if isinstance(value, list):
        return [_filled(one, settings, parameters, where, problems) for one in value]
    if not isinstance(value, dict):
        return value
    content = {key: inner for key, inner in value.items() if key != _LINE}
    if set(content) != {"$PARAMETER"}:
        return {key: _filled(inner, settings, parameters, where, problems) for key, inner in content.items()}
    known = settings.model_dump()
    key = str(content["$PARAMETER"])
    if key not in known:
        problems.append(f"{where}: {_unknown('setting', key, known)}")
        return None
    found = known[key]
    parameters[key] = list(found) if isinstance(found, tuple) else found
    return parameters[key]


def _unknown(what: str, name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"unknown {what} {name!r}" + (f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(known))}")


def _class_name(kind: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in kind.split("_"))
