"""Which single-byte encoding of the Latin script text is in: the one under which it reads as one language, with signs where signs stand.

    b"M\\xfcller"          cp1252 "Müller" (German)        cp850 "M³ller": a raised 3 in a word
    b"\\x9arodek, \\xbfe"   cp1250 "środek, że" (Polish)    cp1252 "œrodek, ¿e": a turned question mark before a letter

The words without such letters tell the language, if there are some. Few letters decide little, so Windows-1252, which the web assumes (WHATWG Encoding), wins all ties. Every letter is looked at in its place: a small
one belongs to a word, a capital begins one or stands among capitals, and all of them to the alphabet of one language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headgate.detect.language import identify_language

#: Letters beyond ASCII of the languages that an encoding is used for, in small letters.
_ALPHABETS = {
    "de": "äöüß", "fr": "àâæçéèêëîïôœùûüÿ", "es": "áéíñóúü", "pt": "ãáâàçéêíõóôúü", "it": "àèéìíîòóùú", "nl": "áéèëïíóöüú", "sv": "åäöéü", "da": "æøåéö",
    "is": "áðéíóúýþæö", "ca": "àçéèíïóòúü", "en": "éèêïñçâô", "pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "hu": "áéíóöőúüű",
    "hr": "čćđšž", "ro": "ăâîşţșț", "tr": "çğıöşüâî", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "et": "äõöüšž",
}  # fmt: skip
_WESTERN = ("de", "fr", "es", "pt", "it", "nl", "sv", "da", "is", "ca", "en")
#: Encoding → its languages and what it must read better than Windows-1252 by, per character beyond ASCII.
_ENCODINGS: dict[str, tuple[tuple[str, ...], float]] = {
    "cp1252": (_WESTERN, 0.0),
    "iso8859-15": (_WESTERN, 0.1),
    "cp1250": (("pl", "cs", "sk", "hu", "hr", "ro"), 0.1),
    "iso8859-2": (("pl", "cs", "sk", "hu", "hr", "ro"), 0.15),
    "iso8859-16": (("ro",), 0.15),
    "cp1254": (("tr",), 0.1),
    "cp1257": (("lt", "lv", "et"), 0.1),
    "cp850": (_WESTERN, 0.3),
    "cp852": (("pl", "cs", "sk", "hu", "hr", "ro"), 0.35),
    "cp437": (_WESTERN, 0.35),
    "mac_roman": (_WESTERN, 0.3),
}
#: What an encoding of the text's own language is favoured by.
_OWN_LANGUAGE = 0.35
_SURE = 0.9
_READ = 20_000  # bytes
_PLAIN_WORD = re.compile(rb"(?<![\x80-\xff\w])[A-Za-z]{2,}(?![\x80-\xff\w])")
#: Signs that stand before or behind digits, in prices, measures and lists of clauses.
_BY_DIGITS = frozenset("°£€¥¢%±×÷½¼¾²³µ§º‰–-")
_QUOTES = frozenset('«»“”„‘’‚‹›"')
_DASHES = frozenset("–—…•·")
_LONE = frozenset("©®™§¶†‡¿¡°")


def best_latin(sample: bytes) -> tuple[str, float]:
    """(encoding, how well the text reads under it, at most 1); below 0 it is no text of the Latin script."""
    language = _language(sample)
    scores, weighed = {}, {}
    for encoding, (languages, margin) in _ENCODINGS.items():
        written = language in languages
        scores[encoding] = _score(sample, encoding, (language,) if written else languages)
        weighed[encoding] = scores[encoding] - margin + (_OWN_LANGUAGE if written else 0.0)
    best = max(weighed, key=lambda encoding: weighed[encoding])  # the first of equals
    return best, scores[best]


def _language(sample: bytes) -> str:
    """What the words in plain ASCII say: an ISO 639-1 code, "" where they don't say it clearly or it is English, which quotes all others."""
    language, probability = identify_language(" ".join(word.decode() for word in _PLAIN_WORD.findall(sample[:_READ])))
    return language if probability >= _SURE and language != "en" else ""


def _score(sample: bytes, encoding: str, languages: tuple[str, ...]) -> float:
    text = f" {sample.decode(encoding, errors='replace')} "
    places = [index for index, letter in enumerate(text) if letter > "\x7f"]
    if not places:
        return 0.0
    signs = sum(_sign(text, index) for index in places if not text[index].isalpha())
    letters = [index for index in places if text[index].isalpha()]
    in_place = sum(_letter(text, index) for index in letters)
    foreign = [letter for index in letters for letter in _small(text[index])]
    known = max((sum(letter in _ALPHABETS[language] for letter in foreign) for language in languages), default=0)
    return (signs + 0.5 * in_place + known - 0.5 * len(foreign)) / len(places)


def _small(letter: str) -> Iterator[str]:
    """A letter as its alphabet lists it: İ is i with a dot above, which is none beyond ASCII."""
    yield letter.lower()[0] if letter != "İ" else "ı"


def _letter(text: str, index: int) -> float:
    """-1 to 1: how well a letter fits its neighbours."""
    letter, before, after = text[index], text[index - 1], text[index + 1]
    if not before.isalpha() and not after.isalpha():
        return 0.0 if letter in "àéèáóíyo" else -0.5  # few words are a single letter with an accent
    if letter.islower():
        return 1.0 if not (before.isupper() and after.isupper()) else -1.0
    if letter.isupper():
        return 1.0 if not before.isalpha() or before.isupper() or (after.isupper() and before.isupper()) else -1.0
    return 0.0 if letter in "ªº" else -1.0


def _sign(text: str, index: int) -> float:
    """-2 to 1: how well a sign fits its neighbours."""
    sign, before, after = text[index], text[index - 1], text[index + 1]
    if sign == "\ufffd" or "\x80" <= sign <= "\x9f" or "\u2500" <= sign <= "\u259f":
        return -2.0
    inside = before.isalpha() and after.isalpha()
    if sign in "’'·":
        return 1.0 if inside or not after.isalnum() or not before.isalnum() else 0.0
    if sign == "\xa0":
        return 0.5
    if inside:
        return -1.0
    digits = before.isdigit() or after.isdigit() or (before == " " and text[index - 2 : index - 1].isdigit())
    if sign in _BY_DIGITS and digits:
        return 1.0
    if sign in _QUOTES and (before.isspace() or after.isspace() or not (before.isalnum() and after.isalnum())):
        return 1.0
    if sign in _DASHES and (before.isspace() or after.isspace()):
        return 1.0
    return 0.5 if sign in _LONE and not (before.isalpha() and after.isalpha()) else -0.5
