"""Front matter of Markdown and plain text → what the page says of itself, and the text without it.

    ---  … ---      YAML; `...` ends it too
    +++  … +++      TOML
    {    … }        JSON
    <!-- … -->      any of these, or bare `name: value` lines, in a comment at the top

A byte order mark and blank lines may stand before it. What was meant for front matter and can't be read is a slip with its line: it must
not pass for a page that carries no label. Every line that names a label of access has to be one that was read.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from headgate.ingest.parse.blocks import Block
from headgate.ingest.parse.label_keys import find_label
from headgate.ingest.parse.label_statements import find_named
from headgate.ingest.parse.labels import LabelReading, LabelSlip, merge_readings, read_labels
from headgate.ingest.parse.left_out import LeftOut, leave_out
from headgate.ingest.parse.link_targets import distinct, read_target
from headgate.ingest.parse.structured_text import shown_values
from headgate.records.remarks import note

_YAML_OPEN, _YAML_CLOSE = re.compile(r"-{3}[ \t]*"), re.compile(r"(?:-{3}|\.{3})[ \t]*")
_TOML_FENCE = re.compile(r"\+{3}[ \t]*")
_KEY_LINE = re.compile(r"""^["']?[A-Za-z_][\w.-]*["']?[ \t]*[:=](?:[ \t]|$)""")
_COMMENT = re.compile(r"<!--((?:(?!<!--|-->).)*+)-->[ \t]*+\n?", re.DOTALL)
_INVISIBLE_START = re.compile("[\ufeff\u200b\u2060\\s]{0,100}(?:\n|$)|[\ufeff\u200b\u2060]+")
_MOST_COMMENTS = 5
_LONGEST_HEAD = 40  # lines of front matter whose end is missing
#: From so many words on a value is something to read, and not a name of a layout, a date or a link.
_SENTENCE_WORDS = 3
#: Names that generators of sites (Jekyll, Hugo, Docusaurus, MkDocs, GitBook and others) give to where a page went, without _ and -.
_REDIRECTS = frozenset({"redirect", "redirectto", "redirecturl", "redirectlink", "redirecttarget", "movedto", "newurl"})
_LONGEST_UNSAID = 2000  # characters of one value
_MOST_VALUES = 2000  # looked at to tell


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """`reading` are the labels, `blocks` what else it says in sentences; `body` is the rest, `skipped` the lines before it.

    `unsaid` is what it says that becomes neither.
    """

    reading: LabelReading
    blocks: tuple[Block, ...]
    body: str
    skipped: int
    unsaid: str = ""

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What of the page is neither label nor text."""
        return (leave_out("metadata", self.unsaid),) if self.unsaid else ()


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    value: Any
    line: int


def split_front_matter(text: str) -> FrontMatter:
    """The front matter of a page, apart from its text. A page without any is given back whole."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    start = _skip_blank(text, 0)
    found, start = _read_comments(text, start)
    lines = text[start:].split("\n")
    before = text.count("\n", 0, start)
    parts = _read_block(lines, before) or _read_json(text[start:], before)
    if parts is None:
        if not found:
            return FrontMatter(LabelReading(), (), text.removeprefix("\ufeff"), 0)
        return _front_matter(found, text[start:], before)
    return _front_matter([*found, parts], parts.body, parts.skipped)


def _front_matter(found: list[FrontMatter], body: str, skipped: int) -> FrontMatter:
    return FrontMatter(
        merge_readings(*(one.reading for one in found)),
        tuple(block for one in found for block in one.blocks),
        body,
        skipped,
        "\n".join(one.unsaid for one in found if one.unsaid),
    )


# --- where it begins and ends ---------------------------------------------------------------------------------------


def _skip_blank(text: str, start: int) -> int:
    """Past blank lines and what nobody sees, to the beginning of the first line that says something."""
    while start < len(text) and (found := _INVISIBLE_START.match(text, start)) and found.end() > start:
        start = found.end()
    return start


def _read_comments(text: str, start: int) -> tuple[list[FrontMatter], int]:
    """What comments at the top say as front matter, and where the page goes on; a comment that says nothing of the kind stays."""
    found: list[FrontMatter] = []
    at = start
    for _ in range(_MOST_COMMENTS):
        comment = _COMMENT.match(text, at)
        if comment is None:
            break
        before = text.count("\n", 0, comment.start(1))
        lines = comment[1].split("\n")
        inner = _read_comment(lines, before)
        if inner is None:
            # Something else, such as a note to an editor: front matter may still follow, but the comment is not cut out of the text.
            at = _skip_blank(text, comment.end())
            if not _opens(text[at:].partition("\n")[0]):
                break
            start = at
            continue
        found.append(inner)
        start = at = _skip_blank(text, comment.end())
    return found, start


def _read_comment(lines: list[str], before: int) -> FrontMatter | None:
    inner = [line for line in lines if line.strip()]
    if not inner:
        return None
    if _opens(inner[0].strip()):
        first = next(number for number, line in enumerate(lines) if line.strip())
        return _read_block(lines[first:], before + first)
    names = [find_label(line.partition(":")[0].strip()) for line in inner]
    if not any(names):
        return None
    return _parsed(lines, before, "yaml")


def _opens(line: str) -> bool:
    return bool(_YAML_OPEN.fullmatch(line) or _TOML_FENCE.fullmatch(line) or line.lstrip().startswith("{"))


def _read_block(lines: list[str], before: int) -> FrontMatter | None:
    """Front matter between fences at the first of `lines`, which is line `before + 1` of the file."""
    kind = "yaml" if _YAML_OPEN.fullmatch(lines[0]) else "toml" if _TOML_FENCE.fullmatch(lines[0]) else ""
    if not kind:
        return None
    close = _YAML_CLOSE if kind == "yaml" else _TOML_FENCE
    end = next((number for number, line in enumerate(lines[1:], 1) if close.fullmatch(line)), None)
    inner = lines[1:end]
    if end is None:
        head = inner[:_LONGEST_HEAD]
        first = next((line for line in head if line.strip()), "")
        if kind == "toml" or _KEY_LINE.match(first) or find_named(_until_blank(head), before + 2, everywhere=False):
            slip = LabelSlip(
                "unclosed",
                before + 1,
                f"{lines[0].strip()!r} begins front matter that nothing ends; write it after the last label",
            )
            return FrontMatter(LabelReading(slips=(slip,)), (), "\n".join(inner), before + 1)
        return None
    if kind == "yaml" and not _is_meant(inner, before + 2):
        return None  # two rules with text between them
    parts = _parsed(inner, before + 1, kind)
    return replace(parts, body="\n".join(lines[end + 1 :]), skipped=before + end + 1)


def _until_blank(lines: list[str]) -> list[str]:
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    end = next((number for number, line in enumerate(lines) if number > first and not line.strip()), len(lines))
    return lines[:end]


def _is_meant(lines: list[str], first_line: int) -> bool:
    """Whether lines between two fences are front matter: empty, or with a line that names something or a label."""
    said = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return not said or any(_KEY_LINE.match(line) for line in said) or bool(find_named(lines, first_line)) or _is_mapping(lines)


def _is_mapping(lines: list[str]) -> bool:
    try:
        return isinstance(yaml.compose("\n".join(lines), Loader=yaml.SafeLoader), yaml.MappingNode)
    except (yaml.YAMLError, ValueError, RecursionError):
        return False


def _read_json(text: str, before: int) -> FrontMatter | None:
    """A JSON object at the very top, with a line break after it."""
    if not re.match(r"\{\s*[\"'}]", text):
        return None
    try:
        content, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        line = before + getattr(error, "lineno", 1)
        slip = LabelSlip("json", line, f"the front matter is not JSON: {getattr(error, 'msg', 'nested too deeply')}")
        return FrontMatter(LabelReading(slips=(slip,)), (), text, before)
    rest = text[end:]
    if not isinstance(content, dict) or rest.partition("\n")[0].strip():
        return None
    lines = text[:end].split("\n")
    entries = [_Entry(name, value, _line_of(name, lines, before)) for name, value in content.items()]
    reading, blocks, unsaid = _read_entries(entries, lines, before + 1)
    skipped = before + len(lines)
    return FrontMatter(reading, blocks, rest.partition("\n")[2], skipped, unsaid)


# --- what it says ---------------------------------------------------------------------------------------------------


def _parsed(lines: list[str], before: int, kind: str) -> FrontMatter:
    """The front matter that `lines` hold, the first of which is line `before + 1`; its body is empty."""
    entries = _yaml_entries(lines, before) if kind == "yaml" else _toml_entries(lines, before)
    if isinstance(entries, LabelSlip):
        # What it says is not lost: the page is quarantined, and the text is there for whoever looks at it.
        return FrontMatter(LabelReading(slips=(entries,)), (Block("text", "\n".join(lines), line=before + 1),), "", 0)
    reading, blocks, unsaid = _read_entries(entries, lines, before + 1)
    return FrontMatter(reading, blocks, "", 0, unsaid)


def _read_entries(entries: list[_Entry], lines: list[str], first_line: int) -> tuple[LabelReading, tuple[Block, ...], str]:
    """(labels, what is said in sentences, what is said otherwise)."""
    reading = read_labels(((entry.name, entry.value, entry.line) for entry in entries), place="front_matter")
    read = {(key.label, entry.line) for entry in entries if (key := find_label(entry.name)) is not None}
    told = {slip.line for slip in reading.slips}
    slips = [slip for slip in find_named(lines, first_line) if (slip.label, slip.line) not in read and slip.line not in told]
    blocks: list[Block] = []
    left_out: dict[str, str] = {}
    for entry in entries:
        if find_label(entry.name) is not None:
            continue
        if _leads(entry):
            target = str(entry.value)
            blocks.append(Block("text", f"{entry.name}: {target}", line=entry.line, targets=distinct([target])))
        elif _speaks(entry.value):
            blocks += [replace(block, line=entry.line) for block in shown_values(entry.name, entry.value)]
        elif entry.value not in (None, "", [], {}):
            plain = "" if isinstance(entry.value, (Mapping, list)) else f": {entry.value}"
            left_out[entry.name] = f"{entry.name}{plain[:_LONGEST_UNSAID]}"
    findings = (note("front_matter", f"left out, neither label nor text: {', '.join(left_out)[:300]}"),) if left_out else ()
    unsaid = "\n".join(left_out.values())
    return replace(reading, slips=(*reading.slips, *slips), findings=(*reading.findings, *findings)), tuple(blocks), unsaid


def _leads(entry: _Entry) -> bool:
    """Whether the entry says that the page has moved, and where to."""
    name = entry.name.lower().replace("_", "").replace("-", "")
    return name in _REDIRECTS and isinstance(entry.value, str) and bool(read_target(entry.value))


def _speaks(value: Any) -> bool:
    """Whether a value holds anything that reads like a sentence."""
    waiting = [value]
    for _ in range(_MOST_VALUES):
        if not waiting:
            return False
        inside = waiting.pop()
        if isinstance(inside, str) and len(inside.split()) >= _SENTENCE_WORDS:
            return True
        if isinstance(inside, Mapping):
            waiting += inside.values()
        elif isinstance(inside, list):
            waiting += inside
    return False  # more than anybody writes at the top of a page; its name is told


def _yaml_entries(lines: list[str], before: int) -> list[_Entry] | LabelSlip:
    """The entries, or what keeps them from being read."""
    text = "\n".join(lines)
    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return []
            if not isinstance(node, yaml.MappingNode):
                return LabelSlip("not_a_mapping", before + 1, "the front matter holds no lines of the form `name: value`")
            return [
                _Entry(
                    str(loader.construct_object(name, deep=True)),
                    loader.construct_object(value, deep=True),
                    _node_line(name, before),
                )
                for name, value in node.value
            ]
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        return _yaml_damage(error, lines, before)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        return LabelSlip("yaml", before + 1, f"the front matter is not YAML: {type(error).__name__}")


def _node_line(node: Any, before: int) -> int:
    return before + int(node.start_mark.line) + 1


def _yaml_damage(error: yaml.MarkedYAMLError, lines: list[str], before: int) -> LabelSlip:
    mark = error.problem_mark or error.context_mark
    at = min(mark.line if mark else 0, len(lines) - 1)
    context = error.context_mark.line if error.context_mark else at
    said = " ".join(str(error.problem).split())
    shown = repr(lines[at].strip()[:60])
    quotes = [line for line in lines[context : at + 1] if line.count('"') % 2 or line.count("'") % 2]
    if "\t" in lines[at][: len(lines[at]) - len(lines[at].lstrip())] or "'\\t'" in said:
        return LabelSlip("tab", before + at + 1, f"{shown} has a tab where YAML wants spaces")
    if quotes or "quoted scalar" in str(error.context):
        where = next((number for number in range(context, at + 1) if lines[number] in quotes), at)
        return LabelSlip(
            "quote", before + where + 1, f"{lines[where].strip()[:60]!r} has a quotation mark without its other half"
        )
    if "mapping values are not allowed" in said and len(re.findall(r":(?:\s|$)", lines[at])) > 1:
        return LabelSlip("colon", before + at + 1, f"{shown} has a second colon; put the value in quotation marks")
    if "mapping values are not allowed" in said or "indentation" in said or lines[at][:1].isspace():
        return LabelSlip("indentation", before + at + 1, f"{shown} is not set in as the lines around it")
    return LabelSlip("yaml", before + at + 1, f"{shown} is not YAML: {said}")


def _toml_entries(lines: list[str], before: int) -> list[_Entry] | LabelSlip:
    """The entries, or what keeps them from being read."""
    try:
        content = tomllib.loads("\n".join(lines) + "\n")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"\(at line (\d+)", str(error))
        at = min(int(found[1]) if found else 1, len(lines) or 1)
        shown = repr(lines[at - 1].strip()[:60]) if lines else "it"
        return LabelSlip("toml", before + at, f"{shown} is not TOML: {str(error).partition(' (at')[0]}")
    return [_Entry(name, value, _line_of(name, lines, before)) for name, value in content.items()]


def _line_of(name: str, lines: list[str], before: int) -> int:
    wanted = re.compile(rf"""^\s*\[*[{{,\s]*["']?{re.escape(name)}["']?\s*[\]:=.]""")
    return before + next((number for number, line in enumerate(lines, 1) if wanted.match(line)), 1)
