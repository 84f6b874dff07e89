"""Words of a file that its document does not hold, with the reason: nothing is left out in silence.

    leave_out("navigation", "Home Products Contact")  ──►  LeftOut("navigation", words=3, sample="Home Products Contact")

Format modules collect what they leave out and hand it to `blocks.assemble`; `summarise` makes one short record a reason of it, which goes
into the parsed file, the document's facts and the validation report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

LeftOutReason = Literal[
    "hidden",  # nobody who opens the file sees it
    "comment",  # comments, annotations, speaker notes: about the text, not of it
    "struck_out",  # crossed out, or deleted in tracked changes
    "quoted",  # an earlier mail inside a reply
    "over_limit",  # beyond a stated limit of rows, columns, pages, attachments
    "unreadable",  # glyphs or bytes without a known character, formulas without a value
    "reader",  # the reader that parse.readers names did not hand it on
    "attachment",  # a file inside the file that was not read
    "removed",  # by policy of validation, not by a parser: personal data, sentences addressed to the model
    "navigation",  # menus, breadcrumbs, a web page's own header and footer
    "running_header",  # headers, footers and numbers that stand on every page
    "duplicate_form",  # says again what was kept: the plain twin of an HTML mail, a fallback picture's text
    "placeholder",  # text that a program put there for a person to replace
    "metadata",  # properties and labels, which are read as such
    "markup",  # signs of the format, not of the text: tags, scripts, rules, marks of emphasis
]
REASONS: tuple[LeftOutReason, ...] = get_args(LeftOutReason)
#: Read otherwise, as labels, or no words of the text at all: they count for no share.
NO_TEXT: frozenset[LeftOutReason] = frozenset({"metadata", "markup"})
#: What a reader of the page does not take for its content. The rest counts as lost content when shares are judged.
FURNITURE: frozenset[LeftOutReason] = frozenset({"navigation", "running_header", "duplicate_form", "placeholder"})
#: Invisible to readers, so it is searched for instructions to the model.
INSPECTED: frozenset[LeftOutReason] = frozenset({"hidden", "comment"})
_SAMPLE = 80  # characters
#: A run of letters, digits and underscores; in scripts written without spaces, a character.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")  # fmt: skip
_LONG_NUMBER = re.compile(r"\d(?:[ .-]?\d){5,}")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`words` counts all that was left out for the reason; `sample` is its text, after `summarise` the start of it."""

    reason: LeftOutReason
    words: int
    sample: str


def leave_out(reason: LeftOutReason, text: str, *, words: int | None = None) -> LeftOut:
    """Text that a parser does not hand on.

    Args:
        words: where more was left out than `text`, as behind a limit; default the words of `text`.
    """
    return LeftOut(reason, count_words(text) if words is None else words, text)


def count_words(text: str) -> int:
    """Runs of letters and digits; in scripts written without spaces (Chinese, Japanese, Thai …), characters."""
    return sum(1 for _ in _WORD.finditer(text))


def split_words(text: str) -> list[str]:
    """The words that `count_words` counts."""
    return _WORD.findall(text)


def summarise(left_out: Iterable[LeftOut], *, sample: int | None = _SAMPLE) -> tuple[LeftOut, ...]:
    """One record a reason, in the order of `REASONS`; what holds no word is dropped.

    Args:
        sample: characters of the first text that are kept at most, cut between words, with numbers of six digits or more, which may
            identify a person, masked. None = all texts of the reason as they are, one a line.
    """
    words: dict[LeftOutReason, int] = {}
    texts: dict[LeftOutReason, list[str]] = {}
    for one in left_out:
        if one.words:
            words[one.reason] = words.get(one.reason, 0) + one.words
            texts.setdefault(one.reason, []).append(one.sample)
    return tuple(
        LeftOut(reason, words[reason], "\n".join(texts[reason]) if sample is None else _shortened(texts[reason][0], sample))
        for reason in REASONS
        if reason in words
    )


def _shortened(text: str, limit: int) -> str:
    text = _LONG_NUMBER.sub("#", " ".join(text[: 8 * limit].split()))
    return text if len(text) <= limit else text[:limit].rpartition(" ")[0] or text[:limit]
