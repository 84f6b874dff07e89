"""What may come in: the length of a question, and attempts to rewrite the assistant's instructions.

The rules are those that documents are read with (`headgate.detect.attacks`); beside them a question is refused that gives the assistant a
part to play (`headgate.detect.role_score`).
"""

from __future__ import annotations

from headgate.detect.attacks import find_attack, plain
from headgate.detect.role_score import REFUSED, score
from headgate.records.answer import RefusalReason
from headgate.settings import GuardSettings


def find_violation(question: str, settings: GuardSettings) -> RefusalReason | None:
    """The rule that the question breaks, None when it breaks none."""
    if not question.strip():
        return "guard:empty"
    if len(question) > settings.max_question_characters:
        return "guard:too_long"
    if settings.block_injection:
        text = plain(question)
        if find_attack(text) or score(text) >= REFUSED:
            return "guard:injection"
    return None
