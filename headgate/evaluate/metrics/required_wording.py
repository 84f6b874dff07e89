"""Does an answer say a given wording? The way in which numbers, money and dashes are written does not matter, what they say does.

    says("Home Plus is GBP 33.00 a month.", "£33")          →  True
    says("You have ten working days.", "10 working days")   →  True
    says("Home Plus is £33.50 a month.", "£33")             →  False

Both texts become words and numbers; the wording must stand in the answer as one run of them. Levelled are: case, accents on their own, white
space, dashes, quotation marks and other punctuation; £33, 33.00 £, GBP 33 and 33 pounds; 50p and £0.50; 1,320 and 1.320; 25,50 and 25.50; 10 %
and 10 percent; 1st and 1; two to twelve written in English. Words are not stemmed: where several forms are right, a case names them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from headgate.answer.ground import canonical_number

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
#: A number may have letters behind it (10GB, 1st); a word may hold digits (E42); scripts without spaces go by characters.
_WORD = re.compile(rf"\d+(?:[.,:/]\d+)*|[{_UNSPACED}ー々]|[^\W\d_{_UNSPACED}][^\W_{_UNSPACED}]*|[£$€¥%]")
_WORDED = {
    name: str(value) for value, name in enumerate("two three four five six seven eight nine ten eleven twelve".split(), start=2)
}
_MONEY = {
    "£": "£", "gbp": "£", "pound": "£", "pounds": "£", "quid": "£", "pfund": "£", "libra": "£", "libras": "£", "livre": "£", "livres": "£",
    "€": "€", "eur": "€", "euro": "€", "euros": "€", "$": "$", "usd": "$", "dollar": "$", "dollars": "$", "¥": "¥", "jpy": "¥",
}  # fmt: skip
_NUMBER = r"\d+(?:[.,]\d+)*"
#: £33 and GBP 33, but not the mark of 33 £ before another number.
_MARK_FIRST = re.compile(rf"([£$€¥])({_NUMBER})|(?<!\d)(?<!\d\s)([£$€¥])\s({_NUMBER})|\b(gbp|eur|usd|jpy)\s?({_NUMBER})")
_PENCE = frozenset({"p", "pence", "penny"})
_PER_CENT = frozenset({"percent", "prozent"})
_ORDINAL = frozenset({"st", "nd", "rd", "th"})


def says(text: str, wording: str) -> bool:
    """Whether `text` holds `wording`, however numbers, money, case and dashes are written."""
    wanted = " ".join(levelled(wording))
    return bool(wanted) and f" {wanted} " in f" {' '.join(levelled(text))} "


@lru_cache(maxsize=4096)
def levelled(text: str) -> tuple[str, ...]:
    """Words and numbers of `text` in one notation."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ポンド", "£").replace("円", "¥")
    found = _WORD.findall(_MARK_FIRST.sub(_mark_behind, folded))
    words: list[str] = []
    position = 0
    while position < len(found):
        word, following = found[position], found[position + 1] if position + 1 < len(found) else ""
        position += 1
        if word in ("per", "pro") and following in ("cent", "cento"):
            words.append("%")
            position += 1
        elif word[0].isdigit() and following in _PENCE:
            words += [_number(f"{float(word) / 100:.2f}") if word.isdigit() else _number(word), "£"]
            position += 1
        elif word[0].isdigit() and following in _ORDINAL:
            words.append(_number(word))
            position += 1
        elif word[0].isdigit():
            words.append(_number(word))
        else:
            words.append("%" if word in _PER_CENT else _MONEY.get(word) or _WORDED.get(word, word))
    return tuple(words)


def _number(written: str) -> str:
    """1,320.00 → 1320; 25,50 → 25.50. Times, dates and ranges keep their marks."""
    number = canonical_number(written)
    return number.replace(",", ".") if number.count(",") == 1 and "." not in number else number


def _mark_behind(match: re.Match[str]) -> str:
    mark, number = (group for group in match.groups() if group)
    return f" {number} {mark} "
