"""What may come in: the length of a question, and attempts to rewrite the assistant's instructions.

Patterns catch the blunt direct attempts. They are a first fence, not the wall: passages and questions only ever reach a model as data,
and the built-in model can do nothing but quote.
"""

from __future__ import annotations

import re
import unicodedata

from headgate.records.answer import RefusalReason
from headgate.settings import GuardSettings

_INJECTION = re.compile(
    r"""
    \b(?:ignore|disregard|forget|override|bypass|skip)\b.{0,40}\b(?:previous|prior|above|earlier|all|any|your|the|system)\b.{0,30}
        \b(?:instruction|prompt|rule|direction|guideline|message|context|training)
    | \b(?:reveal|show|print|repeat|output|leak|tell\ me|give\ me|what\ (?:is|are))\b.{0,40}
        \b(?:your|the|hidden|initial)\b.{0,20}\b(?:system\ prompt|system\ message|initial\ prompt|hidden\ prompt|hidden\ instructions|initial\ instructions)
    | \byou\ are\ (?:now|no\ longer)\b.{0,60}\b(?:dan|assistant|ai|model|bot|unrestricted|jailbroken|developer\ mode|bound)
    | \b(?:pretend|act|behave|roleplay)\b.{0,30}\b(?:no|without|free\ of|unrestricted)\b.{0,20}\b(?:rules|restrictions|limits|filters|guidelines)
    | \b(?:developer|god|admin|jailbreak|dan)\ mode\b
    | <\s*/?\s*(?:system|assistant|im_start|im_end)\b | <\|(?:im_start|im_end|system)\|> | \[\s*/?INST\s*\]
    | \bignorier\w*\b.{0,40}\b(?:anweisung|vorgaben|regeln)
    | \bignor(?:a|e|ez|er)\b.{0,40}\b(?:instrucciones|instructions|consignes|reglas)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def find_violation(question: str, settings: GuardSettings) -> RefusalReason | None:
    """The rule that the question breaks, None when it breaks none."""
    if not question.strip():
        return "guard:empty"
    if len(question) > settings.max_question_characters:
        return "guard:too_long"
    if settings.block_injection and _INJECTION.search(_plain(question)):
        return "guard:injection"
    return None


def _plain(text: str) -> str:
    """Compatibility forms and invisible characters undone, so that they hide nothing from the patterns."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
