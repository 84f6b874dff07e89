"""Bytes → text, in whatever encoding they are.

Order: byte order mark, declared encoding, UTF-8, UTF-16 and UTF-32 without a mark, UTF-8 with a few bytes of Windows-1252, then the encoding
under which the text looks most like a language that is written in it. Words of other scripts are runs of foreign letters; where such letters
stand alone among ASCII ones, as accents do, the text is Latin (latin_encodings.py).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from headgate.errors import ParseFailure
from headgate.ingest.parse.latin_encodings import best_latin
from headgate.records import Remark
from headgate.records.remarks import note

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"<meta[^<>]+charset\s*+=\s*+[\"']?\s*+([\w-]+)|<\?xml[^<>]+encoding\s*+=\s*[\"']([\w-]+)", re.IGNORECASE)
#: Names that mails and pages use → the superset that the web reads them as (WHATWG Encoding).
_WEB_NAMES = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "iso-8859-9": "cp1254",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932", "gb2312": "gb18030", "gbk": "gb18030",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "iso-8859-8-i": "cp1255", "iso-8859-8": "cp1255", "iso-8859-8-e": "cp1255",
    "unicode-1-1-utf-7": "utf-7", "big5": "cp950", "cp-850": "cp850", "tis-620": "cp874",
}  # fmt: skip
_SAMPLE = 200_000  # bytes that detection looks at
_MIN_SCORE = 0.6

_KANA = re.compile("[\u3040-\u30ff]")
_HAN = re.compile("[\u4e00-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_EAST_ASIAN = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_MIXED = re.compile("[A-Za-z][\u0370-\u0fff]|[\u0370-\u0fff][A-Za-z]|(?<=[a-z])[\u4e00-\u9fff\uac00-\ud7a3][a-z]")
_ODD = re.compile("[\ue000-\uf8ff\uff61-\uff9f\x80-\x9f\ufffd]")
#: The most frequent characters of simplified and of traditional Chinese that the other does not use.
_SIMPLIFIED = frozenset("这个们来为说国时会对从还没经业见问间产进实动现书两样东车长门给让过边远难话语请谢电脑网关开处务")
_TRADITIONAL = frozenset("這個們來為說國時會對從還沒經業見問間產進實動現書兩樣東車長門給讓過邊遠難話語請謝電腦網關開處務")
_COMMON_HAN = frozenset("的一是不了人我在有他中大上地到以和要用出生可子下也自年得作天月日分本同多小高新前法中文学學所部方")
_COMMON_CYRILLIC = frozenset("оеаинтсрвлкмдпу")


def decode(content: bytes, *, path: str, declared: str = "") -> tuple[str, list[Remark]]:
    """(text, findings). NUL characters are dropped by `blocks.clean`.

    Raises:
        ParseFailure: `encoding` where the bytes are no text at all.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), [] if encoding == "utf-8-sig" else [note("encoding", encoding)]
    found = _DECLARED.search(content[:2048])
    named = declared or (next(group for group in found.groups() if group).decode("ascii") if found else "")
    named = _WEB_NAMES.get(named.lower(), named)
    wide = "iso2022_jp" if b"\x1b$" in content[:_SAMPLE] and content.isascii() else _without_mark(content)
    if wide:
        return content.decode(wide, errors="replace"), [note("encoding", wide)]
    for encoding in ("utf-8", *([named] if named and named.lower() not in ("utf-16", "utf-32") else [])):
        try:
            text = content.decode(encoding)
        except (UnicodeDecodeError, LookupError, AssertionError, ValueError):
            continue
        if isinstance(text, str) and not _is_binary(text):
            return text, []
    if (mixed := _mixed_utf8(content)) is not None:
        text, doubtful = mixed
        if not _is_binary(text):
            return text, [
                note("encoding", f"{doubtful} byte(s) are not UTF-8 and were read as Windows-1252; the file mixes encodings")
            ]
    encoding = guess_encoding(content[:_SAMPLE])
    text = content.decode(encoding, errors="replace")
    if _is_binary(text):
        raise ParseFailure(path, "encoding", "the file holds binary data, not text")
    findings = [note("encoding", f"read as {encoding}")]
    if lost := text.count("\ufffd"):
        findings.append(note("encoding", f"{lost} character(s) can't be read; the file mixes encodings or is damaged"))
    return text, findings


def _is_binary(text: str) -> bool:
    """More than a tenth control characters; texts hold a few, of terminals and of old programs."""
    sample = text[:_SAMPLE]
    return len(_CONTROL.findall(sample)) * 10 > len(sample)


