"""Why a file is left out, and what is remarkable about one: a code for programs, words for people.

    Remark("too_large", "71.2 MiB, parse.max_file_mib allows 64")      shown as `too_large: 71.2 MiB, …`, stored as code and text

Programs ask for `code` alone. Codes are closed sets: reasons for a failure (`headgate.errors.FailureReason`), the two below, and the codes
that the suites of validation give their entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headgate.errors import ParseFailure

#: Why a file is no part of the corpus, though it is there.
ExclusionCode = Literal[
    "corpus.exclude",  # a pattern of the settings
    "corpus.rules",  # a rule of the settings
    "dropped",  # a person decided so, for this content
    "gone",  # listed, but its source does not have it any more
    "hidden",  # its name starts with a dot
    "max_pages",  # beyond the number of pages that are read of a site
    "name",  # another file has the same path
    "placeholder",  # stands for a folder
    "special",  # no regular file
    "symlink",
    "url",  # an address that is not asked
    "withdrawn",  # nobody may find it
]
#: What an ingest remarks on in a file whose document is made nevertheless.
FindingCode = Literal[
    "attachment",  # of a mail: left out, or what was found in it
    "blank",  # holds no text at all
    "comments",
    "cut",  # longer or wider than what is read
    "damaged",
    "effective_date",  # can't be read as a date
    "embedded",  # files inside the file
    "encoding",
    "extension",  # says another format than the content
    "formulas",  # without a stored value
    "front_matter",
    "hidden_cells",
    "hidden_sheet",
    "hidden_slides",
    "kept",  # indexed in its last good version
    "labels",  # a slip in a label that decides nothing
    "last_good",  # what became of the last version that could be read
    "moved",
    "name",  # looks like another file's
    "not_included",  # the file asks for other files
    "notes",
    "quotes",  # not closed
    "ragged",  # rows of different length
    "scan",  # read by text recognition
    "struck_out",
    "tracked_changes",
    "truncated",
    "unreadable",
]


#: Why it can't be told who may see a document; it is quarantined.
LabelCode = Literal["label_damaged", "label_unknown", "label_contradicting"]


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """One reason or finding. `text` is one sentence for people; nothing is read out of it."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def note(code: FindingCode, text: str) -> Remark:
    """A finding of the ingest."""
    return Remark(code, text)


def excluded(code: ExclusionCode, text: str) -> Remark:
    """Why a file is no part of the corpus."""
    return Remark(code, text)


def failed(failure: ParseFailure) -> Remark:
    """Why a file has no document."""
    return Remark(failure.reason, failure.detail)


def read_remark(stored: Remark | str | Mapping[str, Any]) -> Remark:
    """A remark as it was stored; stores written before codes and words were apart hold `code: text` in one string."""
    if isinstance(stored, Remark):
        return stored
    if isinstance(stored, str):
        code, colon, text = stored.partition(": ")
        return Remark(code, text) if colon and code.replace(".", "_").isidentifier() else Remark("", stored)
    return Remark(str(stored["code"]), str(stored["text"]))
