"""`evals/suites/*.jsonl` → Suite: questions with what is known about their right answers. One JSON object a line.

    {"id": "golden-001", "question": "…", "audience": "customer", "conversation": [], "language": "en", "tags": ["billing"],
     "slices": {"topic": "billing", "register": "casual", "channel": "chat", "difficulty": "easy"}, "need": "", "cluster": "",
     "variants": [{"expect": "answer", "gold_documents": ["billing/refunds.md"], "reference_answer": "…",
                   "gold_passages": [{"document": "billing/refunds.md", "quote": "verbatim text", "part": ""}],
                   "must_contain": [["£5.00", "5 pounds"]], "must_not_contain": ["£7.50"]}]}

The right answer changes with the corpus, so a case may have several variants. The first whose gold documents are all indexed and whose
quotes all stand in them applies; a variant that says the question can't be answered always applies, so it comes last. A case with one
variant may carry the variant's keys itself.

Gold passages are alternatives: each gives the whole answer by itself, and finding one of them is enough. A question whose answer must be
put together names a `part` for each piece; then one passage of every part is needed.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from headgate.errors import SuiteError
from headgate.evaluate.suites.quotes import SearchableText, contains, searchable
from headgate.records import Question, Record, Turn
from headgate.storage import sha256_hex

#: The name under which a report keeps the figures over all suites.
ALL = "all"
#: The kinds of division a case can be counted in, beside its language and its tags.
SLICE_KINDS = ("topic", "register", "persona", "channel", "difficulty", "dialect", "name", "transform")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")
_MOST_PROBLEMS = 50


class GoldPassage(Record):
    """`quote` is verbatim text of `document`; a table row is its consecutive cells joined by ` | `. Same `part` = alternatives."""

    document: str = Field(min_length=1)
    quote: str = Field(min_length=1)
    part: str = ""


#: What a service should do with a question: answer it, say that it can't, ask back, or pass the asker to a person.
Expected = Literal["answer", "decline", "clarify", "hand_over"]


class Variant(Record):
    """What is right as long as the gold documents say what is quoted. A gold document answers the question, or a part of it.

    `answerable` is whether the corpus answers the question; a question to ask back about, or for a person, is not. `must_contain` has a
    group for each thing that a right answer says, any wording of the group will do; `must_not_contain` is what no right answer says.
    """

    answerable: bool
    expect: Expected
    gold_documents: tuple[str, ...] = ()
    gold_passages: tuple[GoldPassage, ...] = ()
    reference_answer: str = ""
    must_contain: tuple[tuple[str, ...], ...] = ()
    must_not_contain: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, content: Any) -> Any:
        """`expect` and `answerable` follow from each other; a group of one wording may be written without its brackets."""
        if not isinstance(content, dict):
            return content
        content = dict(content)
        if "expect" not in content and "answerable" in content:
            content["expect"] = "answer" if content["answerable"] is True else "decline"
        elif "answerable" not in content and "expect" in content:
            content["answerable"] = content["expect"] == "answer"
        if isinstance(groups := content.get("must_contain"), list | tuple):
            content["must_contain"] = [[group] if isinstance(group, str) else group for group in groups]
        return content

    @model_validator(mode="after")
    def _consistent(self) -> Variant:
        if self.answerable != (self.expect == "answer"):
            raise ValueError(
                f"answerable is {str(self.answerable).lower()}, yet {self.expect!r} is expected; leave one of them out"
            )
        if not all(wording.strip() for group in (*self.must_contain, self.must_not_contain) for wording in group) or not all(
            self.must_contain
        ):
            raise ValueError("must_contain and must_not_contain have an empty wording; every answer contains that")
        if self.answerable and not self.gold_documents:
            raise ValueError("an answerable variant needs gold_documents")
        if not self.answerable and (self.gold_documents or self.gold_passages):
            raise ValueError("a variant that can't be answered has no gold_documents and no gold_passages")
        if strangers := sorted({passage.document for passage in self.gold_passages} - set(self.gold_documents)):
            raise ValueError(f"gold_passages of {', '.join(map(repr, strangers))}, which gold_documents does not name")
        return self

    @property
    def parts(self) -> tuple[tuple[GoldPassage, ...], ...]:
        """What an answer needs; each part is a tuple of alternatives. A gold document without a passage counts as a whole (empty quote)."""
        named: dict[str, list[GoldPassage]] = {}
        for passage in (*self.gold_passages, *self._whole_documents):
            named.setdefault(passage.part, []).append(passage)
        return tuple(tuple(group) for group in named.values())

    @property
    def _whole_documents(self) -> tuple[GoldPassage, ...]:
        quoted = {passage.document for passage in self.gold_passages}
        return tuple(
            GoldPassage.model_construct(document=name, quote="", part="") for name in self.gold_documents if name not in quoted
        )


class Case(Record):
    """A question of a suite. `language` is ISO 639-1.

    `slices` says for each of several kinds of division (`SLICE_KINDS`) where the case belongs; `tags` are marks without a kind. Cases
    that share a `need` ask for the same thing in other words. Cases that share a `cluster` rest on the same source and are no independent
    samples; where none is given, the first gold document is the source.
    """

    id: str = Field(min_length=1)
    question: str = Field(min_length=1)
    audience: str = "customer"
    conversation: tuple[Turn, ...] = ()
    language: str = ""
    tags: tuple[str, ...] = ()
    slices: dict[str, str] = Field(default_factory=dict)
    need: str = ""
    cluster: str = ""
    variants: tuple[Variant, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _single_variant(cls, content: Any) -> Any:
        if not isinstance(content, dict) or "variants" in content:
            return content
        keys = content.keys() & Variant.model_fields.keys()
        rest = {key: value for key, value in content.items() if key not in keys}
        return rest | {"variants": [{key: content[key] for key in keys}]} if keys else content

    @model_validator(mode="after")
    def _reachable(self) -> Case:
        if unknown := sorted(set(self.slices) - set(SLICE_KINDS)):
            raise ValueError(f"unknown slices {', '.join(map(repr, unknown))}; known: {', '.join(SLICE_KINDS)}")
        if any(not value.strip() for value in self.slices.values()):
            raise ValueError("a slice has no value; leave it out")
        if any(not variant.answerable for variant in self.variants[:-1]):
            raise ValueError("a variant that can't be answered always applies, so it must be the last one")
        return self

    @property
    def source_cluster(self) -> str:
        """What the case is no independent sample of: its cluster, its first gold document, its need, or itself."""
        gold = next((variant.gold_documents[0] for variant in self.variants if variant.gold_documents), "")
        return self.cluster or gold or self.need or self.id

    @property
    def asked(self) -> Question:
        """The question as the service would get it."""
        return Question(text=self.question, conversation=self.conversation, audience=self.audience)


class Suite(Record):
    """A parsed file. `name` is the file's name without extension, `digest` the SHA-256 of its bytes."""

    name: str
    digest: str
    source: str  # where it was read, for messages
    cases: tuple[Case, ...]
    lines: tuple[int, ...]  # 1-based line of each case


