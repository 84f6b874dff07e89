"""Text in a document that addresses the model instead of the reader.

A document is data (invariant 9), so nothing here protects alone: it keeps such pages out of the index and shows them to people. Two
sets of rules: strict ones for text that readers see, and wider ones for hidden text, where no honest author instructs an assistant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Hit(NamedTuple):
    rule: str
    excerpt: str  # at most 80 characters
    hidden: bool


_MODEL = r"(?:(?:ai |virtual )?assistant|chat ?bot|language model|\bllm\b|\bai\b(?: model| system| agent| assistant| chatbot)?|\bgpt\b|answering (?:model|system)|virtual agent)"
_EARLIER = r"(?:previous|prior|above|earlier|preceding|all|any|your|other|existing|system)"
_ORDERS = r"(?:instructions?|prompts?|rules|guidelines|directives|directions|commands|context)"

#: Rules for any text. Each was chosen so that the handbook and help-centre pages of the tests raise none.
_ANYWHERE = {
    "override": re.compile(
        rf"\b(?:ignore|disregard|forget|override|bypass|do not follow)\b\W+(?:(?:all|any|the|of|every|your|my|these|those)\W+){{0,3}}{_EARLIER}\W+(?:\w+\W+){{0,2}}?{_ORDERS}\b"
        r"|\b(?:ignore|disregard|forget)\b\W+(?:everything|all)\W+(?:\w+\W+){0,2}?(?:above|before|said|told)\b",
        re.IGNORECASE,
    ),
    "override_es": re.compile(
        r"\b(?:ignora|olvida|omite|descarta)\w*\s+(?:\w+\s+){0,3}(?:instrucciones|indicaciones|reglas)\s+(?:anteriores|previas)",
        re.IGNORECASE,
    ),
    "override_de": re.compile(
        r"\b(?:ignorier|vergiss|missachte)\w*\s+(?:\w+\s+){0,3}(?:vorherigen?|bisherigen?|obigen?|früheren?)\s+(?:anweisungen|anleitungen|regeln|befehle)",
        re.IGNORECASE,
    ),
    "override_fr": re.compile(
        r"\b(?:ignore|oublie|néglige)\w*\s+(?:\w+\s+){0,3}(?:instructions|consignes|règles)\s+(?:précédentes|antérieures|ci-dessus)",
        re.IGNORECASE,
    ),
    "override_ja": re.compile(r"(?:これまで|以前|上記|前)の(?:すべての|全ての)?(?:指示|命令|プロンプト)[^。]{0,6}(?:無視|忘れ)"),
    "role_switch": re.compile(
        r"\byou are (?:now|no longer)\s+(?:an?\s+|the\s+|in\s+)?(?:\w+\s+){0,2}(?:mode|assistant|chatbot|ai|model|dan|unrestricted|jailbroken)\b"
        r"|\b(?:act|respond|behave|answer) as (?:if you (?:were|are)|an?) (?:unrestricted|jailbroken|evil|uncensored)",
        re.IGNORECASE,
    ),
    "control_tokens": re.compile(
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>|\[/?INST\]|<</?SYS>>|^\s*#{2,}\s*(?:system|instruction)\s*:\s*$",
        re.IGNORECASE | re.MULTILINE,
    ),
    "system_prompt": re.compile(
        r"\b(?:reveal|print|repeat|output|show|leak|disclose)\b\W+(?:\w+\W+){0,4}?(?:system|hidden|initial|secret)\W+(?:prompt|instructions|message)\b",
        re.IGNORECASE,
    ),
    "address": re.compile(
        rf"\b(?:attention|note to|message (?:to|for)|instructions? (?:to|for)|important,?)\W+(?:the\W+|any\W+|all\W+)?{_MODEL}(?:s|es)?\s*[:,!]",
        re.IGNORECASE,
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
    "hidden_secrecy": re.compile(
        r"\b(?:do not|don't|never)\s+(?:mention|reveal|disclose|cite|show|repeat|quote)\s+(?:this|these|that|any of|your|the (?:above|following|instructions?|paragraph|note|text|message))\b",
        re.IGNORECASE,
    ),
}


def find_instructions(visible: str, hidden: Iterable[str]) -> list[Hit]:
    """At most one hit per rule, visible text first."""
    hits = [
        Hit(rule, _excerpt(visible, found), hidden=False)
        for rule, pattern in _ANYWHERE.items()
        if (found := pattern.search(visible))
    ]
    for text in hidden:
        for rule, pattern in (_ANYWHERE | _HIDDEN).items():
            found = pattern.search(text)
            if found and not any(hit.rule == rule and hit.hidden for hit in hits):
                hits.append(Hit(rule, _excerpt(text, found), hidden=True))
    return hits


def _excerpt(text: str, found: re.Match[str]) -> str:
    return " ".join(text[found.start() : found.start() + 200].split())[:80]
