"""What was filled into a PDF's form, and what was noted on its pages, from the file's own objects.

ticked box        `label: yes`; a chosen one of several: `label: choice`; what was left empty says nothing
typed onto a page (FreeText)    text
notes, marks, stamps            left out as comments
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pdfminer.pdftypes import PDFException, PDFObjRef, dict_value, list_value, resolve1
from pdfminer.psparser import PSLiteral
from pdfminer.utils import decode_text

from headgate.ingest.parse.pdf_page import Box

MAX_FIELDS = 2000
_OFF = "Off"
#: Names of the state of a ticked box that say nothing but that it is ticked.
_JUST_TICKED = frozenset({"yes", "on", "1", "true", "x", "ja", "oui", "si", "sí", "checked", "selected", "choice1"})
_STRUCK = "StrikeOut"


def form_fields(document: Any) -> list[tuple[str, str]]:
    """(label, value) of the fields that hold something, in the order of the form."""
    form = resolve1(document.catalog.get("AcroForm"))
    if not isinstance(form, dict):
        return []
    found: list[tuple[str, str]] = []
    pending: list[tuple[Any, dict[str, Any]]] = []
    pending += [(entry, {}) for entry in list_value(form.get("Fields", []))[::-1]]
    seen = 0
    while pending and seen < MAX_FIELDS:
        seen += 1
        reference, above = pending.pop()
        own = dict_value(reference)
        entry = {**above, **{name: own[name] for name in ("FT", "V", "T", "TU", "Opt", "Ff") if name in own}}
        kids = [kid for kid in list_value(own.get("Kids", [])) if isinstance(resolve1(kid), dict)]
        named = [kid for kid in kids if "T" in resolve1(kid)]
        if named:
            pending += [(kid, {name: value for name, value in entry.items() if name != "TU"}) for kid in named[::-1]]
            continue
        label = _text(entry.get("TU")) or _text(entry.get("T"))
        value = _value(entry, own, kids)
        if label.strip() and value.strip():
            found.append((label.strip(), value.strip()))
    return found


def _value(entry: dict[str, Any], own: dict[str, Any], kids: list[Any]) -> str:
    value = resolve1(entry.get("V"))
    kind = _name(entry.get("FT"))
    if kind == "Btn":
        states = [_name(resolve1(one).get("AS")) for one in (kids or [own])]
        state = _name(value) or next((state for state in states if state and state != _OFF), "")
        if not state or state == _OFF:
            return ""
        shown = _chosen(entry, state)
        return "yes" if just_ticked(shown) else shown
    values = value if isinstance(value, list) else [value]
    texts = [_text(one) for one in values]
    if kind == "Ch":
        texts = [_option(entry, text) for text in texts]
    return ", ".join(text for text in texts if text.strip())


def just_ticked(state: str) -> bool:
    """Whether the name of a button's state says nothing but that it is ticked."""
    return not state.strip() or state.strip().lower() in _JUST_TICKED


def _chosen(entry: dict[str, Any], state: str) -> str:
    """The caption of the chosen one of several buttons; `Opt` lists them where their states are numbers."""
    options = resolve1(entry.get("Opt"))
    if isinstance(options, list) and state.isdecimal() and int(state) < len(options):
        return _text(options[int(state)])
    return state


def _option(entry: dict[str, Any], value: str) -> str:
    """What a list shows for a value: options may be pairs of both."""
    options = resolve1(entry.get("Opt"))
    for option in options if isinstance(options, list) else []:
        pair = resolve1(option)
        if isinstance(pair, list) and len(pair) == 2 and _text(pair[0]) == value:
            return _text(pair[1])
    return value


def page_notes(annotations: Any) -> tuple[list[str], list[str], list[Box]]:
    """(notes, texts typed onto the page, boxes of what is struck out), of a page's annotations. What is broken is passed over."""
    notes: list[str] = []
    written: list[str] = []
    struck: list[Box] = []
    for annotation in _annotations(annotations):
        kind = _name(annotation.get("Subtype"))
        text = " ".join(_text(annotation.get("Contents")).split())
        if kind == "FreeText":
            written.append(text)
        elif kind not in ("Link", "Widget", "Popup"):
            notes.append(text)
        if kind == _STRUCK:
            struck += _quads(annotation.get("QuadPoints"))
    return [text for text in notes if text], [text for text in written if text], struck


def _annotations(annotations: Any) -> Iterator[dict[str, Any]]:
    try:
        listed = resolve1(annotations)
        for one in listed[:MAX_FIELDS] if isinstance(listed, list) else []:
            entry = resolve1(one)
            if isinstance(entry, dict):
                yield {name: resolve1(value) for name, value in entry.items()}
    except (PDFException, ValueError, TypeError, KeyError, RecursionError):
        return


def _quads(points: Any) -> list[Box]:
    numbers = [float(one) for one in points if isinstance(one, (int, float))] if isinstance(points, list) else []
    groups = [numbers[start : start + 8] for start in range(0, len(numbers) - 7, 8)]
    return [(min(group[::2]), min(group[1::2]), max(group[::2]), max(group[1::2])) for group in groups]


def _text(value: Any) -> str:
    value = resolve1(value) if isinstance(value, PDFObjRef) else value
    if isinstance(value, bytes):
        return str(decode_text(value))
    return value if isinstance(value, str) else _name(value)


def _name(value: Any) -> str:
    value = resolve1(value) if isinstance(value, PDFObjRef) else value
    if isinstance(value, PSLiteral):
        return value.name if isinstance(value.name, str) else value.name.decode("latin-1")
    return ""