@dataclass(frozen=True, slots=True)
class ResolvedCase:
    """A case with the variant that applies to one corpus."""

    case: Case
    variant: Variant


@dataclass(frozen=True, slots=True)
class ResolvedSuite:
    """A suite against one corpus. `skipped` are ids of cases that do not apply to it (only where that was allowed)."""

    suite: Suite
    cases: tuple[ResolvedCase, ...]
    skipped: tuple[str, ...] = ()


def load_suite(path: Path) -> Suite:
    """Read a suite file.

    Raises:
        SuiteError: unreadable, empty, not JSON, unknown or missing keys, ids used twice; all problems at once, each with line and case.
    """
    name = path.stem
    if not _NAME.fullmatch(name) or name == ALL:
        raise SuiteError(
            f"suite {str(path)!r}: its name {name!r} must be letters, digits, '.', '_' or '-', and not {ALL!r}; rename the file"
        )
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise SuiteError(f"suite {str(path)!r} does not exist; check --suite or evaluation.suites in headgate.toml") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"suite {str(path)!r} can't be read: {error}") from error
    cases: list[Case] = []
    lines: list[int] = []
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        parsed, found = _parse_line(line)
        problems += [f"line {number}: {problem}" for problem in found]
        if parsed is not None:
            cases.append(parsed)
            lines.append(number)
    problems += _duplicates(cases, lines)
    if not cases and not problems:
        problems.append("it has no cases")
    _raise_for(problems, str(path))
    return Suite(name=name, digest=sha256_hex(content), source=str(path), cases=tuple(cases), lines=tuple(lines))


def load_suites(paths: Sequence[Path]) -> list[Suite]:
    """Read several suite files.

    Raises:
        SuiteError: as `load_suite`, for all files at once; no file at all, or two of the same name.
    """
    if not paths:
        raise SuiteError("no suite to run; set evaluation.suites in headgate.toml or give --suite")
    suites: list[Suite] = []
    problems: list[str] = []
    for path in paths:
        try:
            suites.append(load_suite(path))
        except SuiteError as error:
            problems.append(str(error))
    doubles = [name for name, count in Counter(suite.name for suite in suites).items() if count > 1]
    problems += [f"two suites are named {name!r}; a report keeps one entry a name: rename a file" for name in doubles]
    if problems:
        raise SuiteError("\n".join(problems))
    return suites


