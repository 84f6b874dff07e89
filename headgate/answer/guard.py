"""What may come in: the length of a question, and attempts to rewrite the assistant's instructions.

The rules are those that documents are read with (`headgate.detect.attacks`).
"""

from __future__ import annotations

from headgate.detect.attacks import find_attack, plain
from headgate.records.answer import RefusalReason
from headgate.settings import GuardSettings


def find_violation(question: str, settings: GuardSettings) -> RefusalReason | None:
    """The rule that the question breaks, None when it breaks none."""
    if not question.strip():
        return "guard:empty"
    if len(question) > settings.max_question_characters:
        return "guard:too_long"
    if settings.block_injection and find_attack(plain(question)):
        return "guard:injection"
    return None
