"""Equations of office files (OMML) → text on one line: `3/4 + x^2`, `√(a + b)`, `∑_(i=1)^n i`."""

from __future__ import annotations

import re
from typing import Any

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
EQUATIONS = frozenset({M + "oMath", M + "oMathPara"})
_ONE = re.compile(r"^(?:[\w.,]+|\([^()]*\)|\S)$")


def equation_text(item: Any) -> str:
    """The text of an equation, or of a part of one."""
    return "".join(_text(child) for child in item)


def _text(item: Any) -> str:
    if not isinstance(item.tag, str) or not item.tag.startswith(M):
        # Runs of Word inside an equation.
        return "".join(text.text or "" for text in item.iter() if isinstance(text.tag, str) and text.tag.endswith(("}t",)))
    match item.tag[len(M) :]:
        case "r":
            return "".join(text.text or "" for text in item.iter(M + "t"))
        case "f" if _property(item, "fPr", "type", "bar") == "noBar":
            return f"{_group(item, 'num')} over {_group(item, 'den')}"
        case "f":
            return f"{_group(item, 'num')}/{_group(item, 'den')}"
        case "sSup":
            return f"{_part(item, 'e')}^{_group(item, 'sup')}"
        case "sSub":
            return f"{_part(item, 'e')}_{_group(item, 'sub')}"
        case "sSubSup" | "sPre":
            return f"{_part(item, 'e')}_{_group(item, 'sub')}^{_group(item, 'sup')}"
        case "rad":
            degree = _part(item, "deg").strip()
            return f"{'√' if not degree else f'{_raised_digits(degree)}√'}{_group(item, 'e')}"
        case "d":
            return _delimited(item)
        case "nary":
            below, above = _part(item, "sub").strip(), _part(item, "sup").strip()
            sign = _property(item, "naryPr", "chr", "∫")
            return f"{sign}{f'_{_grouped(below)}' if below else ''}{f'^{_grouped(above)}' if above else ''} {_part(item, 'e')}"
        case "func":
            return f"{_part(item, 'fName')} {_group(item, 'e')}"
        case "limLow":
            return f"{_part(item, 'e')}_{_group(item, 'lim')}"
        case "limUpp":
            return f"{_part(item, 'e')}^{_group(item, 'lim')}"
        case "eqArr":
            return "; ".join(equation_text(row) for row in item.findall(M + "e"))
        case "m":
            rows = [", ".join(equation_text(cell) for cell in row.findall(M + "e")) for row in item.findall(M + "mr")]
            return f"[{'; '.join(rows)}]"
        case name if name.endswith("Pr"):
            return ""
        case _:
            return equation_text(item)


def _part(item: Any, name: str) -> str:
    found = item.find(M + name)
    return equation_text(found) if found is not None else ""


def _group(item: Any, name: str) -> str:
    return _grouped(_part(item, name).strip())


def _grouped(text: str) -> str:
    """In parentheses where it is more than one number or name."""
    return text if not text or _ONE.match(text) else f"({text})"


def _delimited(item: Any) -> str:
    begin, end = _property(item, "dPr", "begChr", "("), _property(item, "dPr", "endChr", ")")
    between = _property(item, "dPr", "sepChr", "|")
    return begin + between.join(equation_text(part) for part in item.findall(M + "e")) + end


def _property(item: Any, properties: str, name: str, default: str) -> str:
    found = item.find(f"{M}{properties}/{M}{name}")
    return str(found.get(M + "val", "")) if found is not None else default


def _raised_digits(degree: str) -> str:
    return degree.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")) if degree.isdigit() else f"({degree})"
