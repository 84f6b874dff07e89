"""Text in a document that addresses the model instead of the reader.

A document is data (invariant 9), so nothing here protects alone: it keeps such pages out of the index and shows them to people. Two
sets of rules: strict ones for text that readers see, and wider ones for hidden text, where no honest author instructs an assistant. Beside
the rules, sentences that readers see are weighed against their page (`order_score`): what is sure is a hit, what may be one is a suspect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from headgate.detect.attacks import ATTACKS, NEEDED, RULES_VERSION, before_order, orders_in
from headgate.detect.needed import Way, joined, may_match
from headgate.detect.order_score import SURE, find_orders

__all__ = ["RULES_VERSION", "Hit", "find_instructions", "find_suspects"]


class Hit(NamedTuple):
    rule: str
    excerpt: str  # at most 80 characters
    hidden: bool
    start: int = -1  # 0-based character offset in the visible text; -1 for hidden text
    end: int = -1


_MODEL = r"(?:(?:ai |virtual )?assistant|chat ?bot|language model|\bllm\b|\bai\b(?: model| system| agent| assistant| chatbot)?|\bgpt\b|answering (?:model|system)|virtual agent)"

#: Rules for any text beside those of attacks. Each was chosen so that the handbook and help-centre pages of the tests raise none.
_ANYWHERE = ATTACKS | {
    "dictated_answer": re.compile(
        r"\b(?:reply|respond|answer|output|print)\W+(?:\w+\W+)?(?:with\W+)?(?:only|exactly|just)\W+(?:with\W+)?the\W+following\b[^.\n]{0,60}"
        r"\b(?:nothing\W+else|ignore|disregard|no\W+other)\b"
        r"|\bfocus\W+(?:only|exclusively|solely)\W+on\W+the\W+(?:following\W+)?(?:information|text|data|content)\W+(?:in|between|and\W+(?:provide|print|repeat|tell|show))\b"
        r"|(?<!\w)System:\s*(?:focus|ignore|disregard|forget|you\W+(?:are|must|will)|from\W+now\W+on|print|repeat|reply|respond)\b",
        re.IGNORECASE,
    ),
    "fake_turn": re.compile(
        r"(?:^|[.!?>\])-][ \t]{0,3})\W{0,4}(?:assistant|ai|bot)[ \t]*:[^\n]{0,400}?\s(?:user|human)[ \t]*:|[<\[]\s*end of (?:the )?(?:session|prompt|instructions?|context|conversation)\s*[>\]]"
        r"|^[^\S\n]*-{2,}\s*(?:core|new|system|updated|priority|important|begin|end)\s+instructions?\b"
        r"|\s-{2,}[ \t]*(?-i:(?:CORE|NEW|SYSTEM|UPDATED|PRIORITY|IMPORTANT)[ \t]+INSTRUCTIONS?)\b",
        re.IGNORECASE | re.MULTILINE,
    ),
    "address": re.compile(
        rf"\b(?:attention|note to|message (?:to|for)|instructions? (?:to|for)|important,?)\W+(?:the\W+|any\W+|all\W+)?{_MODEL}(?:s|es)?\s*[:,!]",
        re.IGNORECASE,
    ),
}
#: What a text must hold for a rule to find anything, as `attacks.NEEDED`.
_NEEDED: dict[str, tuple[Way, ...]] = NEEDED | {
    "fake_turn": (
        (("assistant:", "assistant :", "ai:", "ai :", "bot:", "bot :"),),
        (joined(("end of", "end of the"), ("session", "prompt", "instruction", "context", "conversation")),),
        (joined(("core", "new", "system", "updated", "priority", "important", "begin", "end"), ("instruction",)),),
    ),
}
_HIDDEN = {
    "hidden_order_to_model": re.compile(
        rf"{_MODEL}[^.\n]{{0,80}}\b(?:must|should|shall|always|never|will|has to|please)\b|\b(?:dear|hey|hello)\W+{_MODEL}",
        re.IGNORECASE,
    ),
    "hidden_order_about_answers": re.compile(
        r"\b(?:when|if|whenever)\b[^.\n]{0,60}\b(?:asks?|asked|question|quer(?:y|ies))\b[^.\n]{0,100}\b(?:answer|say|tell|respond|reply|claim|recommend|promise|state)\b",
        re.IGNORECASE,
    ),
    "hidden_order_about_reader": re.compile(
        r"\b(?:tell|promise|convince|persuade|inform|assure|ask)\s+(?:the|every|all|any)\s+(?:customer|user|reader|caller|visitor|person)s?\b",
        re.IGNORECASE,
    ),
    "hidden_order_about_own_answer": re.compile(
        r"\b(?:in|to|into|within|of|with|enhance|augment|end|begin|start|conclude|append)\s+your\s+(?:\w+\s+)?(?:response|reply|answer|output|summary)\b"
        r"|\byour\s+(?:response|reply|answer|output|summary)\s+(?:must|should|shall|has to|needs to|with|by)\b"
        r"|\b(?:code|snippet|excerpt|block|section|segment|fragment)\b[^.\n]{0,60}\b(?:in|into|to|of|within|as)\s+(?:\w+\s+){0,5}?your\s+(?:own\s+)?(?:code|solution|algorithm|program|script|project|function|implementation)\b"
        r"|\byour\s+(?:code|solution|algorithm|program|script)\b[^.\n]{0,80}\bfollowing\s+code\b",
        re.IGNORECASE,
    ),
    "hidden_secrecy": re.compile(
        r"\b(?:do not|don't|never)\s+(?:mention|reveal|disclose|cite|show|repeat|quote)\s+(?:this|these|that|any of|your|the (?:above|following|instructions?|paragraph|note|text|message))\b",
        re.IGNORECASE,
    ),
}


_CODE = joined(("following", "below", "subsequent", "this"), ("code", "snippet", "excerpt"))
#: What a text must hold for `_SUSPECT` to find anything.
_SUSPECT_NEEDED: tuple[Way, ...] = ((joined(("your",), ("response", "reply", "answer", "summary")),), (_CODE,))
#: Visible text that may address the model or a colleague who answers customers; only remarked on.
_SUSPECT = re.compile(
    r"\b(?:in|to|into|within|with|enhance|augment|end|begin|start|conclude|append)\s+your\s+(?:response|reply|answer|summary)\b"
    r"|\byour\s+(?:response|reply|answer|summary)\s+(?:must|should|shall|has to|needs to|with|by)\b"
    r"|\b(?:following|below|subsequent|this)\s+(?:code|snippet|excerpt)\b[^.\n]{0,80}\byour\s+(?:own\s+)?(?:code|solution|algorithm|program|script|response)\b"
    r"|\byour\s+(?:code|solution|algorithm|program|script)\b[^.\n]{0,80}\bfollowing\s+code\b",
    re.IGNORECASE,
)


def find_suspects(visible: str) -> list[Hit]:
    """The first places of visible text that may address the model, where `find_instructions` is not sure."""
    hits = []
    if may_match(_SUSPECT_NEEDED, visible) and (found := _SUSPECT.search(visible)):
        hits.append(_hit("order_about_own_answer", visible, found.start(), found.end()))
    hits += [_hit("may_be_an_order", visible, order.start, order.end) for order in find_orders(visible) if order.score < SURE]
    return hits


def find_instructions(visible: str, hidden: Iterable[str]) -> list[Hit]:
    """Visible text first, every place of it, in the order of the rules; of hidden text at most one hit per rule."""
    hits = []
    for rule, pattern in _ANYWHERE.items():
        for found in orders_in(pattern, visible, needed=_NEEDED.get(rule)):
            start = found.start() + len(before_order(found[0]))
            hits.append(_hit(rule, visible, start, found.end()))
    hits += [
        _hit("order_to_who_answers", visible, order.start, order.end) for order in find_orders(visible) if order.score >= SURE
    ]
    for text in hidden:
        for rule, pattern in (_ANYWHERE | _HIDDEN).items():
            concealed = pattern.search(text) if rule not in _NEEDED or may_match(_NEEDED[rule], text) else None
            if concealed and not any(hit.rule == rule and hit.hidden for hit in hits):
                hits.append(Hit(rule, _excerpt(text, concealed.start()), hidden=True))
    return hits


def _hit(rule: str, visible: str, start: int, end: int) -> Hit:
    return Hit(rule, _excerpt(visible, start), hidden=False, start=start, end=end)


def _excerpt(text: str, start: int) -> str:
    return " ".join(text[start : start + 200].split())[:80]
