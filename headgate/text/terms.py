"""Text → terms for full-text search, the same for passages and questions.

    analyze("Refunds take 10 days.", "en")  →  ["refund", "take", "10", "day"]
    analyze("料金は月額", "ja")               →  ["料金", "金は", "は月", "月額"]
    identifiers("Error E-42 of RFC 2616")    →  ["e42", "rfc2616"]

The table holds the terms joined by spaces and LanceDB splits them at white space only, so one analysis serves every language:
case folding (but for IT and its like, which are names in capitals and function words else), accents and points removed, Snowball stems where there is a stemmer for the language, and character
bigrams for scripts that are written without spaces (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese).
Hit rates by language: benchmarks/full_text_languages.py.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

#: Raised when the same text gives other terms: stored terms of another version are not searched with these.
ANALYSIS_VERSION = 4
#: Snowball algorithm per ISO 639-1 code.
STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish", "fr": "french",
    "hi": "hindi", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip

#: Function words and question words: they carry no evidence that a passage answers a question.
STOP_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        "a about after all also am an and any are as at be because been before being but by can could did do does doing for from get "
        "got had has have having he her here him his how i if in into is it its just like long many may me much must my need no not of "
        "on one only or our out over own please shall she should so some such tell than that the their them then there these they "
        "this to too under until up us very want was we were what when where which while who whom whose why will with would you your "
        "yes yet".split()
    ),
    "de": frozenset(
        "aber als am an auch auf aus bei bin bis da das dass dem den der des die dies diese dir du ein eine einem einen einer es "
        "für habe haben hat ich ihr im in ist ja kann können man mein meine mich mir mit muss müssen nach nicht noch nur oder "
        "sein sich sie sind so um und uns unter von vor war was wann warum welche wenn wer werden wie wieviel wir wird wo zu zum zur über".split()
    ),
    "es": frozenset(
        "a al algo ante como con cual cuales cuando cuanto cuanta cuantos cuanto de del desde donde durante e el ella en entre era es esta "
        "este esto estoy fue ha hacer hago han hasta hay la las le les lo los mas me mi mis muy necesito no nos o para pero por porque "
        "puede puedo que quien quiero se ser si sin sobre son su sus también te tengo tiene tu un una uno y ya yo".split()
    ),
    "fr": frozenset(
        "a ai au aux avec avoir c ce ces cet cette combien comment d dans de des dois du elle en est et être fait faire faut il ils j je "
        "l la le les leur lui ma mais me mes moi mon n ne nous on ou où par pas peut peux pour puis qu quand que quel quelle quelles quels "
        "qui s sa se ses si son sont sur t ta te tes toi ton tu un une vos votre vous y à".split()
    ),
}

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
#: Combining marks of scripts written with spaces: vowel signs of Hindi and its relatives, points of Arabic and Hebrew. `\\w` lacks them.
_MARKS = "".join(
    chr(code)
    for code in [*range(0x300, 0x370), *range(0x483, 0xE00), *range(0xF00, 0x1000)]
    if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
#: The v of v2.1.1 is left out, so that it is version 2.1.1.
_TERM = re.compile(
    rf"(?<!\w)[vV](?=\d+\.\d)|\d+(?:[.,:/]\d+)*|[{_UNSPACED}ー々]+|[^\W{_UNSPACED}](?:[^\W{_UNSPACED}]|[{_MARKS}])*"
)
#: Written or left out at will: accents of Latin, Greek and Cyrillic letters, Hebrew and Arabic points, the Arabic stretch.
_OPTIONAL = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
#: What codes are put together from: letters, numbers with their points, the section sign.
_PIECE = re.compile(rf"[^\W\d_{_UNSPACED}]+|§+|\d+(?:[.,]\d+)*")
#: Between the pieces of one code; written in its place by others: nothing, or a space.
_JOINTS = frozenset("-_/.\u2010\u2011\u2012\u2013")
#: Longer words are no part of a code when a space follows: "Article 5" and "iPhone 15" are, "approximately 15" is not.
_LONGEST_PREFIX = 12
#: Nor are function words, or the v of a version.
_NO_PREFIX = frozenset({"v"}.union(*STOP_WORDS.values()))
#: Longer words are no unit after a space, nor are words in small letters: "10 GB" is "10GB", "10 of" and "10 days" are no code.
_LONGEST_UNIT = 3


@lru_cache(maxsize=8)
def _stemmer(language: str) -> snowballstemmer.BaseStemmer | None:
    return snowballstemmer.stemmer(STEMMERS[language]) if language in STEMMERS else None


@lru_cache(maxsize=200_000)
def _stem(word: str, language: str) -> str:
    stemmer = _stemmer(language)
    return str(stemmer.stemWord(word)) if stemmer else word


def _without_accents(word: str) -> str:
    return unicodedata.normalize("NFC", _OPTIONAL.sub("", unicodedata.normalize("NFD", word)))


@lru_cache(maxsize=8)
def _stop_words(language: str) -> frozenset[str]:
    return frozenset(_without_accents(word) for word in STOP_WORDS.get(language, ()))


def analyze(text: str, language: str, *, keep_stop_words: bool = False) -> list[str]:
    """Search terms of `text` in order, repeats included.

    Args:
        text: any text.
        language: ISO 639-1 code; an unknown one means no stemming and no stop words.
        keep_stop_words: for passages, so that a question made of stop words alone can still match.
    """
    function_words = _stop_words(language)
    terms: list[str] = []
    text = unicodedata.normalize("NFKC", text)
    shouting = not any(letter.islower() for letter in text)
    for match in _TERM.finditer(text):
        written = match.group()
        word = written.casefold()
        if word == "v" and written in ("v", "V") and text[match.end() : match.end() + 1].isdigit():
            continue
        if word[0].isdigit():
            terms.append(word)
            if "." in word:
                terms.append(word.split(".", 1)[0])  # so that "£24" finds "£24.00"
        elif _IS_UNSPACED.match(word):
            terms.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            word = _without_accents(word)
            if word in function_words and len(written) > 1 and written.isupper() and not shouting:
                terms.append(written)  # IT, US, WHO: no function word but a name, and a term of its own
            if keep_stop_words or word not in function_words:
                terms.append(_stem(word, language))
    return terms


def identifiers(text: str) -> list[str]:
    """Codes, versions, article and model numbers of `text`, each as one term, however their pieces are joined.

    E42, E-42, E_42 and "E 42" are `e42`, "Article 5" is `article5`, "10 GB" is `10gb`; a `v` before a number is left out. They are search
    terms beside those of `analyze`, which holds their pieces: what is named exactly comes before what shares a number with it.
    """
    text = unicodedata.normalize("NFKC", text)
    code: list[str] = []  # pieces that nothing or a joint holds together
    found: list[str] = []
    pieces = [(match.group().casefold(), match.start(), match.end()) for match in _PIECE.finditer(text)]
    for position, (piece, start, end) in enumerate(pieces):
        gap = text[pieces[position - 1][2] : start] if position else "|"
        if code and (not gap or gap in _JOINTS):
            code.append(piece)
        else:
            found.extend(_joined(code))
            code = [piece]
        if gap == " ":
            before = pieces[position - 1][0]
            numbered = (
                piece[0].isdigit() and not before[0].isdigit() and len(before) <= _LONGEST_PREFIX and before not in _NO_PREFIX
            )
            unit = before[0].isdigit() and len(piece) <= _LONGEST_UNIT and piece != "v" and not text[start:end].islower()
            if numbered or (unit and not piece[0].isdigit()):
                found.append(before + piece)
    found.extend(_joined(code))
    return found


def _joined(pieces: list[str]) -> list[str]:
    """The pieces as one code, if they are one: several, and a number among them."""
    if pieces and pieces[0] == "v":
        pieces = pieces[1:]
    return ["".join(pieces)] if len(pieces) > 1 and any(piece[0].isdigit() for piece in pieces) else []
