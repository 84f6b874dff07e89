"""What every format is parsed into: blocks in reading order, then one text with elements whose offsets hold.

    bytes ──format module──► [Block, …] + LabelReading ──assemble──► ParsedFile(text, elements, labels, hidden, findings, left_out)

A parsed file knows nothing of its path, so a moved file is not parsed again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from headgate.ingest.parse.labels import LabelReading, LabelSlip, Stated
from headgate.ingest.parse.left_out import INSPECTED, LeftOut, leave_out
from headgate.records import Element, ElementKind, Remark
from headgate.records.remarks import note, read_remark

#: Raised whenever any parser's result changes; it is part of the key that parsed files are reused under.
PARSER_VERSION = "28"
_MAX_TARGETS = 300  # that are kept of one file

_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n\s*\n+")
_ENDING_SPACES = re.compile(r"(?:(?<! ) ++)?+\n *+")
#: Zero-width and direction-changing characters: invisible, and used to hide text or to defeat matching.
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x200B, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080)]
)
_CONTROL = dict.fromkeys([*range(0x09), 0x0B, *range(0x0E, 0x20), 0x7F])
#: The slips of a file that was parsed, and kept, by a version that did not look for them.
_NOT_LOOKED_FOR = (
    {
        "kind": "unreadable",
        "line": 0,
        "detail": "it was parsed by a version that did not tell damaged labels from none",
        "label": "audience",
    },
)


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of content as a format module found it; other fields as in `records.Element`."""

    kind: ElementKind
    text: str
    level: int = 0
    page: int | None = None
    line: int | None = None
    sheet: str = ""
    targets: tuple[str, ...] = ()  # where its links lead, see link_targets.py


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What a parser makes of one file's bytes.

    `labels` uses the field names of `DocumentMetadata`; `label_lines`, `slips`, `stated` and `written` are as in `LabelReading`. `hidden` holds text
    a reader would not see: it is never indexed, but validation looks at it. `findings` are remarks on the file. `left_out` says what of
    the source is not in `text`. `targets` are where its links lead, each once, as far as the format's reader tells.
    """

    text: str
    elements: tuple[Element, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    findings: tuple[Remark, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    label_lines: Mapping[str, int] = field(default_factory=dict)
    slips: tuple[LabelSlip, ...] = ()
    stated: tuple[Stated, ...] = ()
    written: bool = False
    targets: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ParsedFile:
        return cls(
            text=content["text"],
            elements=tuple(Element(**element) for element in content["elements"]),
            labels=content["labels"],
            hidden=tuple(content["hidden"]),
            findings=tuple(read_remark(one) for one in content["findings"]),
            # Versions kept for files that can't be read any more may be older than these records.
            left_out=tuple(LeftOut(**one) for one in content.get("left_out", ())),
            label_lines=content.get("label_lines", {}),
            slips=tuple(LabelSlip(**slip) for slip in content.get("slips", _NOT_LOOKED_FOR)),
            stated=tuple(Stated(**one) for one in content.get("stated", ())),
            written=content.get("written", False),
            targets=tuple(content.get("targets", ())),
        )


def clean(text: str, *, keep_layout: bool = False) -> str:
    """Normal form of a block's text: NFC, no control or invisible characters, single spaces (unless `keep_layout`, for code)."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n"))
    text = text.translate(_INVISIBLE).translate(_CONTROL)
    # Lone surrogates can't be encoded; they come from broken encodings.
    text = text.encode("utf-8", "replace").decode("utf-8")
    if keep_layout:
        return text.strip("\n").rstrip()
    return _BLANK_LINES.sub("\n", _ENDING_SPACES.sub("\n", _SPACES.sub(" ", text))).strip()


def assemble(
    blocks: Iterable[Block],
    *,
    labels: LabelReading | Mapping[str, str] | None = None,
    hidden: Iterable[str] = (),
    findings: Iterable[Remark] = (),
    left_out: Iterable[LeftOut] = (),
) -> ParsedFile:
    """Join blocks into one text: an empty line between them, a line break between items of a list.

    Args:
        labels: as `labels.read_labels` gives them; a mapping of labels that were read alone.
        hidden: texts left out as `hidden`.
        left_out: as `left_out.leave_out` makes them. The texts of those that validation inspects become the file's `hidden`.
    """
    left_out = [*(leave_out("hidden", text) for text in hidden), *left_out]
    inspected = (clean(one.sample) for one in left_out if one.reason in INSPECTED)
    parts: list[str] = []
    elements: list[Element] = []
    position = 0
    previous: Block | None = None
    targets: dict[str, None] = {}
    for block in blocks:
        targets.update(dict.fromkeys(block.targets[: _MAX_TARGETS - len(targets)]))
        text = clean(block.text, keep_layout=block.kind == "code")
        if not text:
            continue
        if previous is not None:
            separator = "\n" if previous.kind == block.kind == "list_item" else "\n\n"
            parts.append(separator)
            position += len(separator)
        level = min(max(block.level, 1), 6) if block.kind == "title" else 0
        elements.append(Element(block.kind, text, position, position + len(text), level, block.page, block.line, block.sheet))
        parts.append(text)
        position += len(text)
        previous = block
    if crossed_out := sum(one.words for one in left_out if one.reason == "struck_out"):
        findings = [*findings, note("struck_out", f"{crossed_out} word(s) that are crossed out or deleted are left out")]
    reading = labels if isinstance(labels, LabelReading) else LabelReading(dict(labels or {}))
    return ParsedFile(
        text="".join(parts),
        elements=tuple(elements),
        labels={name: clean(value).replace("\n", " ") for name, value in reading.labels.items() if value and value.strip()},
        hidden=tuple(text for text in inspected if text),
        findings=(*findings, *reading.findings),
        left_out=tuple(left_out),
        label_lines=reading.lines,
        slips=reading.slips,
        stated=reading.stated,
        written=reading.written,
        targets=tuple(targets),
    )