def index_documents(documents: Mapping[str, Sequence[str]]) -> dict[str, SearchableText]:
    """Document id → its chunks' texts, prepared for quotes; for `resolve_suite`."""
    return {doc_id: searchable(chunks) for doc_id, chunks in documents.items()}


def choose_variant(case: Case, documents: Mapping[str, SearchableText]) -> Variant | None:
    """The first variant that applies to the corpus, or None."""
    return next((variant for variant in case.variants if not _missing(variant, documents)), None)


def resolve_suite(suite: Suite, documents: Mapping[str, SearchableText], *, skip_inapplicable: bool = False) -> ResolvedSuite:
    """Choose every case's variant.

    Args:
        documents: from `index_documents`.
        skip_inapplicable: leave out cases without an applicable variant instead of raising. For a baseline only: its corpus may be
            older than a case.

    Raises:
        SuiteError: a case has no applicable variant; all of them, each with the documents and quotes that are missing.
    """
    chosen: list[ResolvedCase] = []
    skipped: list[str] = []
    problems: list[str] = []
    for case, line in zip(suite.cases, suite.lines, strict=True):
        if (variant := choose_variant(case, documents)) is not None:
            chosen.append(ResolvedCase(case, variant))
            continue
        skipped.append(case.id)
        for number, variant in enumerate(case.variants, start=1):
            which = f"variant {number}: " if len(case.variants) > 1 else ""
            problems += [f"line {line}: case {case.id!r}: {which}{missing}" for missing in _missing(variant, documents)]
    if not skip_inapplicable:
        _raise_for(problems, suite.source)
    return ResolvedSuite(suite, tuple(chosen), tuple(skipped))


def _parse_line(line: str) -> tuple[Case | None, list[str]]:
    try:
        content = json.loads(line)
    except json.JSONDecodeError as error:
        return None, [f"not JSON: {error.msg} at column {error.colno}"]
    if not isinstance(content, dict):
        return None, ["not a JSON object"]
    try:
        return Case.model_validate(content), []
    except ValidationError as error:
        case_id = content.get("id")
        # A tuple whose only entry is malformed is also reported as too short; that says nothing new.
        found = [problem for problem in error.errors() if problem["type"] != "too_short" or error.error_count() == 1]
        return None, [f"case {case_id!r}: {_explain(problem)}" for problem in found]


def _explain(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        record = GoldPassage if "gold_passages" in problem["loc"] else Variant if "variants" in problem["loc"] else Case
        known = [*record.model_fields, *(Variant.model_fields if record is Case else ())]
        close = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
        return f"unknown key {place!r}; " + (f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}")
    if problem["type"] == "missing" and problem["loc"] == ("variants",):
        return f"says nothing about the right answer; give {', '.join(Variant.model_fields)}, or variants of them"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _duplicates(cases: Sequence[Case], lines: Sequence[int]) -> list[str]:
    first: dict[str, int] = {}
    problems = []
    for case, line in zip(cases, lines, strict=True):
        if case.id in first:
            problems.append(f"line {line}: case {case.id!r}: the id is used in line {first[case.id]} already")
        first.setdefault(case.id, line)
    return problems


def _missing(variant: Variant, documents: Mapping[str, SearchableText]) -> list[str]:
    """Why a variant does not apply; nothing when it does."""
    reasons = []
    for doc_id in variant.gold_documents:
        if doc_id not in documents:
            close = difflib.get_close_matches(doc_id, documents, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            reasons.append(f"gold document {doc_id!r} is not indexed in this bundle{hint}")
    return reasons + [
        f"quote {passage.quote!r} does not stand in {passage.document!r}"
        for passage in variant.gold_passages
        if passage.document in documents and not contains(documents[passage.document], passage.quote)
    ]


def _raise_for(problems: Sequence[str], source: str) -> None:
    if problems:
        shown = "\n".join(f"  - {problem}" for problem in problems[:_MOST_PROBLEMS])
        more = f"\n  … and {len(problems) - _MOST_PROBLEMS} more" if len(problems) > _MOST_PROBLEMS else ""
        raise SuiteError(f"suite {source!r}: {len(problems)} problem(s):\n{shown}{more}")
