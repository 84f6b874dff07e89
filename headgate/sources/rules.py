"""Which files are taken: `corpus.exclude`, then `corpus.rules` in their order; the first rule that matches decides.

What a rule asks may not be known yet: the size of a page before it is read, the language before it is parsed. A file is left out early
only where nothing that is still unknown could have kept it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from headgate.records import DocumentMetadata, ExclusionCode, Remark, SourceFile
from headgate.records.remarks import excluded
from headgate.settings import CorpusRule, CorpusSetup
from headgate.sources.patterns import matches

#: Left out because the settings say so, not because of what its source or its name is.
CORPUS_RULES: frozenset[ExclusionCode] = frozenset({"corpus.exclude", "corpus.rules"})
Answer = bool | None  # None = not known yet


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a file. `size` None = not yet; `metadata` None = not parsed yet."""

    path: str
    size: int | None = None
    modified: str | None = ""  # None = not yet, "" = the source does not tell
    metadata: DocumentMetadata | None = None


def excluding_rule(setup: CorpusSetup, asked: Asked) -> Remark | None:
    """The rule that leaves a file out; None where none does, or none does for certain yet."""
    for glob in setup.corpus.exclude:
        if matches(asked.path, glob):
            return excluded("corpus.exclude", glob)
    may_be_kept = False
    for rule in setup.corpus.rules:
        answer = _holds(rule, asked, setup.as_of)
        if answer is None:
            may_be_kept = may_be_kept or rule.action == "include"
        elif answer:
            return excluded("corpus.rules", rule.name) if rule.action == "exclude" and not may_be_kept else None
    return None


def excluded_by_content(
    setup: CorpusSetup, path: str, metadata: DocumentMetadata, file: SourceFile | None = None
) -> Remark | None:
    """The rule that leaves a parsed document out, None for none.

    Args:
        metadata: labels of the document, its language among them.
        file: for rules that also ask for size or age.
    """
    if not any(rule.looks_at_content for rule in setup.corpus.rules):
        return None
    size, modified = (file.size, file.modified) if file else (None, None)
    return excluding_rule(setup, Asked(path, size, modified, metadata))


def _holds(rule: CorpusRule, asked: Asked, as_of: str) -> Answer:
    """Whether all conditions of a rule hold; a single one that does not settles it, whatever is unknown."""
    answers = [
        matches(asked.path, rule.pattern),
        _size_holds(rule, asked.size),
        _age_holds(rule, asked.modified, as_of),
        _content_holds(rule, asked.metadata),
    ]
    if False in answers:
        return False
    return None if None in answers else True


def _size_holds(rule: CorpusRule, size: int | None) -> Answer:
    if not rule.larger_than and not rule.smaller_than:
        return True
    if size is None:
        return None
    return size > rule.least_size and (rule.most_size is None or size < rule.most_size)


def _age_holds(rule: CorpusRule, modified: str | None, as_of: str) -> Answer:
    """A file whose source does not say when it was modified is of no age."""
    if not rule.older_than_days:
        return True
    if modified is None:
        return None
    if not modified:
        return False
    day = datetime.fromisoformat(rule.as_of or as_of).replace(tzinfo=UTC)
    return datetime.fromisoformat(modified) < day - timedelta(days=rule.older_than_days)


def _content_holds(rule: CorpusRule, metadata: DocumentMetadata | None) -> Answer:
    if not rule.looks_at_content:
        return True
    if metadata is None:
        return None
    if rule.languages and metadata.language not in rule.languages:
        return False
    return all(getattr(metadata, label) in values for label, values in rule.labels.items())
