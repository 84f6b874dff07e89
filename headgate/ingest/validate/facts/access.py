"""What a file says of itself + the project's rules and audiences → who may see the document, and what is wrong with its labels.

    own label, read and declared            it counts
    damaged, unknown or contradicting       the document is quarantined with line and slip; no rule covers it
    no label of access at all               the first rule of corpus.labels that gives one; else nobody but the privileged audience

Decided in code and not in a suite, since a suite may be edited: what can't be told is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.labels import LabelSlip, SlipKind, Stated
from headgate.records import Remark
from headgate.records.remarks import LabelCode, note
from headgate.settings import Audiences, CorpusSettings

#: Words that keep a page from outsiders in any project, where they stand as the value of a name that is no label.
_RESTRICTING = frozenset(
    "internal confidential secret restricted private proprietary sensitive classified staff staff-only internal-only nda "
    "company-confidential intern vertraulich geheim interno interna confidencial interne confidentiel".split()
)
_ADDITIONS = ("only", "use", "strictly", "for")
_YES = frozenset({"true", "yes", "1", "on"})
_UNKNOWN: frozenset[SlipKind] = frozenset({"misspelt", "unknown_value", "unknown_key"})

#: How a document came to be seen by whom it is.
Ground = Literal["label", "rule", "none", "damaged"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The labels and audiences that a project has declared: in small letters, as files are read → as settings spell them."""

    who: Audiences
    labels: Mapping[str, str]
    audiences: Mapping[str, str]

    @property
    def restricted(self) -> frozenset[str]:
        """Labels that some audience of the project does not see."""
        everybody = frozenset(self.who.access)
        return frozenset(low for low, label in self.labels.items() if self.who.seeing(label) != everybody)

    @property
    def narrow(self) -> frozenset[str]:
        """Audiences that are not the widest one: a page for them is not for everybody."""
        wide = {label for low, label in self.labels.items() if low not in self.restricted}
        return frozenset(low for low, name in self.audiences.items() if self.who.label_for(name) not in wide)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may see a document: its labels as they count, on what ground, and what is wrong with them."""

    confidentiality: str
    audience: str
    ground: Ground
    problems: tuple[Remark, ...] = ()
    findings: tuple[Remark, ...] = ()


def vocabulary_of(
    corpus: CorpusSettings, access: Mapping[str, tuple[str, ...]], personal_data_by_label: Iterable[str] = ()
) -> Vocabulary:
    """What settings declare: in `retrieval.access`, in the rules of `corpus.labels`, and per label in `validation`."""
    labels = [*(rule.confidentiality for rule in corpus.label_rules), *personal_data_by_label]
    labels += [label for seen in access.values() for label in seen]
    audiences = [*(rule.audience for rule in corpus.label_rules), *access]
    # Where two differ in capitals alone, the one of retrieval.access counts: it decides.
    return Vocabulary(
        Audiences(access),
        labels={label.lower(): label for label in labels if label},
        audiences={audience.lower(): audience for audience in audiences if audience},
    )


def decide_access(parsed: ParsedFile, rules: Sequence[Mapping[str, str]], vocabulary: Vocabulary) -> Access:
    """Who may see a document.

    Args:
        rules: labels of the rules whose pattern matches its path, the first to count first.
    """
    own, audience = parsed.labels.get("confidentiality", ""), parsed.labels.get("audience", "")
    ruled = {name: next((rule[name] for rule in rules if rule.get(name)), "") for name in ("confidentiality", "audience")}
    slips = [*parsed.slips, *_undeclared(parsed, vocabulary)]
    known = vocabulary.labels.get(own, "")
    if not known:
        slips += _restricting(parsed.stated, vocabulary)
    slips += _attached(parsed.stated, known, vocabulary)
    # A slip of the audience alone changes nothing where the page has a label of confidentiality, which decides.
    grave = [slip for slip in slips if not (known and slip.label == "audience")]
    findings = tuple(note("labels", _said(slip)) for slip in slips if slip not in grave)
    if grave:
        return Access("", "", "damaged", tuple(Remark(_reason(slip), _said(slip)) for slip in grave), findings)
    if known:
        shut_out = ruled["audience"] in set(vocabulary.who.access) - vocabulary.who.seeing(known)
        return Access(known, audience or ("" if shut_out else ruled["audience"]), "label", findings=findings)
    if audience:
        return _by_audience(audience, ruled["confidentiality"], parsed, vocabulary)
    stated = ruled["confidentiality"]
    given = vocabulary.labels.get(stated.lower(), stated) or vocabulary.who.label_for(ruled["audience"])
    return Access(given, ruled["audience"], "rule" if given else "none")


def _by_audience(audience: str, ruled: str, parsed: ParsedFile, vocabulary: Vocabulary) -> Access:
    """Of a page that names its audience and no confidentiality: the label of what that audience sees and the fewest others do."""
    audience = vocabulary.audiences.get(audience, audience)
    meant = vocabulary.who.label_for(audience)
    line = _line(parsed.label_lines.get("audience", 0))
    if not meant:
        told = f"{line}audience {audience!r} is no audience of retrieval.access, and there is no confidentiality: seen by the privileged audience alone"
        return Access("", audience, "none", findings=(note("labels", told),))
    seeing = vocabulary.who.seeing
    if ruled and seeing(meant) - seeing(ruled):
        told = f"{line}audience {audience!r} sees more than {ruled!r}, the confidentiality that the folder's rule gives"
        return Access("", "", "damaged", (_contradicting(told),))
    return Access(meant, audience, "label")


def _undeclared(parsed: ParsedFile, vocabulary: Vocabulary) -> list[LabelSlip]:
    slips = []
    for name, declared, where in (
        ("confidentiality", vocabulary.labels, "retrieval.access or corpus.labels"),
        ("audience", vocabulary.audiences, "retrieval.access or corpus.labels"),
    ):
        value = parsed.labels.get(name, "")
        if value and value not in declared:
            known = ", ".join(sorted(declared))
            detail = f"{name} {value!r} is not declared in {where}; declared are {known}"
            slips.append(LabelSlip("unknown_value", parsed.label_lines.get(name, 0), detail, name))
    return slips


def _restricting(stated: Iterable[Stated], vocabulary: Vocabulary) -> list[LabelSlip]:
    """Of a page without a label of confidentiality: what else keeps it from somebody, under a name that is no label."""
    values = vocabulary.restricted | vocabulary.narrow | _RESTRICTING
    slips = []
    for one in stated:
        if one.place == "attachment":
            continue
        name = one.key.lower().replace("-", "_").removeprefix("is_")
        if _core(one.value) in values or (_core(name) in values and one.value in _YES):
            where = {"text": "in the text", "comment": "in a comment"}.get(one.place, "under a name that is no label")
            detail = f"{one.key}: {one.value} stands {where}; write it as confidentiality"
            slips.append(LabelSlip("misplaced" if one.place in ("text", "comment") else "unknown_key", one.line, detail))
    return slips


def _attached(stated: Iterable[Stated], own: str, vocabulary: Vocabulary) -> list[LabelSlip]:
    """Of a mail: parts of it that fewer may see than the mail itself, or whose label is not declared."""
    seeing = vocabulary.who.seeing
    slips = []
    for one in stated:
        if one.place != "attachment":
            continue
        low = (
            one.value
            if one.key == "confidentiality"
            else vocabulary.who.label_for(vocabulary.audiences.get(one.value, "")).lower()
        )
        declared = low in vocabulary.labels
        narrower = seeing(own) - seeing(vocabulary.labels.get(low, low)) if own else low in vocabulary.restricted
        if (one.key == "confidentiality" and not declared) or (declared and narrower):
            kind: SlipKind = "contradicting" if own else "unknown_key"
            slips.append(
                LabelSlip(kind, 0, f"a part of the mail has {one.key} {one.value!r}, the mail itself {own or 'no label'!r}")
            )
    return slips


def _core(value: str) -> str:
    """`for internal use only` → `internal`."""
    return "-".join(word for word in value.lower().replace("_", " ").split() if word not in _ADDITIONS)


def _contradicting(told: str) -> Remark:
    code: LabelCode = "label_contradicting"
    return Remark(code, told)


def _reason(slip: LabelSlip) -> LabelCode:
    if slip.kind == "contradicting":
        return "label_contradicting"
    return "label_unknown" if slip.kind in _UNKNOWN else "label_damaged"


def _said(slip: LabelSlip) -> str:
    return f"{_line(slip.line)}{slip.kind}: {slip.detail}"


def _line(line: int) -> str:
    return f"line {line}, " if line else ""
