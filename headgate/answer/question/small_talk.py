"""Greetings and thanks: messages that ask nothing and get a sentence of their own instead of an apology for missing documents.

A message counts only when every word of it is small talk, so "hi, when is the office open" is a question.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, NamedTuple

Kind = Literal["greeting", "thanks", "goodbye"]
KINDS: tuple[Kind, ...] = ("greeting", "thanks", "goodbye")
_RANK: tuple[Kind, ...] = ("thanks", "goodbye", "greeting")
#: Longer messages say something else as well.
_MOST_WORDS = 6

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
#: What makes a message small talk, by kind and language.
_PHRASES: dict[Kind, dict[str, str]] = {
    "greeting": {
        "en": "hi|hello|hey|hiya|good morning|good afternoon|good evening",
        "de": "hallo|guten tag|guten morgen|guten abend|moin|servus",
        "es": "hola|buenos días|buenas tardes|buenas noches",
        "fr": "bonjour|bonsoir|salut",
        "it": "buongiorno|buonasera",
        "pt": "olá|bom dia|boa tarde",
        "sv": "hej|hallå",
        "pl": "cześć|dzień dobry",
        "ru": "привет|здравствуйте|добрый день",
        "tr": "merhaba|selam",
        "ar": "مرحبا|السلام عليكم",
        "ja": "こんにちは|おはようございます|こんばんは",
        "zh": "你好|您好",
        "ko": "안녕하세요",
    },
    "thanks": {
        "en": "thanks|thank you|thankyou|thx|ty|cheers|much appreciated",
        "de": "danke|dankeschön|vielen dank|besten dank",
        "es": "gracias",
        "fr": "merci",
        "it": "grazie",
        "pt": "obrigado|obrigada",
        "nl": "dank je|dank u|bedankt",
        "sv": "tack",
        "da": "tak",
        "no": "takk",
        "fi": "kiitos",
        "pl": "dzięki|dziękuję",
        "cs": "děkuji|díky",
        "ro": "mulțumesc",
        "ru": "спасибо",
        "tr": "teşekkürler|teşekkür ederim",
        "ar": "شكرا",
        "ja": "ありがとう|ありがとうございます|ありがとうございました",
        "zh": "谢谢|謝謝",
        "ko": "감사합니다|고맙습니다",
    },
    "goodbye": {
        "en": "bye|goodbye|good bye|bye bye|see you|see you later",
        "de": "tschüss|auf wiedersehen",
        "es": "adiós|hasta luego",
        "fr": "au revoir",
        "it": "arrivederci|ciao",
        "pt": "tchau",
        "nl": "doei|tot ziens",
        "sv": "hej då",
        "ja": "さようなら",
        "zh": "再见|再見",
    },
}
#: May stand beside, and say nothing.
_FILLERS = frozenset(
    "a lot so very much you many all again everyone there team bot sir madam ok okay great perfect and for your help sehr schön muchas beaucoup mille".split()
)
_LANGUAGE = {
    phrase: (kind, language)
    for kind, spoken in _PHRASES.items()
    for language, phrases in spoken.items()
    for phrase in phrases.split("|")
}
#: Longest first, so that "good morning" is no "good" with a rest.
_KNOWN = re.compile("|".join(rf"(?<!\w){re.escape(phrase)}(?!\w)" for phrase in sorted(_LANGUAGE, key=len, reverse=True)))


class SmallTalk(NamedTuple):
    """`language` is the ISO 639-1 code of the phrase that was used."""

    kind: Kind
    language: str


def small_talk(message: str) -> SmallTalk | None:
    """What a message of small talk is, None for one that says more. Of several kinds ("hi, thanks") thanks count, then goodbyes."""
    if "?" in message or "？" in message:
        return None
    text = " ".join(_WORD.findall(unicodedata.normalize("NFC", message).casefold()))
    found = [SmallTalk(*_LANGUAGE[phrase]) for phrase in _KNOWN.findall(text)]
    rest = _KNOWN.sub(" ", text).split()
    if not found or len(text.split()) > _MOST_WORDS or not all(word in _FILLERS for word in rest):
        return None
    return min(found, key=lambda talk: _RANK.index(talk.kind))
