"""Was the asker helped? 1 or 0 for each case, without a model. evals/README.md has the rule in words for people.

    expected     resolved when
    answer       it answers, cites a gold document of every part, says a wording of every `must_contain` group (where a case names none: the facts
                 of its reference, see `holds_facts`), and nothing of `must_not_contain`
    decline      it declines, or replies to small talk, and says nothing of `must_not_contain`
    clarify      it asks back: a reply that cites nothing and only asks, or a refusal with a question in it
    hand_over    it names the way to a person: a refusal with a telephone number or e-mail address; or an answer that says all `must_contain`

The answerer has no outcomes of its own for the last two yet, so a reply counts for them only if its text does what is expected.
"""

from __future__ import annotations

import re

from headgate.answer.ground import without_markers
from headgate.evaluate.metrics.required_wording import says
from headgate.evaluate.suites.suite import Variant
from headgate.evaluate.suites.wording import decisive_numbers, fact_recall, numbers
from headgate.records import Answer
from headgate.text.units import only_asks, units

#: Share of the reference's content terms, numbers counting three times, that an answer must hold where a case names no `must_contain`.
FACTS_SHARE = 0.5
#: An e-mail address, or a telephone number: seven digits or more, with spaces, dashes or brackets between.
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|(?<![\d.,£$€¥])\+?\(?\d(?:[ ()-]{0,2}\d){6,14}(?![\d.,]*\d)")


def resolved(variant: Variant, answer: Answer, language: str) -> float:
    """1.0 when the reply is what the case expects, else 0.0."""
    if forbidden(variant, answer):
        return 0.0
    match variant.expect:
        case "answer":
            right = _answered_rightly(variant, answer, language)
        case "decline":
            right = answer.refused or answer.small_talk
        case "clarify":
            right = _asks_back(answer) and _says_all(variant, answer)
        case "hand_over":
            right = _hands_over(variant, answer)
    return float(right)


def forbidden(variant: Variant, answer: Answer) -> tuple[str, ...]:
    """Wordings of `must_not_contain` that the reply holds."""
    statement = without_markers(answer.text)
    return tuple(wording for wording in variant.must_not_contain if says(statement, wording))


def holds_facts(statement: str, reference: str, language: str) -> bool:
    """Whether an answer holds what a reference decides: every number of its first clause, and `FACTS_SHARE` of its content terms.

    Of 40 answers with a right citation, read by hand, it agrees on 35: 22 of 27 right ones kept, none of 13 wrong ones (evals/README.md).
    """
    if not reference:
        return True
    return decisive_numbers(reference) <= numbers(statement) and fact_recall(statement, reference, language) >= FACTS_SHARE


def _answered_rightly(variant: Variant, answer: Answer, language: str) -> bool:
    if answer.refused or answer.small_talk or not _says_something(answer):
        return False
    cited = {citation.doc_id for citation in answer.citations}
    if not all(any(passage.document in cited for passage in part) for part in variant.parts):
        return False
    if variant.must_contain:
        return _says_all(variant, answer)
    return holds_facts(without_markers(answer.text), variant.reference_answer, language)


def _asks_back(answer: Answer) -> bool:
    if answer.small_talk:
        return False
    asks = [only_asks(unit.text) for unit in units(without_markers(answer.text))]
    return any(asks) if answer.refused else bool(asks) and all(asks) and not answer.citations


def _hands_over(variant: Variant, answer: Answer) -> bool:
    if answer.small_talk or not _says_all(variant, answer):
        return False
    names_a_way = _CONTACT.search(answer.text) is not None
    return names_a_way if answer.refused else names_a_way and bool(variant.must_contain)


def _says_all(variant: Variant, answer: Answer) -> bool:
    statement = without_markers(answer.text)
    return all(any(says(statement, wording) for wording in group) for group in variant.must_contain)


def _says_something(answer: Answer) -> bool:
    return not all(only_asks(unit.text) for unit in units(without_markers(answer.text)))