def _without_mark(content: bytes) -> str:
    """UTF-16 or UTF-32 told by where the zero bytes of its ASCII characters stand; "" = neither."""
    sample = content[:_SAMPLE]
    if len(sample) >= 8 and len(content) % 4 == 0:
        counts = [sample[place::4].count(0) * 4 / len(sample) for place in range(4)]
        if counts[3] > 0.9 and counts[2] > 0.9 and counts[0] < 0.1:
            return "utf-32-le"
        if counts[0] > 0.9 and counts[1] > 0.9 and counts[3] < 0.1:
            return "utf-32-be"
    if len(sample) >= 4 and len(content) % 2 == 0:
        even, odd = sample[::2].count(0) * 2 / len(sample), sample[1::2].count(0) * 2 / len(sample)
        sample = sample[: len(sample) // 2 * 2]
        if max(even, odd) > 0.2 and min(even, odd) < 0.05:
            encoding = "utf-16-le" if odd > even else "utf-16-be"
            decoded = sample.decode(encoding, errors="replace")
            if (decoded.count("\ufffd") + len(_CONTROL.findall(decoded))) * 50 <= len(decoded):
                return encoding
    return ""


def guess_encoding(sample: bytes) -> str:
    """The most plausible of the encodings in use before Unicode; Windows-1252 where none is."""
    latin, latin_score = best_latin(sample)
    best, best_score = "", _MIN_SCORE
    for encoding, score in _CANDIDATES:
        if encoding.startswith("utf-16") and _is_mostly_ascii(sample):
            continue
        # A sample may end inside a character; a few broken ones are damage, more are another encoding.
        text = sample.decode(encoding, errors="replace")
        foreign = [character for character in text if character > "\x7f"]
        if not foreign or text.count("\ufffd") * 50 > len(foreign) or not _in_runs(text, len(foreign)):
            continue
        # Accented letters stand among ASCII ones; letters of other scripts do not.
        points = score("".join(foreign)) - (3 * len(_ODD.findall(text)) + len(_MIXED.findall(text))) / len(foreign)
        if points > best_score:
            best, best_score = encoding, points
    if best:
        return best
    if latin_score >= _PLAIN_LATIN or sum(byte > 127 for byte in sample) < _MIN_FOREIGN:
        return latin
    from charset_normalizer import from_bytes

    found = from_bytes(sample).best()
    return found.encoding if found is not None and found.encoding in _DETECTED else latin


def _mixed_utf8(content: bytes) -> tuple[str, int] | None:
    """(text, bytes that were read as Windows-1252) of UTF-8 that some line of another origin was put into; None where it is no UTF-8.

    In other encodings bytes seldom fall into the pattern of UTF-8 by chance: it is UTF-8 where at least as many characters do as bytes don't.
    """
    read = content.decode("utf-8", errors="surrogateescape")
    strays = len(_STRAY.findall(read))
    if strays > sum(character > "\x7f" for character in read) - strays:
        return None
    return _STRAY.sub(lambda found: bytes([ord(found[0]) - 0xDC00]).decode("cp1252", errors="replace"), read), strays


def _is_mostly_ascii(sample: bytes) -> bool:
    return sum(32 <= byte < 127 for byte in sample) * 10 > len(sample) * 8


def _in_runs(text: str, foreign: int) -> bool:
    """Whether foreign characters stand together, as those of other scripts do: two or more in a row on average, or no ASCII letter at all."""
    return 2 * len(_FOREIGN_RUN.findall(text)) <= foreign or not _ASCII_LETTER.search(text)


#: Bytes that are no UTF-8, as `surrogateescape` gives them.
_STRAY = re.compile("[\udc80-\udcff]")
_FOREIGN_RUN = re.compile("[^\x00-\x7f]+")
_ASCII_LETTER = re.compile("[A-Za-z]")
#: Encodings that statistics tell from Latin ones, given enough letters beyond ASCII.
_DETECTED = frozenset("iso8859_4 iso8859_6 iso8859_7 iso8859_8 iso8859_13 cp1258 viscii".split())
_MIN_FOREIGN = 20
#: A text that reads as well as this under a Latin encoding is in it.
_PLAIN_LATIN = 0.5


def _japanese(foreign: str) -> float:
    kana = len(_KANA.findall(foreign))
    return (kana + len(_HAN.findall(foreign))) / len(foreign) + (0.3 if kana * 5 > len(foreign) else -0.5)


def _chinese(own: frozenset[str], other: frozenset[str]) -> Callable[[str], float]:
    def score(foreign: str) -> float:
        han = len(_HAN.findall(foreign))
        known = sum(character in own or character in _COMMON_HAN for character in foreign)
        wrong = sum(character in other and character not in own for character in foreign)
        return han / len(foreign) + min(2 * (known - wrong) / max(han, 1), 0.4) - 0.35

    return score


def _korean(foreign: str) -> float:
    return len(_HANGUL.findall(foreign)) / len(foreign) + (0.1 if len(_HAN.findall(foreign)) * 4 < len(foreign) else -0.5)


def _cyrillic(foreign: str) -> float:
    lower = [character for character in foreign if "\u0430" <= character <= "\u044f"]
    return len(lower) / len(foreign) + sum(character in _COMMON_CYRILLIC for character in lower) / max(len(lower), 1) - 0.9


def _script(first: str, last: str, common: str) -> Callable[[str], float]:
    """For scripts without capitals or with few; `common`: letters that make up most of a text."""

    def score(foreign: str) -> float:
        letters = [character for character in foreign if first <= character <= last]
        return len(letters) / len(foreign) + sum(letter in common for letter in letters) / max(len(letters), 1) - 0.9

    return score


def _wide(foreign: str) -> float:
    return len(_EAST_ASIAN.findall(foreign)) / len(foreign) - 0.25


_CANDIDATES: tuple[tuple[str, Callable[[str], float]], ...] = (
    ("cp932", _japanese),
    ("euc_jp", _japanese),
    ("iso2022_jp", _japanese),
    ("cp949", _korean),
    ("gb18030", _chinese(_SIMPLIFIED, _TRADITIONAL)),
    ("cp950", _chinese(_TRADITIONAL, _SIMPLIFIED)),
    ("koi8-r", _cyrillic),
    ("cp1251", _cyrillic),
    ("cp866", _cyrillic),
    ("iso8859-5", _cyrillic),
    ("cp1253", _script("\u0386", "\u03ce", "αοιεντσηρπκμλάέήίόύς")),
    ("cp1255", _script("\u05b0", "\u05ea", "יוהלארמתבשנםך")),
    ("cp1256", _script("\u060c", "\u0652", "النيمورتبةعدس")),
    ("cp874", _script("\u0e01", "\u0e5b", "านรอกเงมยลวดทสตะปบคห\u0e31\u0e35\u0e48\u0e49\u0e34")),
    ("utf-16-le", _wide),
    ("utf-16-be", _wide),
)
